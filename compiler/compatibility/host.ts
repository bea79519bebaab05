/** A kernel as a check asks it: what its description says, and what it does not say. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import type { Kernel } from '../kernel/description.ts';
import { UndescribedError } from '../kernel/error.ts';

export interface Host {
  readonly release: string;
  readonly arch: string;
  readonly description: Kernel;
  /** The kernel's own types; empty where it has no BTF. */
  readonly btfs: readonly Btf[];
  /**
   * The kernel's types and behind them those of modules that something has been asked of by name, where `find` finds it
   * in the description.
   */
  withModules(find: (description: Kernel) => unknown): Btf | undefined;
  /** Names of enumerators of an enum of the kernel by their values: what its programs can ask of it. */
  named(enumeration: string, value: number): string | undefined;
  hasEnum(enumeration: string): boolean;
  /** Whether the enum has that enumerator; undefined where the description has no such enum. */
  has(enumeration: string, enumerator: string): boolean | undefined;
}

/** Throws what reading a damaged description throws; what a description lacks is no error. */
export function openHost(description: Kernel): Host {
  const own = orNone(() => readBtf(description.btf));
  let joined: { readonly bytes: Uint8Array; readonly btf: Btf } | undefined;
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
    withModules(find) {
      // What is found brings its module's types along, behind the kernel's own.
      if (!own || find(description) === undefined) return undefined;
      const { btf } = description;
      if (joined?.bytes !== btf) joined = { bytes: btf, btf: readBtf(btf) };
      return joined.btf;
    },
    named: (enumeration, value) =>
      [...(enumOf(enumeration) ?? [])].find(([, number]) => number === BigInt(value))?.[0],
    hasEnum: (enumeration) => enumOf(enumeration) !== undefined,
    has: (enumeration, enumerator) => enumOf(enumeration)?.has(enumerator),
  };
}

/** What a description has not been told is undefined; damage is none of that. */
export function orNone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UndescribedError) return undefined;
    throw error;
  }
}

/** Whether the loader keeps values of maps by thread with the threads there (loader/src/session/thread_values.c). */
export function keepsThreadValues({ release, has }: Host): boolean {
  return isSince(release, '6.4') && has('bpf_map_type', 'BPF_MAP_TYPE_TASK_STORAGE') !== false;
}

/** Whether the host's version is that one or a later one: `isSince('6.1.0-deb', '5.15')`. */
export function isSince(release: string, version: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  const [wantedMajor = 0, wantedMinor = 0] = version.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
