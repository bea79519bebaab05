/**
 * Tracepoint formats. A description keeps one line an event, sorted:
 *
 *     sched:sched_process_exec<TAB>__data_loc char[] filename;8;4;0<TAB>pid_t pid;12;4;1
 *
 * which are the event's own fields as tracefs declares them, with offset, size and sign. The text is searched, never
 * parsed as a whole.
 */
import type { AddressSpace } from '../types/type.ts';
import { typeOfDeclaration, typeOfDynamicArray } from './ctypes.ts';
import { KernelDescriptionError } from './error.ts';
import type { KernelTypes, TracepointField } from './types.ts';
import { wildcardText } from './wildcard.ts';

export interface RawField {
  /** `pid_t prev_pid` */
  readonly declaration: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
}

/** Where events and their formats come from. */
export interface TracepointSource {
  match(category: string, event: string): readonly string[];
  fields(category: string, event: string): readonly RawField[] | undefined;
}

/** Reads a tracefs `format` file, without the fields that all events have (they begin with `common_`). */
export function parseFormat(text: string): readonly RawField[] {
  const fields: RawField[] = [];
  const line = /^\s*field:\s*([^;]+);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:(\d+);)?/gm;
  for (const match of text.matchAll(line)) {
    const [, declaration = '', offset, size, signed] = match;
    if (nameOf(declaration).startsWith('common_')) continue;
    fields.push({
      declaration: declaration.trim(),
      offset: Number(offset),
      size: Number(size),
      signed: signed === '1',
    });
  }
  return fields;
}

/** The line of an event in the table. */
export function tableLine(name: string, fields: readonly RawField[]): string {
  const columns = fields.map(
    ({ declaration, offset, size, signed }) =>
      `${declaration.replace(/\s+/g, ' ')};${offset};${size};${signed ? 1 : 0}`,
  );
  return `${[name, ...columns].join('\t')}\n`;
}

/** Events of a table as `tableLine` writes it; the text is asked for when the first event is. */
export function tableSource(table: () => string): TracepointSource {
  return {
    match(category, event) {
      const name = `${wildcardText(category, 'category')}:${wildcardText(event)}`;
      return [...table().matchAll(new RegExp(`^${name}(?=\t|$)`, 'gm'))].map(([found]) => found);
    },
    fields(category, event) {
      const text = table();
      const name = `${category}:${event}`;
      for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
        const after = text[at + name.length];
        if ((at > 0 && text[at - 1] !== '\n') || (after !== '\t' && after !== '\n')) continue;
        const line = text.slice(at, text.indexOf('\n', at));
        return line.split('\t').slice(1).map(parseColumn);
      }
      return undefined;
    },
  };
}

function parseColumn(column: string): RawField {
  const match = /^([^;]+);(\d+);(\d+);([01])$/.exec(column);
  if (!match) throw new KernelDescriptionError('the tracepoint table is damaged');
  const [, declaration = '', offset, size, signed] = match;
  return { declaration, offset: Number(offset), size: Number(size), signed: signed === '1' };
}

/** Fields as scripts see them. Types are made when they are asked for, since some need BTF. */
export function describeFields(
  types: KernelTypes,
  category: string,
  fields: readonly RawField[],
): readonly TracepointField[] {
  // What system calls get is in user memory; elsewhere the kernel's own pointers are recorded.
  const space: AddressSpace = category === 'syscalls' ? 'user' : 'kernel';
  return fields.map((field) => describeField(types, space, field));
}

function describeField(types: KernelTypes, space: AddressSpace, field: RawField): TracepointField {
  const { declaration, offset, size, signed } = field;
  const name = nameOf(declaration);
  const ctype = typeText(declaration);
  const dataLoc = /^__(?:data|rel)_loc\b/.test(ctype);
  let type: TracepointField['type'] | undefined;
  const of = heldBy(ctype, dataLoc);
  return {
    name,
    ctype,
    offset,
    size,
    signed,
    dataLoc,
    ...(of === undefined ? {} : { of }),
    get type() {
      type ??= dataLoc
        ? typeOfDynamicArray(types, ctype)
        : typeOfDeclaration(types, { ctype, size, signed }, space);
      return type;
    },
  };
}

const QUALIFIERS = /\b(?:const|volatile|__user|__rcu|__percpu|__seg_gs)\b/g;

/** What an array holds, or the struct that a pointer leads to. */
function heldBy(ctype: string, dataLoc: boolean): string | undefined {
  const plain = ctype
    .replace(/^__(?:data|rel)_loc\b/, '')
    .replace(QUALIFIERS, '')
    .replace(/\s+/g, ' ')
    .trim();
  const array = /^(.*?) ?\[[^\]]*\]$/.exec(plain);
  if (array || dataLoc) return array?.[1] ?? plain;
  return /^((?:struct|union) \w+) ?\*$/.exec(plain)?.[1];
}

/** The last word before an array's brackets. */
function nameOf(declaration: string): string {
  return /(\w+)\s*(?:\[[^\]]*\])?\s*$/.exec(declaration)?.[1] ?? declaration;
}

/** `char prev_comm[16]` => `char[16]`, `const char * filename` => `const char *` */
function typeText(declaration: string): string {
  const match = /^(.*?)\s*(?<![\w])(\w+)\s*(\[[^\]]*\])?\s*$/.exec(declaration);
  return match ? `${match[1]?.trim() ?? ''}${match[3] ?? ''}` : declaration;
}
