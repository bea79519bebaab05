/** Which instructions are come to: of programs written by hand, with what the instruction set says of each operation. */
import { describe, expect, it } from 'vitest';
import { type ReachableCode, reachable } from '../../../compiler/compatibility/reach.ts';
import type { Instruction } from '../../../linker/elf/instruction.ts';

const insn = (code: number, dst = 0, src = 0, off = 0, imm = 0): Instruction => ({
  ...{ code, dst, src, off, imm },
});
const EXIT = insn(0x95);
const NOP = insn(0xb7, 9, 0, 0, 0);
/** Two slots. */
const load = (dst: number, value: bigint): readonly Instruction[] => [
  insn(0x18, dst, 0, 0, Number(BigInt.asIntN(32, value))),
  insn(0, 0, 0, 0, Number(BigInt.asIntN(32, value >> 32n))),
];

function code(list: readonly Instruction[], more: Partial<ReachableCode> = {}): ReachableCode {
  return {
    ...{ name: 'main', offset: 0, code: list, references: new Map(), poisoned: new Set() },
    ...more,
  };
}

/** Of `.rodata` the numbers 0 to 7 in bytes; the second is not known. */
const input = (functions: readonly ReachableCode[] = []) => ({
  functions,
  functionAt: (offset: number) => functions.find((fn) => fn.offset === offset),
  constant: (offset: number, size: number) =>
    offset === 100 ? undefined : BigInt(offset) + BigInt(size) * 1000n,
});

const reached = (
  list: readonly Instruction[],
  more: Partial<ReachableCode> = {},
): readonly number[] =>
  [...(reachable(input(), [code(list, more)]).get('main') ?? [])].sort((one, other) => one - other);

/** Whether a jump on what the code leaves in r1 and r2 is taken: `both` where nobody can say. */
function taken(before: readonly Instruction[], jump: Instruction): boolean | 'both' {
  const at = reached([...before, { ...jump, off: 2 }, NOP, EXIT, EXIT]);
  const isNext = at.includes(before.length + 1);
  const isTarget = at.includes(before.length + 3);
  return isNext && isTarget ? 'both' : isTarget;
}

const M = 2n ** 64n;
const JUMPS: readonly (readonly [
  name: string,
  op: number,
  holds: (a: bigint, b: bigint) => boolean,
])[] = [
  ['==', 0x10, (a, b) => a === b],
  ['>', 0x20, (a, b) => a > b],
  ['>=', 0x30, (a, b) => a >= b],
  ['&', 0x40, (a, b) => (a & b) > 0n],
  ['!=', 0x50, (a, b) => a !== b],
  ['<', 0xa0, (a, b) => a < b],
  ['<=', 0xb0, (a, b) => a <= b],
];
const SIGNED: typeof JUMPS = [
  ['signed >', 0x60, (a, b) => a > b],
  ['signed >=', 0x70, (a, b) => a >= b],
  ['signed <', 0xc0, (a, b) => a < b],
  ['signed <=', 0xd0, (a, b) => a <= b],
];
const NUMBERS = [
  0n,
  1n,
  2n,
  3n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  1n << 32n,
  (1n << 63n) - 1n,
  1n << 63n,
  M - 1n,
];

