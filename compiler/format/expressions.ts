/** Layout of expressions. Each function takes the tokens of its node off the cursor, in their order. */
import type * as ast from '../syntax/ast.ts';
import { bindsAlike } from '../syntax/precedence.ts';
import type { Cursor } from './cursor.ts';
import { concat, type Doc, EMPTY, fill, group, indent, LINE, SPACE } from './doc.ts';
import { formatIf, formatIfChain, formatValueBlock } from './statements.ts';

export function formatExpression(cursor: Cursor, node: ast.Expression): Doc {
  const parentheses = countParentheses(cursor, node);
  const open = times(parentheses, () => cursor.take('('));
  const content = formatBare(cursor, node);
  const close = times(parentheses, () => cursor.take(')'));
  return parentheses === 0 ? content : concat(...open, content, ...close);
}

/** The tree keeps only the range of a node in parentheses: what they add stands before its own start. */
function countParentheses(cursor: Cursor, node: ast.Expression): number {
  const inner = firstPart(node);
  const limit = inner?.range.start ?? Number.POSITIVE_INFINITY;
  let count = 0;
  while (cursor.peek(count) === '(' && cursor.start(count) < limit) count += 1;
  return opensItself(node) ? count - 1 : count;
}

/** The part that stands first in a node, perhaps behind the node's own parenthesis. */
function firstPart(node: ast.Expression): { readonly range: ast.Expression['range'] } | undefined {
  switch (node.kind) {
    case 'binary':
      return node.left;
    case 'ternary':
      return node.condition;
    case 'field':
    case 'tuple-access':
    case 'index':
      return node.base;
    case 'inc-dec':
      return node.prefix ? undefined : node.target;
    case 'cast':
      return node.type;
    case 'tuple':
      return node.elements[0];
    case 'record':
      return node.fields[0];
    default:
      return undefined;
  }
}

function opensItself({ kind }: ast.Expression): boolean {
  return kind === 'cast' || kind === 'tuple' || kind === 'record';
}

function formatBare(cursor: Cursor, node: ast.Expression): Doc {
  switch (node.kind) {
    case 'integer':
    case 'string':
    case 'bool':
    case 'identifier':
    case 'variable':
    case 'parameter':
    case 'parameter-count':
      return cursor.take();
    case 'map': {
      const name = cursor.take(node.name);
      return node.keys ? concat(name, formatList(cursor, '[', node.keys, ']')) : name;
    }
    case 'unary': {
      const operator = cursor.take(node.operator);
      // `- -x` and `& &x` would become other operators.
      const space = cursor.peek().startsWith(node.operator) && node.operator !== '*';
      return concat(operator, space ? SPACE : EMPTY, formatExpression(cursor, node.operand));
    }
    case 'binary':
      return formatBinary(cursor, node);
    case 'ternary':
      return formatTernary(cursor, node);
    case 'inc-dec': {
      if (!node.prefix)
        return concat(formatExpression(cursor, node.target), cursor.take(node.operator));
      const operator = cursor.take(node.operator);
      const space = cursor.peek().startsWith(node.operator.slice(1)) ? SPACE : EMPTY;
      return concat(operator, space, formatExpression(cursor, node.target));
    }
    case 'cast':
      return concat(
        cursor.take('('),
        formatType(cursor, node.type),
        cursor.take(')'),
        formatExpression(cursor, node.operand),
      );
    case 'call':
      return concat(cursor.take(node.name), formatList(cursor, '(', node.args, ')'));
    case 'field':
      return concat(
        formatExpression(cursor, node.base),
        cursor.take(node.arrow ? '->' : '.'),
        cursor.take(node.field),
      );
    case 'tuple-access':
      return concat(formatExpression(cursor, node.base), cursor.take('.'), cursor.take());
    case 'index':
      return concat(
        formatExpression(cursor, node.base),
        formatList(cursor, '[', node.indexes, ']'),
      );
    case 'tuple':
      return formatList(cursor, '(', node.elements, ')');
    case 'record':
      return bracketed(cursor, '(', node.fields, ')', ({ name, value }) =>
        concat(cursor.take(name), SPACE, cursor.take('='), SPACE, formatExpression(cursor, value)),
      );
    case 'sizeof':
    case 'typeinfo':
      return formatQuery(cursor, node.kind, node.of);
    case 'offsetof':
      return formatOffsetOf(cursor, node);
    case 'comptime':
      return concat(cursor.take('comptime'), SPACE, formatExpression(cursor, node.operand));
    case 'if':
      return formatIf(cursor, node, 'value');
    case 'if-chain':
      return formatIfChain(cursor, node, 'value');
    case 'block':
      return formatValueBlock(cursor, node);
  }
}

