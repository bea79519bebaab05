/**
 * Macro expansion, from tree to tree: every use of a macro becomes the macro's body, in which parameters stand
 * for what the use gives, and variables have names of their own. A body's text gets places of its own for each
 * use (Sources.expand), so that later passes see each use apart, and diagnostics lead to it.
 */
import type { ErrorCode } from '../source/codes.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import { uniqueName } from '../source/names.ts';
import type { Range } from '../source/source.ts';
import type { Sources } from '../source/sources.ts';
import type * as ast from '../syntax/ast.ts';
import { type RewrittenNode, rewrite, rewriteInside, someNode } from '../syntax/rewrite.ts';
import { collectMacros, type Macros, sameParameters } from './definitions.ts';
import { type ArgumentKind, findVariant, reportMismatch } from './match.ts';

/** Uses in one program, and uses within uses: far above what people write, and far below what takes long. */
const MOST_USES = 20_000;
const MOST_NESTING = 100;

export interface ExpansionContext {
  /** The built-in of that name, present or older, and whether a program ends with it. */
  readonly builtin: (name: string) => { readonly endsProgram?: boolean } | undefined;
  readonly sources: Sources;
  readonly diagnostics: Diagnostics;
  /** Macros of the standard library by name. */
  readonly library: (name: string) => readonly ast.Macro[];
}

type Given = ast.Expression | ast.TypeArgument;

/** What a parameter stands for: another name, or an expression where it was written. */
type Binding =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'given'; readonly node: Given; readonly scope: Scope };

/** Where a text is expanded: in the script itself, or in one use of a macro. */
interface Scope {
  /** What its places grow by. */
  readonly by: number;
  /** Tells the variables of this use from all others; undefined in the script. */
  readonly use: number | undefined;
  readonly bindings: ReadonlyMap<string, Binding>;
  /** Outermost first: what may not be used again. */
  readonly inside: readonly ast.Macro[];
  /** The library's own macros do not see those of the script. */
  readonly library: boolean;
}

interface Run extends ExpansionContext {
  readonly macros: Macros;
  uses: number;
  /** Errors that would repeat with every use. */
  readonly reported: Set<unknown>;
}

const SCRIPT: Scope = {
  by: 0,
  use: undefined,
  bindings: new Map(),
  inside: [],
  library: false,
};

/** The program without macros; what is wrong with them is in the context's diagnostics. */
export function expandMacros(program: ast.Program, context: ExpansionContext): ast.Program {
  const macros = collectMacros(program.items, context.diagnostics);
  const run: Run = { ...context, macros, uses: 0, reported: new Set() };
  const items = program.items.filter((item) => item.kind !== 'macro');
  if (!someNode(items, (node) => isUse(run, node))) return { ...program, items };
  try {
    return { ...program, items: rewrite(items, rewriting(run, SCRIPT)) };
  } catch (error) {
    // Deep bodies in deep bodies: V8 says so with a RangeError.
    if (!(error instanceof RangeError)) throw error;
    context.diagnostics.error('nesting-depth', 'The expansion of macros nests too deeply');
    return program;
  }
}

function isUse(run: Run, node: RewrittenNode): boolean {
  if (node.kind !== 'identifier' && node.kind !== 'call') return false;
  return variantsOf(run, SCRIPT, node.name).all.length > 0;
}

function rewriting(run: Run, scope: Scope) {
  return {
    replace: (node: RewrittenNode) => replace(run, scope, node),
    move: (range: Range) => place(scope, range),
  };
}

function expand<T>(run: Run, scope: Scope, part: T): T {
  return rewrite(part, rewriting(run, scope));
}

function expandInside<T extends object>(run: Run, scope: Scope, node: T): T {
  return rewriteInside(node, rewriting(run, scope));
}

function place({ by }: Scope, range: Range): Range {
  return by === 0 ? range : { start: range.start + by, end: range.end + by };
}

