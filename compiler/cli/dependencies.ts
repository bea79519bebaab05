/** What an object is made of: as a rule of make, and to be waited for. */
import { statSync } from 'node:fs';
import { normalize } from 'node:path';
import { isDescriptionError } from '../kernel/error.ts';
import { describedName, descriptionFile } from '../kernel/named.ts';
import { UserError } from './errors.ts';
import { sayError } from './say.ts';

/** Collects the files that a compilation reads. */
export interface Dependencies {
  readonly note: (path: string) => void;
  /** In the order in which they were met, each once. */
  files(): readonly string[];
  /** Those of them that describe kernels. */
  descriptions(): readonly string[];
}

/** `scripts`: those that are files. `kernels`, `arch`: the choices of --kernel and --arch. */
export function createDependencies(
  scripts: readonly string[],
  kernels: readonly string[],
  arch?: string,
): Dependencies {
  const noted = new Set<string>();
  // The running kernel is no file that make could look at.
  const descriptions = () =>
    (kernels.length > 0 ? kernels : ['default'])
      .filter((which) => which !== 'host')
      .map((which) => descriptionFile(describedName(which, arch)));
  return {
    descriptions,
    note: (path) => noted.add(normalize(path)),
    files: () => [...new Set([...scripts, ...descriptions(), ...noted])],
  };
}

/** As make reads it: blanks, `#` and `$` in names are marked. */
const escaped = (path: string): string =>
  path.replaceAll('$', '$$$$').replaceAll(/[ #]/g, (found) => `\\${found}`);

/** A rule without a recipe, and an empty one for each file: make goes on where one was removed. */
export function dependencyRule(target: string, files: readonly string[]): string {
  const rule = [`${escaped(target)}:`, ...files.map(escaped)].join(' \\\n  ');
  return `${rule}\n\n${files.map((file) => `${escaped(file)}:\n`).join('\n')}`;
}

/** `-MD` and `-MF FILE`, as C compilers call them: commander has no short options of two letters. */
export function withLongNames(words: readonly string[]): readonly string[] {
  const end = words.indexOf('--');
  return words.map((word, index) => {
    if (end >= 0 && index > end) return word;
    if (word === '-MD') return '--dependencies';
    return word === '-MF' ? '--dependency-file' : word;
  });
}

const LOOKS_EACH_MS = 200;

/**
 * Runs `compile` at once, and again whenever one of the files changes, comes or goes that it says it has read. What
 * changes while it runs counts: files that are known by then were looked at before.
 */
export async function watching(
  scripts: readonly string[],
  compile: () => readonly string[],
): Promise<never> {
  let known = scripts;
  for (;;) {
    const before = new Map(known.map((file) => [file, stampOf(file)]));
    known = readingOn(known, compile);
    const seen = known.map((file) => before.get(file) ?? stampOf(file));
    process.stderr.write(`Watching ${known.length} files. Ctrl-C ends.\n`);
    await changed(known, seen);
  }
}

/** An error of the user's, such as a script that is being written anew, ends no watching: the files stay the same. */
function readingOn(known: readonly string[], compile: () => readonly string[]): readonly string[] {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof UserError) && !isDescriptionError(error)) throw error;
    sayError(error);
    return known;
  }
}

/** Editors write a new file and rename it, so its number counts, too. */
function stampOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs}` : '';
}

function changed(files: readonly string[], seen: readonly string[]): Promise<void> {
  return new Promise((done) => {
    const timer = setInterval(() => {
      if (files.every((file, index) => stampOf(file) === seen[index])) return;
      clearInterval(timer);
      done();
    }, LOOKS_EACH_MS);
  });
}
