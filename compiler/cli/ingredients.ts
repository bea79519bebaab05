/** What an object is made of, for `build --sbom`: the files that were read, and what they were read for. */
import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import type { Compilation } from '../compile.ts';
import { type Ingredient, sha256 } from '../sbom/sbom.ts';
import { reasonOf, UserError } from './errors.ts';

const EM_BPF = 247;

/** `files`: all that were read; descriptions of kernels are `descriptions`. */
export function ingredientsOf(
  { sources }: Compilation,
  files: readonly string[],
  descriptions: readonly string[],
): readonly Ingredient[] {
  const { main } = sources;
  // The library's, of which it is known which files are used, and the text of -e.
  const texts = sources
    .files()
    .filter((source) => source.library || (source === main && main.path === undefined))
    .map(({ name, text }): Ingredient => ({ name, sha256: sha256(text), use: 'compiled' }));
  const read = files.map((path): Ingredient => {
    const bytes = contentOf(path);
    const use = descriptions.includes(path) ? 'looked at' : useOf(bytes);
    return { name: nameOf(path), sha256: sha256(bytes), use };
  });
  return [...read, ...texts.filter(isFirst)];
}

/** Macros of a library file may have been used more than once. */
function isFirst({ name }: Ingredient, index: number, all: readonly Ingredient[]): boolean {
  return all.findIndex((other) => other.name === name) === index;
}

function useOf(bytes: Uint8Array): Ingredient['use'] {
  const isElf = Buffer.from(bytes.subarray(0, 4)).toString('latin1') === '\u007fELF';
  if (!isElf) return 'compiled';
  return bytes[18] === EM_BPF ? 'linked' : 'looked at';
}

/** A folder elsewhere belongs to the building machine and is left out. */
function nameOf(path: string): string {
  const within = relative('.', path);
  return within.startsWith('..') || within === '' ? basename(path) : within;
}

function contentOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${reasonOf(error)}`);
  }
}
