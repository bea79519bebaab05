/** What is known while code is made needs no instruction: the operand itself is the result. */
import { describe, expect, it } from 'vitest';
import type { FunctionBuilder, IrBool, IrValue } from '../../../compiler/llvm/ir.ts';
import { raw } from '../../../compiler/llvm/operands.ts';
import { moduleOf } from './support.ts';

/** The operands that a body makes, as text. */
function operands(
  body: (ir: FunctionBuilder) => Readonly<Record<string, Parameters<typeof raw>[0]>>,
): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  moduleOf((ir) => {
    for (const [name, operand] of Object.entries(body(ir))) texts[name] = raw(operand);
  });
  return texts;
}

const [TRUE, FALSE] = [
  (ir: FunctionBuilder): IrBool => ir.compare('eq', ir.constant(1), ir.constant(1)),
  (ir: FunctionBuilder): IrBool => ir.compare('eq', ir.constant(1), ir.constant(2)),
];
const unknown = (ir: FunctionBuilder): IrValue => ir.helper(14, []);

describe('truths', () => {
  it('that are known are negated, joined, numbered and chosen by without an instruction', () => {
    const known = operands((ir) => {
      const [yes, no, one, two] = [TRUE(ir), FALSE(ir), ir.constant(11), ir.constant(22)];
      return {
        ...{ notYes: ir.not(yes), notNo: ir.not(no), fromYes: ir.fromBool(yes) },
        ...{ fromNo: ir.fromBool(no), byYes: ir.select(yes, one, two) },
        ...{ byNo: ir.select(no, one, two), to9: ir.toBool(ir.constant(9)) },
        ...{ to0: ir.toBool(ir.constant(0)), null: ir.isNull(ir.nullPointer()) },
        ...{ nowhereNull: ir.isNull(ir.offset(ir.global('AT_x'), 8)) },
        variableNull: ir.isNull(ir.global('AT_x')),
      };
    });
    expect(known).toEqual({
      ...{ notYes: 'false', notNo: 'true', fromYes: '1', fromNo: '0', byYes: '11', byNo: '22' },
      ...{ to9: 'true', to0: 'false', null: 'true', nowhereNull: 'false', variableNull: 'false' },
    });
  });

  it.each([
    ['and', { yesYes: 'true', yesNo: 'false', noYes: 'false', noNo: 'false' }],
    ['or', { yesYes: 'true', yesNo: 'true', noYes: 'true', noNo: 'false' }],
  ] as const)('follow the table of %s', (name, table) => {
    const found = operands((ir) => {
      const [yes, no] = [TRUE(ir), FALSE(ir)];
      return {
        ...{ yesYes: ir[name](yes, yes), yesNo: ir[name](yes, no) },
        ...{ noYes: ir[name](no, yes), noNo: ir[name](no, no) },
      };
    });
    expect(found).toEqual(table);
  });

  it('that only the run knows decide where the other one leaves it open, on both sides', () => {
    let open = '';
    const found = operands((ir) => {
      const [yes, no, some] = [TRUE(ir), FALSE(ir), ir.toBool(unknown(ir))];
      open = raw(some);
      return {
        ...{ andYes: ir.and(some, yes), yesAnd: ir.and(yes, some) },
        ...{ andNo: ir.and(some, no), noAnd: ir.and(no, some) },
        ...{ orYes: ir.or(some, yes), yesOr: ir.or(yes, some) },
        ...{ orNo: ir.or(some, no), noOr: ir.or(no, some) },
      };
    });
    expect(found).toEqual({
      ...{ andYes: open, yesAnd: open, andNo: 'false', noAnd: 'false' },
      ...{ orYes: 'true', yesOr: 'true', orNo: open, noOr: open },
    });
    expect(open).toMatch(/^%b/);
  });

  it('that only the run knows take one instruction each', () => {
    const text = moduleOf((ir) => {
      const [one, other] = [ir.toBool(unknown(ir)), ir.isNull(ir.helperPointer(2, []))];
      const both = ir.and(one, ir.not(other));
      ir.helper(1, [ir.select(both, ir.constant(11), ir.fromBool(ir.or(one, other)))]);
    }).text();
    const body = /^define [\s\S]*?^}/m.exec(text)?.[0] ?? '';
    const operations = [...body.matchAll(/= (icmp \w+|xor|and|or|zext|select) (i64|i1|ptr)/g)];
    expect(operations.map(([, operation, type]) => `${operation} ${type}`)).toEqual([
      ...['icmp ne i64', 'icmp eq ptr', 'xor i1', 'and i1', 'or i1', 'zext i1', 'select i1'],
    ]);
  });
});

