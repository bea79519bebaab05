/** The table of built-ins: one line each. */
import type { Builtin } from './builtin.ts';

export const builtins: readonly Builtin[] = [];

interface Found {
  readonly builtin: Builtin;
  /** The name is an older one: see `Builtin.legacyNames`. */
  readonly legacy: boolean;
}

const byName: ReadonlyMap<string, Found> = new Map(
  builtins.flatMap((builtin) => [
    ...(builtin.legacyNames ?? []).map((name): [string, Found] => [
      name,
      { builtin, legacy: true },
    ]),
    [builtin.name, { builtin, legacy: false }] as [string, Found],
  ]),
);

/** The built-in of that name, or undefined. */
export function findBuiltin(name: string): Found | undefined {
  return byName.get(name);
}
