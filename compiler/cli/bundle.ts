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

/** Without kept code, or with that of another Node or bundle, V8 compiles what it needs, as always. */
export function openBundle(path: string): Bundle {
  const file = resolve(path);
  const text = readFileSync(file, 'utf8');
  const kept = readCode(codeFile(file));
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) {${text}\n})`,
    { filename: file, ...(kept ? { cachedData: kept } : {}) },
  );
  return {
    run: async () => {
      const module: { exports: { finished?: Promise<void> } } = { exports: {} };
      const start: unknown = script.runInThisContext();
      if (typeof start !== 'function') throw new Error(`${file} is no bundle`);
      start(module.exports, createRequire(file), module, file, dirname(file));
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