/** Chains of operators that bind alike stand on one level; conditions break at each of them. */
function formatBinary(cursor: Cursor, node: ast.Binary): Doc {
  const chain: ast.Binary[] = [node];
  // An inner node in parentheses has a wider range than its operands: it is a level of its own.
  for (
    let left = node.left;
    left.kind === 'binary' &&
    bindsAlike(left.operator, node.operator) &&
    left.range.start === left.left.range.start &&
    left.range.end === left.right.range.end;
    left = left.left
  )
    chain.unshift(left);
  const [first = node] = chain;
  const parts: Doc[] = [];
  let part = formatExpression(cursor, first.left);
  for (const { operator, right } of chain) {
    parts.push(concat(part, SPACE, cursor.take(operator)));
    part = formatExpression(cursor, right);
  }
  parts.push(part);
  if (node.operator !== '&&' && node.operator !== '||') return indent(fill(parts));
  return group(indent(...parts.flatMap((each, index) => (index === 0 ? [each] : [LINE, each]))));
}

function formatTernary(cursor: Cursor, node: ast.Ternary): Doc {
  const condition = formatExpression(cursor, node.condition);
  const question = cursor.take('?');
  if (!node.then) {
    const colon = cursor.take(':');
    const otherwise = formatExpression(cursor, node.else);
    return group(condition, indent(LINE, question, colon, SPACE, otherwise));
  }
  const then = formatExpression(cursor, node.then);
  const colon = cursor.take(':');
  const otherwise = formatExpression(cursor, node.else);
  return group(condition, indent(LINE, question, SPACE, then, LINE, colon, SPACE, otherwise));
}

type Argument = ast.Expression | ast.TypeArgument;

export function formatList(
  cursor: Cursor,
  open: string,
  items: readonly Argument[],
  close: string,
): Doc {
  return bracketed(cursor, open, items, close, (item) =>
    item.kind === 'type-argument'
      ? item.range.start === item.type.range.start && item.type.kind === 'type'
        ? formatType(cursor, item.type)
        : formatQuery(cursor, 'typeof', item.type)
      : formatExpression(cursor, item),
  );
}

/** Items between brackets, with the commas that are there. */
export function bracketed<Item>(
  cursor: Cursor,
  open: string,
  items: readonly Item[],
  close: string,
  format: (item: Item) => Doc,
): Doc {
  const opening = cursor.take(open);
  const parts = items.map((item) => {
    const part = format(item);
    return cursor.peek() === ',' ? concat(part, cursor.take(',')) : part;
  });
  return concat(opening, indent(fill(parts)), cursor.take(close));
}

// ---- types -----------------------------------------------------------------------------------------

function formatQuery(cursor: Cursor, word: string, of: ast.TypeRef | ast.Expression): Doc {
  return concat(
    cursor.take(word),
    cursor.take('('),
    formatTypeOrExpression(cursor, of),
    cursor.take(')'),
  );
}

function formatOffsetOf(cursor: Cursor, node: ast.OffsetOf): Doc {
  const parts = [
    cursor.take('offsetof'),
    cursor.take('('),
    formatTypeOrExpression(cursor, node.of),
  ];
  parts.push(cursor.take(','), SPACE);
  node.path.forEach((name, index) => {
    if (index > 0) parts.push(cursor.take('.'));
    parts.push(cursor.take(name));
  });
  return concat(...parts, cursor.take(')'));
}

function formatTypeOrExpression(cursor: Cursor, of: ast.TypeRef | ast.Expression): Doc {
  return of.kind === 'type' ? formatType(cursor, of) : formatExpression(cursor, of);
}

export function formatType(cursor: Cursor, { base, suffixes }: ast.TypeRef): Doc {
  const parts: Doc[] = [];
  if (base.kind === 'name') parts.push(cursor.take(base.name));
  else if (base.kind === 'typeof') parts.push(formatQuery(cursor, 'typeof', base.of));
  else parts.push(cursor.take(base.kind), SPACE, cursor.take(base.name));
  suffixes.forEach((suffix, index) => {
    if (suffix.kind === 'pointer') {
      if (suffixes[index - 1]?.kind !== 'pointer') parts.push(SPACE);
      parts.push(cursor.take('*'));
    } else {
      parts.push(cursor.take('['));
      if (suffix.size !== undefined) parts.push(cursor.take());
      parts.push(cursor.take(']'));
    }
  });
  return concat(...parts);
}

function times(count: number, make: () => Doc): readonly Doc[] {
  return Array.from({ length: count }, make);
}
