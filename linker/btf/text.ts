/** BTF as text, one type a line with its entries below. */
import { BTF_KIND, ENCODING, LINKAGE } from './btf.ts';
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
    case BTF_KIND.int: {
      const { encoding, bits } = btf.int(type.id);
      const flags = Object.entries(ENCODING).flatMap(([name, flag]) =>
        encoding & flag ? [` ${name}`] : [],
      );
      return ` size=${type.sizeOrType} bits=${bits}${flags.join('')}`;
    }
    case BTF_KIND.array: {
      const { element, count } = btf.array(type.id);
      return ` type=${element} count=${count}`;
    }
    case BTF_KIND.struct:
    case BTF_KIND.union:
    case BTF_KIND.enum:
    case BTF_KIND.enum64:
    case BTF_KIND.section:
    case BTF_KIND.float:
      return ` size=${type.sizeOrType}`;
    case BTF_KIND.function:
    case BTF_KIND.variable:
      return ` type=${type.sizeOrType} ${btf.linkage(type.id) === LINKAGE.static ? 'static' : 'global'}`;
    default:
      return ` type=${type.sizeOrType}`;
  }
}

function entries(btf: Btf, type: BtfType): readonly string[] {
  switch (type.kind) {
    case BTF_KIND.struct:
    case BTF_KIND.union:
      return btf.members(type.id).map(({ name, type: member, bitOffset, bitSize }) => {
        const place = bitSize > 0 ? `bit=${bitOffset} bits=${bitSize}` : `offset=${bitOffset / 8}`;
        return `'${name}' type=${member} ${place}`;
      });
    case BTF_KIND.enum:
    case BTF_KIND.enum64:
      return btf.enumerators(type.id).map(([name, value]) => `'${name}' = ${value}`);
    case BTF_KIND.prototype:
      return btf.parameters(type.id).map(({ name, type: of }) => `'${name}' type=${of}`);
    case BTF_KIND.section:
      return btf.variables(type.id).map(({ variable, offset, size }) => {
        return `'${btf.type(variable).name}' type=${variable} offset=${offset} size=${size}`;
      });
    default:
      return [];
  }
}
