/** A kernel as a check asks it: what its description says, and what it does not say. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import type { Kernel } from '../kernel/description.ts';
import { KernelDescriptionError } from '../kernel/error.ts';

export interface Host {
  readonly release: string;
  readonly arch: string;
  readonly description: Kernel;
  /** The kernel's own types; empty where it has no BTF. */
  readonly btfs: readonly Btf[];
  /** The same with those of a module that has a type of that name, where one has it and the kernel has not. */
  withModule(word: 'struct' | 'union' | 'enum' | 'typedef', name: string): Btf | undefined;
  /** Names of enumerators of an enum of the kernel by their values: what its programs can ask of it. */
  named(enumeration: string, value: number): string | undefined;
  hasEnum(enumeration: string): boolean;
  /** Whether the enum has that enumerator; undefined where the description has no such enum. */
  has(enumeration: string, enumerator: string): boolean | undefined;
}

/** Throws what reading a damaged description throws; what a description lacks is no error. */
export function openHost(description: Kernel): Host {
  const own = orNone(() => readBtf(description.btf));
  const enums = new Map<string, ReadonlyMap<string, bigint> | undefined>();
  const enumOf = (name: string): ReadonlyMap<string, bigint> | undefined => {
    if (!enums.has(name)) {
      const id = own?.find(BTF_KIND.enum, name);
      enums.set(name, id === undefined || !own ? undefined : new Map(own.enumerators(id)));
    }
    return enums.get(name);
  };
  return {
    release: description.release,
    arch: description.arch,
    description,
    btfs: own ? [own] : [],
    withModule(word, name) {
      const { types } = description;
      const found =
        word === 'struct' || word === 'union' ? types.struct(word, name) : types[word](name);
      // What was asked for stands behind the kernel's own from now on.
      return found && own ? readBtf(description.btf) : undefined;
    },
    named: (enumeration, value) =>
      [...(enumOf(enumeration) ?? [])].find(([, number]) => number === BigInt(value))?.[0],
    hasEnum: (enumeration) => enumOf(enumeration) !== undefined,
    has: (enumeration, enumerator) => enumOf(enumeration)?.has(enumerator),
  };
}

/** What a description has not been told is undefined. */
export function orNone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof KernelDescriptionError) return undefined;
    throw error;
  }
}

/** Whether the host's version is that one or a later one: `isSince('6.1.0-deb', '5.15')`. */
export function isSince(release: string, version: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  const [wantedMajor = 0, wantedMinor = 0] = version.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
