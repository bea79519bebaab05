/**
 * The manifest: what the loader needs to know of an object beyond what ELF and BTF say. It stands as JSON
 * in the section `.bpfscript`. docs/object-format.md explains it, docs/manifest.schema.json is its schema.
 *
 * All offsets and sizes are bytes. Indexes are into the arrays of this same document.
 */

/** Raised when a loader of the previous version would misread the manifest. */
export const MANIFEST_VERSION = 1;

export interface Manifest {
  readonly version: typeof MANIFEST_VERSION;
  /** The tool that wrote it, such as `bpfscript 0.1.0`: for people, never parsed. */
  readonly producer: string;
  /** Base name of the script (`stdin` for -e); used in run-time messages. */
  readonly script: string;
  readonly kernel: { readonly release: string; readonly arch: string };
  readonly config: ManifestConfig;
  /** The script uses functions that change the system (`system`): loaded with --unsafe only. */
  readonly unsafe: boolean;
  readonly params: readonly ManifestParam[];
  /** Named parameters; absent where there are none. */
  readonly options?: readonly ManifestOption[];
  /** Absent where nothing is asked of the host. */
  readonly lookups?: readonly ManifestLookup[];
  readonly probes: readonly ManifestProbe[];
  /** Absent where there are none. */
  readonly sessions?: readonly ManifestSession[];
  readonly maps: readonly ManifestMap[];
  readonly events: readonly ManifestEvent[];
  /** strftime formats, by index in timestamp values; one character a byte, as in ManifestEvent.format. */
  readonly formats: readonly string[];
  /** Enums that are printed by name. */
  readonly enums: readonly {
    readonly name: string;
    readonly values: readonly (readonly [string, string])[];
  }[];
  readonly fixups: readonly ManifestFixup[];
  readonly globals: ManifestGlobals;
  /**
   * Kernel features that the programs need; the loader knows which version brings each. Names, as in
   * compiler/lowering/features.ts: helpers by their own (`bpf_loop`), and `ringbuf`, `tp_btf`, `bounded_loops`,
   * `atomic_exchange`, `large_keys`, `fentry`, `fexit`.
   */
  readonly features: readonly string[];
  /** Capabilities that loading and attaching needs, such as `CAP_BPF`. */
  readonly capabilities: readonly string[];
}

export interface ManifestConfig {
  readonly printMapsOnExit: boolean;
  readonly missingProbes: 'error' | 'warn' | 'ignore';
  /** Appended to a string whose storage holds no NUL; one character a byte. */
  readonly strTruncTrailer: string;
  readonly maxCatBytes: number;
  /** 4-KiB pages, a power of two; 0: the loader chooses by the host's memory. */
  readonly perfRbPages: number;
  readonly maxProbes: number;
  /** Bytes of verifier log that are kept and shown. */
  readonly logSize: number;
  readonly cppDemangle: boolean;
  /** Whose memory maps are kept for naming addresses: of each process, of each program, or none. */
  readonly cacheUserSymbols: 'PER_PID' | 'PER_PROGRAM' | 'NONE';
  /** Tables of symbols are read when a name is asked for, not when a process is first seen. */
  readonly lazySymbolication: boolean;
  /** Stacks show files and lines where the host has debug information. */
  readonly showDebugInfo: boolean;
}

/** Positional parameters, set at load: `int` is an i64 in .rodata, `string` a char array there. */
export interface ManifestParam {
  /** From 1. */
  readonly index: number;
  readonly as: 'int' | 'string';
  /** Where its value stands in `.rodata`. */
  readonly offset: number;
  /** 8 for ints; capacity with NUL for strings. */
  readonly size: number;
}

/** A named parameter (`--name=value` behind the object), set at load. */
export interface ManifestOption {
  readonly name: string;
  /** `bool` and `int` are an i64 in .rodata, `string` a char array there. */
  readonly as: 'bool' | 'int' | 'string';
  /** ints: whether negative values are allowed. */
  readonly signed?: boolean;
  /** As text: a decimal number (0 or 1 for bools), or one character a byte. It stands in .rodata, too. */
  readonly default: string;
  /** One character a byte. */
  readonly description?: string;
  /** Where its value stands in `.rodata`. */
  readonly offset: number;
  /** 8 for ints and bools; capacity with NUL for strings. */
  readonly size: number;
}

/** What the loader finds out about its host before it loads the programs: a u64 in `.rodata`. */
export interface ManifestLookup {
  /**
   * - `kernel-symbol`: the address of a symbol of the kernel, an error where it has none
   * - `cgroup`: the id of a control group by the path of its folder, an error where that is none
   * - `executable`: 1 if the ELF file of that path is ET_EXEC, an error where it cannot be read
   * - `kernel-function`: 1 if the kernel's BTF has a function of that name
   * - `kfunc`: 1 if `program` may call that function of the kernel
   */
  readonly kind: 'kernel-symbol' | 'cgroup' | 'executable' | 'kernel-function' | 'kfunc';
  readonly name: string;
  readonly program?: string;
  /** Where its value stands in `.rodata`. */
  readonly offset: number;
}

