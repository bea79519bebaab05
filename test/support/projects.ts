/** Which test files load programs into the kernel, and which only compile. */
import { filesOf, importsOf } from '../architecture/references.ts';

/** Helpers that load programs, or boot guests that do. */
const LOADING = ['test/support/run.ts', 'test/support/guest.ts', 'test/support/kernel.ts'];
/** Folders whose subject is what runs, with whatever helpers. */
const RUNNING = /^test\/(kernel|loader|guest|examples)\//;

function loads(file: string, seen = new Set<string>()): boolean {
  if (RUNNING.test(file) || LOADING.includes(file)) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  return importsOf(file).some(({ to }) => to.startsWith('test/') && loads(to, seen));
}

const files = filesOf('test', '.test.ts');

/** What may run at the same time as anything else. */
export const COMPILING: readonly string[] = files.filter((file) => !loads(file));

/**
 * What has the kernel for itself: one file's workload would be seen by another one's probes on the same function or
 * system call.
 */
export const ALONE: readonly string[] = files.filter((file) => loads(file));