describe('numbers', () => {
  it.each([
    [1, 0xffn, { signed: '-1', unsigned: '255' }],
    [1, 0x17fn, { signed: '127', unsigned: '127' }],
    [2, 0x8000n, { signed: '-32768', unsigned: '32768' }],
    [4, -1n, { signed: '-1', unsigned: '4294967295' }],
    [8, -1n, { signed: '-1', unsigned: '-1' }],
  ] as const)('that are known are taken to %i bytes and back: %s', (width, value, extended) => {
    const found = operands((ir) => ({
      signed: ir.extend(ir.constant(value), width, true),
      unsigned: ir.extend(ir.constant(value), width, false),
    }));
    expect(found).toEqual(extended);
  });

  it('that were loaded narrow are extended once, and again where the sign or the width differs', () => {
    const text = moduleOf((ir, context) => {
      const byte = ir.load(context, 0, 1, false);
      const [same, wider] = [ir.extend(byte, 1, false), ir.extend(byte, 4, false)];
      ir.helper(1, [byte, same, wider]);
      ir.helper(2, [ir.extend(byte, 1, true)]);
      const half = ir.load(context, 8, 2, true);
      ir.helper(3, [ir.extend(half, 2, true), ir.extend(half, 1, true)]);
      ir.store(context, 16, 2, half);
    }).text();
    const extensions = [...text.matchAll(/= (zext|sext|trunc) (i\d+) \S+ to (i\d+)/g)];
    expect(extensions.map(([, operation, from, to]) => `${operation} ${from} ${to}`)).toEqual([
      ...['zext i8 i64', 'sext i8 i64', 'sext i16 i64', 'trunc i64 i8', 'sext i8 i64'],
    ]);
    // What it was extended from is stored as it is.
    expect(text).toMatch(/store i16 %v\d+,/);
    expect(text).toMatch(/call i64 inttoptr \(i64 1 to ptr\)\(i64 (%v\d+), i64 \1, i64 \1\)/);
  });

  it('are left alone by a zero that is added to their bits, and by ones that take none', () => {
    let open = '';
    const found = operands((ir) => {
      const some = unknown(ir);
      open = raw(some);
      return {
        ...{ or0: ir.op('or', some, ir.constant(0)), and1: ir.op('and', some, ir.constant(-1)) },
        ...{ or1: ir.op('or', some, ir.constant(-1)), and0: ir.op('and', some, ir.constant(0)) },
        sum: ir.op('add', ir.constant(40), ir.constant(2)),
      };
    });
    expect(found).toMatchObject({ or0: open, and1: open, sum: '42' });
    expect([found.or1, found.and0]).not.toContain(open);
  });
});

describe('addresses', () => {
  it('of variables are constants, also as numbers and back', () => {
    const found = operands((ir) => {
      const place = ir.offset(ir.global('AT_x'), 8);
      return {
        ...{ place, start: ir.offset(ir.global('AT_x'), 0), number: ir.pointerToInt(place) },
        back: ir.intToPointer(ir.constant(4096)),
      };
    });
    expect(found).toEqual({
      start: '@AT_x',
      place: 'getelementptr (i8, ptr @AT_x, i64 8)',
      number: 'ptrtoint (ptr getelementptr (i8, ptr @AT_x, i64 8) to i64)',
      back: 'inttoptr (i64 4096 to ptr)',
    });
  });

  it('that only the run knows, or whose offset it knows, take an instruction', () => {
    const found = operands((ir) => ({
      ...{ moved: ir.offset(ir.helperPointer(1, []), 8) },
      ...{ number: ir.pointerToInt(ir.helperPointer(1, [])) },
      ...{ pointer: ir.intToPointer(unknown(ir)), far: ir.offset(ir.global('AT_x'), unknown(ir)) },
    }));
    expect(found.moved).toMatch(/^%p/);
    expect(found.number).toMatch(/^%v/);
    expect(found.pointer).toMatch(/^%p/);
    expect(found.far).toMatch(/^%p/);
  });
});