describe('a jump whose numbers are known', () => {
  const signed = (value: bigint, size: bigint) =>
    value >= 1n << (size - 1n) ? value - (1n << size) : value;
  it.each([...JUMPS, ...SIGNED])('by %s is followed one way', (_, op, holds) => {
    const isSigned = SIGNED.some(([, each]) => each === op);
    for (const a of NUMBERS)
      for (const b of NUMBERS)
        for (const [size, kind] of [
          [64n, 0x05],
          [32n, 0x06],
        ] as const) {
          const cut = (value: bigint) => value % (1n << size);
          const of = (value: bigint) => (isSigned ? signed(cut(value), size) : cut(value));
          const expected = holds(of(a), of(b));
          const jump = insn(op | kind | 0x08, 1, 2);
          expect([a, b, size, taken([...load(1, a), ...load(2, b)], jump)]).toEqual([
            a,
            b,
            size,
            expected,
          ]);
        }
  });

  it('may have one in the instruction, with its sign', () => {
    const minus = load(1, M - 5n);
    expect(taken(minus, insn(0x15, 1, 0, 0, -5))).toBe(true);
    expect(taken(minus, insn(0x15, 1, 0, 0, 5))).toBe(false);
    expect(taken(minus, insn(0x16, 1, 0, 0, -5))).toBe(true);
  });

  it('is followed both ways where one is not known', () => {
    expect(taken([], insn(0x15, 1, 0, 0, 0))).toBe('both');
    expect(taken(load(1, 1n), insn(0x1d, 1, 3))).toBe('both');
    expect(taken(load(1, 1n), insn(0xf5, 1, 0, 0, 1))).toBe('both');
  });

  it('tells what a number is where it was compared', () => {
    const compare = insn(0x15, 1, 0, 1, 7);
    // Where r1 was 7, the second jump is taken, and nobody comes behind it.
    const list = [compare, EXIT, insn(0x15, 1, 0, 1, 7), NOP, EXIT];
    expect(reached(list)).toEqual([0, 1, 2, 4]);
    const other = [insn(0x55, 1, 0, 2, 7), insn(0x55, 1, 0, 1, 7), EXIT, EXIT];
    expect(reached(other)).toEqual([0, 1, 2, 3]);
    expect(reached([insn(0x55, 1, 0, 3, 7), insn(0x55, 1, 0, 1, 7), EXIT, EXIT, EXIT])).toEqual([
      0, 1, 2, 4,
    ]);
    // Of 32 bits nothing is told of the others.
    expect(reached([insn(0x16, 1, 0, 1, 7), EXIT, insn(0x15, 1, 0, 1, 7), NOP, EXIT])).toEqual([
      0, 1, 2, 3, 4,
    ]);
  });
});

/** What r1 is after the code, if anybody can say. */
function result(before: readonly Instruction[], candidates: readonly bigint[]): bigint | undefined {
  return candidates.find(
    (value) => taken([...before, ...load(2, value)], insn(0x1d, 1, 2)) === true,
  );
}

type Operation = readonly [
  name: string,
  op: number,
  a: bigint,
  b: bigint,
  wide: bigint,
  narrow: bigint,
];
const OPERATIONS: readonly Operation[] = [
  ['+', 0x00, 5n, 3n, 8n, 8n],
  ['+ beyond the end', 0x00, M - 1n, 3n, 2n, 2n],
  ['-', 0x10, 5n, 3n, 2n, 2n],
  ['- below 0', 0x10, 3n, 5n, M - 2n, 0xfffffffen],
  ['*', 0x20, 1n << 31n, 6n, 6n << 31n, 0n],
  ['/', 0x30, 7n, 2n, 3n, 3n],
  ['/ without a sign', 0x30, M - 1n, 2n, (1n << 63n) - 1n, 0x7fffffffn],
  ['/ 0', 0x30, 7n, 0n, 0n, 0n],
  ['|', 0x40, 12n, 10n, 14n, 14n],
  ['&', 0x50, 12n, 10n, 8n, 8n],
  ['<<', 0x60, 3n, 33n, 3n << 33n, 6n],
  ['<< by more than there are', 0x60, 3n, 65n, 6n, 6n],
  ['>>', 0x70, M - 1n, 4n, (1n << 60n) - 1n, 0x0fffffffn],
  ['%', 0x90, 7n, 4n, 3n, 3n],
  ['% 0', 0x90, 7n, 0n, 7n, 7n],
  ['^', 0xa0, 12n, 10n, 6n, 6n],
  ['>> with a sign', 0xc0, M - 8n, 1n, M - 4n, 0xfffffffcn],
  ['a move', 0xb0, 1n, (5n << 32n) | 9n, (5n << 32n) | 9n, 9n],
];