function replace(run: Run, scope: Scope, node: RewrittenNode): RewrittenNode | undefined {
  switch (node.kind) {
    case 'variable':
      return { ...node, name: nameOf(scope, node.name), range: place(scope, node.range) };
    case 'map':
      return { ...expandInside(run, scope, node), name: nameOf(scope, node.name) };
    case 'identifier':
      return expandIdentifier(run, scope, node);
    case 'call':
      return expandCall(run, scope, node);
    case 'assign': {
      const { target } = node;
      if (target.kind !== 'identifier' && target.kind !== 'call') return undefined;
      // What is no place to assign to stays as it is written, for the analysis to say so.
      const value = expand(run, scope, node.value);
      const range = place(scope, node.range);
      return { ...node, range, target: { ...target, range: place(scope, target.range) }, value };
    }
    case 'type':
      return expandType(run, scope, node);
    case 'sizeof':
    case 'typeinfo':
      return { ...node, range: place(scope, node.range), of: expandOf(run, scope, node.of) };
    case 'type-argument':
      return { ...node, range: place(scope, node.range), type: expandOf(run, scope, node.type) };
    case 'offsetof':
      return {
        ...node,
        range: place(scope, node.range),
        of: expandOf(run, scope, node.of),
        path: node.path.flatMap((name) => fieldPath(scope, name)),
      };
    default:
      return undefined;
  }
}

/** A variable or map of the caller's, or a variable of this use alone. */
function nameOf(scope: Scope, name: string): string {
  const binding = scope.bindings.get(name);
  if (binding?.kind === 'name') return binding.name;
  return scope.use === undefined || !name.startsWith('$') ? name : uniqueName(name, scope.use);
}

/** What an argument is where it was first written: parameters that are passed on are followed. */
function follow(scope: Scope, node: Given): { readonly node: Given; readonly scope: Scope } {
  if (node.kind !== 'identifier') return { node, scope };
  const binding = scope.bindings.get(node.name);
  return binding?.kind === 'given' ? follow(binding.scope, binding.node) : { node, scope };
}

/** `offsetof(T, m)`: the field may be what a parameter names, `a` or `a.b`. */
function fieldPath(scope: Scope, name: string): readonly string[] {
  const binding = scope.bindings.get(name);
  if (binding?.kind !== 'given') return [name];
  return namesOf(follow(binding.scope, binding.node).node) ?? [name];
}

function namesOf(node: Given): readonly string[] | undefined {
  if (node.kind === 'identifier') return [node.name];
  const base = node.kind === 'field' ? namesOf(node.base) : undefined;
  return base && node.kind === 'field' ? [...base, node.field] : undefined;
}

// ---- uses ----------------------------------------------------------------------------------------

interface Variants {
  readonly all: readonly ast.Macro[];
  readonly library: readonly ast.Macro[];
}

/** The macros of a name that a text sees: the script's own before the library's. */
function variantsOf(run: Run, scope: Scope, name: string): Variants {
  const own = scope.library ? [] : (run.macros.get(name) ?? []);
  const library = (run.builtin(name) ? [] : run.library(name)).filter(
    (variant) => !own.some((overriding) => sameParameters(overriding, variant)),
  );
  return { all: [...own, ...library], library };
}

function expandIdentifier(
  run: Run,
  scope: Scope,
  node: ast.Identifier,
): ast.Expression | undefined {
  const binding = scope.bindings.get(node.name);
  if (binding?.kind === 'given') {
    const given = follow(binding.scope, binding.node);
    if (given.node.kind !== 'type-argument') return expand(run, given.scope, given.node);
    const range = place(scope, node.range);
    const hint = `typeof(${node.name}) is the type.`;
    run.diagnostics.error(
      'type-as-value',
      `${node.name} stands for a type, which has no value`,
      range,
      hint,
    );
    return undefined;
  }
  const variants = variantsOf(run, scope, node.name);
  if (variants.all.length > 0) return expandUse(run, scope, { ...node, args: [] }, variants);
  if (!run.builtin(node.name)?.endsProgram) return undefined;
  return expandExit(run, scope, { ...node, kind: 'call', nameRange: node.range, args: [] });
}

function expandCall(run: Run, scope: Scope, node: ast.Call): ast.Expression | undefined {
  const variants = variantsOf(run, scope, node.name);
  if (variants.all.length > 0) return expandUse(run, scope, node, variants);
  return run.builtin(node.name)?.endsProgram ? expandExit(run, scope, node) : undefined;
}

/** exit() of a macro asks for the end of tracing, but the probe that uses the macro goes on. */
function expandExit(run: Run, scope: Scope, call: ast.Call): ast.Call | undefined {
  return scope.use === undefined
    ? undefined
    : { ...expandInside(run, scope, call), continues: true };
}

interface Use {
  readonly name: string;
  readonly args: readonly Given[];
  readonly range: Range;
}

