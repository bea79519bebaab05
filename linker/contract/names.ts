/** Names that objects' own symbols have: code that is imported cannot define them. */
import { RUNTIME_MAPS } from './maps.ts';
import { SHARED_VARIABLES } from './variables.ts';

export const LICENSE_SYMBOL = '_license';

/** How the names begin that the compiler makes for parts of a script. */
export const NAME_PREFIXES = {
  /** Functions of the script. */
  function: 'fn_',
  /** Whether a scalar was written. */
  present: 'present_',
  /** Which of its two generations a map is in, and what the second one is kept in. */
  generation: 'generation_',
  next: 'next_',
  /** What keeps the values of a map with the threads that they belong to. */
  threads: 'threads_',
  /** Positional and named parameters. */
  param: 'param_',
  option: 'option_',
  /** Answers to lookups. */
  hostValue: 'host_value_',
  /** How many buckets a map's values have, where parameters decide it. */
  buckets: 'buckets_',
  /** Mark of a control event that was lost. */
  control: 'control_',
  /** Until when a place has told its warnings. */
  told: 'told_',
  /** Functions for what programs seldom do. */
  seldom: 'seldom_',
  /** What is known to be kept. */
  familiar: 'familiar_',
  /** Tables of system calls, by program. */
  syscalls: 'syscalls_',
  /** How far a symbol of a traced program is from a probe. */
  distance: 'distance_',
  constant: 'bpfscript.bytes.',
} as const;

/** `AT_x` for `@x`; `AT16_x` for a store of its keys that are at most 16 bytes. */
export function mapSymbol(name: string, width: number | '' = ''): string {
  return `AT${width}_${name.slice(1)}`;
}

const OF_MAP = /^AT\d*_/;

const RESERVED: ReadonlySet<string> = new Set([
  ...Object.keys(RUNTIME_MAPS),
  ...Object.values(SHARED_VARIABLES).map(({ symbol }) => symbol),
  LICENSE_SYMBOL,
]);

const PREFIXES = Object.values(NAME_PREFIXES);

export function isReservedName(name: string): boolean {
  return (
    RESERVED.has(name) || OF_MAP.test(name) || PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}
