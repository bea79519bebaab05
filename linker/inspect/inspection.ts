/** What an object holds, as data. */
import type { CapabilityUse } from '../contract/capabilities.ts';
import type { InspectedMap } from './maps.ts';
import type { InspectedEffect } from './outside.ts';

export interface Inspection {
  readonly size: number;
  readonly script: string;
  readonly producer: string;
  /** Of the kernel description that the script was compiled with. */
  readonly kernel: { readonly release: string; readonly arch: string };
  /** What it has of that architecture alone. None: it runs on others, too; undefined: that is not known. */
  readonly ties: readonly InspectedTie[] | undefined;
  readonly license: string;
  /** Whether the file is as the linker wrote it. */
  readonly digest: 'valid' | 'wrong' | 'missing';
  /** Undefined: none is in it. */
  readonly signature?: InspectedSignature;
  /** What its manifest says: it changes the system. */
  readonly unsafe: boolean;
  /** How it reaches outside, whatever its manifest says. */
  readonly outside: readonly InspectedEffect[];
  /** Where what it does and what its manifest says are not the same: sentences. */
  readonly contradictions: readonly string[];
  readonly programs: readonly InspectedProgram[];
  /** Functions that programs call. */
  readonly functions: readonly InspectedFunction[];
  readonly maps: readonly InspectedMap[];
  readonly events: readonly InspectedEvent[];
  readonly params: readonly { readonly index: number; readonly as: string }[];
  readonly options: readonly InspectedOption[];
  /** What the loader finds out about its host before it loads the programs. */
  readonly lookups: readonly { readonly kind: string; readonly name: string }[];
  readonly relocations: readonly InspectedRelocation[];
  readonly features: readonly string[];
  /** What it takes them for; those for names it can do without. */
  readonly capabilities: readonly CapabilityUse[];
  readonly sections: readonly { readonly name: string; readonly size: number }[];
  readonly manifest: unknown;
  readonly btfText: string;
}

export interface InspectedSignature {
  /** The first 16 hexadecimal digits of the public key's SHA-256. */
  readonly key: string;
  /** Whether it belongs to the bytes of the object. */
  readonly valid: boolean;
  /** Seconds since 1970. */
  readonly notAfter?: number;
}

/** A named parameter. */
export interface InspectedOption {
  readonly name: string;
  readonly as: string;
  readonly default: string;
  readonly description?: string;
}

export interface InspectedTie {
  readonly reason: string;
  /** Of the script, or of `file`; 0 for what came with the command line. */
  readonly line: number;
  readonly file?: string;
}

export interface InspectedFunction {
  readonly name: string;
  readonly instructions: number;
}

export interface InspectedProgram extends InspectedFunction {
  /** Tells libbpf the program type. */
  readonly section: string;
  /** Names of its probes, as `probe` prints them. */
  readonly probes: readonly string[];
}

export interface InspectedEvent {
  readonly kind: string;
  /** Bytes of a record in the ring buffer. */
  readonly size: number;
  readonly format?: string;
}

/** A number in an instruction that depends on the host. */
export interface InspectedRelocation {
  readonly function: string;
  /** From the function's first. */
  readonly instruction: number;
  /**
   * `core`: libbpf adapts it by BTF. `tracepoint`: the loader adapts it by the event's format. `argument`: the loader
   * adapts it by the prototype of the probe's event or function. `session`: the loader makes it a call where the kernel
   * has kprobe.session.
   */
  readonly by: 'core' | 'tracepoint' | 'argument' | 'session';
  /** `field_byte_offset` and so on; for tracepoints and arguments `offset`, `immediate` or `shift`; for sessions `call`. */
  readonly kind: string;
  /** `task_struct.tgid`, `sched:sched_switch.next_pid`, `args.file`, `retval`. */
  readonly of: string;
}
