/** BTF as text, one type a line with its entries below. */
import { ENCODING, KIND, LINKAGE } from './btf.ts';
import type { Btf, BtfType } from './read.ts';

const KIND_NAMES: readonly string[] = [
  'VOID',
  'INT',
  'PTR',
  'ARRAY',
  'STRUCT',
  'UNION',
  'ENUM',
  'FWD',
  'TYPEDEF',
  'VOLATILE',
  'CONST',
  'RESTRICT',
  'FUNC',
  'FUNC_PROTO',
  'VAR',
  'DATASEC',
  'FLOAT',
  'DECL_TAG',
  'TYPE_TAG',
  'ENUM64',
];

/** All types but void. */
export function renderBtf(btf: Btf): string {
  const lines: string[] = [];
  for (let id = 1; id < btf.count; id += 1) {
    const type = btf.type(id);
    const name = type.name === '' ? '' : ` '${type.name}'`;
    lines.push(`[${id}] ${KIND_NAMES[type.kind] ?? type.kind}${name}${details(btf, type)}`);
    for (const entry of entries(btf, type)) lines.push(`\t${entry}`);
  }
  return `${lines.join('\n')}\n`;
}

function details(btf: Btf, type: BtfType): string {
  switch (type.kind) {
    case KIND.int: {
      const { encoding, bits } = btf.int(type);
      const flags = Object.entries(ENCODING).flatMap(([name, flag]) =>
        encoding & flag ? [` ${name}`] : [],
      );
      return ` size=${type.sizeOrType} bits=${bits}${flags.join('')}`;
    }
    case KIND.array: {
      const { element, count } = btf.array(type);
      return ` type=${element} count=${count}`;
    }
    case KIND.struct:
    case KIND.union:
    case KIND.enum:
    case KIND.enum64:
    case KIND.section:
    case KIND.float:
      return ` size=${type.sizeOrType}`;
    case KIND.function:
    case KIND.variable:
      return ` type=${type.sizeOrType} ${btf.linkage(type) === LINKAGE.static ? 'static' : 'global'}`;
    default:
      return ` type=${type.sizeOrType}`;
  }
}

function entries(btf: Btf, type: BtfType): readonly string[] {
  switch (type.kind) {
    case KIND.struct:
    case KIND.union:
      return btf.members(type).map(({ name, type: member, bitOffset, bitSize }) => {
        const place = bitSize > 0 ? `bit=${bitOffset} bits=${bitSize}` : `offset=${bitOffset / 8}`;
        return `'${name}' type=${member} ${place}`;
      });
    case KIND.enum:
    case KIND.enum64:
      return btf.enumerators(type).map(([name, value]) => `'${name}' = ${value}`);
    case KIND.prototype:
      return btf.parameters(type).map(({ name, type: of }) => `'${name}' type=${of}`);
    case KIND.section:
      return btf.variables(type).map(({ variable, offset, size }) => {
        return `'${btf.type(variable).name}' type=${variable} offset=${offset} size=${size}`;
      });
    default:
      return [];
  }
}
