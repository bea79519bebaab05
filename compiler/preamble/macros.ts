/** Object-like macros of C in expressions: the replacement is an expression of the script's language. */
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { parseExpression } from '../syntax/parse.ts';

export interface CMacros {
  names(): Iterable<string>;
  /** What a name stands for at a place; undefined for names that are no macros. */
  expand(name: string, at: Range): MacroUse | undefined;
}

export type MacroUse =
  | { readonly kind: 'expression'; readonly expression: ast.Expression }
  | { readonly kind: 'error'; readonly message: string };

export const NO_MACROS: CMacros = { names: () => [], expand: () => undefined };

/** A macro that doubles another one, and so on, needs few lines for an expression of any size. */
const MOST_NODES = 20_000;
const DEEPEST = 200;
/** Begins the message about macros that go in circles. */
const RECURSION = 'Macro recursion: ';

/** `isConstant` tells names of enumerators, which headers like to define as themselves. */
export function createMacros(
  replacements: ReadonlyMap<string, string>,
  isConstant: (name: string) => boolean,
): CMacros {
  const known = new Map<string, MacroUse>();

  const expansion = (name: string, text: string, path: readonly string[]): MacroUse => {
    const found = known.get(name);
    if (found) return found;
    const made = expand(name, text, path);
    // A circle has another message for each name that it is entered by.
    if (path.length === 0 || !isCircular(made)) known.set(name, made);
    return made;
  };

  const expand = (name: string, text: string, outer: readonly string[]): MacroUse => {
    const path = [...outer, name];
    const parsed = parseExpression(text);
    if (!parsed) {
      const reason = text === '' ? 'it is empty' : `'${text}' is not an expression`;
      return { kind: 'error', message: `The macro ${name} cannot be used here: ${reason}` };
    }
    if (path.length > DEEPEST)
      return {
        kind: 'error',
        message: `The macro ${name} cannot be used here: it nests too deeply`,
      };
    const problems: string[] = [];
    const expression = replaceIdentifiers(parsed, (identifier) => {
      const inner = problems.length > 0 ? undefined : replacements.get(identifier.name);
      if (inner === undefined || isSelf(identifier.name, inner)) return identifier;
      if (path.includes(identifier.name)) {
        problems.push(`${RECURSION}${[...path, identifier.name].join('->')}`);
        return identifier;
      }
      const use = expansion(identifier.name, inner, path);
      if (use.kind === 'expression') return use.expression;
      problems.push(use.message);
      return identifier;
    });
    const [problem] = problems;
    if (problem !== undefined) return { kind: 'error', message: problem };
    if (hasMoreNodes(expression, MOST_NODES))
      return { kind: 'error', message: `The macro ${name} cannot be used here: it is too large` };
    return { kind: 'expression', expression };
  };

  /** `#define IPPROTO_TCP IPPROTO_TCP` says only that the enumerator is there. */
  const isSelf = (name: string, text: string): boolean => text === name && isConstant(name);

  return {
    names: () => replacements.keys(),
    expand(name, at) {
      const text = replacements.get(name);
      if (text === undefined || isSelf(name, text)) return undefined;
      const use = expansion(name, text, []);
      if (use.kind === 'error') return use;
      return { kind: 'expression', expression: placed(use.expression, at) };
    },
  };
}

function isCircular(use: MacroUse): boolean {
  return use.kind === 'error' && use.message.startsWith(RECURSION);
}

function hasMoreNodes(root: ast.Expression, most: number): boolean {
  const rest: unknown[] = [root];
  let count = 0;
  while (rest.length > 0 && count <= most) {
    const value = rest.pop();
    if (typeof value !== 'object' || value === null) continue;
    if ('kind' in value) count += 1;
    rest.push(...Object.values(value));
  }
  return count > most;
}

function replaceIdentifiers(
  root: ast.Expression,
  replace: (identifier: ast.Identifier) => ast.Expression,
): ast.Expression {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    if ('kind' in value && value.kind === 'identifier') return replace(value as ast.Identifier);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, visit(part)]));
  };
  return visit(root) as ast.Expression;
}

/** The tree with all its places at the use: the replacement's own may stand in a header. */
function placed(root: ast.Expression, at: Range): ast.Expression {
  const visit = (value: unknown, key: string): unknown => {
    if (/range$/i.test(key)) return at;
    if (Array.isArray(value)) return value.map((part) => visit(part, ''));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([inner, part]) => [inner, visit(part, inner)]),
    );
  };
  return visit(root, '') as ast.Expression;
}
