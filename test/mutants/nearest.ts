/** Which tests with the whole loader look at a fault that no unit test noticed. */

interface Row {
  /** Folder and name of files in `loader/src`. */
  readonly about: RegExp;
  readonly tests: readonly string[];
}

const kernel = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `test/kernel/${name}.test.ts`);

/** All of the loader in short, beside whatever else runs. */
const OWN = 'test/kernel/own-process.test.ts';
/** Much of everything, with objects that are there at once. */
const RUN = 'test/loader/object/run.test.ts';

/** They do not want the kernel for themselves, and are quick enough for each fault. */
const BESIDE_OTHERS: readonly Row[] = [
  { about: /^object\//, tests: ['test/loader/object'] },
  { about: /^output\//, tests: ['test/loader/output/replay.test.ts', OWN] },
  { about: /^recording\//, tests: ['test/loader/output/replay.test.ts'] },
  { about: /^(?:attach|host|listing|run|session|symbols)\//, tests: [OWN] },
];

/** They take the kernel for a minute and more. The first row that fits counts. */
const IN_KERNEL: readonly Row[] = [
  { about: /^attach\/(?:kprobe|fentry)/, tests: ['test/guest/kprobe.test.ts'] },
  { about: /^attach\/(?:iter)/, tests: kernel('iterators') },
  { about: /^attach\/(?:usdt)/, tests: kernel('usdt/usdt') },
  { about: /^attach\/(?:uprobe|user_)/, tests: kernel('uprobe-patterns', 'uprobe-flat') },
  {
    about: /^attach\/(?:tracepoint|rawtracepoint|syscalls)/,
    tests: kernel('tracepoint-patterns', 'rawtracepoint', 'syscalls'),
  },
  { about: /^attach\//, tests: kernel('attach-order', 'releasing', 'perf-events') },
  { about: /^binary\/(?:usdt)/, tests: kernel('usdt/usdt') },
  { about: /^binary\/(?:dwarf|source|code|inline)/, tests: kernel('source-lines', 'stack-lines') },
  { about: /^(?:binary|symbols)\//, tests: kernel('stacks', 'symbolize') },
  { about: /^host\//, tests: kernel('host-types', 'loader-messages') },
  { about: /^listing\//, tests: kernel('listing') },
  { about: /^output\/(?:top|spark|series)/, tests: kernel('top', 'series') },
  { about: /^output\/(?:.*metric)/, tests: kernel('metrics') },
  { about: /^output\//, tests: kernel('output-rules', 'json') },
  { about: /^recording\//, tests: kernel('recording') },
  { about: /^run\/(?:metrics_server|http)/, tests: kernel('metrics') },
  { about: /^run\/(?:top|terminal)/, tests: kernel('top') },
  { about: /^run\/(?:tests)/, tests: kernel('tests-and-benchmarks') },
  { about: /^run\/(?:dump)/, tests: kernel('dump') },
  {
    about: /^run\/(?:start_report|limits|confine)/,
    tests: kernel('start-report', 'least-privilege'),
  },
  { about: /^run\//, tests: [RUN, ...kernel('loader-flags', 'ending')] },
  {
    about: /^session\/(?:host_types|copied|kernel_)/,
    tests: kernel('host-types', 'copied-structs'),
  },
  {
    about: /^session\/(?:policy|trust|permissions)/,
    tests: ['test/loader/object/signing.test.ts', 'test/loader/object/effects.test.ts'],
  },
  { about: /^session\/(?:param|named|script)/, tests: kernel('getopt', 'program-arguments') },
  { about: /^session\//, tests: [RUN, ...kernel('loader-messages', 'settings')] },
];

export const nearestTests = (file: string, inKernel: boolean): readonly string[] =>
  [BESIDE_OTHERS, ...(inKernel ? [IN_KERNEL] : [])].flatMap(
    (rows) => rows.find(({ about }) => about.test(file))?.tests ?? [],
  );
