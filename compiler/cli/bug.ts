/** What is said of an exception that nobody expected: a bug of ours, which whoever meets it can report. */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname } from 'node:path';
import { circumstancesOf } from '../source/bug.ts';
import { printPlace } from '../source/render/text.ts';
import { version } from './version.ts';

/** Environment: the JavaScript stack is printed too. */
const STACK = 'BPFSCRIPT_STACK';

export function bugReport(error: unknown): string {
  const { stage, range, sources } = circumstancesOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  const head = `ERROR: this is a bug of bpfscript, not of the script: ${reason.replace(/\s*\n\s*/g, '; ')}`;
  const lines = [
    ...(range && sources ? printPlace(sources, range, head) : [head]),
    ...(stage === undefined ? [] : [`It happened in: ${stage}`]),
    `HINT: Please report it with these lines, the script, and the version (${version()}).`,
    ...(process.env[STACK] !== undefined && error instanceof Error
      ? [inSources(error.stack ?? '')]
      : [`HINT: ${STACK}=1 in the environment adds the place in the compiler.`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A stack with places in the sources: the bundle, where this runs in one, has neither lines nor names. */
export function inSources(stack: string, folder = import.meta.dirname): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replace(/([^\s(]+):(\d+):(\d+)/g, (place, file, line, column) => {
    if (dirname(file) !== folder) return place;
    if (!maps.has(file)) maps.set(file, mapOf(file));
    const entry = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (!entry || !('originalSource' in entry)) return place;
    return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function mapOf(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
  } catch {
    return undefined;
  }
}
