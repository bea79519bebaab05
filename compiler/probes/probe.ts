/** What the compiler knows of one attach point once its provider has read it. */

import type { ManifestTarget } from '../../linker/manifest/manifest.ts';
import type { ProgramArgument } from '../dwarf/program.ts';
import type { Programs } from '../dwarf/programs.ts';
import type {
  KernelDescription,
  KernelFunction,
  Parameter,
  TracepointField,
} from '../kernel/types.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import type { AddressSpace, StructType } from '../types/type.ts';

/**
 * What a program's context pointer is:
 * - `tracepoint`: the event's record, fields at the offsets of its tracefs format
 * - `registers`: struct pt_regs (kprobe, uprobe)
 * - `perf-event`: struct bpf_perf_event_data, which begins with pt_regs
 * - `btf-arguments`: array of u64, one typed argument each (tp_btf, fentry, fexit)
 * - `iterator`: the struct bpf_iter__NAME of an iterator
 * - `none`: run by the loader (begin, end)
 */
export type ContextKind =
  | 'tracepoint'
  | 'registers'
  | 'perf-event'
  | 'btf-arguments'
  | 'iterator'
  | 'none';

export interface ProbeTarget {
  readonly provider: ManifestTarget['provider'];
  /** Long provider name and non-empty parts, joined by `:`; what `probe` gives without an alias. */
  readonly name: string;
  readonly alias: string | undefined;
  /** ELF section, which tells libbpf the program type: `tracepoint/sched/sched_switch`, `kprobe/vfs_read`. */
  readonly section: string;
  readonly context: ContextKind;
  /** Space of pointers that the probe's arguments hold. */
  readonly space: AddressSpace;
  /** What the program returns unless the script says otherwise. */
  readonly defaultReturn: 0 | 1;
  /** Whether `-p PID` is an injected test in the program (else it is given at attach, or not at all). */
  readonly filtersPid: boolean;
  /** Fields of `args`: of a tracepoint, */
  readonly fields?: readonly TracepointField[];
  /** or BTF-typed parameters of a raw tracepoint or a function of the kernel, */
  readonly parameters?: readonly Parameter[];
  /** or arguments of a function of a program. */
  readonly arguments?: readonly ProgramArgument[];
  /** What the function returned, as BTF types it: fexit. */
  readonly result?: KernelFunction['result'];
  /** Number of `argN` values; 0 where there are none. */
  readonly registers: number;
  readonly hasRetval: boolean;
  /** Name of the probed function where it is known at compile time: `func`. */
  readonly function: string | undefined;
  /** The program attaches to more than one event; which one fired is known from the attach cookie, */
  readonly wildcard: boolean;
  /**
   * or, where the events are those of system calls, from a table by system call number: one program on the raw
   * tracepoint that they all come from. Hundreds of perf events would take as many grace periods to detach.
   */
  readonly syscalls?: 'enter' | 'exit';
  /** The context of an iterator: `*ctx`. */
  readonly iterated?: StructType;
  readonly target: ManifestTarget;
  /** Some field holds `$N`. */
  readonly parameterised: boolean;
}

/** Whether the probe's name is complete at compile time. */
export function isNameKnown(probe: ProbeTarget): boolean {
  return probe.alias !== undefined || (!probe.wildcard && !probe.parameterised);
}

const KERNEL_FUNCTIONS: ReadonlySet<string> = new Set(['kprobe', 'kretprobe', 'fentry', 'fexit']);

/** Whether the probe stands in functions of the kernel. */
export function isInKernelFunction(probe: ProbeTarget): boolean {
  return KERNEL_FUNCTIONS.has(probe.provider) && !isInBpfProgram(probe);
}

/** Or in those of BPF programs, whose addresses have no names of use. */
export function isInBpfProgram({ target }: ProbeTarget): boolean {
  return 'program' in target;
}

/** Whether `func` is complete at compile time; also where there is none. */
export function isFunctionKnown(probe: ProbeTarget): boolean {
  const user = probe.provider === 'uprobe' || probe.provider === 'uretprobe';
  return !(user || isInKernelFunction(probe)) || probe.function !== undefined;
}

export interface ProviderContext {
  readonly kernel: KernelDescription;
  /** The programs of user probes, where this machine has them. */
  readonly programs: Programs;
  readonly diagnostics: Diagnostics;
  readonly unsafe: boolean;
  /** The block uses `args`, so each event needs a program of its own, typed for it. */
  readonly needsArgs: boolean;
  /** The same of `retval`. */
  readonly needsRetval: boolean;
  /** It uses what only a program for one event has: argN and the event's name. */
  readonly needsEvent?: boolean;
  /**
   * `allow`: a wildcard that matches nothing gives no targets and no error, because the block has other attach
   * points (providers.ts then sees to it that some target is left). The default is an error.
   */
  readonly emptyWildcards?: 'allow' | 'refuse';
  /**
   * The script names a pattern of providers: one has a target only where the kernel description knows it, also
   * if it would otherwise leave that to the loader.
   */
  readonly onlyKnown?: boolean;
  /** Of a script that is compiled to be run at once: its positional parameters. */
  readonly parameters?: readonly string[];
  /** The script's setting: what is done about targets that the description does not have. The default is an error. */
  readonly missingProbes?: 'error' | 'warn' | 'ignore';
}

/** One file a provider, one line in providers.ts. */
export interface Provider {
  /** Long name: `tracepoint`. */
  readonly name: string;
  /** Compared without case, except one-letter ones. */
  readonly aliases: readonly string[];
  /** What `*:x` takes it for: events of the kernel, or with a path (`*:/bin/sh:x`) of programs. */
  readonly group?: 'kernel' | 'programs';
  /**
   * Reads an attach point. Gives several targets where the script's pattern has to be expanded at compile
   * time (typed args of a tracepoint wildcard), none after reporting an error.
   */
  resolve(attachPoint: AttachPoint, context: ProviderContext): readonly ProbeTarget[];
}
