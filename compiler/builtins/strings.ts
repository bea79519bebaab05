/** strlen, strncmp, strcontains and strstr: what scripts ask of strings that the program has already read. */
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { atLoad, number, value } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { runsCallback } from '../lowering/search.ts';
import { BOOL, INT64, UINT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument, capacity, constant, truth } from './use.ts';

/** Of a search, at a probe's cost: two strings of max_strlen as it is unless the script says otherwise. */
const MOST_SEARCH_STEPS = 1 << 20;

const string = value('string');

/** A counter in memory: it has to live across the branches of a loop. */
function lowerCounter(lowering: Lowering): IrPointer {
  const counter = lowering.temporary(8);
  lowering.ir.store(counter, 0, 8, lowering.ir.constant(0));
  return counter;
}

function lowerStep(counter: IrPointer, index: IrValue, lowering: Lowering): void {
  const { ir } = lowering;
  ir.store(counter, 0, 8, ir.op('add', index, ir.constant(1)));
}

export const strlen: Builtin = defineBuiltin({
  name: 'strlen',
  parameters: { text: string },
  summary: 'Length of a string up to its NUL.',
  analyse({ text }, use) {
    if (text.kind !== 'string') return typed(UINT64, { args: [text] });
    const end = text.value.indexOf('\0');
    return constant(BigInt(end === -1 ? text.value.length : end), UINT64, use);
  },
  lower(call, lowering) {
    const { ir } = lowering;
    const text = argument(call, 0);
    const start = lowering.address(text, false);
    const size = ir.constant(capacity(text));
    const counter = lowerCounter(lowering);
    ir.while_(
      () => ir.compare('ult', ir.load(counter, 0, 8), size),
      (loop) => {
        const index = ir.load(counter, 0, 8);
        const byte = ir.load(ir.offset(start, index), 0, 1, false);
        ir.if_(ir.compare('eq', byte, ir.constant(0)), () => loop.break_());
        lowerStep(counter, index, lowering);
      },
    );
    return ir.load(counter, 0, 8);
  },
});

export const strncmp: Builtin = defineBuiltin({
  name: 'strncmp',
  parameters: { left: string, right: string, length: atLoad(number(0n)) },
  summary: '0 if two strings are equal in their first n characters, else 1.',
  analyse({ left, right, length }, use) {
    const longest = BigInt(Math.min(capacity(left), capacity(right)));
    if ('parameter' in length)
      return typed(UINT64, { args: [left, right, length.expression], plan: { count: longest } });
    if (left.kind === 'string' && right.kind === 'string') {
      const [a, b] = [left, right].map((text) => text.value.slice(0, Number(length.value)));
      return constant(a === b ? 0n : 1n, UINT64, use);
    }
    const count = length.value < longest ? length.value : longest;
    return typed(UINT64, { args: [left, right], plan: { count } });
  },
  lower(call, lowering) {
    const { ir } = lowering;
    const left = lowering.address(argument(call, 0), false);
    const right = lowering.address(argument(call, 1), false);
    const most = ir.constant(call.plan.count);
    const [, , length] = call.args;
    const wanted = length && lowering.value(length);
    const count = wanted ? ir.select(ir.compare('ult', wanted, most), wanted, most) : most;
    const result = lowerCounter(lowering);
    const counter = lowerCounter(lowering);
    ir.while_(
      () => ir.compare('ult', ir.load(counter, 0, 8), count),
      (loop) => {
        const index = ir.load(counter, 0, 8);
        const a = ir.load(ir.offset(left, index), 0, 1, false);
        const b = ir.load(ir.offset(right, index), 0, 1, false);
        ir.if_(ir.compare('ne', a, b), () => {
          ir.store(result, 0, 8, ir.constant(1));
          loop.break_();
        });
        ir.if_(ir.compare('eq', a, ir.constant(0)), () => loop.break_());
        lowerStep(counter, index, lowering);
      },
    );
    return ir.load(result, 0, 8);
  },
});

/** Reports a search that would take too long. */
function isLongSearch(
  haystack: TypedExpression,
  needle: TypedExpression,
  use: BuiltinUse,
  scope: AnalysisScope,
): boolean {
  const steps = capacity(haystack) * capacity(needle);
  if (steps <= MOST_SEARCH_STEPS) return false;
  scope.error(
    'argument-value',
    `${use.name}() would take up to ${steps} steps, more than the limit of ${MOST_SEARCH_STEPS}`,
    use.range,
    'Read shorter strings, such as str(p, 64).',
  );
  return true;
}

export const strcontains: Builtin = defineBuiltin({
  name: 'strcontains',
  parameters: { text: string, part: string },
  summary: 'Whether the first string contains the second.',
  analyse({ text, part }, use, scope) {
    if (isLongSearch(text, part, use, scope)) return undefined;
    if (text.kind === 'string' && part.kind === 'string') {
      return truth(text.value.includes(part.value), use);
    }
    return typed(BOOL, { args: [text, part], traits: { runsCallback: runsCallback(text, part) } });
  },
  lower(call, lowering) {
    const { ir } = lowering;
    return ir.fromBool(
      ir.compare('sge', lowering.search(argument(call, 0), argument(call, 1)), ir.constant(0)),
    );
  },
});

export const strstr: Builtin = defineBuiltin({
  name: 'strstr',
  parameters: { text: string, part: string },
  summary: 'Where the second string begins in the first; -1 if it does not occur.',
  analyse({ text, part }, use, scope) {
    if (isLongSearch(text, part, use, scope)) return undefined;
    if (text.kind === 'string' && part.kind === 'string') {
      return constant(BigInt(text.value.indexOf(part.value)), INT64, use);
    }
    return typed(INT64, { args: [text, part], traits: { runsCallback: runsCallback(text, part) } });
  },
  lower: (call, lowering) => lowering.search(argument(call, 0), argument(call, 1)),
});
