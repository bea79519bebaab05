/**
 * Lists of probes, from tree to tree: `for $f : ("open", "close") { ... }` becomes its probes once for each element, in which
 * values stand for the variables; a probe whose block is the same for all of them becomes one with all attach points. As a
 * use of a macro does, each element gives the text places of its own, so that diagnostics lead to the line and to the
 * element.
 */
import type { Diagnostic, Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type { Sources } from '../source/sources.ts';
import type * as ast from '../syntax/ast.ts';
import { moved, type Rewriting, type RewrittenNode, rewrite } from '../syntax/rewrite.ts';
import { someNode } from '../syntax/walk.ts';

/** Far above what people write, and far below what takes long. */
const MOST_POINTS = 20_000;

export interface ListContext {
  readonly sources: Sources;
  readonly diagnostics: Diagnostics;
}

/** By name, with the `$`. */
type Values = ReadonlyMap<string, ast.ListValue>;

interface Run extends ListContext {
  /** Attach points. */
  points: number;
}

/** The program without lists; what is wrong with them is in the context's diagnostics. */
export function expandLists(program: ast.Program, context: ListContext): ast.Program {
  const { diagnostics } = context;
  for (const item of program.items) checkItem(item, new Set(), diagnostics);
  const lists = program.items.filter(({ kind }) => kind === 'probe-list');
  if (lists.length === 0 || diagnostics.hasErrors) return program;
  const run: Run = { ...context, points: 0 };
  const items = program.items.flatMap((item): readonly ast.RootItem[] =>
    item.kind === 'probe-list' ? expand(run, item) : [item],
  );
  return { ...program, items, lists: lists.map(({ range }) => range) };
}

/** The probes of a script as they are written: those of lists once. */
export function writtenProbes(items: readonly ast.RootItem[]): readonly ast.Probe[] {
  return items.flatMap((item) => {
    if (item.kind === 'probe-list') return writtenProbes(item.items);
    return item.kind === 'probe' ? [item] : [];
  });
}

// ---- checks --------------------------------------------------------------------------------------

function checkItem(
  item: ast.RootItem,
  around: ReadonlySet<string>,
  diagnostics: Diagnostics,
): void {
  if (item.kind === 'probe') checkProbe(item, around, diagnostics);
  if (item.kind !== 'probe-list') return;
  const names = new Set(around);
  for (const { name, range } of item.variables) {
    if (names.has(name))
      diagnostics.error('shadowing', `${name} is a variable of this list already`, range);
    names.add(name);
  }
  const wanted = item.variables.length;
  for (const { values, range } of item.elements) {
    if (values.length !== wanted)
      diagnostics.error(
        'invalid-list',
        `The list has ${counted(wanted, 'variable')}, and this element ${counted(values.length, 'value')}`,
        range,
      );
  }
  if (item.elements.length === 0)
    diagnostics.error('invalid-list', 'The list is empty, so its probes never are', item.range);
  // Lists in lists have a bound by the probes that they make.
  if (item.items.length === 0)
    diagnostics.error('invalid-list', 'The list has no probes', item.range);
  for (const inner of item.items) checkItem(inner, names, diagnostics);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function checkProbe(probe: ast.Probe, names: ReadonlySet<string>, diagnostics: Diagnostics): void {
  for (const { fields } of probe.attachPoints) {
    for (const { name, range } of fields.flatMap(({ variables }) => variables ?? [])) {
      if (names.has(name)) continue;
      const beginning = [...names].find((other) => name.startsWith(other));
      diagnostics.error(
        'invalid-parameter',
        `${name} is no variable of a list that the probe stands in`,
        range,
        beginning === undefined
          ? `A list gives it values: for ${name} : ("a", "b") { ... }. Put the name in double quotes to use a '$' as it stands.`
          : `Text behind ${beginning} stands in double quotes: ${beginning}"${name.slice(beginning.length)}".`,
      );
    }
  }
  if (names.size === 0) return;
  const isOwn = (node: ast.Expression): node is ast.Variable =>
    node.kind === 'variable' && names.has(node.name);
  someNode([probe.predicate, probe.body], (part) => {
    const node = part as RewrittenNode;
    if ((node.kind === 'let' || node.kind === 'for') && isOwn(node.variable))
      diagnostics.error(
        'shadowing',
        `Variable declaration shadows that of the list: ${node.variable.name}`,
        node.variable.range,
      );
    if ((node.kind === 'assign' || node.kind === 'inc-dec') && isOwn(node.target))
      diagnostics.error(
        'assignment-target',
        `${node.target.name} stands for a value of the list, which cannot be assigned`,
        node.target.range,
      );
    return false;
  });
}

// ---- expansion -----------------------------------------------------------------------------------

function expand(run: Run, list: ast.ProbeList): readonly ast.Probe[] {
  const elements = list.elements.map((element) => ({
    by: run.sources.expand(list.range, element.range),
    values: valuesOf(list, element),
  }));
  const names = new Set(list.variables.map(({ name }) => name));
  const perElement = list.items.filter((item) => item.kind !== 'probe' || mentions(item, names));
  const alike = list.items.filter((item) => item.kind === 'probe' && !mentions(item, names));
  return [
    ...elements.flatMap(({ by, values }) =>
      perElement.flatMap((item): readonly ast.Probe[] => {
        if (run.points > MOST_POINTS) return [];
        const placed = withValues(rewrite(item, rewriting(values, by)), values);
        if (placed.kind === 'probe-list') return expand(run, placed);
        return count(run, placed.attachPoints.length, list) ? [placed] : [];
      }),
    ),
    ...alike.flatMap((item): readonly ast.Probe[] => {
      if (item.kind !== 'probe') return [];
      if (!count(run, elements.length * item.attachPoints.length, list)) return [];
      const attachPoints = elements.flatMap(({ by, values }) =>
        item.attachPoints.map((point) =>
          ofList(attachPoint(moved(point, by), values), point, names),
        ),
      );
      return [{ ...item, attachPoints }];
    }),
  ];
}

function valuesOf({ variables }: ast.ProbeList, element: ast.ListElement): Values {
  return new Map(
    variables.flatMap(({ name }, index) => {
      const value = element.values[index];
      return value ? [[name, value] as const] : [];
    }),
  );
}

/** Whether predicate or body differ from element to element. */
function mentions({ predicate, body }: ast.Probe, names: ReadonlySet<string>): boolean {
  return someNode([predicate, body], (part) => {
    const node = part as RewrittenNode;
    return node.kind === 'variable' && names.has(node.name);
  });
}

/** Whether there is room for so many attach points more; the first that there is none for are an error. */
function count(run: Run, points: number, list: ast.ProbeList): boolean {
  const before = run.points;
  run.points += points;
  if (before <= MOST_POINTS && run.points > MOST_POINTS)
    run.diagnostics.error(
      'too-many-macros',
      `The lists of the script make more than ${MOST_POINTS} probes`,
      list.range,
    );
  return run.points <= MOST_POINTS;
}

/** The attach point, marked where its last field was a variable alone. */
function ofList(
  point: ast.AttachPoint,
  written: ast.AttachPoint,
  names: ReadonlySet<string>,
): ast.AttachPoint {
  const last = written.fields.at(-1);
  return last && !last.quoted && names.has(last.text) ? { ...point, ofList: true } : point;
}

/** Values for variables of predicates and bodies, at the places of the element. */
function rewriting(values: Values, by: number): Rewriting {
  const move = ({ start, end }: Range): Range => ({ start: start + by, end: end + by });
  return {
    move,
    replace(node) {
      const value = node.kind === 'variable' ? values.get(node.name) : undefined;
      return value && { ...value, range: move(node.range) };
    },
  };
}

/** The same for attach points. */
function withValues<Item extends ast.Probe | ast.ProbeList>(item: Item, values: Values): Item {
  if (item.kind === 'probe-list')
    return { ...item, items: item.items.map((inner) => withValues(inner, values)) };
  return { ...item, attachPoints: item.attachPoints.map((point) => attachPoint(point, values)) };
}

function attachPoint(point: ast.AttachPoint, values: Values): ast.AttachPoint {
  const variables = point.fields.flatMap((field) => field.variables ?? []);
  if (variables.length === 0) return point;
  const inText = variables.map(({ name, range }) => ({
    name,
    at: range.start - point.range.start,
  }));
  return {
    ...point,
    text: filled(point.text, inText, values).text,
    fields: point.fields.map((field) => withValue(field, values)),
  };
}

function withValue({ variables = [], ...field }: ast.AttachField, values: Values): ast.AttachField {
  const inField = variables.map(({ name, offset }) => ({ name, at: offset }));
  const { text, growth } = filled(field.text, inField, values);
  const parameters = field.parameters.map((parameter) => {
    const { offset } = parameter;
    return { ...parameter, offset: offset + growth(offset) };
  });
  // A variable of a list around this one waits for its own value.
  const left = variables
    .filter(({ name }) => !values.has(name))
    .map((each) => ({ ...each, offset: each.offset + growth(each.offset) }));
  return { ...field, text, parameters, ...(left.length > 0 ? { variables: left } : {}) };
}

interface Filled {
  readonly text: string;
  /** By how much a place of the text before is further on. */
  readonly growth: (offset: number) => number;
}

/** A text with values where names stand, which are in its order. */
function filled(
  text: string,
  names: readonly { readonly name: string; readonly at: number }[],
  values: Values,
): Filled {
  const parts: string[] = [];
  const grown: { readonly at: number; readonly by: number }[] = [];
  let from = 0;
  for (const { name, at } of names) {
    const value = values.get(name);
    if (!value) continue;
    const inserted = asText(value);
    parts.push(text.slice(from, at), inserted);
    from = at + name.length;
    grown.push({ at, by: inserted.length - name.length });
  }
  return {
    text: parts.join('') + text.slice(from),
    growth: (offset) => grown.filter(({ at }) => at < offset).reduce((sum, { by }) => sum + by, 0),
  };
}

function asText(value: ast.ListValue): string {
  switch (value.kind) {
    case 'string':
      return Buffer.from(value.value, 'latin1').toString('utf8');
    case 'integer':
      return value.text;
    case 'unary':
      return `-${value.operand.text}`;
  }
}

// ---- diagnostics ---------------------------------------------------------------------------------

/** What is wrong with several elements of a list in the same words is said of the first, with the number of the others. */
export function oncePerList(
  diagnostics: readonly Diagnostic[],
  program: ast.Program,
  sources: Sources,
): readonly Diagnostic[] {
  const elements = elementsOf(program.items);
  if (elements.length === 0) return diagnostics;
  const isElement = ({ start, end }: Range): boolean =>
    elements.some(({ range }) => range.start <= start && end <= range.end);
  /** Undefined for what is not of an element; the same for what differs in it alone. */
  const keyOf = ({ range, code, message }: Diagnostic): string | undefined => {
    const uses = range ? sources.uses(range) : [];
    const places = [...(range ? [range] : []), ...uses].map((at) => sources.place(at));
    const others = places.filter(
      ({ source, range: at }) => source !== sources.main || !isElement(at),
    );
    if (others.length === places.length) return undefined;
    const shown = others.map(({ source, range: at }) => [source.name, at.start, at.end]);
    return JSON.stringify([code, message, shown]);
  };
  const counts = new Map<string, number>();
  const keyed = diagnostics.map((diagnostic) => {
    const key = keyOf(diagnostic);
    const before = key === undefined ? 0 : (counts.get(key) ?? 0);
    if (key !== undefined) counts.set(key, before + 1);
    return { diagnostic, key, isFirst: before === 0 };
  });
  return keyed.flatMap(({ diagnostic, key, isFirst }) => {
    if (!isFirst) return [];
    const others = (key === undefined ? 1 : (counts.get(key) ?? 1)) - 1;
    if (others === 0) return [diagnostic];
    const hint = `The same holds for ${counted(others, 'other element')} of the list.`;
    return [{ ...diagnostic, hints: [...(diagnostic.hints ?? []), hint] }];
  });
}

function elementsOf(items: readonly ast.RootItem[]): readonly ast.ListElement[] {
  return items.flatMap((item) =>
    item.kind === 'probe-list' ? [...item.elements, ...elementsOf(item.items)] : [],
  );
}
