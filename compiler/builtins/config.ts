/** config: the settings of the program, and default_str_length, which is one of them. */
import { intLiteral } from '../analysis/conversion.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { Range } from '../source/source.ts';
import { BOOL } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { textConstant } from './use.ts';

function literal(value: string | number | boolean, range: Range): TypedExpression {
  if (typeof value === 'string') return textConstant(value, range);
  if (typeof value === 'number') return intLiteral(BigInt(value), range);
  return { kind: 'int', type: BOOL, value: value ? 1n : 0n, flexible: false, range };
}

export const config: Builtin = {
  name: 'config',
  arity: [0, 0],
  summary: 'Record of the settings that the script was compiled with: config.max_strlen.',
  analyse(use, scope) {
    const fields = [...scope.config.settings].map(([name, value]) => ({
      name,
      value: literal(value, use.range),
    }));
    return {
      kind: 'record',
      type: {
        kind: 'record',
        fields: fields.map(({ name, value }) => ({ name, type: value.type })),
      },
      fields,
      range: use.range,
    };
  },
};

export const defaultStrLength: Builtin = {
  name: 'default_str_length',
  arity: [0, 0],
  summary: 'Bytes that a string has room for unless its size is given: max_strlen.',
  analyse: (use, scope) => intLiteral(BigInt(scope.config.maxStrlen), use.range),
};
