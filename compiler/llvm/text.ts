/**
 * Completes the text of a module. llvm-bindings knows no sections, alignments or inline assembly, so it prints a module of
 * functions that are empty, without variables; what they lack is put in here.
 */
import type { CallbackParameter } from './module.ts';
import { REGISTER } from './operands.ts';
import { definitionOf, type Primitive } from './primitives.ts';

export interface GlobalDefinition {
  readonly symbol: string;
  /** `.bss`, `.rodata`, `.maps`, `license`. */
  readonly section: string;
  readonly size: number;
  readonly align: number;
  /** Initial value; zeros without. */
  readonly bytes?: Uint8Array;
}

export interface FunctionText {
  /** ELF section of a function that is not in `.text`. */
  readonly section?: string;
  readonly body: string;
}

/** A place in the script, for the instructions of a function. */
export interface Place {
  readonly symbol: string;
  readonly line: number;
  readonly column: number;
}

export interface Completion {
  /** Functions whose bodies are needed; others are left out. */
  readonly wanted?: ReadonlySet<string>;
  readonly globals: ReadonlyMap<string, GlobalDefinition>;
  readonly functions: ReadonlyMap<string, FunctionText>;
  readonly primitives: ReadonlyMap<string, Primitive>;
  readonly places: readonly Place[];
}

/** Metadata of the module itself has lower numbers. */
const FIRST_PLACE = 1_000_000;

/** Metadata of the place with this index. */
export function placeText(index: number): string {
  return `!${FIRST_PLACE + index}`;
}

/** The index of the place that metadata with this number is. */
export function placeIndex(metadata: number): number {
  return metadata - FIRST_PLACE;
}

/** The register of a parameter. */
export function parameterText(kind: CallbackParameter, index: number): string {
  return `%${kind === 'ptr' ? REGISTER.pointer : REGISTER.value}.${index}`;
}

const NAME = String.raw`@(?:"([^"]*)"|([-\w$.]+))`;
const PLAIN = /^[a-zA-Z$._-][-\w$.]*$/;
const DEFINITION = new RegExp(
  String.raw`^define (.* ${NAME}\()(.*?)(\)(?: #\d+)?)( !dbg (!\d+)) \{\nentry:\n  unreachable\n\}\n`,
  'gm',
);

/** `printed` is what llvm-bindings made of the module. */
export function completeText(printed: string, completion: Completion): string {
  const { globals, functions, primitives, places, wanted } = completion;
  const scopes = new Map<string, string>();
  const completed = printed.replace(
    DEFINITION,
    (text, head: string, quoted, plain, parameters: string, behind, debug, scope: string) => {
      const symbol = nameOf(quoted, plain);
      const made = functions.get(symbol);
      if (!made) return text;
      if (wanted && !wanted.has(symbol)) return '';
      scopes.set(symbol, scope);
      const named = parameters.replace(/(i8\*|i\d+) %(\d+)/g, (_, type: string, index: string) => {
        return type === 'i8*'
          ? `ptr ${parameterText('ptr', Number(index))}`
          : `${type} ${parameterText('i64', Number(index))}`;
      });
      // Attribute groups come before a section.
      const [before, section] =
        made.section === undefined
          ? ['', '']
          : ['dso_local ', ` section ${quote(Buffer.from(made.section))}`];
      return `define ${before}${head}${named}${behind}${section}${debug} {\n${made.body}}\n`;
    },
  );

  return [
    completed,
    // Not `constant`: what the loader sets must not be folded.
    ...[...globals.values()].map(
      ({ symbol, section, size, align, bytes }) =>
        `${nameText(symbol)} = dso_local global [${size} x i8] ${
          bytes ? `c${quote(bytes)}` : 'zeroinitializer'
        }, section ${quote(Buffer.from(section))}, align ${align}\n`,
    ),
    ...[...primitives.values()].map(definitionOf),
    places
      .map(({ symbol, line, column }, index) => {
        const scope = scopes.get(symbol);
        if (scope === undefined) return '';
        return `${placeText(index)} = !DILocation(line: ${line}, column: ${column}, scope: ${scope})\n`;
      })
      .join(''),
  ].join('\n');
}

/** A symbol as LLVM reads it. */
export function nameText(symbol: string): string {
  return PLAIN.test(symbol) ? `@${symbol}` : `@${quote(Buffer.from(symbol))}`;
}

/** The symbol of a name with quotes, or without. */
export function nameOf(quoted: string | undefined, plain: string | undefined): string {
  return quoted === undefined ? (plain ?? '') : unquote(quoted);
}

/** A quoted string as LLVM reads it: other than plain ASCII as \XX. */
function quote(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\${byte.toString(16).padStart(2, '0')}`;
  }
  return `"${text}"`;
}

function unquote(text: string): string {
  const bytes = text.replace(/\\(\\|[0-9A-Fa-f]{2})/g, (_escape, code: string) =>
    code === '\\' ? code : String.fromCharCode(Number.parseInt(code, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}
