/**
 * The bundle of the whole command in its parts, of which each is opened when something of it is used, and the code that V8
 * made of them when they were built: compiling a megabyte of JavaScript again takes as long as a small script does.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Script } from 'node:vm';

/** The part that begins, and the file that has it and knows where the others are. */
const MAIN = './main.js';
const FIRST = './first.cjs';

export interface Bundle {
  /** Runs the command with the process's arguments; settles when it has ended. */
  run(): Promise<void>;
  /** By the files to keep it in: the code of all that has been run so far. */
  code(): ReadonlyMap<string, Buffer>;
}

/** What a bundle is opened with. */
export interface Opening {
  /** Gives a module of Node. */
  readonly open: (name: string) => unknown;
  /** Is told of a file that is missing or damaged. */
  readonly refuse: (error: unknown) => never;
  /** Is told that more than the first file is open, of which nothing has run so far. */
  readonly goesOn: () => void;
}

type Begin = (...words: readonly unknown[]) => void;

interface Part {
  readonly exports: { readonly finished?: Promise<void> };
}

/**
 * Opens a bundle as scripts/bundle.mjs writes it. Its files are ASCII: read as Latin-1, the text is not decoded, and V8
 * takes a long one as it is instead of copying it. Without kept code, or with that of another Node or file, V8 compiles
 * what it needs, as always.
 */
export function openBundle(folder: string, { open, refuse, goesOn }: Opening): Bundle {
  const root = resolve(folder);
  const scripts = new Map<string, Script>();
  const files = new Map<string, Readonly<Record<string, unknown>>>();
  const parts = new Map<string, Part>();

  /** What `require` is to the parts. */
  function use(name: string): unknown {
    if (!name.startsWith('./')) return onUse(open, name);
    const known = parts.get(name);
    if (known) return known.exports;
    const [file, begin] = find(name);
    const part: Part = { exports: {} };
    parts.set(name, part);
    begin(part.exports, use, part, file, root);
    return part.exports;
  }

  function find(name: string): readonly [string, Begin] {
    try {
      const place = partsOf(FIRST)[name];
      const file = typeof place === 'string' ? place : FIRST;
      const begin = partsOf(file)[name];
      if (typeof begin !== 'function') throw new Error(`${join(root, file)} has no part ${name}`);
      return [join(root, file), (...words) => begin(...words)];
    } catch (error) {
      return refuse(error);
    }
  }

  function partsOf(name: string): Readonly<Record<string, unknown>> {
    const known = files.get(name);
    if (known) return known;
    const file = join(root, name);
    const kept = readCode(codeFile(file));
    const script = new Script(readFileSync(file, 'latin1'), {
      filename: file,
      ...(kept ? { cachedData: kept } : {}),
    });
    const begin: unknown = script.runInThisContext();
    if (typeof begin !== 'function') throw new Error(`${file} is no file of a bundle`);
    if (name !== FIRST) goesOn();
    const own = begin();
    scripts.set(file, script);
    files.set(name, own);
    return own;
  }

  return {
    run: async () => {
      use(MAIN);
      await parts.get(MAIN)?.exports.finished;
    },
    code: () =>
      new Map([...scripts].map(([file, script]) => [codeFile(file), script.createCachedData()])),
  };
}

const codeFile = (file: string): string => `${file}.code`;

function readCode(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Modules of Node that take milliseconds to open, and that most commands never come to use. */
const SLOW: ReadonlySet<string> = new Set([
  ...['assert', 'node:child_process', 'node:crypto', 'node:net', 'node:zlib'],
]);

/** `require` that opens these modules when something of them is used. */
function onUse(open: (name: string) => unknown, name: string): unknown {
  if (!SLOW.has(name)) return open(name);
  const opened = (): object => Object(open(name));
  return new Proxy(() => undefined, {
    get: (_, key) => Reflect.get(opened(), key),
    apply: (_, self, words) => {
      const called = open(name);
      return typeof called === 'function' ? Reflect.apply(called, self, words) : undefined;
    },
  });
}
