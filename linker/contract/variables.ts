/** Variables through which the loader and the programs talk: `.rodata` before loading, `.bss` at run time. */

export interface SharedVariable {
  /** Symbol in the object. */
  readonly symbol: string;
  readonly section: '.rodata' | '.bss';
  /** Bytes: an unsigned integer of 4 or 8, or two of 8. */
  readonly size: 4 | 8 | 16;
  readonly about: string;
}

/** By their names in the manifest's `globals`, which says where each stands in its section. */
export const SHARED_VARIABLES = {
  filterPid: {
    symbol: 'filter_pid',
    section: '.rodata',
    size: 4,
    about: 'Process to trace, 0 for all.',
  },
  filterNamespace: {
    symbol: 'filter_namespace',
    section: '.rodata',
    size: 16,
    about: 'Device and inode of the PID namespace that filterPid is of, 0 for the initial one.',
  },
  pidNamespace: {
    symbol: 'pid_namespace',
    section: '.rodata',
    size: 16,
    about: "Device and inode of the loader's PID namespace, 0 for the initial one.",
  },
  start: {
    symbol: 'start_time',
    section: '.rodata',
    size: 8,
    about: 'Boot clock in ns when tracing began.',
  },
  wallOffset: {
    symbol: 'wall_offset',
    section: '.rodata',
    size: 8,
    about: 'Nanoseconds from the boot clock to the wall clock when tracing began.',
  },
  taiOffset: {
    symbol: 'tai_offset',
    section: '.rodata',
    size: 8,
    about: 'What to add to the boot clock for international atomic time.',
  },
  cpus: {
    symbol: 'cpu_count',
    section: '.rodata',
    size: 8,
    about: 'Number of possible CPUs.',
  },
  paramCount: {
    symbol: 'param_count',
    section: '.rodata',
    size: 8,
    about: 'Number of positional parameters.',
  },
  childPid: {
    symbol: 'child_pid',
    section: '.rodata',
    size: 4,
    about: 'Pid of the child that -c runs.',
  },
  threadValues: {
    symbol: 'thread_values',
    section: '.rodata',
    size: 4,
    about: 'Not 0: the kernel keeps values with its threads, and maps of `threads` are used.',
  },
  threadsAlone: {
    symbol: 'threads_alone',
    section: '.bss',
    size: 8,
    about:
      'Set by the loader with threadValues; a program that cannot keep a value with its thread clears it, and its map is used, too.',
  },
  sleeping: {
    symbol: 'sleeping',
    section: '.bss',
    size: 8,
    about:
      'Set by the loader before it sleeps; a program that sees it not 0 clears it and wakes the loader.',
  },
} as const satisfies Readonly<Record<string, SharedVariable>>;

export type SharedVariableName = keyof typeof SHARED_VARIABLES;
