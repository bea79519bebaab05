/** Conditions of `#if`: integer expressions of names, literals and `defined`, as C11 6.10.1 has them. */

const TOKEN =
  /\s*(?:(defined)\b|([A-Za-z_]\w*)|(0[xX][\da-fA-F]+|\d+)[uUlL]*(?![\w.])|(&&|\|\||==|!=|<=|>=|<<|>>|[-+*/%!~<>()&|^?:]))/;

/** Binary operators by precedence, loosest first. */
const LEVELS: readonly (readonly string[])[] = [
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

/** Macros that refer to each other deeper than this are left to the C compiler. */
const DEEPEST = 32;

/** Whether the condition holds; undefined for what only a C compiler can tell, including what is malformed. */
export function evaluateCondition(
  text: string,
  replacementOf: (name: string) => string | undefined,
  isDefined: (name: string) => boolean,
): boolean | undefined {
  const value = evaluate(text, replacementOf, isDefined, 0);
  return value === undefined ? undefined : value !== 0n;
}

function evaluate(
  text: string,
  replacementOf: (name: string) => string | undefined,
  isDefined: (name: string) => boolean,
  depth: number,
): bigint | undefined {
  const tokens = tokenize(text);
  if (!tokens || depth > DEEPEST) return undefined;
  let at = 0;
  const take = (token: string): boolean => {
    if (tokens[at] !== token) return false;
    at += 1;
    return true;
  };

  const defined = (): bigint | undefined => {
    const parenthesised = take('(');
    const name = tokens[at];
    at += 1;
    if (name === undefined || !/^[A-Za-z_]/.test(name)) return undefined;
    if (parenthesised && !take(')')) return undefined;
    return isDefined(name) ? 1n : 0n;
  };

  const primary = (): bigint | undefined => {
    const token = tokens[at];
    at += 1;
    if (token === undefined) return undefined;
    if (token === 'defined') return defined();
    if (token === '(') {
      const value = ternary();
      return take(')') ? value : undefined;
    }
    if (/^\d/.test(token)) return /^0\d/.test(token) ? octal(token) : BigInt(token);
    if (!/^[A-Za-z_]/.test(token)) return undefined;
    const replacement = replacementOf(token);
    if (replacement !== undefined)
      return evaluate(replacement, replacementOf, isDefined, depth + 1);
    // What is left after replacement counts as 0, but a function-like macro or `__has_include` does not.
    return isDefined(token) || tokens[at] === '(' ? undefined : 0n;
  };

  const unary = (): bigint | undefined => {
    const operator = ['!', '-', '~', '+'].find(take);
    if (operator === undefined) return primary();
    const value = unary();
    if (value === undefined) return undefined;
    if (operator === '!') return value === 0n ? 1n : 0n;
    return BigInt.asIntN(64, operator === '-' ? -value : operator === '~' ? ~value : value);
  };

  const binary = (level: number): bigint | undefined => {
    const operators = LEVELS[level];
    if (!operators) return unary();
    let left = binary(level + 1);
    for (;;) {
      const operator = operators.find(take);
      if (operator === undefined || left === undefined) return left;
      const right = binary(level + 1);
      if (right === undefined) return undefined;
      left = apply(operator, left, right);
    }
  };

  const ternary = (): bigint | undefined => {
    const test = binary(0);
    if (!take('?')) return test;
    const then = ternary();
    if (!take(':')) return undefined;
    const otherwise = ternary();
    return test === undefined ? undefined : test !== 0n ? then : otherwise;
  };

  const value = ternary();
  return at === tokens.length ? value : undefined;
}

function tokenize(text: string): readonly string[] | undefined {
  const tokens: string[] = [];
  const source = text.trimEnd();
  let end = 0;
  for (let match = matchAt(source, 0); match; match = matchAt(source, end)) {
    tokens.push(match.token);
    end = match.end;
  }
  return end === source.length && tokens.length > 0 ? tokens : undefined;
}

function matchAt(
  source: string,
  start: number,
): { readonly token: string; readonly end: number } | undefined {
  const pattern = new RegExp(TOKEN.source, 'y');
  pattern.lastIndex = start;
  const match = pattern.exec(source);
  const token = match?.[1] ?? match?.[2] ?? match?.[3] ?? match?.[4];
  return match && token !== undefined ? { token, end: pattern.lastIndex } : undefined;
}

function octal(token: string): bigint | undefined {
  return /^[0-7]+$/.test(token) ? BigInt(`0o${token}`) : undefined;
}

function apply(operator: string, left: bigint, right: bigint): bigint | undefined {
  const truth = (holds: boolean) => (holds ? 1n : 0n);
  switch (operator) {
    case '||':
      return truth(left !== 0n || right !== 0n);
    case '&&':
      return truth(left !== 0n && right !== 0n);
    case '==':
      return truth(left === right);
    case '!=':
      return truth(left !== right);
    case '<':
      return truth(left < right);
    case '<=':
      return truth(left <= right);
    case '>':
      return truth(left > right);
    case '>=':
      return truth(left >= right);
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '&':
      return left & right;
    case '+':
      return BigInt.asIntN(64, left + right);
    case '-':
      return BigInt.asIntN(64, left - right);
    case '*':
      return BigInt.asIntN(64, left * right);
    case '/':
      return right === 0n ? undefined : left / right;
    case '%':
      return right === 0n ? undefined : left % right;
    case '<<':
      return right < 0n || right > 63n ? undefined : BigInt.asIntN(64, left << right);
    default:
      return right < 0n || right > 63n ? undefined : left >> right;
  }
}
