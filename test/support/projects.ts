/** Which test files load programs into the kernel, which only boot others, and which only compile. */
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

/**
 * What loads programs into kernels of its own alone, or none; or lets go of them at once and runs nothing that others trace; or
 * traces functions of a file of its own: nothing of it is seen by another file's probes.
 */
const BOOTS =
  /^test\/(guest\/|examples\/guest\.|loader\/output\/replay\.|kernel\/(ansible|own-process)\.)/;

const boots = (file: string): boolean => BOOTS.test(file);

/** What installs packages in roots of their own: `npm run test:packages` alone. */
const INSTALLS = /^test\/packages\//;

const all = filesOf('test', '.test.ts');

export const INSTALLING: readonly string[] =
  process.env.BPFSCRIPT_PACKAGES === undefined ? [] : all.filter((file) => INSTALLS.test(file));

const files = all.filter((file) => !INSTALLS.test(file));

/** What needs neither root nor this machine's kernel. */
export const COMPILING: readonly string[] = files.filter((file) => !loads(file));

/** What boots kernels of its own, or has no use for one: it may run at the same time as anything else. */
export const BOOTING: readonly string[] = files.filter((file) => loads(file) && boots(file));

/**
 * What has the kernel for itself: one file's workload would be seen by another one's probes on the same function or
 * system call.
 */
export const ALONE: readonly string[] = files.filter((file) => loads(file) && !boots(file));
