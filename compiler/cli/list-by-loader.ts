/**
 * The list of all that the running kernel has, by the loader, where there is one: both find the same
 * (test/kernel/listing.test.ts), and the loader does it in a tenth of the time.
 */
import { accessSync, constants } from 'node:fs';
import { addonFile } from '../llvm/backend.ts';
import { hostOrDefault } from './host-or-default.ts';
import type { ListOptions } from './listing.ts';
import { becomeLoader, loaderPath } from './loader.ts';

/** Becomes the loader for a list that it has, and returns where the list is another, or the loader is not here. */
export async function listByLoader(words: readonly string[], options: ListOptions): Promise<void> {
  if (!isBare(words, options) || !isHere()) return;
  await becomeLoader(['list', ...(options.warnings ? [] : ['--no-warnings'])]);
}

/** Without anything that the loader does not know, or finds out otherwise. */
function isBare(words: readonly string[], options: ListOptions): boolean {
  const { e, kernel, arch, verbose, pid, debuginfo } = options;
  return (
    words.length === 0 &&
    [e, kernel, arch, pid, debuginfo].every((option) => option === undefined) &&
    !verbose &&
    !process.env.BPFTRACE_BTF &&
    hostOrDefault() === 'host'
  );
}

function isHere(): boolean {
  try {
    accessSync(loaderPath(), constants.X_OK);
    accessSync(addonFile('process'));
    return true;
  } catch {
    // The compiler lists by itself.
    return false;
  }
}
