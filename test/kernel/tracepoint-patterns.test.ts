/** Patterns of tracepoints: one raw tracepoint each where nothing is read of the events, so that they detach at once. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../linker/inspect.ts';
import { build } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, type RunResult, run, runWorkload } from '../support/run.ts';

/** How many links of each type the process holds. */
function linksOf(pid: number): Readonly<Record<string, number>> {
  const links: Record<string, number> = {};
  for (const fd of readdirSync(`/proc/${pid}/fdinfo`)) {
    const text = readFileSync(join(`/proc/${pid}/fdinfo`, fd), 'utf8');
    const type = /^link_type:\s*(\S+)$/m.exec(text)?.[1];
    if (type) links[type] = (links[type] ?? 0) + 1;
  }
  return links;
}

async function trace(
  script: string,
  words: string,
  options: RunOptions = {},
): Promise<RunResult & { readonly links: Readonly<Record<string, number>> }> {
  let links = {};
  const result = await run(script, {
    ...options,
    workload: async (pid) => {
      links = linksOf(pid);
      await runWorkload(words);
    },
  });
  expect(result.stderr).not.toContain('ERROR');
  return { ...result, links };
}

const FORKS = 'comm forker fork 5 pid';

describe('an object', () => {
  const isContextFree = (script: string): readonly boolean[] => {
    const { probes } = inspectObject(build(script)).manifest as {
      readonly probes: readonly { readonly contextFree?: true }[];
    };
    return probes.map(({ contextFree }) => contextFree === true);
  };

  it('says which programs read nothing of their events', () => {
    expect(isContextFree('tracepoint:sched:sched_* { @[probe, comm, ustack] = count(); }')).toEqual(
      [true],
    );
    expect(isContextFree('tracepoint:sched:sched_* { @[kstack] = count(); }')).toEqual([false]);
    expect(isContextFree('tracepoint:sched:sched_switch { @ = count(); }')).toEqual([false]);
    expect(isContextFree('tracepoint:raw_syscalls:sys_* { @ = args.id; }')).not.toContain(true);
  });
});

needs('root').describe('a pattern of tracepoints', () => {
  it('is a raw tracepoint for each event, and detached at once [PRB-024]', async () => {
    const result = await trace(
      'tracepoint:sched:sched_process_* /comm == "forker"/ { for $i : 0..2 { @[probe] = count(); } }',
      FORKS,
    );
    const name = 'tracepoint:sched:sched_process_';
    expect(mapValue(result.stdout, '@', `${name}fork`)).toBe(10);
    expect(mapValue(result.stdout, '@', `${name}exit`)).toBe(12);
    expect(Object.keys(result.links)).toEqual(['raw_tracepoint']);
    expect(result.links.raw_tracepoint).toBeGreaterThan(4);
  });

  it('counts what perf events count', async () => {
    const events = 'tracepoint:sched:sched_process_*';
    const result = await trace(
      `${events} /comm == "forker"/ { @raw[probe] = count(); }
       ${events} /comm == "forker"/ { @stack[kstack(1)] = count(); @perf[probe] = count(); }`,
      FORKS,
    );
    const counts = mapEntries(result.stdout, '@raw');
    expect(counts.length).toBeGreaterThan(2);
    expect(counts).toEqual(mapEntries(result.stdout, '@perf'));
    // Both stand on the same events, so both are perf events, in the order of the script.
    expect(Object.keys(result.links)).toEqual(['perf']);
  });

  it('keeps the order of the script beside a single event [PRB-061]', async () => {
    const block = (number: number): string => `/comm == "forker"/ { printf("${number}\\n"); }`;
    const result = await trace(
      `tracepoint:sched:sched_process_f* ${block(1)} tracepoint:sched:sched_process_fork ${block(2)}
       tracepoint:sched:sched_process_f* ${block(3)}`,
      'comm forker fork 2 comm child',
    );
    expect(result.stdout.replaceAll('\n', '')).toBe('123123');
  });

  it('keeps the order of the script among patterns [PRB-061]', async () => {
    const block = (number: number): string => `/comm == "forker"/ { printf("${number}\\n"); }`;
    const result = await trace(
      [1, 2, 3].map((number) => `tracepoint:sched:sched_process_f* ${block(number)}`).join('\n'),
      'comm forker fork 2 comm child',
    );
    expect(result.stdout.replaceAll('\n', '')).toBe('123123');
    expect(Object.keys(result.links)).toEqual(['raw_tracepoint']);
  });

  it('over categories is the same', async () => {
    const result = await trace('tracepoint:*:*_w* { @[probe] = count(); }', FORKS, {
      flags: ['--probe-filter', 'tracepoint:(sched|writeback|ext4|block|workqueue|kmem):'],
    });
    expect(Number(/^Attached (\d+) probes$/m.exec(result.stderr)?.[1])).toBeGreaterThan(20);
    expect(Object.keys(result.links)).toEqual(['raw_tracepoint']);
  });
});
