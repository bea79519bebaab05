/** The stages that `build --emit` shows: a new one is one line here. */
import { inspectObject } from '../../linker/inspect.ts';
import type { Compilation } from '../compile.ts';
import type { Source } from '../source/source.ts';
import { tokenize } from '../syntax/parse.ts';
import { DEBUG_STAGES } from './stages.ts';

type Stage = (compilation: Compilation, source: Source) => string | Uint8Array | undefined;

const json = (value: unknown): string =>
  `${JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part), 2)}\n`;

export const STAGES: Readonly<Record<string, Stage>> = {
  tokens: (_compilation, source) =>
    tokenize(source)
      .map((token) => `${token.line}:${token.column}\t${token.type}\t${token.text}\n`)
      .join(''),
  ast: (compilation) => compilation.ast && json(compilation.ast),
  typed: (compilation) => compilation.typed && json(compilation.typed),
  ir: (compilation) => compilation.ir?.(),
  'ir-opt': (compilation) => compilation.optimisedIr?.(),
  asm: (compilation) => compilation.assembly?.(),
  btf: (compilation) => compilation.object && inspectObject(compilation.object()).btfText,
  manifest: (compilation) =>
    compilation.object && json(inspectObject(compilation.object()).manifest),
  obj: (compilation) => compilation.object?.(),
};

/** Prints stages of the compiler, each below a banner with its name. */
export function showStages(
  names: readonly string[],
  compilation: Compilation,
  source: Source,
): void {
  for (const name of names) {
    const stage = STAGES[DEBUG_STAGES[name] ?? ''];
    const text = stage?.(compilation, source) ?? '';
    process.stdout.write(`${banner(name)}${typeof text === 'string' ? text : ''}`);
  }
}

function banner(name: string): string {
  return `\n${name}\n${'-'.repeat(name.length)}\n`;
}
