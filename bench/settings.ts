/** How much is measured, where the environment says so, and a folder for it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whole numbers above zero, with commas between them. Ends the process where it is something else. */
export function settings(name: string, otherwise: readonly number[]): readonly number[] {
  const text = process.env[name];
  if (text === undefined) return otherwise;
  const numbers = text.split(',').map(Number);
  if (numbers.every((number) => Number.isSafeInteger(number) && number > 0)) return numbers;
  process.stderr.write(`ERROR: ${name} takes whole numbers above zero, not '${text}'\n`);
  process.exit(2);
}

/** One of them. */
export function setting(name: string, otherwise: number): number {
  const [first, ...more] = settings(name, [otherwise]);
  if (first !== undefined && more.length === 0) return first;
  process.stderr.write(`ERROR: ${name} takes one number\n`);
  process.exit(2);
}

let made: string | undefined;

/** For objects and other things of this run: gone at its end. */
export function folder(): string {
  if (made === undefined) {
    const path = mkdtempSync(join(tmpdir(), 'bpfscript-bench-'));
    process.on('exit', () => rmSync(path, { recursive: true, force: true }));
    made = path;
  }
  return made;
}
