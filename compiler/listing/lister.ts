/** What the listers of all providers have in common. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import type { Programs } from '../dwarf/programs.ts';
import { parameterText } from '../kernel/c-text.ts';
import { parameterName, parameterType } from '../kernel/functions.ts';
import type { KernelDescription } from '../kernel/types.ts';
import { wildcard } from '../kernel/wildcard.ts';

/** Why a list cannot be made; the message is for users. */
export class ListingError extends Error {
  /** The capability that it takes. */
  readonly missing: string | undefined;

  constructor(message: string, missing?: string) {
    super(missing === undefined ? message : `${message}; it takes ${missing}`);
    this.missing = missing;
  }
}

export interface Listed {
  /** As attach points name them: `tracepoint:sched:sched_switch`. Unsorted; a name may come twice. */
  readonly names: readonly string[];
  /** `TYPE NAME` of each value that one of these probes has. */
  arguments?(name: string): readonly string[];
}

export const NOTHING: Listed = { names: [] };

/** What stands for a module in the names of what the kernel itself has. */
export const KERNEL = 'vmlinux';

export interface ListContext {
  readonly kernel: KernelDescription;
  /** `kernel` is the running one: what descriptions leave out can be looked up. */
  readonly live: boolean;
  /** The process whose files are searched where a pattern names none. */
  readonly pid: number | undefined;
  /** The traced programs with their debug information. */
  programs(): Programs;
  /**
   * The kernel's BTF, opened once: before types of modules are asked for, which go behind it. Throws
   * KernelDescriptionError where there is none, BtfError where it is damaged.
   */
  btf(): Btf;
  /** With those of the modules that were asked for: ids of their types are ids of this. */
  joinedBtf(): Btf;
  /** Says what the list cannot show, once. */
  note(message: string): void;
}

export interface Lister {
  /** Long name of the provider. */
  readonly provider: string;
  /** What a pattern of providers takes it for, as in `Provider`; without one it has to be named. */
  readonly group?: 'kernel' | 'programs';
  /** Probes whose fields behind the provider match. `*` stands for any part of a field. */
  list(fields: readonly string[], context: ListContext): Listed;
}

/** Whether a whole name matches a pattern with `*`. */
export function matcher(pattern: string): (name: string) => boolean {
  if (!pattern.includes('*')) return (name) => name === pattern;
  if (/^\*+$/.test(pattern)) return () => true;
  const matches = wildcard(pattern);
  return (name) => matches.test(name);
}

/** Names of all types of a kind, in the order of their ids: some stand several times. */
export function namesOfKind(btf: Btf, kind: number): readonly string[] {
  return btf.ofKind(kind).map((id) => btf.name(id));
}

/** Parameters of a function of the kernel. */
export function functionParameters(btf: Btf, name: string): readonly string[] {
  const id = btf.find(BTF_KIND.function, name);
  if (id === undefined) return [];
  const prototype = btf.sizeOrType(id);
  return Array.from({ length: btf.length(prototype) }, (_, index) =>
    parameterText(btf, parameterType(btf, prototype, index), parameterName(btf, prototype, index)),
  );
}
