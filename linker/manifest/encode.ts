/** The manifest as the bytes of section `.bpfscript`. */
import { MANIFEST, type Manifest } from './manifest.ts';

export const MANIFEST_SECTION = '.bpfscript';

/**
 * JSON without spaces, whose order does not depend on how the parts were put together: top-level members as
 * in MANIFEST, inner ones with `kind`, `provider` or `name` first and then by name.
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const members: Readonly<Record<string, unknown>> = manifest;
  const ordered = Object.fromEntries(
    Object.keys(MANIFEST).map((key) => [key, canonical(members[key])]),
  );
  return Buffer.from(JSON.stringify(ordered));
}

const FIRST: readonly string[] = ['kind', 'provider', 'name', 'program'];

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const rank = (key: string): number => {
    const index = FIRST.indexOf(key);
    return index === -1 ? FIRST.length : index;
  };
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => rank(left) - rank(right) || (left < right ? -1 : 1))
      .map(([key, part]) => [key, canonical(part)]),
  );
}
