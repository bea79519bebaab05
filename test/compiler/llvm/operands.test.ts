import { describe, expect, it } from 'vitest';
import type { IrValue } from '../../../compiler/llvm/ir.ts';
import {
  asPointer,
  asValue,
  compared,
  folded,
  typedOperand,
} from '../../../compiler/llvm/operands.ts';
import { codeOf, moduleOf } from './support.ts';

const OPERATIONS = [
  ...['add', 'sub', 'mul', 'udiv', 'urem', 'and', 'or', 'xor', 'shl', 'lshr', 'ashr'],
] as const;
const NUMBERS = [0n, 1n, -1n, 63n, 64n, 0x1234_5678_9abc_def0n, -(2n ** 63n), 2n ** 63n - 1n];

describe('operations of known numbers', () => {
  it.each(OPERATIONS)('give what LLVM gives: %s', (name) => {
    const operation = name as Parameters<typeof folded>[0];
    const known = NUMBERS.flatMap((left) =>
      NUMBERS.flatMap((right) => {
        const result = folded(operation, String(left), String(right));
        return result === undefined ? [] : [{ left, right, result: BigInt(result) }];
      }),
    );
    expect(known.length).toBeGreaterThan(20);
    // Through memory, since the builder folds what is known; all are equal where LLVM sees nothing but 0.
    const code = codeOf(
      moduleOf((ir) => {
        const slot = ir.alloca(8, 8);
        const hidden = (value: bigint): IrValue => {
          ir.store(slot, 0, 8, ir.constant(value));
          return ir.load(slot, 0, 8, false);
        };
        let differences: IrValue = ir.constant(0);
        for (const { left, right, result } of known) {
          const value = ir.op(operation, hidden(left), hidden(right));
          differences = ir.op('or', differences, ir.op('xor', value, hidden(result)));
        }
        ir.return_(ir.fromBool(ir.toBool(differences)));
      }),
    );
    expect(code).toEqual(['w0 = 0', 'exit']);
  });

  it('leave what has no result to run time', () => {
    expect(folded('udiv', '1', '0')).toBeUndefined();
    expect(folded('urem', '1', '0')).toBeUndefined();
    expect(folded('shl', '1', '64')).toBeUndefined();
  });
});

describe('an argument', () => {
  it.each([
    ['i64', '42'],
    ['i64', '-1'],
    ['i64', '%v7'],
    ['i64', 'ptrtoint (ptr @x to i64)'],
    ['ptr', '%p7'],
    ['ptr', 'null'],
    ['ptr', '@x'],
    ['ptr', 'getelementptr (i8, ptr @x, i64 4)'],
  ])('is an %s: %s', (type, text) => {
    const value = type === 'i64' ? asValue(text) : asPointer(text);
    expect(typedOperand(value)).toBe(`${type} ${text}`);
  });
});

describe('comparisons of known numbers', () => {
  const signed = [-(2n ** 63n), -1n, 0n, 1n, 2n ** 63n - 1n];
  const unsigned = [0n, 1n, 2n ** 63n - 1n, -(2n ** 63n), -1n];
  const holds = { lt: [-1], le: [-1, 0], gt: [1], ge: [0, 1] } as const;

  it.each([
    ...Object.entries(holds).map(([name, orders]) => [`s${name}`, signed, orders] as const),
    ...Object.entries(holds).map(([name, orders]) => [`u${name}`, unsigned, orders] as const),
    ['eq', signed, [0]] as const,
    ['ne', signed, [-1, 1]] as const,
  ])('follow the order of their kind: %s', (name, order, orders) => {
    for (const [at, left] of order.entries())
      for (const [than, right] of order.entries())
        expect(compared(name as Parameters<typeof compared>[0], String(left), String(right))).toBe(
          orders.some((one) => one === Math.sign(at - than)),
        );
  });
});
