/**
 * Completes the text of a module. llvm-bindings knows no sections, alignments or inline assembly, so it prints a module of
 * functions that are empty, without variables; what they lack is put in here.
 */
import { nameOf, nameText, parameterText, placeText, quote } from './names.ts';
import { definitionOf, type Primitive } from './primitives.ts';
import { fillShape, type Shaped } from './shapes.ts';

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
  readonly body: Shaped;
}

/** A place in the script, for the instructions of a function. */
export interface Place {
  readonly symbol: string;
  readonly line: number;
  readonly column: number;
}

export interface Completion {
  readonly globals: Iterable<GlobalDefinition>;
  /** All that `printed` has; there may be more. */
  readonly functions: ReadonlyMap<string, FunctionText>;
  readonly primitives: Iterable<Primitive>;
  /** By their indices in the module; those of other functions are left out. */
  readonly places: Iterable<readonly [number, Place]>;
}

const NAME = String.raw`@(?:"([^"]*)"|([-\w$.]+))`;
const DEFINITION = new RegExp(
  String.raw`^define (.* ${NAME}\()(.*?)(\)(?: #\d+)?)( !dbg (!\d+)) \{\nentry:\n  unreachable\n\}\n`,
  'gm',
);

/** `printed` is what llvm-bindings made of the module. */
export function completeText(printed: string, completion: Completion): string {
  const { globals, functions, primitives, places } = completion;
  const scopes = new Map<string, string>();
  const completed = printed.replace(
    DEFINITION,
    (text, head: string, quoted, plain, parameters: string, behind, debug, scope: string) => {
      const symbol = nameOf(quoted, plain);
      const made = functions.get(symbol);
      if (!made) return text;
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
      return `define ${before}${head}${named}${behind}${section}${debug} {\n${fillShape(made.body)}}\n`;
    },
  );

  return [
    completed,
    // Not `constant`: what the loader sets must not be folded.
    ...[...globals].map(
      ({ symbol, section, size, align, bytes }) =>
        `${nameText(symbol)} = dso_local global [${size} x i8] ${
          bytes ? `c${quote(bytes)}` : 'zeroinitializer'
        }, section ${quote(Buffer.from(section))}, align ${align}\n`,
    ),
    ...[...primitives].map(definitionOf),
    [...places]
      .map(([index, { symbol, line, column }]) => {
        const scope = scopes.get(symbol);
        if (scope === undefined) return '';
        return `${placeText(index)} = !DILocation(line: ${line}, column: ${column}, scope: ${scope})\n`;
      })
      .join(''),
  ].join('\n');
}
