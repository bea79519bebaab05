/** Binary operators by how tightly they bind; all associate to the left. */
import type { Binary, BinaryOperator, Expression } from './ast.ts';
import type { IToken } from './chevrotain.ts';

const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

const PRECEDENCE: ReadonlyMap<string, number> = new Map(
  LEVELS.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)),
);

/** The tree of `operands[0] operators[0] operands[1] ...`; there is one operand more than operators. */
export function foldBinary(
  operands: readonly Expression[],
  operators: readonly IToken[],
): Expression {
  const values: Expression[] = operands.slice(0, 1);
  const pending: IToken[] = [];
  const reduce = (): void => {
    const right = values.pop();
    const left = values.pop();
    const operator = pending.pop();
    if (left && right && operator) values.push(binary(left, operator, right));
  };
  operators.forEach((operator, index) => {
    for (let top = pending.at(-1); top && level(top) >= level(operator); top = pending.at(-1))
      reduce();
    pending.push(operator);
    values.push(...operands.slice(index + 1, index + 2));
  });
  while (pending.length > 0) reduce();
  const [result] = values;
  if (!result) throw new Error('a binary expression without operands');
  return result;
}

/** Whether a chain of both is read from left to right. */
export function bindsAlike(one: BinaryOperator, other: BinaryOperator): boolean {
  return PRECEDENCE.get(one) === PRECEDENCE.get(other);
}

function level(operator: IToken): number {
  return PRECEDENCE.get(operator.image) ?? -1;
}

function binary(left: Expression, operator: IToken, right: Expression): Binary {
  return {
    kind: 'binary',
    range: { start: left.range.start, end: right.range.end },
    operator: operator.image as BinaryOperator,
    operatorRange: {
      start: operator.startOffset,
      end: operator.startOffset + operator.image.length,
    },
    left,
    right,
  };
}
