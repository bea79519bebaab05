/** Temporary folders, of which none outlives the test file that made it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

const make = (): string => mkdtempSync(join(tmpdir(), 'bpfscript-test-'));
const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** A folder that is removed after the test file has run. It may be made anywhere, also in a test, which has no afterAll. */
export function temporaryFolder(): string {
  const folder = make();
  made.push(folder);
  return folder;
}

/** Set-up of every test file has this called at its end. */
export function removeTemporaryFolders(): void {
  for (const folder of made.splice(0)) remove(folder);
}

/** Runs a function with a folder that is gone afterwards. */
export function withFolder<Result>(use: (folder: string) => Result): Result {
  const folder = make();
  try {
    return use(folder);
  } finally {
    remove(folder);
  }
}
