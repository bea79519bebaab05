/** Preambles in, what they define out. */

import { type Preamble, readPreamble } from '../../../compiler/preamble/preamble.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { createSources } from '../../../compiler/source/sources.ts';
import { parse } from '../../../compiler/syntax/parse.ts';
import { kernelDescription } from '../../support/build.ts';

export interface Reading {
  readonly preamble: Preamble;
  /** `error: message @ marked text` of each. */
  readonly messages: readonly string[];
}

export interface ReadOptions {
  readonly includeFolders?: readonly string[];
  readonly headers?: readonly string[];
  /** Of the script, whose folder quoted includes are relative to. */
  readonly path?: string;
}

/** Reads the C of a script that has nothing else. */
export function read(c: string, options: ReadOptions = {}): Reading {
  const text = `${c}\nbegin { }`;
  const source = {
    name: 'test.bt',
    text,
    ...(options.path === undefined ? {} : { path: options.path }),
  };
  const diagnostics = new Diagnostics();
  const program = parse(source, diagnostics);
  if (!program) throw new Error(`does not parse: ${diagnostics.all.map((d) => d.message)}`);
  const preamble = readPreamble(program.preamble, {
    kernel: kernelDescription(),
    sources: createSources(source),
    includeFolders: options.includeFolders ?? [],
    headers: (options.headers ?? []).map((path) => ({ path })),
    diagnostics,
  });
  const messages = diagnostics.all.map(({ severity, message, range }) => {
    const marked = range ? ` @ ${text.slice(range.start, range.end)}` : '';
    return `${severity}: ${message}${marked}`;
  });
  return { preamble, messages };
}
