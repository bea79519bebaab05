/** The typed tree as indented lines. */
import type { TypedProbe, TypedProgram } from '../analysis/typed.ts';
import type { Sources } from '../source/sources.ts';
import { typeName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import type { ExploredLine } from './exploration.ts';

/** Nodes are known by their `range`; what else they hold is shown where it is short. */
interface TreeNode {
  readonly kind?: string;
  readonly range: { readonly start: number; readonly end: number };
  readonly [member: string]: unknown;
}

function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null && 'range' in value && 'kind' in value;
}

function isType(value: unknown): value is Type {
  return typeof value === 'object' && value !== null && 'kind' in value && !('range' in value);
}

/** Members that say what a node is, and are no nodes of their own. */
function labelOf(node: TreeNode): string {
  const words: string[] = [String(node.kind)];
  for (const name of [
    'name',
    'builtin',
    'map',
    'operator',
    'index',
    'value',
    'text',
    'symbol',
  ] as const) {
    const value = node[name];
    if (typeof value === 'string') words.push(name === 'text' ? JSON.stringify(value) : value);
    else if (typeof value === 'number' || typeof value === 'bigint') words.push(String(value));
  }
  const { variable } = node;
  if (typeof variable === 'object' && variable !== null && 'name' in variable)
    words.push(String(variable.name));
  return words.join(' ');
}

/** The nodes below a node, each with the member that holds it. */
function childrenOf(node: TreeNode): readonly (readonly [string, TreeNode])[] {
  return Object.entries(node).flatMap(([member, value]) => {
    if (member === 'range') return [];
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    return list.filter(isNode).map((child) => [member, child] as const);
  });
}

/** Members whose name says nothing that the place of the node does not. */
const PLAIN = new Set(['body', 'statements', 'expression']);

export function treeLines(program: TypedProgram, sources: Sources): readonly ExploredLine[] {
  const lines: ExploredLine[] = [];
  const lineOf = (node: { readonly range: TreeNode['range'] }): number =>
    sources.globalPosition(node.range.start).line;
  const add = (node: TreeNode, member: string, depth: number): void => {
    const type = isType(node.type) ? `: ${typeName(node.type)}` : '';
    const role = PLAIN.has(member) ? '' : `${member} `;
    lines.push({ text: `${'  '.repeat(depth)}${role}${labelOf(node)}${type}`, line: lineOf(node) });
    for (const [name, child] of childrenOf(node)) add(child, name, depth + 1);
  };
  const addProbe = (probe: TypedProbe, name: string): void => {
    lines.push({ text: name, line: lineOf(probe), isHeading: true });
    for (const { name: variable, type } of probe.variables)
      lines.push({ text: `  let ${variable}: ${typeName(type)}` });
    for (const [member, child] of [
      ['predicate', probe.predicate],
      ['body', probe.body],
    ] as const)
      if (isNode(child)) add(child, member, 1);
  };
  for (const { name, key, value } of program.maps)
    lines.push({ text: `map ${name}${key ? `[${typeName(key)}]` : ''}: ${typeName(value)}` });
  for (const unit of program.functions) addProbe(unit, `fn ${unit.name}`);
  for (const probe of program.probes) addProbe(probe, probe.target.name);
  return lines;
}
