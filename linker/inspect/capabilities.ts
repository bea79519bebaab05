/** What an object takes capabilities for: loader/src/object/capability_uses.c finds the same. */
import {
  CAPABILITY_USES,
  type CapabilityUse,
  type CapabilityUseName,
} from '../contract/capabilities.ts';
import { asObject, asObjects, asText, type Json } from './json.ts';
import type { InspectedEffect } from './outside.ts';

const UPROBES: readonly string[] = ['uprobe', 'uretprobe', 'usdt'];

export function inspectCapabilities(
  manifest: Json,
  outside: readonly InspectedEffect[],
): readonly CapabilityUse[] {
  const targets = asObjects(manifest.probes).map(({ target }) => asObject(target));
  const types = [...typesIn(manifest.maps), ...typesIn(manifest.events)];
  const uses: Readonly<Record<CapabilityUseName, boolean>> = {
    load: true,
    trace: true,
    tracefs: targets.some(readsTracefs),
    'single-uprobes': targets.some(({ provider }) => UPROBES.includes(asText(provider))),
    'functions-of-programs': targets.some(({ program }) => program !== undefined),
    'writing-memory': outside.some(({ effect }) => effect === 'memory'),
    'kernel-addresses': asObjects(manifest.lookups).some(({ kind }) => kind === 'kernel-symbol'),
    'kernel-names': types.some(
      ({ kind, space, mode }) =>
        kind === 'ksym' ||
        (kind === 'stack' && space === 'kernel' && mode !== 'raw' && mode !== 'build_id'),
    ),
    'user-names': types.some(
      ({ kind, space, mode }) =>
        kind === 'usym' || (kind === 'stack' && space === 'user' && mode !== 'raw'),
    ),
  };
  return (Object.keys(CAPABILITY_USES) as CapabilityUseName[])
    .filter((use) => uses[use])
    .map((use) => CAPABILITY_USES[use]);
}

/** Events, and patterns of functions. */
function readsTracefs(target: Json): boolean {
  const { provider } = target;
  return (
    provider === 'tracepoint' ||
    ((provider === 'kprobe' || provider === 'kretprobe') && asText(target.function).includes('*'))
  );
}

/** Whatever has a `kind`, however deep it lies. */
function typesIn(part: unknown): readonly Json[] {
  if (Array.isArray(part)) return part.flatMap(typesIn);
  if (typeof part !== 'object' || part === null) return [];
  const inner = Object.values(part).flatMap(typesIn);
  return 'kind' in part ? [asObject(part), ...inner] : inner;
}