function expandUse(
  run: Run,
  scope: Scope,
  use: Use,
  { all, library }: Variants,
): ast.Expression | undefined {
  const range = place(scope, use.range);
  const given = use.args.map((argument) => ({
    kind: kindOf(follow(scope, argument).node),
    range: place(scope, argument.range),
  }));
  const macro = findVariant(
    all,
    given.map(({ kind }) => kind),
  );
  if (!macro) {
    // A built-in of the same name may take what no variant does.
    if (!run.builtin(use.name)) {
      reportMismatch(all, given, { name: use.name, range }, run.diagnostics);
    }
    return undefined;
  }
  if (!mayUse(run, scope, macro, range)) return undefined;
  run.uses += 1;
  const inner: Scope = {
    by: run.sources.expand(macro.range, range),
    use: run.uses,
    bindings: bind(scope, macro, use.args),
    inside: [...scope.inside, macro],
    library: library.includes(macro),
  };
  // `{ x }` is x: so literals stay literals.
  const { body } = macro;
  return body.tail && body.statements.length === 0
    ? expand(run, inner, body.tail)
    : expand(run, inner, body);
}

function kindOf(node: Given): ArgumentKind {
  if (node.kind === 'variable') return 'variable';
  if (node.kind === 'type-argument') return 'type';
  return node.kind === 'map' && !node.keys ? 'map' : 'expression';
}

function bind(
  scope: Scope,
  macro: ast.Macro,
  args: readonly Given[],
): ReadonlyMap<string, Binding> {
  const bindings = new Map<string, Binding>();
  for (const [index, parameter] of macro.parameters.entries()) {
    const node = args[index];
    if (!node) continue;
    const given = follow(scope, node);
    if (
      parameter.kind !== 'expression' &&
      (given.node.kind === 'variable' || given.node.kind === 'map')
    ) {
      bindings.set(parameter.name, { kind: 'name', name: nameOf(given.scope, given.node.name) });
    } else bindings.set(parameter.name, { kind: 'given', node, scope });
  }
  return bindings;
}

function mayUse(run: Run, scope: Scope, macro: ast.Macro, range: Range): boolean {
  const report = (what: unknown, code: ErrorCode, message: string): false => {
    if (!run.reported.has(what)) run.diagnostics.error(code, message, range);
    run.reported.add(what);
    return false;
  };
  const first = scope.inside.indexOf(macro);
  if (first !== -1) {
    const path = [...scope.inside.slice(first), macro].map(({ name }) => name);
    return report(macro, 'recursion', `Recursive macro call: ${path.join(' -> ')}`);
  }
  if (scope.inside.length >= MOST_NESTING) {
    return report(
      MOST_NESTING,
      'nesting-depth',
      `Macros use each other more than ${MOST_NESTING} levels deep`,
    );
  }
  return (
    run.uses < MOST_USES ||
    report(
      MOST_USES,
      'too-many-macros',
      `The expansion of macros uses more than ${MOST_USES} of them`,
    )
  );
}

// ---- types ---------------------------------------------------------------------------------------

/** The type or expression of `sizeof(x)` and its like, where a lone name may be a parameter of either kind. */
function expandOf(
  run: Run,
  scope: Scope,
  of: ast.TypeRef | ast.Expression,
): ast.TypeRef | ast.Expression {
  const binding = of.kind === 'type' && of.suffixes.length === 0 ? boundType(scope, of) : undefined;
  if (!binding) return expand(run, scope, of);
  const given = follow(binding.scope, binding.node);
  return given.node.kind === 'type-argument'
    ? expandOf(run, given.scope, given.node.type)
    : expand(run, given.scope, given.node);
}

function expandType(run: Run, scope: Scope, type: ast.TypeRef): ast.TypeRef | undefined {
  const { base } = type;
  const range = place(scope, type.range);
  if (base.kind === 'typeof') {
    return { ...type, range, base: { kind: 'typeof', of: expandOf(run, scope, base.of) } };
  }
  const binding = boundType(scope, type);
  if (!binding) return undefined;
  const given = follow(binding.scope, binding.node);
  if (given.node.kind === 'type-argument') {
    const of = expandOf(run, given.scope, given.node.type);
    return { ...type, range, base: { kind: 'typeof', of } };
  }
  const name = 'name' in base ? base.name : '';
  run.diagnostics.error(
    'type-as-value',
    `${name} stands for an expression, but is used as a type here`,
    range,
    `A type is passed as typeof(T). (${name}) before an operand is a cast: leave the parentheses out.`,
  );
  return undefined;
}

function boundType(scope: Scope, { base }: ast.TypeRef): (Binding & { kind: 'given' }) | undefined {
  const binding = base.kind === 'name' ? scope.bindings.get(base.name) : undefined;
  return binding?.kind === 'given' ? binding : undefined;
}
