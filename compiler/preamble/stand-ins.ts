/**
 * Types of the kernel that a script's C names without a header: clang is told no more of them than their size and
 * alignment, and what it then makes of the script's own types leads back to the kernel's.
 */
import type { KernelTypes } from '../kernel/types.ts';
import { sizeInMemory } from '../types/layout.ts';
import { commonCType } from '../types/reference.ts';
import type { Type } from '../types/type.ts';
import type { ClangMessage } from './clang.ts';
import type { HeaderConstants } from './constants.ts';

/** Begins the tags of what stands for a typedef of a struct or enum. */
const TYPEDEF = 'bpfscript_typedef_';

/** What is known without the script's headers. */
export interface Known {
  readonly kernel: KernelTypes;
  readonly constants: HeaderConstants;
}

export interface StandIns {
  /** Makes one for each type that errors of clang miss and the kernel has; whether there were any. */
  add(messages: readonly ClangMessage[]): boolean;
  /** C that stands before the script's. */
  text(): string;
  /** `struct list_head`, `enum pid_type`, `u32`: whether one was made. */
  has(name: string): boolean;
  /** The kernel's own type, of a type of this C by its name; undefined where that is the script's. */
  original(type: Type): Type | undefined;
}

const TAGGED = /incomplete (?:element )?type '(?:const |volatile )*((?:struct|union|enum) \w+)/;
const NAMED = /^(?:unknown type name|use of undeclared identifier) '(\w+)'/;

export function createStandIns({ kernel, constants }: Known): StandIns {
  const made = new Map<string, string>();

  const make = (name: string): string | undefined => {
    const [keyword, tag] = name.split(' ');
    if (keyword === undefined) return undefined;
    if (tag === undefined) {
      const type = kernel.typedef(name) ?? commonCType(name);
      if (type) return typedefOf(kernel, name, type);
      const constant =
        kernel.enumerator(name) ?? (constants.included ? constants.find(name) : undefined);
      return constant && `enum { ${name} = ${constant.value} };`;
    }
    const type = tagged(kernel, keyword, tag);
    return type && `${definition(kernel, type, tag)};`;
  };

  return {
    add(messages) {
      let added = false;
      for (const { severity, text } of messages) {
        const name = severity === 'error' && (TAGGED.exec(text) ?? NAMED.exec(text))?.[1];
        if (typeof name !== 'string' || made.has(name)) continue;
        const definition = make(name);
        if (definition === undefined) continue;
        made.set(name, definition);
        added = true;
      }
      return added;
    },
    text: () => [...made.values()].join('\n'),
    has: (name) => made.has(name),
    original(type) {
      if (type.kind !== 'struct' && type.kind !== 'enum') return undefined;
      if (type.name.startsWith(TYPEDEF)) return kernel.typedef(type.name.slice(TYPEDEF.length));
      const keyword = type.kind === 'struct' ? type.aggregate : 'enum';
      return made.has(`${keyword} ${type.name}`) ? tagged(kernel, keyword, type.name) : undefined;
    },
  };
}

function tagged(kernel: KernelTypes, keyword: string, tag: string): Type | undefined {
  const type =
    keyword === 'enum'
      ? kernel.enum(tag)
      : kernel.struct(keyword === 'union' ? 'union' : 'struct', tag);
  return type?.kind === 'struct' && type.size === 0 ? undefined : type;
}

function typedefOf(kernel: KernelTypes, name: string, type: Type): string {
  switch (type.kind) {
    case 'array':
      return `typedef ${elementOf(kernel, name, type.element)} ${name}[${type.count}];`;
    case 'string':
      return `typedef char ${name}[${type.size}];`;
    default:
      return `typedef ${elementOf(kernel, name, type)} ${name};`;
  }
}

function elementOf(kernel: KernelTypes, name: string, type: Type): string {
  switch (type.kind) {
    case 'int':
      return `${type.signed ? 'signed' : 'unsigned'} ${INTEGERS[type.size]}`;
    case 'bool':
      return '_Bool';
    case 'pointer':
      return 'void *';
    case 'void':
      return 'void';
    case 'struct':
    case 'enum':
      return definition(kernel, type, `${TYPEDEF}${name}`);
    default:
      return `struct { char bytes[${sizeInMemory(type)}]; }`;
  }
}

const INTEGERS = { 1: 'char', 2: 'short', 4: 'int', 8: 'long' } as const;

function definition(kernel: KernelTypes, type: Type, tag: string): string {
  if (type.kind === 'enum') {
    const values = kernel.enumerators(type.id).map(([, value]) => value);
    const sorted = [0n, ...values].toSorted((a, b) => Number(a - b));
    const [least, largest] = [sorted[0], sorted.at(-1)];
    const name = `bpfscript_value_${tag}`;
    return `enum ${tag} { ${name}_least = ${least}, ${name}_largest = ${largest} }`;
  }
  const keyword = type.kind === 'struct' ? type.aggregate : 'struct';
  const align = type.kind === 'struct' ? type.align : 1;
  return `${keyword} ${tag} { char bpfscript_bytes[${sizeInMemory(type)}]; } __attribute__((aligned(${align})))`;
}
