/**
 * The bundle of the whole command, and the code that V8 made of it when it was built: compiling a megabyte of
 * JavaScript again takes as long as a small script does.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { Script } from 'node:vm';

export interface Bundle {
  /** Runs the command with the process's arguments; settles when it has ended. */
  run(): Promise<void>;
  /** The code of all that has been run so far. */
  code(): Buffer;
}

/** Where the code of a bundle is kept. */
export const codeFile = (bundle: string): string => `${bundle}.code`;

/**
 * Opens a bundle of one function, `(exports, require, module, __filename, __dirname) => ...`, in ASCII: read as Latin-1,
 * the text is not decoded, and V8 takes it as it is instead of copying it. Without kept code, or with that of another
 * Node or bundle, V8 compiles what it needs, as always.
 */
export function openBundle(path: string): Bundle {
  const file = resolve(path);
  const kept = readCode(codeFile(file));
  const script = new Script(readFileSync(file, 'latin1'), {
    filename: file,
    ...(kept ? { cachedData: kept } : {}),
  });
  return {
    run: async () => {
      const module: { exports: { finished?: Promise<void> } } = { exports: {} };
      const start: unknown = script.runInThisContext();
      if (typeof start !== 'function') throw new Error(`${file} is no bundle`);
      start(module.exports, onUse(createRequire(file)), module, file, dirname(file));
      await module.exports.finished;
    },
    code: () => script.createCachedData(),
  };
}

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
function onUse(open: NodeJS.Require): (name: string) => unknown {
  return (name) => {
    if (!SLOW.has(name)) return open(name);
    return new Proxy(() => undefined, {
      get: (_, key) => Reflect.get(open(name), key),
      apply: (_, self, words) => Reflect.apply(open(name), self, words),
    });
  };
}
