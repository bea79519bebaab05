/** CPU time of commands, and their stages. */
import { spawnSync } from 'node:child_process';
import { median } from './statistics.ts';

/** Seconds of user and system, by the shell, which waits for its child. */
export function cpuSeconds(words: readonly string[], env: NodeJS.ProcessEnv): number {
  const timed = 'TIMEFORMAT="%U %S"; { time "$@" >/dev/null 2>&1; } 2>&1';
  const run = spawnSync('bash', ['-c', timed, 'time', ...words], { encoding: 'utf8', env });
  const [user, system] = run.stdout.trim().split(' ').map(Number);
  if (run.status !== 0 || user === undefined || system === undefined)
    throw new Error(`${words.join(' ')}: status ${run.status}`);
  return user + system;
}

/** What `--timings` says of a command of bpfscript's, as lines: medians, in milliseconds that passed. */
export function stages(words: readonly string[], rounds: number, env: NodeJS.ProcessEnv): string {
  const times = new Map<string, number[]>();
  const [command = '', ...rest] = words;
  for (let round = 0; round < rounds; round += 1) {
    const { stderr, status } = spawnSync(command, [...rest, '--timings'], {
      encoding: 'utf8',
      env,
    });
    if (status !== 0) throw new Error(`${words.join(' ')}: status ${status}\n${stderr}`);
    for (const [, stage = '', ms] of stderr.matchAll(/^(.*\S) +([\d.]+) ms$/gm))
      times.set(stage, [...(times.get(stage) ?? []), Number(ms)]);
  }
  return [...times]
    .map(([stage, all]) => `${stage.padEnd(24)} ${median(all).toFixed(1).padStart(8)}\n`)
    .join('');
}
