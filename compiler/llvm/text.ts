/**
 * Completes the text of a module. llvm-bindings knows no sections, alignments, attributes or inline assembly, so
 * globals and primitives are built as declarations and programs without a section; LLVM prints each of them on
 * one line, which is replaced here.
 */
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

export interface Completion {
  readonly globals: ReadonlyMap<string, GlobalDefinition>;
  /** Globals that are declared only. */
  readonly externs: ReadonlySet<string>;
  /** ELF sections of functions that are not in `.text`. */
  readonly sections: ReadonlyMap<string, string>;
  readonly primitives: ReadonlyMap<string, Primitive>;
}

const NAME = String.raw`@(?:"([^"]*)"|([-\w$.]+))`;

/** Throws for a global that is used and not defined: a bug of the caller. */
export function completeText(text: string, completion: Completion): string {
  const { globals, externs, sections, primitives } = completion;
  const nameOf = (quoted: string | undefined, plain: string | undefined) =>
    quoted === undefined ? (plain ?? '') : unquote(quoted);

  const completed = text
    // Declarations of globals: their definitions follow below.
    .replace(new RegExp(`^${NAME} = external global i8.*\n`, 'gm'), (line, quoted, plain) => {
      const symbol = nameOf(quoted, plain);
      if (externs.has(symbol)) return line;
      if (!globals.has(symbol)) throw new Error(`the global ${symbol} is used and not defined`);
      return '';
    })
    .replace(new RegExp(`^declare .* ${NAME}\\(.*\n`, 'gm'), (line, quoted, plain) =>
      primitives.has(nameOf(quoted, plain)) ? '' : line,
    )
    // `define i32 @p(i8* %0) #0 !dbg !4 {` => the same in its section. Attribute groups come before a section.
    .replace(
      new RegExp(`^(define )(.* ${NAME}\\(.*?\\)(?: #\\d+)?)`, 'gm'),
      (line, define: string, rest: string, quoted, plain) => {
        const section = sections.get(nameOf(quoted, plain));
        return section === undefined
          ? line
          : `${define}dso_local ${rest} section ${quote(Buffer.from(section))}`;
      },
    )
    // A global is an i8 to the binding, and an array of bytes in truth. A phi names its type once, in front.
    .replace(new RegExp(`(i8\\* |\\[ )${NAME}`, 'g'), (operand, before, quoted, plain) => {
      const global = globals.get(nameOf(quoted, plain));
      if (!global) return operand;
      const array = `[${global.size} x i8]`;
      return `${before}getelementptr inbounds (${array}, ${array}* ${nameText(global.symbol)}, i64 0, i64 0)`;
    });

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
  ].join('\n');
}

function nameText(symbol: string): string {
  return `@${quote(Buffer.from(symbol))}`;
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
