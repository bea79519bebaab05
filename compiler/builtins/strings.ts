/** strlen, strncmp and strcontains: what scripts ask of strings that the program has already read. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { kindName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import { BOOL, INT64, UINT64 } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { argument, intLiteral, typedCall } from './use.ts';

/** The verifier walks through every step of a search: beyond this many it may give up. */
const MOST_SEARCH_STEPS = 32768;

function stringArguments(
  count: number,
  use: BuiltinUse,
  scope: AnalysisScope,
): readonly TypedExpression[] | undefined {
  const typed: TypedExpression[] = [];
  for (const given of use.args.slice(0, count)) {
    const value = scope.expression(given);
    if (value.type.kind === 'string') {
      typed.push(value);
      continue;
    }
    const pointer = value.type.kind === 'pointer' || value.type.kind === 'int';
    scope.error(
      `${use.name}() only supports string arguments (${kindName(value.type)} provided)`,
      given.range,
      ...(pointer ? ['Read the string with str().'] : []),
    );
  }
  return typed.length === count ? typed : undefined;
}

function capacity(expression: TypedExpression): number {
  if (expression.type.kind !== 'string') throw new Error(`${expression.type.kind} is no string`);
  return expression.type.size;
}

function constantInt(value: bigint, type: Type, use: BuiltinUse): TypedExpression {
  return { kind: 'int', value, flexible: false, type, range: use.range };
}

/** A counter in memory: it has to live across the branches of a loop. */
function lowerCounter(lowering: Lowering): IrPointer {
  const counter = lowering.temporary(8, 8);
  lowering.ir.store(counter, 0, 8, lowering.ir.constant(0));
  return counter;
}

function lowerStep(counter: IrPointer, index: IrValue, lowering: Lowering): void {
  const { ir } = lowering;
  ir.store(counter, 0, 8, ir.op('add', index, ir.constant(1)));
}

export const strlen: Builtin = {
  name: 'strlen',
  arity: [1, 1],
  summary: 'Length of a string up to its NUL.',
  analyse(use, scope) {
    const args = stringArguments(1, use, scope);
    const [text] = args ?? [];
    if (args === undefined || text === undefined) return undefined;
    if (text.kind === 'string') {
      const end = text.value.indexOf('\0');
      return constantInt(BigInt(end === -1 ? text.value.length : end), UINT64, use);
    }
    return typedCall('strlen', use, UINT64, { args });
  },
  lower(call, lowering) {
    const { ir } = lowering;
    const text = argument(call, 0);
    const start = lowering.address(text, false);
    const size = ir.constant(capacity(text));
    const counter = lowerCounter(lowering);
    ir.while_(
      () => ir.compare('ult', ir.load(counter, 0, 8, false), size),
      (loop) => {
        const index = ir.load(counter, 0, 8, false);
        const byte = ir.load(ir.offset(start, index), 0, 1, false);
        ir.if_(ir.compare('eq', byte, ir.constant(0)), () => loop.break_());
        lowerStep(counter, index, lowering);
      },
    );
    return ir.load(counter, 0, 8, false);
  },
};

