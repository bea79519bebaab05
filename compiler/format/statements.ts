/** Layout of blocks and statements. */
import type * as ast from '../syntax/ast.ts';
import type { Cursor } from './cursor.ts';
import { concat, type Doc, EMPTY, group, HARD_LINE, indent, LINE, SPACE } from './doc.ts';
import { formatExpression, formatType } from './expressions.ts';

/** `value`: part of an expression, on one line where it was and fits; `statement`: one line each. */
type Style = 'statement' | 'value';

/** A block whose statements have a line each. */
export function formatBlock(cursor: Cursor, block: ast.Block): Doc {
  return formatBody(cursor, block, 'statement');
}

/** A block as a value. */
export function formatValueBlock(cursor: Cursor, block: ast.Block): Doc {
  return formatBody(cursor, block, 'value');
}

function formatBody(cursor: Cursor, { statements, tail }: ast.Block, style: Style): Doc {
  const open = cursor.take('{');
  // A line break behind the brace keeps a value on several lines.
  const line = style === 'statement' || cursor.gap().newLine ? HARD_LINE : LINE;
  const elements = [...statements, ...(tail ? [tail] : [])];
  const parts = elements.map((element, index) => {
    const { blank } = cursor.gap();
    const content = formatStatement(cursor, element, style);
    const separators = blank && index > 0 ? [HARD_LINE, HARD_LINE] : [line];
    return concat(...separators, content);
  });
  const { blank } = cursor.gap();
  const comments = cursor.comments();
  if (comments.length > 0)
    parts.push(...(blank && parts.length > 0 ? [HARD_LINE] : []), HARD_LINE, ...comments);
  const close = cursor.take('}');
  if (parts.length === 0 && style === 'value') return concat(open, close);
  return group(open, indent(...parts), line, close);
}

function formatStatement(cursor: Cursor, node: ast.Statement | ast.Expression, style: Style): Doc {
  const content = formatContent(cursor, node, style);
  return cursor.peek() === ';' ? concat(content, cursor.take(';')) : content;
}

function formatContent(cursor: Cursor, node: ast.Statement | ast.Expression, style: Style): Doc {
  switch (node.kind) {
    case 'block':
      return cursor.peek() === '('
        ? formatExpression(cursor, node)
        : formatBody(cursor, node, style);
    case 'if':
      return cursor.peek() === '(' ? formatExpression(cursor, node) : formatIf(cursor, node, style);
    case 'if-chain':
      return cursor.peek() === '('
        ? formatExpression(cursor, node)
        : formatIfChain(cursor, node, style);
    case 'let':
      return formatLet(cursor, node);
    case 'assign':
      return concat(
        formatExpression(cursor, node.target),
        SPACE,
        cursor.take(node.operator),
        SPACE,
        formatExpression(cursor, node.value),
      );
    case 'discard':
      return concat(
        cursor.take('_'),
        SPACE,
        cursor.take('='),
        SPACE,
        formatExpression(cursor, node.value),
      );
    case 'while':
      return concat(
        cursor.take('while'),
        SPACE,
        formatCondition(cursor, node.condition),
        SPACE,
        formatBody(cursor, node.body, style),
      );
    case 'unroll': {
      const word = cursor.take('unroll');
      // As a call where it looks like one.
      const space = cursor.peek() === '(' ? EMPTY : SPACE;
      const count = formatCondition(cursor, node.count);
      return concat(word, space, count, SPACE, formatBody(cursor, node.body, style));
    }
    case 'for':
      return formatFor(cursor, node, style);
    case 'jump': {
      const word = cursor.take(node.jump);
      return node.value ? concat(word, SPACE, formatExpression(cursor, node.value)) : word;
    }
    case 'import-statement':
      return concat(cursor.take('import'), SPACE, cursor.take());
    case 'expression-statement':
      return formatExpression(cursor, node.expression);
    default:
      return formatExpression(cursor, node);
  }
}

function formatLet(cursor: Cursor, { type, value }: ast.Let): Doc {
  const parts = [cursor.take('let'), SPACE, cursor.take()];
  if (type) parts.push(cursor.take(':'), SPACE, formatType(cursor, type));
  if (value) parts.push(SPACE, cursor.take('='), SPACE, formatExpression(cursor, value));
  return concat(...parts);
}

export function formatIf(cursor: Cursor, node: ast.If, style: Style): Doc {
  const parts = [cursor.take('if'), SPACE];
  if (node.comptime) parts.push(cursor.take('comptime'), SPACE);
  parts.push(formatCondition(cursor, node.condition), SPACE);
  parts.push(formatBody(cursor, node.then, style));
  if (node.else) {
    parts.push(SPACE, cursor.take('else'), SPACE);
    parts.push(
      node.else.kind === 'if'
        ? formatIf(cursor, node.else, style)
        : formatBody(cursor, node.else, style),
    );
  }
  return style === 'value' ? group(...parts) : concat(...parts);
}

export function formatIfChain(cursor: Cursor, node: ast.IfChain, style: Style): Doc {
  const parts: Doc[] = [];
  for (const link of node.links) {
    if (parts.length > 0) parts.push(SPACE, cursor.take('else'), SPACE);
    parts.push(formatIf(cursor, link, style));
  }
  if (node.else)
    parts.push(SPACE, cursor.take('else'), SPACE, formatBody(cursor, node.else, style));
  return concat(...parts);
}

/** One level further in than the body, so that the two are told apart. */
function formatCondition(cursor: Cursor, condition: ast.Expression): Doc {
  return indent(formatExpression(cursor, condition));
}

function formatFor(cursor: Cursor, { variable, over, body }: ast.For, style: Style): Doc {
  const word = cursor.take('for');
  const open = cursor.peek() === '(' ? cursor.take('(') : EMPTY;
  const head = [cursor.take(variable.name), SPACE, cursor.take(':'), SPACE];
  if (over.kind === 'range')
    head.push(
      formatExpression(cursor, over.from),
      cursor.take('..'),
      formatExpression(cursor, over.to),
    );
  else head.push(formatExpression(cursor, over));
  const close = open === EMPTY ? EMPTY : cursor.take(')');
  return concat(word, SPACE, indent(open, ...head, close), SPACE, formatBody(cursor, body, style));
}
