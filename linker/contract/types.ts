/** Types of values: how they are laid out in memory and printed. */
import {
  choice,
  type Forms,
  flag,
  list,
  number,
  optional,
  pair,
  record,
  reference,
  text,
  whole,
} from './shape.ts';

const intSize = choice([1, 2, 4, 8]);

/** What a number that is printed by its name is the number of. */
export const NAME_SPACES = ['user', 'errno', 'signal', 'syscall'] as const;
export const STACK_SPACES = ['kernel', 'user'] as const;
export const STACK_MODES = ['bpftrace', 'perf', 'raw', 'build_id'] as const;
/** What a slot of a series keeps of the values of its interval. */
export const AGGREGATIONS = ['last', 'avg', 'max', 'min', 'sum'] as const;

/** The most that `hist` takes. */
export const MOST_HIST_BITS = 5;
/** The most steps of `lhist`. */
export const MOST_LHIST_STEPS = 1000;
/** The most frames of a stack. */
export const MOST_FRAMES = 1024;

const parameter = optional(number(1, undefined, 'The positional parameter that is meant.'));

const plain = {};
const sized = { size: whole() };
const signed = { signed: flag() };

export const TYPES = {
  void: [plain],
  bool: [plain],
  pointer: [plain],
  ksym: [plain],
  usym: [plain],
  timestamp: [plain],
  probe: [plain],
  count: [plain],
  inet: [plain],
  macaddr: [plain],
  cgroup_path: [plain],
  int: [{ size: intSize, signed: flag() }],
  /** A 64-bit number that is printed by its name. */
  name: [{ of: choice(NAME_SPACES) }],
  string: [sized],
  buffer: [sized],
  enum: [{ size: intSize, signed: flag(), enum: whole() }],
  array: [{ element: reference('type'), count: whole(), size: whole() }],
  tuple: [{ size: whole(), fields: list(reference('field')) }],
  record: [
    {
      size: whole(),
      struct: optional(
        text('`struct NAME` or `union NAME` of the kernel: its bytes are copied whole.'),
      ),
      within: optional(
        list(
          text(),
          'Of a struct of the kernel without a name: a typedef, or `struct NAME` or `union NAME` and names of members with dots between them, `0` for an element of an array or what a pointer leads to. All that the kernel has are as this one.',
        ),
      ),
      fields: list(
        record({
          offset: whole(),
          type: reference('type'),
          name: text(),
          bits: optional(pair(number(0, 63), number(1, 64), 'First bit and width.')),
        }),
      ),
    },
  ],
  /** {u64 id, u32 pid, u32 frames}: see the map `stacks` in docs/object-format.md. */
  stack: [{ space: choice(STACK_SPACES), mode: choice(STACK_MODES), limit: whole() }],
  sum: [signed],
  min: [signed],
  max: [signed],
  avg: [signed],
  stats: [signed],
  /** Where a parameter is named, the number before it is not the one. */
  hist: [{ bits: whole(), bitsParam: parameter }],
  lhist: [
    {
      min: number(),
      minParam: parameter,
      max: number(),
      maxParam: parameter,
      step: number(),
      stepParam: parameter,
    },
  ],
  /** The last `count` intervals of `interval` nanoseconds: see docs/object-format.md. */
  tseries: [
    {
      signed: flag(),
      aggregation: choice(AGGREGATIONS),
      interval: number(1),
      count: number(1, 1_000_000),
    },
  ],
} as const satisfies Forms;