export const strncmp: Builtin = {
  name: 'strncmp',
  arity: [3, 3],
  summary: '0 if two strings are equal in their first n characters, else 1.',
  analyse(use, scope) {
    const args = stringArguments(2, use, scope);
    const [, , bound] = use.args;
    const count = scope.intLiteral(bound, use);
    if (args === undefined || count === undefined) return undefined;
    if (count < 0n) {
      scope.error(`strncmp() cannot use negative length (${count})`, bound?.range ?? use.range);
      return undefined;
    }
    const [left, right] = args;
    if (left === undefined || right === undefined) return undefined;
    if (left.kind === 'string' && right.kind === 'string') {
      const [a, b] = [left, right].map((text) => text.value.slice(0, Number(count)));
      return constantInt(a === b ? 0n : 1n, UINT64, use);
    }
    const longest = BigInt(Math.min(capacity(left), capacity(right)));
    return typedCall('strncmp', use, UINT64, {
      args,
      literals: [count < longest ? count : longest],
    });
  },
  lower(call, lowering) {
    const { ir } = lowering;
    const left = lowering.address(argument(call, 0), false);
    const right = lowering.address(argument(call, 1), false);
    const count = ir.constant(intLiteral(call, 0) ?? 0n);
    const result = lowerCounter(lowering);
    const counter = lowerCounter(lowering);
    ir.while_(
      () => ir.compare('ult', ir.load(counter, 0, 8, false), count),
      (loop) => {
        const index = ir.load(counter, 0, 8, false);
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
    return ir.load(result, 0, 8, false);
  },
};

function searchArguments(use: BuiltinUse, scope: AnalysisScope) {
  const args = stringArguments(2, use, scope);
  const [haystack, needle] = args ?? [];
  if (args === undefined || haystack === undefined || needle === undefined) return undefined;
  const steps = capacity(haystack) * capacity(needle);
  if (steps > MOST_SEARCH_STEPS) {
    scope.error(
      `${use.name}() would take up to ${steps} steps, more than the limit of ${MOST_SEARCH_STEPS}`,
      use.range,
      'Read shorter strings, such as str(p, 64).',
    );
    return undefined;
  }
  return { args, haystack, needle };
}

export const strcontains: Builtin = {
  name: 'strcontains',
  arity: [2, 2],
  summary: 'Whether the first string contains the second.',
  analyse(use, scope) {
    const found = searchArguments(use, scope);
    if (found === undefined) return undefined;
    const { args, haystack, needle } = found;
    if (haystack.kind === 'string' && needle.kind === 'string') {
      return constantInt(haystack.value.includes(needle.value) ? 1n : 0n, BOOL, use);
    }
    return typedCall('strcontains', use, BOOL, { args });
  },
  lower(call, lowering) {
    const { ir } = lowering;
    return ir.fromBool(
      ir.compare(
        'sge',
        lowerSearch(argument(call, 0), argument(call, 1), lowering),
        ir.constant(0),
      ),
    );
  },
};

export const strstr: Builtin = {
  name: 'strstr',
  arity: [2, 2],
  summary: 'Where the second string begins in the first; -1 if it does not occur.',
  analyse(use, scope) {
    const found = searchArguments(use, scope);
    if (found === undefined) return undefined;
    const { args, haystack, needle } = found;
    if (haystack.kind === 'string' && needle.kind === 'string') {
      return constantInt(BigInt(haystack.value.indexOf(needle.value)), INT64, use);
    }
    return typedCall('strstr', use, INT64, { args });
  },
  lower: (call, lowering) => lowerSearch(argument(call, 0), argument(call, 1), lowering),
};

/**
 * Index of the first occurrence, or -1: tries each place of the haystack in turn.
 *
 *   for (i = 0; i < sizeof(haystack); i++) {
 *     for (j = 0; j < sizeof(needle); j++) {
 *       if (!needle[j]) return i;
 *       if (i + j >= sizeof(haystack) || haystack[i + j] != needle[j]) break;
 *     }
 *     if (!haystack[i]) break;
 *   }
 */
function lowerSearch(
  haystack: TypedExpression,
  needle: TypedExpression,
  lowering: Lowering,
): IrValue {
  const { ir } = lowering;
  const within = lowering.address(haystack, false);
  const wanted = lowering.address(needle, false);
  const withinSize = ir.constant(capacity(haystack));
  const wantedSize = ir.constant(capacity(needle));
  const result = lowering.temporary(8, 8);
  ir.store(result, 0, 8, ir.constant(-1));
  const outer = lowerCounter(lowering);
  const inner = lowering.temporary(8, 8);
  const zero = ir.constant(0);
  ir.while_(
    () => ir.compare('ult', ir.load(outer, 0, 8, false), withinSize),
    (places) => {
      const place = ir.load(outer, 0, 8, false);
      ir.store(inner, 0, 8, zero);
      ir.while_(
        () => ir.compare('ult', ir.load(inner, 0, 8, false), wantedSize),
        (bytes) => {
          const index = ir.load(inner, 0, 8, false);
          const byte = ir.load(ir.offset(wanted, index), 0, 1, false);
          ir.if_(ir.compare('eq', byte, zero), () => {
            ir.store(result, 0, 8, place);
            bytes.break_();
          });
          const at = ir.op('add', place, index);
          ir.if_(ir.compare('uge', at, withinSize), () => bytes.break_());
          const other = ir.load(ir.offset(within, at), 0, 1, false);
          ir.if_(ir.compare('ne', other, byte), () => bytes.break_());
          lowerStep(inner, index, lowering);
        },
      );
      const found = ir.compare('sge', ir.load(result, 0, 8, false), zero);
      const ended = ir.compare('eq', ir.load(ir.offset(within, place), 0, 1, false), zero);
      ir.if_(ir.or(found, ended), () => places.break_());
      lowerStep(outer, place, lowering);
    },
  );
  return ir.load(result, 0, 8, false);
}
