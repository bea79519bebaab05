/** Kinds of events that programs send. */

export interface EventKind {
  /** What its `format` is; without it, the event has none. */
  readonly format?:
    | 'a printf format'
    | 'a strftime format'
    | 'the separator'
    | 'the path of a file';
  /** It is about a map. */
  readonly map?: true;
  /**
   * It must not be lost when the ring is full: the program then leaves a mark in `.bss`, 1 + the code (exit) or how
   * many there were (the others).
   */
  readonly control?: true;
  /** It is rare, however often the probes fire. */
  readonly rare?: true;
}

export const EVENT_KINDS = {
  printf: { format: 'a printf format' },
  /** Field 0 is the value. */
  'print-value': {},
  'print-map': { map: true, control: true, rare: true },
  clear: { map: true, control: true, rare: true },
  zero: { map: true, control: true, rare: true },
  /** Field 0 is the address (u64) whose watchpoints end. */
  unwatch: { rare: true },
  /** Field 0 is the code (u8). */
  exit: { control: true, rare: true },
  time: { format: 'a strftime format', control: true },
  /** Fields: u32 number of elements, the array of strings. */
  join: { format: 'the separator' },
  system: { format: 'a printf format' },
  cat: { format: 'a printf format' },
  /** A run-time warning with a place in the script; of a failed helper, its code is field 0. */
  warning: { rare: true },
  /** Formatted text for standard error, with its place. */
  errorf: { format: 'a printf format' },
  warnf: { format: 'a printf format' },
  /**
   * A user stack of a process was seen for the first time; field 0 is the pid (u32). The loader keeps its memory map,
   * so that symbols resolve after it exited.
   */
  process: { rare: true },
  /**
   * A network packet. The record does not come through the ring but through the perf event array `packets`, and the
   * packet's bytes follow it. Fields: u64 boot clock in ns, u32 number of these bytes, u32 how many of them to skip,
   * u32 the whole packet's length. The path is that of a pcap file.
   */
  packet: { format: 'the path of a file' },
} as const satisfies Readonly<Record<string, EventKind>>;

export type EventKindName = keyof typeof EVENT_KINDS;
