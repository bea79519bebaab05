/** str_concat: one string behind another. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import { kindName } from '../types/names.ts';
import type { Builtin } from './builtin.ts';
import { argument, typedCall } from './use.ts';

function capacity({ type }: TypedExpression): number {
  if (type.kind !== 'string') throw new Error(`${type.kind} is no string`);
  return type.size;
}

export const strConcat: Builtin = {
  name: 'str_concat',
  arity: [2, 2],
  summary: 'The second string behind the first, with room for both.',
  analyse(use, scope) {
    const args = use.args.map((argument) => scope.expression(argument));
    let wrong = false;
    for (const { type, range } of args) {
      if (type.kind === 'string') continue;
      wrong = true;
      scope.error(
        `str_concat() only supports string arguments (${kindName(type)} provided)`,
        range,
        ...(type.kind === 'pointer' || type.kind === 'int' ? ['Read the string with str().'] : []),
      );
    }
    const [left, right] = args;
    if (wrong || left === undefined || right === undefined) return undefined;
    // One NUL serves both.
    const size = capacity(left) + capacity(right) - 1;
    return typedCall('str_concat', use, { kind: 'string', size }, { args });
  },
  lowerInto(call, lowering, to) {
    const { ir } = lowering;
    const left = argument(call, 0);
    const right = argument(call, 1);
    const room = capacity(left);
    if (to.padded) ir.zero(to.pointer, room + capacity(right) - 1, to.align);
    const got = lowerText(left, to.pointer, lowering);
    // The length without the NUL, in bounds that the verifier sees.
    const length = ir.op('sub', got, ir.constant(1));
    const end = ir.select(ir.compare('ult', length, ir.constant(room)), length, ir.constant(0));
    lowerText(right, ir.offset(to.pointer, end), lowering);
  },
};

function lowerText(text: TypedExpression, to: Storage['pointer'], lowering: Lowering) {
  const from = lowering.ir.pointerToInt(lowering.address(text, false));
  return lowering.probeReadString(to, capacity(text), from, 'kernel');
}