/**
 * One loaded program and where it attaches. Fields hold what the script says; `$N` in them is replaced by
 * the loader (escaped dollar signs do not occur: `parameters` tells whether to look).
 */
export interface ManifestProbe {
  /** Name of the program's symbol. */
  readonly program: string;
  /** Canonical name: what `probe` prints. With an alias, that. */
  readonly name: string;
  readonly target: ManifestTarget;
  /** The text of some field holds `$N`. */
  readonly parameters: boolean;
  /**
   * The program stands for the events `sys_enter_*` (or `sys_exit_*`, as its section says) that the target's
   * pattern matches: offset in `.rodata` of u16[1024], by system call number: 1 + the index of the event's name in
   * the loader's table of names, 0 for system calls that do not match.
   */
  readonly syscalls?: number;
  /**
   * tracepoint, by pattern: the program reads nothing of its context and takes no kernel stacks, so the loader may
   * attach it to raw tracepoints.
   */
  readonly contextFree?: true;
  /** usdt: so many arguments the program reads; points with fewer are refused. Absent where it reads none. */
  readonly arguments?: number;
  /**
   * uprobe, uretprobe, usdt: symbols of the program's file. At `offset` in `.rodata` stands how many bytes each lies
   * behind the place that the probe is attached to, as i64.
   */
  readonly addresses?: readonly { readonly symbol: string; readonly offset: number }[];
  /** Line of the attach point, for messages; `file` where that is not the script but what it imports. */
  readonly line: number;
  readonly file?: string;
  /**
   * Number of the block in the script: a wildcard that matches nothing is an error only if no attach point of its
   * block has a match. Without it each probe is a block of its own.
   */
  readonly block?: number;
}

/**
 * A program that stands for a kprobe and a kretprobe of the same functions, attached as kprobe.session. The loader
 * may take it instead of theirs. `entry` and `exit` are indexes of probes. Names behind attach cookies are pairs
 * then: that of the entry, and behind it that of the return.
 */
export interface ManifestSession {
  readonly program: string;
  readonly entry: number;
  readonly exit: number;
  /** Number of the instruction `r0 = 0` in its place, to be made a call of bpf_session_is_return. */
  readonly insn: number;
}

export type ManifestTarget =
  | { readonly provider: 'begin' | 'end' }
  /** Run when the loader gets the signal, */
  | { readonly provider: 'self'; readonly signal: 'SIGUSR1' }
  /** with --test or --bench. */
  | { readonly provider: 'test' | 'bench'; readonly name: string }
  /** Either may hold `*`. */
  | { readonly provider: 'tracepoint'; readonly category: string; readonly event: string }
  /** The event may hold `*`; without a module it is one of the kernel's, or of any module's. */
  | { readonly provider: 'rawtracepoint'; readonly module?: string; readonly event: string }
  /** Module and function may hold `*`; without a module, the function is looked for everywhere. */
  | {
      readonly provider: 'kprobe' | 'kretprobe';
      readonly module?: string;
      readonly function: string;
      readonly offset: number;
    }
  /**
   * The same; the module is one name. `parameters` are the names of the function's parameters where the program was
   * typed by them: the host's function has to have the same.
   */
  | {
      readonly provider: 'fentry' | 'fexit';
      readonly module?: string;
      /** The function is a BPF program, or one of a program's, with this number; `*`: of any. Either may hold `*`. */
      readonly program?: string;
      readonly function: string;
      readonly parameters?: readonly string[];
    }
  /** An address in the kernel, decimal: loaded with --unsafe only. */
  | { readonly provider: 'kprobe' | 'kretprobe'; readonly address: string }
  | {
      readonly provider: 'uprobe' | 'uretprobe';
      readonly path: string;
      readonly function: string;
      readonly offset: number;
      /** The function is named as people read it, with or without its parameters: all that match. */
      readonly language?: 'cpp';
      /** A line of the program's source rather than a function: `FILE:LINE` or `FILE:LINE:COLUMN`. */
      readonly source?: string;
    }
  /** Namespace and name may hold `*`; an empty namespace means any. */
  | {
      readonly provider: 'usdt';
      readonly path: string;
      readonly namespace: string;
      readonly name: string;
    }
  /**
   * `period` in nanoseconds, or `frequency` in Hz; decimal text. One of both. With a parameter in it, a period
   * keeps the script's unit behind it (`$1ms`, or all of it: `$1`, `$2$1`): a duration literal, or a number with
   * `hz`, once parameters are replaced.
   */
  | {
      readonly provider: 'interval' | 'profile';
      readonly period?: string;
      readonly frequency?: string;
    }
  /** `count`, after how many events the program runs: decimal text, absent for the loader's default. */
  | { readonly provider: 'software' | 'hardware'; readonly event: string; readonly count?: string }
  /** `pin`: the path that the loader pins it at, relative to /sys/fs/bpf; absent where it reads it itself. */
  | { readonly provider: 'iter'; readonly object: string; readonly pin?: string }
  /** Address and length are decimal text. */
  | {
      readonly provider: 'watchpoint';
      readonly address: string;
      readonly length: string;
      readonly mode: string;
    };

