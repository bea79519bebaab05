/**
 * The C part of a script: `#define`s of a literal, conditionals on BPFTRACE_HAVE_BTF, and includes, which
 * kernel BTF makes superfluous. Everything else of C is not supported yet, and says so.
 */

import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';

interface Condition {
  readonly active: boolean;
  /** Some branch of this #if was active. */
  readonly taken: boolean;
  readonly range: Range;
}

/** Names that are defined to a literal (or to another such name). */
export function readPreamble(
  items: readonly ast.CItem[],
  diagnostics: Diagnostics,
): ReadonlyMap<string, ast.Expression> {
  const defines = new Map<string, ast.Expression>();
  const defined = new Set(['BPFTRACE_HAVE_BTF']);
  const conditions: Condition[] = [];
  const active = () => conditions.every((condition) => condition.active);
  for (const item of items) {
    if (item.kind === 'c-definition') {
      if (active()) reportDefinition(item, diagnostics);
      continue;
    }
    const line = /^\s*#\s*(\w+)\s*(.*?)\s*$/s.exec(item.text);
    const directive = line?.[1] ?? '';
    const rest = line?.[2] ?? '';
    switch (directive) {
      case 'ifdef':
      case 'ifndef': {
        const holds = defined.has(rest) === (directive === 'ifdef');
        conditions.push({ active: holds, taken: holds, range: item.range });
        break;
      }
      case 'else': {
        const condition = conditions.pop();
        if (!condition) diagnostics.error('#else without #if', item.range);
        else conditions.push({ ...condition, active: !condition.taken, taken: true });
        break;
      }
      case 'endif':
        if (!conditions.pop()) diagnostics.error('#endif without #if', item.range);
        break;
      default:
        if (active()) readDirective(item, directive, rest, defined, defines, diagnostics);
    }
  }
  for (const condition of conditions) {
    diagnostics.error('#if without #endif', condition.range);
  }
  return resolveNames(defines, diagnostics);
}

function readDirective(
  item: ast.CItem,
  directive: string,
  rest: string,
  defined: Set<string>,
  defines: Map<string, ast.Expression>,
  diagnostics: Diagnostics,
): void {
  switch (directive) {
    case 'include':
      diagnostics.warning(
        'Headers are not read: types come from the BTF of the kernel description',
        item.range,
      );
      return;
    case 'pragma':
      return;
    case 'undef':
      defined.delete(rest);
      defines.delete(rest);
      return;
    case 'define': {
      const define = /^(\w+)(\(?)\s*(.*)$/s.exec(rest);
      const name = define?.[1];
      if (name === undefined) {
        diagnostics.error('#define without a name', item.range);
        return;
      }
      defined.add(name);
      if (define?.[2] === '(' && rest[name.length] === '(') {
        // `#define F(x) ...` or `#define N (1)`: only a space tells them apart, and here there is none.
        diagnostics.error('Function-like macros of C are not supported', item.range);
        return;
      }
      const replacement = parseLiteral(rest.slice(name.length).trim(), item.range);
      if (replacement) defines.set(name, replacement);
      else if (rest.slice(name.length).trim() !== '') {
        diagnostics.error(
          `#define ${name}: only integers, strings and other such names are supported yet`,
          item.range,
        );
      }
      return;
    }
    default:
      diagnostics.error(`#${directive} is not supported yet`, item.range);
  }
}

function reportDefinition(item: ast.CItem, diagnostics: Diagnostics): void {
  diagnostics.error(
    'C definitions are not supported yet',
    item.range,
    'Types that the kernel has are known from its BTF: the definition may be superfluous.',
  );
}

function parseLiteral(text: string, range: Range): ast.Expression | undefined {
  const plain = text.replace(/\/\*.*?\*\/|\/\/.*$/gs, '').trim();
  const inner = /^\((.*)\)$/s.exec(plain)?.[1]?.trim() ?? plain;
  const number = /^(-?)\s*(0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)([uUlL]*)$/.exec(inner);
  if (number) {
    const digits = number[2] ?? '0';
    const octal = /^0[0-7]+$/.test(digits);
    const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
    if (value >= 1n << 64n) return undefined;
    const integer: ast.Integer = { kind: 'integer', value, text: inner, range };
    return number[1] ? { kind: 'unary', operator: '-', operand: integer, range } : integer;
  }
  const string = /^"([^"\\]*)"$/.exec(inner)?.[1];
  if (string !== undefined) {
    const value = Buffer.from(string, 'utf8').toString('latin1');
    return { kind: 'string', value, text: inner, range };
  }
  if (/^[A-Za-z_]\w*$/.test(inner)) return { kind: 'identifier', name: inner, range };
  return undefined;
}

/** `#define A B`, `#define B 1`: follows the names, and reports those that end in themselves. */
function resolveNames(
  defines: ReadonlyMap<string, ast.Expression>,
  diagnostics: Diagnostics,
): ReadonlyMap<string, ast.Expression> {
  const resolved = new Map<string, ast.Expression>();
  const circular = new Set<string>();
  for (const [name, replacement] of defines) {
    const path = [name];
    let current = replacement;
    while (current.kind === 'identifier') {
      const next = current.name;
      const recursive = path.includes(next);
      path.push(next);
      if (recursive) {
        // Once for the circle, not for each name in it or leading to it.
        if (!path.some((step) => circular.has(step))) {
          diagnostics.error(`Macro recursion: ${path.join('->')}`, replacement.range);
        }
        for (const step of path) circular.add(step);
        break;
      }
      const following = defines.get(next);
      if (!following) break;
      current = following;
    }
    if (!circular.has(name)) resolved.set(name, current);
  }
  return resolved;
}
