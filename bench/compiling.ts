/** What the compiler takes to start and to compile, beside bare Node in the same rounds: CPU time. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cpuSeconds, stages } from './cpu-time.ts';
import { folder, setting } from './settings.ts';
import { median } from './statistics.ts';

const ROUNDS = setting('BENCH_STARTS', 11);
const HELLO = 'BEGIN { printf("hello\\n"); exit(); }';
const KERNEL_TYPES =
  'kprobe:tcp_sendmsg { @[((struct sock *)arg0)->__sk_common.skc_dport] = count(); }';

const EXAMPLES = readdirSync('examples')
  .filter((name) => name.endsWith('.bt'))
  .map((name) => join('examples', name));
const ALL = `check ${EXAMPLES.length} scripts`;

/** Prints the table, and where the time of one script goes. */
export function reportCompiling(): void {
  const env = { ...process.env, XDG_CACHE_HOME: folder() };
  const object = join(folder(), 'x.o');
  const node = process.execPath;
  const command = [node, 'dist/bpfscript.js'];
  const cases: Readonly<Record<string, readonly string[]>> = {
    'bare Node': [node, '-e', '0'],
    version: [...command, '--version'],
    fmt: [...command, 'fmt', '--check', 'examples/opensnoop.bt'],
    list: [...command, 'list', '--no-warnings'],
    'check hello': [...command, 'check', '-e', HELLO],
    'build hello': [...command, 'build', '-e', HELLO, '-o', object],
    'build kernel types': [...command, 'build', '-e', KERNEL_TYPES, '-o', object],
    'run hello': [...command, '--no-cache', '-e', HELLO],
    'run hello again': [...command, '-e', HELLO],
    [ALL]: [...command, 'check', '--no-warnings', ...EXAMPLES],
  };
  const times = new Map<string, number[]>();
  for (const words of Object.values(cases)) cpuSeconds(words, env);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, words] of Object.entries(cases))
      times.set(name, [...(times.get(name) ?? []), cpuSeconds(words, env)]);
  const profile = stages(cases['build hello'] ?? [], ROUNDS, env);
  const bare = median(times.get('bare Node') ?? []);
  process.stdout.write(
    `CPU time, medians of ${ROUNDS}\n\n                       ms  of bare Node\n`,
  );
  for (const [name, all] of times) {
    const time = median(all);
    const [ms, ratio] = [(time * 1000).toFixed(0), (time / bare).toFixed(2)];
    process.stdout.write(`${name.padEnd(18)} ${ms.padStart(6)} ${ratio.padStart(8)}\n`);
    if (name === ALL) {
      const each = (time - bare) / EXAMPLES.length;
      process.stdout.write(`${(each * 1000).toFixed(0)} ms a script beyond bare Node\n`);
    }
  }
  process.stdout.write(`\nbuild hello by stage (--timings)\n\n${profile}`);
}
