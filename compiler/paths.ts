import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The folder of the package: the same whether this runs from dist/ or from source. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'stdlib'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('no standard library above the compiler');
    folder = parent;
  }
  return folder;
}

/** A folder for as long as a function uses it. */
export function withTemporaryFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'bpfscript-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether a file begins with these bytes, of which no other is read. Throws where it cannot be opened. */
export function beginsWith(path: string, text: string): boolean {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(text.length);
    return readSync(file, bytes) === text.length && bytes.toString('latin1') === text;
  } finally {
    closeSync(file);
  }
}