/**
 * A script's map. A keyed map is one or more kernel hash maps (`stores`), which partition the keys; a
 * scalar is one slot of an array or a variable in `.bss`.
 */
export interface ManifestMap {
  /** With its `@`. */
  readonly name: string;
  /** `undefined` for scalars. */
  readonly key?: ManifestType;
  readonly value: ManifestType;
  /** The script declares how many keys it has: BPFTRACE_MAX_MAP_KEYS of the loader's environment does not apply. */
  readonly sized?: true;
  readonly stores: readonly ManifestStore[];
}

export type ManifestStore =
  /** BPF_MAP_TYPE_HASH and its LRU form. `key` is this store's own key type where it is narrower. */
  | {
      readonly kind: 'hash' | 'percpu-hash';
      readonly map: string;
      readonly keySize: number;
      readonly valueSize: number;
      readonly key?: ManifestType;
    }
  /** One slot in a per-CPU array of one entry. `present` is the offset of a u64 that is not 0 once written. */
  | {
      readonly kind: 'percpu-slot';
      readonly map: string;
      readonly valueSize: number;
      readonly present: number;
    }
  /**
   * The slots of a series, in the elements of a per-CPU array, one after the other: each has `valueSize` bytes.
   */
  | {
      readonly kind: 'percpu-slots';
      readonly map: string;
      readonly valueSize: number;
      readonly entries: number;
    }
  /** A variable in `.bss`, with a u64 `present` flag at its own offset in `.bss`. */
  | {
      readonly kind: 'global';
      readonly offset: number;
      readonly valueSize: number;
      readonly present: number;
    };

/** How a value is laid out in memory and printed. */
export type ManifestType =
  | {
      readonly kind:
        | 'void'
        | 'bool'
        | 'pointer'
        | 'ksym'
        | 'usym'
        | 'timestamp'
        | 'probe'
        | 'inet'
        | 'macaddr'
        | 'cgroup_path'
        | 'count';
    }
  | { readonly kind: 'int'; readonly size: 1 | 2 | 4 | 8; readonly signed: boolean }
  /** A 64-bit number that is printed by its name. */
  | { readonly kind: 'name'; readonly of: 'user' | 'errno' | 'signal' | 'syscall' }
  | { readonly kind: 'string'; readonly size: number }
  | { readonly kind: 'buffer'; readonly size: number }
  | {
      readonly kind: 'enum';
      readonly size: 1 | 2 | 4 | 8;
      readonly signed: boolean;
      readonly enum: number;
    }
  | {
      readonly kind: 'array';
      readonly element: ManifestType;
      readonly count: number;
      readonly size: number;
    }
  | { readonly kind: 'tuple'; readonly size: number; readonly fields: readonly ManifestField[] }
  | {
      readonly kind: 'record';
      readonly size: number;
      readonly fields: readonly (ManifestField & {
        readonly name: string;
        readonly bits?: readonly [number, number];
      })[];
    }
  /** {u64 id, u32 pid, u32 frames}: see the map `stacks` in docs/object-format.md. */
  | {
      readonly kind: 'stack';
      readonly space: 'kernel' | 'user';
      readonly mode: 'bpftrace' | 'perf' | 'raw' | 'build_id';
      readonly limit: number;
    }
  | { readonly kind: 'sum' | 'min' | 'max' | 'avg' | 'stats'; readonly signed: boolean }
  | { readonly kind: 'hist'; readonly bits: number }
  | { readonly kind: 'lhist'; readonly min: number; readonly max: number; readonly step: number }
  /** The last `count` intervals of `interval` nanoseconds: see docs/object-format.md. */
  | {
      readonly kind: 'tseries';
      readonly signed: boolean;
      readonly aggregation: 'last' | 'avg' | 'max' | 'min' | 'sum';
      readonly interval: number;
      readonly count: number;
    };

export interface ManifestField {
  readonly offset: number;
  readonly type: ManifestType;
}

