/** Layout of what stands outside blocks. */
import type * as ast from '../syntax/ast.ts';
import type { Cursor } from './cursor.ts';
import { concat, type Doc, EMPTY, HARD_LINE, indent, SPACE } from './doc.ts';
import { bracketed, formatExpression, formatType } from './expressions.ts';
import { formatBlock } from './statements.ts';

type Item = ast.CItem | ast.ConfigBlock | ast.Import | ast.RootItem;

export function formatProgram(cursor: Cursor, program: ast.Program): Doc {
  const { preamble, config, imports, items } = program;
  const all: readonly Item[] = [...preamble, ...(config ? [config] : []), ...imports, ...items];
  const parts: Doc[] = [];
  let previous: Item | undefined;
  for (const item of all.toSorted((a, b) => a.range.start - b.range.start)) {
    const { blank } = cursor.gap();
    if (previous) {
      parts.push(HARD_LINE);
      if (blank || hasBody(previous) || hasBody(item)) parts.push(HARD_LINE);
    }
    parts.push(formatItem(cursor, item));
    previous = item;
  }
  const { blank } = cursor.gap();
  const comments = cursor.comments();
  if (comments.length > 0) {
    if (previous) parts.push(HARD_LINE, blank ? HARD_LINE : EMPTY);
    parts.push(...comments);
  }
  return concat(...parts);
}

/** Probes, lists of them, macros and functions have an empty line before and behind them. */
function hasBody({ kind }: Item): boolean {
  return kind === 'probe' || kind === 'probe-list' || kind === 'macro' || kind === 'fn';
}

function formatItem(cursor: Cursor, item: Item): Doc {
  switch (item.kind) {
    case 'c-line':
    case 'c-definition':
      return cursor.take();
    case 'config':
      return formatConfig(cursor, item);
    case 'import':
      return concat(cursor.take('import'), SPACE, cursor.take(), cursor.take(';'));
    case 'map-declaration':
      return formatMapDeclaration(cursor);
    case 'macro':
      return concat(
        cursor.take('macro'),
        SPACE,
        cursor.take(item.name),
        bracketed(cursor, '(', item.parameters, ')', () => cursor.take()),
        HARD_LINE,
        formatBlock(cursor, item.body),
      );
    case 'fn':
      return formatFn(cursor, item);
    case 'probe':
      return formatProbe(cursor, item);
    case 'probe-list':
      return formatProbeList(cursor, item);
  }
}

function formatConfig(cursor: Cursor, { entries }: ast.ConfigBlock): Doc {
  const head = [cursor.take('config'), SPACE, cursor.take('='), SPACE, cursor.take('{')];
  const parts: Doc[] = [];
  for (const entry of entries) {
    const { blank } = cursor.gap();
    if (blank && parts.length > 0) parts.push(HARD_LINE);
    parts.push(HARD_LINE, cursor.take(entry.key), SPACE, cursor.take('='), SPACE, cursor.take());
    if (cursor.peek() === ';') parts.push(cursor.take(';'));
  }
  const comments = cursor.comments();
  if (comments.length > 0) parts.push(HARD_LINE, ...comments);
  const line = parts.length > 0 ? HARD_LINE : EMPTY;
  return concat(...head, indent(...parts), line, cursor.take('}'));
}

function formatMapDeclaration(cursor: Cursor): Doc {
  const head = [cursor.take('let'), SPACE, cursor.take(), SPACE, cursor.take('='), SPACE];
  const value = [cursor.take(), cursor.take('('), cursor.take(), cursor.take(')')];
  return concat(...head, ...value, cursor.peek() === ';' ? cursor.take(';') : EMPTY);
}

function formatFn(cursor: Cursor, { name, parameters, returns, body }: ast.Fn): Doc {
  return concat(
    cursor.take('fn'),
    SPACE,
    cursor.take(name),
    bracketed(cursor, '(', parameters, ')', (parameter) =>
      concat(cursor.take(), SPACE, cursor.take(':'), SPACE, formatType(cursor, parameter.type)),
    ),
    SPACE,
    cursor.take(':'),
    SPACE,
    formatType(cursor, returns),
    HARD_LINE,
    formatBlock(cursor, body),
  );
}

function formatProbeList(cursor: Cursor, { variables, elements, items }: ast.ProbeList): Doc {
  const parts: Doc[] = [cursor.take('for'), SPACE];
  const inParens = cursor.peek() === '(';
  if (inParens) parts.push(cursor.take('('));
  for (const { name } of variables) {
    parts.push(cursor.take(name));
    if (cursor.peek() === ',') parts.push(cursor.take(','), SPACE);
  }
  parts.push(SPACE, cursor.take(':'), SPACE);
  parts.push(bracketed(cursor, '(', elements, ')', (element) => formatElement(cursor, element)));
  if (inParens) parts.push(cursor.take(')'));
  parts.push(HARD_LINE, cursor.take('{'));
  const body: Doc[] = [];
  for (const [index, item] of items.entries())
    body.push(...(index > 0 ? [HARD_LINE] : []), HARD_LINE, formatItem(cursor, item));
  const { blank } = cursor.gap();
  const comments = cursor.comments();
  if (comments.length > 0)
    body.push(...(blank && items.length > 0 ? [HARD_LINE] : []), HARD_LINE, ...comments);
  return concat(...parts, indent(...body), HARD_LINE, cursor.take('}'));
}

function formatElement(cursor: Cursor, { values }: ast.ListElement): Doc {
  const format = (value: ast.ListValue): Doc => formatExpression(cursor, value);
  const [only] = values;
  return cursor.peek() === '(' || !only
    ? bracketed(cursor, '(', values, ')', format)
    : format(only);
}

/** Attach points, predicate and brace begin a line each. */
function formatProbe(cursor: Cursor, { attachPoints, predicate, body }: ast.Probe): Doc {
  const parts: Doc[] = [];
  for (const _point of attachPoints) {
    parts.push(cursor.take());
    if (cursor.peek() === ',') parts.push(cursor.take(','));
    parts.push(HARD_LINE);
  }
  if (predicate) {
    const open = cursor.take('/');
    // Nothing may stand between the slash and a `*` or a comment: together they would begin one.
    const space = cursor.peek() === '*' || cursor.hasComments() ? SPACE : EMPTY;
    parts.push(open, space, formatExpression(cursor, predicate), cursor.take('/'), HARD_LINE);
  }
  return concat(...parts, formatBlock(cursor, body));
}