describe('a number that is computed', () => {
  it.each(OPERATIONS)('by %s is known', (_, op, a, b, wide, narrow) => {
    const before = [...load(1, a), ...load(2, b)];
    expect(result([...before, insn(op | 0x0f, 1, 2)], [wide])).toBe(wide);
    expect(result([...before, insn(op | 0x0c, 1, 2)], [narrow])).toBe(narrow);
  });

  it('by - alone is known', () => {
    expect(result([...load(1, 5n), insn(0x87, 1)], [M - 5n])).toBe(M - 5n);
    expect(result([...load(1, 5n), insn(0x84, 1)], [0xfffffffbn])).toBe(0xfffffffbn);
  });

  it('is not where a part of it is not, or the operation', () => {
    const may = (...list: readonly Instruction[]) => taken(list, insn(0x15, 1, 0, 0, 1));
    expect(may(insn(0x0f, 1, 3))).toBe('both');
    expect(may(...load(1, 1n), insn(0x0f, 1, 3))).toBe('both');
    expect(may(...load(1, 1n), insn(0xd4, 1, 0, 0, 64))).toBe('both');
    // A move that extends a sign.
    expect(may(...load(2, 1n), insn(0xbf, 1, 2, 8))).toBe('both');
    expect(may(...load(2, 1n), insn(0xbf, 1, 2))).toBe(true);
  });
});

describe('memory', () => {
  const rodata = { section: '.rodata', name: 'r', isSection: true, value: 0 };
  const read =
    (reference: object, off: number, loads = 0x61): ((value: bigint) => boolean | 'both') =>
    (value) => {
      const before = [insn(0x18, 3, 0, 0, 16), insn(0), insn(loads, 1, 3, off), ...load(2, value)];
      const list = [...before, insn(0x1d, 1, 2, 1), NOP, EXIT];
      const at = reached(list, { references: new Map([[0, { ...rodata, ...reference }]]) });
      return at.includes(before.length + 1) ? 'both' : true;
    };

  it('that is frozen has its numbers', () => {
    expect(read({}, 4)(4020n)).toBe(true);
    expect(read({}, 4, 0x69)(2020n)).toBe(true);
    expect(read({}, 4, 0x71)(1020n)).toBe(true);
    expect(read({}, 4, 0x79)(8020n)).toBe(true);
    expect(read({}, 4)(4021n)).toBe('both');
    // A variable's own place.
    expect(read({ isSection: false, value: 40 }, 4)(4060n)).toBe(true);
    expect(read({}, 84)(4100n)).toBe('both');
    expect(read({ section: '.data' }, 4)(4020n)).toBe('both');
    // A load that extends a sign.
    expect(read({}, 4, 0x81)(4020n)).toBe('both');
  });

  it('of the stack has what was stored there, whole', () => {
    const stored = (...list: readonly Instruction[]) =>
      taken([...load(3, 77n), ...list, insn(0x79, 1, 10, -16)], insn(0x15, 1, 0, 0, 77));
    const store = insn(0x7b, 10, 3, -16);
    expect(stored(store)).toBe(true);
    expect(stored(insn(0x7a, 10, 0, -16, 77))).toBe(true);
    expect(stored()).toBe('both');
    expect(stored(insn(0x63, 10, 3, -16))).toBe('both');
    // Beside it, and over a part of it.
    expect(stored(store, insn(0x7b, 10, 3, -8), insn(0x7b, 10, 3, -24))).toBe(true);
    expect(stored(store, insn(0x73, 10, 3, -9))).toBe('both');
    expect(stored(store, insn(0x7b, 10, 3, -17))).toBe('both');
    expect(stored(store, insn(0x73, 10, 3, -17))).toBe(true);
    expect(stored(store, insn(0x73, 10, 3, -8))).toBe(true);
    // Through a pointer that was computed, and one that is not known.
    expect(stored(insn(0xbf, 4, 10), insn(0x07, 4, 0, 0, -20), insn(0x7b, 4, 3, 4))).toBe(true);
    expect(stored(insn(0xbf, 4, 10), insn(0x17, 4, 0, 0, 20), insn(0x7b, 4, 3, 4))).toBe(true);
    expect(stored(store, insn(0x7b, 5, 3, 0))).toBe('both');
    // Half of it is not read.
    expect(taken([...load(3, 77n), store, insn(0x61, 1, 10, -16)], insn(0x15, 1, 0, 0, 77))).toBe(
      'both',
    );
  });
});

