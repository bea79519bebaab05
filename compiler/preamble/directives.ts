/**
 * Preprocessor lines that need no C compiler: `#define`s and conditionals. The evaluation stops at the first
 * line that needs one: a definition, or a header that is installed.
 */
import type { Hint } from '../source/advice.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { adviceOnLine } from '../syntax/mistakes.ts';
import { evaluateCondition } from './condition.ts';
import type { HeaderConstants } from './constants.ts';

/** What is defined before a script's first line. */
export const PREDEFINED: ReadonlyMap<string, string> = new Map([['BPFTRACE_HAVE_BTF', '1']]);

export interface Directives {
  /** Replacement texts of object-like macros. */
  readonly macros: ReadonlyMap<string, string>;
  /** Includes of headers that are not there. */
  readonly missing: readonly ast.CItem[];
  /** What only a C compiler can read; the rest is then incomplete, and without diagnostics. */
  readonly needsCompiler: ast.CItem | undefined;
}

interface Condition {
  readonly active: boolean;
  /** Some branch of this #if was active. */
  readonly taken: boolean;
  /** Whether its `#else` was there: no branch follows that. */
  readonly isLast: boolean;
  readonly range: Range;
}

/** `isInstalled` tells whether a header is found, as written: `<linux/fs.h>` or `"own.h"`. */
export function readDirectives(
  items: readonly ast.CItem[],
  isInstalled: (header: string) => boolean,
  constants: HeaderConstants,
  diagnostics: Diagnostics,
): Directives {
  const macros = new Map(PREDEFINED);
  const functionLike = new Set<string>();
  const missing: ast.CItem[] = [];
  const conditions: Condition[] = [];
  const problems: (readonly [message: string, range: Range, ...hints: Hint[]])[] = [];
  const active = () => conditions.every((condition) => condition.active);
  // Of a header that is not there, what the table knows: after the first include that could have defined it.
  const constant = (name: string) =>
    missing.length > 0 ? constants.find(name)?.value.toString() : undefined;
  const replacement = (name: string) => macros.get(name) ?? constant(name);
  const isDefined = (name: string) => replacement(name) !== undefined || functionLike.has(name);
  const needing = (item: ast.CItem): Directives => ({ macros, missing, needsCompiler: item });

  for (const item of items) {
    if (item.kind === 'c-definition') {
      if (active()) return needing(item);
      continue;
    }
    const { directive, rest } = readLine(item.text);
    switch (directive) {
      case 'if':
      case 'ifdef':
      case 'ifndef': {
        const holds = !active()
          ? false
          : directive === 'if'
            ? evaluateCondition(rest, replacement, isDefined)
            : isDefined(rest) === (directive === 'ifdef');
        if (holds === undefined) return needing(item);
        conditions.push({ active: holds, taken: holds, isLast: false, range: item.range });
        break;
      }
      case 'elif':
      case 'else': {
        const condition = conditions.pop();
        if (!condition) {
          problems.push([`#${directive} without #if`, item.range]);
          break;
        }
        if (condition.isLast) problems.push([`#${directive} after #else`, item.range]);
        const holds =
          condition.taken || !active()
            ? false
            : directive === 'else' || evaluateCondition(rest, replacement, isDefined);
        if (holds === undefined) return needing(item);
        const isLast = directive === 'else' || condition.isLast;
        conditions.push({ ...condition, isLast, active: holds, taken: condition.taken || holds });
        break;
      }
      case 'endif':
        if (!conditions.pop()) problems.push(['#endif without #if', item.range]);
        break;
      default: {
        if (!active()) break;
        if (directive === 'include') {
          if (!/^(?:<[^>]+>|"[^"]+")$/.test(rest) || isInstalled(rest)) return needing(item);
          missing.push(item);
        } else if (directive === 'define') {
          const problem = define(rest, macros, functionLike);
          if (problem !== undefined) problems.push([problem, item.range]);
        } else if (directive === 'undef') {
          macros.delete(rest);
          functionLike.delete(rest);
        } else if (directive === 'error') {
          problems.push([`#error ${rest}`, item.range]);
        } else if (directive === 'warning') {
          diagnostics.warning('c-warning', `#warning ${rest}`, item.range);
        } else if (directive !== 'pragma' && directive !== '' && directive !== 'line') {
          const hints = adviceOnLine(item.text, item.range.start);
          problems.push([`invalid preprocessing directive #${directive}`, item.range, ...hints]);
        }
      }
    }
  }
  for (const condition of conditions) problems.push(['#if without #endif', condition.range]);
  for (const [message, range, ...hints] of problems)
    diagnostics.error('c-error', message, range, ...hints);
  return { macros, missing, needsCompiler: undefined };
}

/** `# define  A  1 // one` -> `define`, `A  1`. */
export function readLine(text: string): { readonly directive: string; readonly rest: string } {
  const plain = withoutComments(text.replace(/\\\r?\n/g, ' '));
  const line = /^\s*#\s*(\w*)\s*(.*?)\s*$/s.exec(plain);
  return { directive: line?.[1] ?? '', rest: line?.[2] ?? '' };
}

function withoutComments(text: string): string {
  return text.replace(/("(?:\\.|[^"\\])*")|\/\*.*?\*\/|\/\/.*$/gs, (_, string?: string) =>
    string === undefined ? ' ' : string,
  );
}

/** Notes a definition; gives what is wrong with it. */
function define(
  rest: string,
  macros: Map<string, string>,
  functionLike: Set<string>,
): string | undefined {
  const name = /^[A-Za-z_]\w*/.exec(rest)?.[0];
  if (name === undefined) return '#define without a name';
  const replacement = rest.slice(name.length);
  macros.delete(name);
  functionLike.delete(name);
  // Only a space tells `#define F(x)` from `#define N (1)`.
  if (replacement.startsWith('(')) functionLike.add(name);
  else macros.set(name, replacement.trim());
  return undefined;
}
