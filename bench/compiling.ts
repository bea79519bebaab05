/** What the compiler takes to start and to compile, beside bare Node in the same rounds: CPU time. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './statistics.ts';

const ROUNDS = Number(process.env.BENCH_STARTS ?? 11);
const HELLO = 'BEGIN { printf("hello\\n"); exit(); }';
const KERNEL_TYPES =
  'kprobe:tcp_sendmsg { @[((struct sock *)arg0)->__sk_common.skc_dport] = count(); }';

const EXAMPLES = readdirSync('examples')
  .filter((name) => name.endsWith('.bt'))
  .map((name) => join('examples', name));
const ALL = `check ${EXAMPLES.length} scripts`;

/** Seconds of user and system, by the shell, which waits for its child. */
function cpuSeconds(words: readonly string[], env: NodeJS.ProcessEnv): number {
  const timed = 'TIMEFORMAT="%U %S"; { time "$@" >/dev/null 2>&1; } 2>&1';
  const run = spawnSync('bash', ['-c', timed, 'time', ...words], { encoding: 'utf8', env });
  const [user, system] = run.stdout.trim().split(' ').map(Number);
  if (run.status !== 0 || user === undefined || system === undefined)
    throw new Error(`${words.join(' ')}: status ${run.status}`);
  return user + system;
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'bpfscript-bench-'));
  const env = { ...process.env, XDG_CACHE_HOME: folder };
  const object = join(folder, 'x.o');
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
  try {
    for (const words of Object.values(cases)) cpuSeconds(words, env);
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [name, words] of Object.entries(cases))
        times.set(name, [...(times.get(name) ?? []), cpuSeconds(words, env)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
}

main();