describe('a call', () => {
  const call = insn(0x85, 0, 0, 0, 5);
  const behind = (...list: readonly Instruction[]) => taken(list, insn(0x15, 1, 0, 0, 77));

  it('leaves the upper registers, and nothing of the lower ones', () => {
    expect(behind(...load(6, 77n), call, insn(0xbf, 1, 6))).toBe(true);
    expect(behind(...load(5, 77n), call, insn(0xbf, 1, 5))).toBe('both');
    expect(behind(...load(0, 77n), call, insn(0xbf, 1, 0))).toBe('both');
  });

  it('may write to the stack that it is given, and from there on', () => {
    const stored = [...load(3, 77n), insn(0x7b, 10, 3, -16)];
    const read = insn(0x79, 1, 10, -16);
    const given = (at: number) => [insn(0xbf, 2, 10), insn(0x07, 2, 0, 0, at)];
    expect(behind(...stored, call, read)).toBe(true);
    expect(behind(...stored, ...given(-8), call, read)).toBe(true);
    expect(behind(...stored, ...given(-16), call, read)).toBe('both');
    expect(behind(...stored, ...given(-24), call, read)).toBe('both');
    // What is given may lead elsewhere.
    expect(behind(...stored, insn(0x7b, 10, 10, -8), ...given(-8), call, read)).toBe('both');
  });

  it('comes to the function, with its arguments', () => {
    const own = code([insn(0x15, 1, 0, 1, 3), NOP, EXIT], { name: 'own', offset: 800 });
    const marks = (...list: readonly Instruction[]) => {
      const main = code(list, {
        references: new Map([
          [list.length - 2, { section: '.text', name: 't', isSection: true, value: 0 }],
        ]),
      });
      return [...(reachable(input([own]), [main]).get('own') ?? [])];
    };
    const calls = insn(0x85, 0, 1, 0, 99);
    expect(marks(...load(1, 3n), calls, EXIT)).toEqual([0, 2]);
    expect(marks(...load(1, 4n), calls, EXIT)).toEqual([0, 1, 2]);
    expect(marks(...load(2, 3n), calls, EXIT)).toHaveLength(3);
    expect(marks(...load(1, 3n), insn(0x85, 0, 1, 0, 98), EXIT)).toEqual([]);
    // A callback, whose arguments nobody knows.
    const back = code([insn(0x18, 2, 0, 0, 800), insn(0), EXIT], {
      references: new Map([[0, { section: '.text', name: 't', isSection: true, value: 0 }]]),
    });
    expect(reachable(input([own]), [back]).get('own')?.size).toBe(3);
  });

  it('without a record counts from where it stands', () => {
    const own = code([EXIT], { name: 'own', offset: 8 * 12 });
    const main = code([NOP, insn(0x85, 0, 1, 0, 0), EXIT], { offset: 8 * 10 });
    expect(reachable(input([own]), [main]).get('own')?.size).toBe(1);
  });
});

describe('code', () => {
  it('ends at an exit, at what has no number, and behind its end', () => {
    expect(reached([NOP, EXIT, NOP])).toEqual([0, 1]);
    expect(reached([NOP, NOP, EXIT], { poisoned: new Set([1]) })).toEqual([0, 1]);
    expect(reached([NOP])).toEqual([0]);
    expect(reachable(input(), []).size).toBe(0);
  });

  it('goes on where a jump leads, also a far one, and round in circles once', () => {
    expect(reached([insn(0x05, 0, 0, 1), NOP, EXIT])).toEqual([0, 2]);
    expect(reached([insn(0x06, 0, 0, 0, 1), NOP, EXIT])).toEqual([0, 2]);
    expect(reached([NOP, insn(0x05, 0, 0, -2)])).toEqual([0, 1]);
    // A loop that counts is followed until more states are one.
    const counting = [
      insn(0xb7, 1, 0, 0, 0),
      insn(0x07, 1, 0, 0, 1),
      insn(0x55, 1, 0, -2, 1000),
      EXIT,
    ];
    expect(reached(counting)).toEqual([0, 1, 2, 3]);
  });
});
