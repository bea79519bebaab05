/**
 * The standard library: macros in stdlib/*.bt. A script that uses none of their names never makes the compiler
 * look at them, and only the files whose macros are used are parsed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../paths.ts';
import { Diagnostics } from '../source/diagnostics.ts';
import type { Source } from '../source/source.ts';
import type { Sources } from '../source/sources.ts';
import type * as ast from '../syntax/ast.ts';
import { parse } from '../syntax/parse.ts';
import { moved } from '../syntax/rewrite.ts';

const DEFINITION = /^macro\s+(\w+)/gm;

/** Finds the library's macros by name; their text becomes part of `sources` when they are asked for. */
export function standardLibrary(sources: Sources): (name: string) => readonly ast.Macro[] {
  let files: ReadonlyMap<string, readonly Source[]> | undefined;
  const parsed = new Map<Source, readonly ast.Macro[]>();
  return (name) => {
    files ??= indexLibrary();
    return (files.get(name) ?? []).flatMap((source) => {
      const macros = parsed.get(source) ?? readMacros(source, sources);
      parsed.set(source, macros);
      return macros.filter((macro) => macro.name === name);
    });
  };
}

/** Names that the library defines. */
export function libraryNames(): readonly string[] {
  return [...indexLibrary().keys()];
}

/** Which files define which names: found without parsing. */
function indexLibrary(): ReadonlyMap<string, readonly Source[]> {
  const folder = join(packageRoot(), 'stdlib');
  const files = new Map<string, Source[]>();
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.bt')) continue;
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    const source = { name: `stdlib/${name}`, text, path, library: true };
    for (const macro of new Set([...text.matchAll(DEFINITION)].map(([, defined]) => defined))) {
      if (macro !== undefined) files.set(macro, [...(files.get(macro) ?? []), source]);
    }
  }
  return files;
}

function readMacros(source: Source, sources: Sources): readonly ast.Macro[] {
  const diagnostics = new Diagnostics();
  const program = parse(source, diagnostics);
  if (!program) throw new Error(`${source.name}: ${diagnostics.all[0]?.message}`);
  const base = sources.add(source);
  return moved(program, base).items.filter((item) => item.kind === 'macro');
}
