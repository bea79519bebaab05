/** Helpers that make a parser test one line. */
import { expect } from 'vitest';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import type * as ast from '../../../compiler/syntax/ast.ts';
import { parse } from '../../../compiler/syntax/parse.ts';

export function program(text: string): ast.Program {
  const diagnostics = new Diagnostics();
  const result = parse({ name: 'test.bt', text }, diagnostics);
  expect(diagnostics.all).toEqual([]);
  if (!result) throw new Error('no tree and no diagnostic');
  return result;
}

/** `start-end: message` of each error, without the common prefix. */
export function errors(text: string): readonly string[] {
  const diagnostics = new Diagnostics();
  const result = parse({ name: 'test.bt', text }, diagnostics);
  expect(result === undefined).toBe(diagnostics.hasErrors);
  return diagnostics.all.map(({ message, range }) => {
    expect(message).toMatch(/^syntax: /);
    return `${range?.start}-${range?.end}: ${message.slice('syntax: '.length)}`;
  });
}

/** The messages alone. */
export function messages(text: string): readonly string[] {
  return errors(text).map((error) => error.replace(/^\d+-\d+: /, ''));
}

export function firstProbe(text: string): ast.Probe {
  const probe = program(text).items.find((item) => item.kind === 'probe');
  if (probe?.kind !== 'probe') throw new Error('no probe');
  return probe;
}

export function body(text: string): ast.Block {
  return firstProbe(`begin { ${text} }`).body;
}

export function statement(text: string): ast.Statement {
  const [first, ...rest] = body(text).statements;
  if (!first || rest.length > 0) throw new Error('not one statement');
  return first;
}

export function expression(text: string): ast.Expression {
  const found = statement(`_ = ${text};`);
  if (found.kind !== 'discard') throw new Error('no expression');
  return found.value;
}

/** An expression with all its parentheses: `(a + (b * c))`. */
export function shape(text: string): string {
  return show(expression(text));
}

const list = (items: readonly ast.Expression[]): string => items.map(show).join(', ');

function showType(type: ast.TypeRef): string {
  const { base } = type;
  const name =
    base.kind === 'typeof'
      ? `typeof(${showOf(base.of)})`
      : base.kind === 'name'
        ? base.name
        : `${base.kind} ${base.name}`;
  const suffix = (one: ast.TypeRef['suffixes'][number]): string =>
    one.kind === 'pointer' ? '*' : `[${one.size ?? ''}]`;
  return `<${name}${type.suffixes.map(suffix).join('')}>`;
}

function showOf(of: ast.TypeRef | ast.Expression): string {
  return of.kind === 'type' ? showType(of) : show(of);
}

function showBlock(block: ast.Block): string {
  const parts = block.statements.map((one) => `${one.kind};`);
  return `{${[...parts, ...(block.tail ? [show(block.tail)] : [])].join(' ')}}`;
}

export function show(node: ast.Expression): string {
  switch (node.kind) {
    case 'integer':
      return node.value.toString();
    case 'string':
      return JSON.stringify(node.value);
    case 'bool':
      return String(node.value);
    case 'identifier':
    case 'variable':
      return node.name;
    case 'map':
      return node.keys ? `${node.name}[${list(node.keys)}]` : node.name;
    case 'parameter':
      return `$${node.index}`;
    case 'parameter-count':
      return '$#';
    case 'unary':
      return `(${node.operator}${show(node.operand)})`;
    case 'binary':
      return `(${show(node.left)} ${node.operator} ${show(node.right)})`;
    case 'ternary':
      return `(${show(node.condition)} ? ${node.then ? `${show(node.then)} ` : ''}: ${show(node.else)})`;
    case 'inc-dec':
      return node.prefix
        ? `(${node.operator}${show(node.target)})`
        : `(${show(node.target)}${node.operator})`;
    case 'cast':
      return `(${showType(node.type)} ${show(node.operand)})`;
    case 'call':
      return `${node.name}(${node.args.map((arg) => (arg.kind === 'type-argument' ? `typeof(${showOf(arg.type)})` : show(arg))).join(', ')})`;
    case 'field':
      return `${show(node.base)}${node.arrow ? '->' : '.'}${node.field}`;
    case 'tuple-access':
      return `${show(node.base)}.${node.index}`;
    case 'index':
      return `${show(node.base)}[${list(node.indexes)}]`;
    case 'tuple':
      return `tuple(${list(node.elements)})`;
    case 'record':
      return `record(${node.fields.map(({ name, value }) => `${name}=${show(value)}`).join(', ')})`;
    case 'sizeof':
    case 'typeinfo':
      return `${node.kind}(${showOf(node.of)})`;
    case 'offsetof':
      return `offsetof(${showOf(node.of)}, ${node.path.join('.')})`;
    case 'comptime':
      return `comptime ${show(node.operand)}`;
    case 'if': {
      const otherwise =
        node.else && ` else ${node.else.kind === 'if' ? show(node.else) : showBlock(node.else)}`;
      return `if${node.comptime ? ' comptime' : ''} ${show(node.condition)} ${showBlock(node.then)}${otherwise ?? ''}`;
    }
    case 'if-chain':
      return (
        node.links.map(show).join(' else ') + (node.else ? ` else ${showBlock(node.else)}` : '')
      );
    case 'block':
      return showBlock(node);
  }
}
