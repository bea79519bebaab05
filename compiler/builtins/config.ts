/** config: the settings of the program, and default_str_length, which is one of them. */
import { intLiteral } from '../analysis/conversion.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { Range } from '../source/source.ts';
import { type Builtin, defineBuiltin } from './builtin.ts';
import { textConstant, truth } from './use.ts';

function literal(value: string | number | boolean, range: Range): TypedExpression {
  if (typeof value === 'string') return textConstant(value, range);
  if (typeof value === 'number') return intLiteral(BigInt(value), range);
  return truth(value, { range });
}

export const config: Builtin = defineBuiltin({
  name: 'config',
  summary: 'Record of the settings that the script was compiled with: config.max_strlen.',
  analyse(_given, { range }, scope) {
    const fields = [...scope.config.settings].map(([name, value]) => ({
      name,
      value: literal(value, range),
    }));
    return {
      kind: 'record',
      type: {
        kind: 'record',
        fields: fields.map(({ name, value }) => ({ name, type: value.type })),
      },
      fields,
      range,
    };
  },
});

export const defaultStrLength: Builtin = defineBuiltin({
  name: 'default_str_length',
  summary: 'Bytes that a string has room for unless its size is given: max_strlen.',
  analyse: (_given, use, scope) => intLiteral(BigInt(scope.config.maxStrlen), use.range),
});
