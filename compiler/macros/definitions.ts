/** Macros as they are defined: what their bodies may hold, and which names have which variants. */
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { rewrite } from '../syntax/rewrite.ts';

/** Variants by name, in order of their definitions. */
export type Macros = ReadonlyMap<string, readonly ast.Macro[]>;

export function macroNames(program: ast.Program): readonly string[] {
  return program.items.flatMap((item) => (item.kind === 'macro' ? [item.name] : []));
}

/** `name($a, @b, c)`: what tells variants apart, with names of parameters for users to read. */
export function signature({ name, parameters }: ast.Macro): string {
  return `${name}(${parameters.map((parameter) => parameter.name).join(', ')})`;
}

export function sameParameters(a: ast.Macro, b: ast.Macro): boolean {
  return (
    a.parameters.length === b.parameters.length &&
    a.parameters.every(({ kind }, index) => kind === b.parameters[index]?.kind)
  );
}

/** The macros of a program, checked: of two that cannot be told apart the first one stays. */
export function collectMacros(items: readonly ast.RootItem[], diagnostics: Diagnostics): Macros {
  const macros = new Map<string, ast.Macro[]>();
  for (const item of items) {
    if (item.kind !== 'macro') continue;
    checkMacro(item, diagnostics);
    const variants = macros.get(item.name) ?? [];
    macros.set(item.name, variants);
    if (variants.some((variant) => sameParameters(variant, item))) {
      diagnostics.error(
        'redefinition',
        `Redefinition of macro: ${item.name}`,
        item.range,
        'Variants of a macro differ in the number of parameters or in their kinds ($variable, @map, expression).',
      );
    } else variants.push(item);
  }
  return macros;
}

const KINDS = { variable: 'Variable', map: 'Map', expression: 'Ident' } as const;

function checkMacro(macro: ast.Macro, diagnostics: Diagnostics): void {
  const names = new Set<string>();
  for (const { kind, name, range } of macro.parameters) {
    if (names.has(name)) {
      diagnostics.error(
        'redefinition',
        `${KINDS[kind]} for macro argument has already been used: ${name}`,
        range,
      );
    }
    names.add(name);
  }
  checkBody(macro.body, names, { macro, inLoop: false, diagnostics });
}

interface Body {
  readonly macro: ast.Macro;
  readonly inLoop: boolean;
  readonly diagnostics: Diagnostics;
}

function checkBody(part: object, parameters: ReadonlySet<string>, body: Body): void {
  const { diagnostics, macro } = body;
  rewrite(part, {
    move: (range) => range,
    replace(node) {
      switch (node.kind) {
        case 'map':
          if (!parameters.has(node.name)) reportMap(node, macro, diagnostics);
          return undefined;
        case 'jump':
          if (node.jump === 'return' || !body.inLoop) {
            diagnostics.error(
              'misplaced-jump',
              `'${node.jump}' statement is not allowed in a macro`,
              node.range,
              ...(node.jump === 'return' ? ["A macro's value is its last expression."] : []),
            );
          }
          return undefined;
        case 'let':
          checkNew(node.variable, parameters, diagnostics);
          return undefined;
        case 'for':
          checkNew(node.variable, parameters, diagnostics);
          checkBody(node.over, parameters, body);
          checkBody(node.body, parameters, { ...body, inLoop: true });
          return node;
        case 'while':
          checkBody(node.condition, parameters, body);
          checkBody(node.body, parameters, { ...body, inLoop: true });
          return node;
        case 'assign':
        case 'inc-dec':
          checkTarget(node.target, parameters, diagnostics);
          return undefined;
        default:
          return undefined;
      }
    },
  });
}

function reportMap(map: ast.MapExpression, macro: ast.Macro, diagnostics: Diagnostics): void {
  const start = map.range.start;
  const range: Range = { start, end: start + map.name.length };
  diagnostics.error(
    'unhygienic-macro',
    `Unhygienic access to map: ${map.name}`,
    range,
    `A macro reaches maps through its parameters: macro ${macro.name}(${map.name}) { ... }`,
  );
}

function checkNew(
  variable: ast.Variable,
  parameters: ReadonlySet<string>,
  diagnostics: Diagnostics,
): void {
  if (!parameters.has(variable.name)) return;
  diagnostics.error(
    'shadowing',
    `Variable declaration shadows macro arg: ${variable.name}`,
    variable.range,
  );
}

function checkTarget(
  target: ast.Expression,
  parameters: ReadonlySet<string>,
  diagnostics: Diagnostics,
): void {
  if (target.kind !== 'identifier' || !parameters.has(target.name)) return;
  diagnostics.error(
    'assignment-target',
    `Macro argument ${target.name} is an expression, which cannot be assigned`,
    target.range,
    `A parameter $${target.name} or @${target.name} stands for the variable or map that the caller names.`,
  );
}