/** One line of the script, or of `file`; from `column` to before `endColumn` it is marked. */
export interface ManifestPlace {
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  readonly text: string;
  /** Name of an imported file that the line is of. */
  readonly file?: string;
  /** Where the macro that the line is of was used, innermost first. */
  readonly uses?: readonly ManifestPlace[];
}

/**
 * A record in the ring buffer starts with {u32 event index, u32 CPU}, then the fields at their offsets.
 * `size` is the whole record's.
 */
export interface ManifestEvent {
  readonly kind: ManifestEventKind;
  readonly size: number;
  /** Arguments of formats; the value of print-value; the code of exit (u8 at its offset); ... */
  readonly fields: readonly ManifestField[];
  /**
   * printf, system, cat, errorf, warnf: printf format. time: strftime format. join: the separator. packet: a path.
   * One character (U+0001 to U+00FF) stands for each byte, since scripts can write any.
   */
  readonly format?: string;
  /** print-map, clear, zero; index into `maps`. */
  readonly map?: number;
  /** print-map; decimal literals of the script. */
  readonly top?: number;
  readonly div?: number;
  /** print-map: the elements that are printed are removed, or set to zero, as they are read. */
  readonly then?: 'clear' | 'zero';
  /** warning: what to say (`Divide or modulo by 0 detected. ...`). */
  readonly message?: string;
  /** warning of a failed helper: its name; the return code is field 0. */
  readonly helper?: string;
  /** Place in the script, 1-based; columns as in diagnostics, the end exclusive. */
  readonly place?: ManifestPlace;
  /**
   * Control events (exit, print-map, clear, zero, time) that must not be lost when the ring is full: offset
   * of a u64 in `.bss` that the program then sets to 1 + the code (exit), or adds 1 to (the others).
   */
  readonly control?: number;
}

export type ManifestEventKind =
  | 'printf'
  | 'print-value'
  | 'print-map'
  | 'clear'
  | 'zero'
  /** Field 0 is the address (u64) whose watchpoints end. */
  | 'unwatch'
  | 'exit'
  | 'time'
  | 'join'
  | 'system'
  | 'cat'
  /** A run-time warning with a place in the script. */
  | 'warning'
  /** Formatted text for standard error, with its place. */
  | 'errorf'
  | 'warnf'
  /** A user stack of a process was seen for the first time; field 0 is the pid (u32). The loader keeps its memory map, so that symbols resolve after it exited. */
  | 'process'
  /**
   * A network packet. The record does not come through the ring but through the perf event array `packets`, and the
   * packet's bytes follow it. Fields: u64 boot clock in ns, u32 number of these bytes, u32 how many of them to skip,
   * u32 the whole packet's length. `format` is the path of the pcap file.
   */
  | 'packet';

/**
 * A place in a program that the loader adapts to the host where libbpf's CO-RE cannot. `value` is what stands
 * there now; `site` says whether it is the offset of a load or store, or a 32-bit immediate.
 */
export interface ManifestFixup {
  readonly program: string;
  /** In instructions from the program's first; an `ld_imm64` counts as two. */
  readonly insn: number;
  readonly site: 'offset' | 'immediate';
  readonly value: number;
  /** Offset of a field of a tracepoint, from its tracefs format. `size` must agree; an array
   * (site `immediate`) may have grown. */
  readonly tracepoint: {
    readonly category: string;
    readonly event: string;
    readonly field: string;
    readonly size: number;
  };
}

/** Variables through which loader and programs talk. Offsets in the sections; absent when no program uses them. */
export interface ManifestGlobals {
  /** .rodata, u32: process to trace, 0 for all. */
  readonly filterPid?: number;
  /** .rodata, two u64: device and inode of the PID namespace that `filterPid` is of, 0 when it is the initial one. */
  readonly filterNamespace?: number;
  /** .rodata, two u64: device and inode of the loader's PID namespace, 0 when it is the initial one. */
  readonly pidNamespace?: number;
  /** .rodata, u64: boot clock in ns when tracing began (`elapsed`). */
  readonly start?: number;
  /** .rodata, u64: nanoseconds from the boot clock to the wall clock when tracing began. */
  readonly wallOffset?: number;
  /** .rodata, u64: what to add to the boot clock for international atomic time. */
  readonly taiOffset?: number;
  /** .rodata, u64: number of possible CPUs. */
  readonly cpus?: number;
  /** .rodata, u64: `$#`. */
  readonly paramCount?: number;
  /** .rodata, u32: pid of the `-c` child. */
  readonly childPid?: number;
  /** .bss, u64: set by the loader before it sleeps; a program that sees it not 0 clears it and wakes the loader. */
  readonly sleeping?: number;
}
