/** Writing results so that a failure leaves no partial file behind. */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { reasonOf, UserError } from './errors.ts';
import { EXIT } from './status.ts';

/**
 * Writes `data` to a file beside `path` and renames it: whoever reads `path` sees all of it or what was there before.
 * What is no plain file, such as a pipe or /dev/null, is written to as it is: a rename would take its place.
 */
export function writeWhole(path: string, data: Uint8Array | string, mode?: number): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const temporary = join(dirname(path), `.${process.pid}.${Date.now()}.tmp`);
  let descriptor: number | undefined;
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
      writeFileSync(path, bytes);
      return;
    }
    descriptor = openSync(temporary, 'wx', 0o644);
    if (mode !== undefined) fchmodSync(descriptor, mode);
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(descriptor, bytes, written);
    }
    fsyncSync(descriptor);
    closeSync(descriptor);
    descriptor = undefined;
    renameSync(temporary, path);
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    try {
      unlinkSync(temporary);
    } catch {
      // It may never have been created; the error below is the one that counts.
    }
    throw new UserError(`cannot write ${path}: ${reasonOf(error)}`);
  }
}

/** Where a command writes: a file as a whole, or standard output for `-`. */
export function writeTo(target: string, data: Uint8Array | string): void {
  if (target === '-') process.stdout.write(data);
  else writeWhole(target, data);
}

/** What a script becomes stands beside the caller by its name: `tool.bt` gives `tool.o`. */
export function besideCaller(file: string | undefined, what: string, extension: string): string {
  if (file === undefined || file === '-') {
    throw new UserError(`where should the ${what} go? Name it with -o FILE.`, {
      status: EXIT.usage,
    });
  }
  return `${basename(file).replace(/\.bt$/, '')}${extension}`;
}
