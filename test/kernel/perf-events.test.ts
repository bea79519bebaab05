/** Timers and counters of perf, against workloads of known truth. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, type RunOptions, type RunResult, run, waiting } from '../support/run.ts';

/** Numbers of the CPUs that are online: `0-1,3` of sysfs. */
function onlineCpus(): readonly string[] {
  const text = readFileSync('/sys/devices/system/cpu/online', 'latin1').trim();
  return text.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
  });
}

/** Traces, under sanitizers, the process of a workload. */
function withProcess(
  script: string,
  workload: string,
  options: RunOptions = {},
): Promise<RunResult> {
  const traced = waiting(workload);
  return run(script, {
    ...options,
    flags: ['-p', traced.pid, ...(options.flags ?? [])],
    signal: 'none',
    loader: LOADER_ASAN,
    workload: traced.go,
  });
}

needs('root').describe('profile and interval', () => {
  it('profile in hz, s, ms and us fires on all CPUs [PRB-044]', async () => {
    const result = await run(
      `profile:hz:100 { @hz[cpu] = count(); } profile:s:1 { @s[cpu] = count(); }
       profile:ms:10 { @ms[cpu] = count(); } profile:us:2500 { @us[cpu] = count(); }
       END { printf("%lld", elapsed); }`,
      { workload: 'threads 4 spin 5000' },
    );
    const most = Number(/^\d+/.exec(result.stdout)?.[0]) / 1e9;
    const cpus = onlineCpus();
    for (const [map, rate] of [
      ['@hz', 100],
      ['@s', 1],
      ['@ms', 100],
      ['@us', 400],
    ] as const) {
      const counts = mapEntries(result.stdout, map);
      expect(counts.map(([cpu]) => cpu).sort(), map).toEqual(cpus);
      // The kernel reaches a frequency by trying.
      for (const [, count] of counts) expect(count).toBeLessThanOrEqual(1.5 * most * rate + 2);
    }
    for (const cpu of cpus)
      expect(mapValue(result.stdout, '@us', cpu)).toBeGreaterThan(
        mapValue(result.stdout, '@ms', cpu) ?? Number.NaN,
      );
  });

  it('interval in hz, s, ms and us fires on one CPU [PRB-046]', async () => {
    const result = await run(
      `interval:hz:100 { @[probe, cpu] = count(); } interval:s:1 { @[probe, cpu] = count(); }
       interval:ms:10 { @[probe, cpu] = count(); } interval:us:2500 { @[probe, cpu] = count(); }`,
      { workload: 'threads 4 spin 300 sleep 1000' },
    );
    const [first] = onlineCpus();
    expect(
      mapEntries(result.stdout, '@')
        .map(([key]) => key)
        .sort(),
    ).toEqual([
      `interval:hz:100, ${first}`,
      `interval:ms:10, ${first}`,
      `interval:s:1, ${first}`,
      `interval:us:2500, ${first}`,
    ]);
  });

  it('-p limits profile to the process, but not interval [PRB-048]', async () => {
    const idle = await withProcess(
      'interval:ms:10 { @interval = count(); } profile:ms:10 { @profile = count(); }',
      'sleep 200',
    );
    expect(mapValue(idle.stdout, '@interval')).toBeGreaterThan(10);
    // A sleeping process has no CPU time to sample, but its end has some.
    expect(mapValue(idle.stdout, '@profile') ?? 0).toBeLessThan(5);
    const busy = await withProcess(
      'interval:ms:10 { @interval[pid == cpid] = count(); } profile:ms:10 { @profile[comm] = count(); }',
      'comm busy threads 2 spin 200',
    );
    expect(mapEntries(busy.stdout, '@profile').map(([key]) => key)).toEqual(['busy']);
    expect(mapValue(busy.stdout, '@profile', 'busy')).toBeGreaterThan(5);
  });
});

needs('root').describe('software events', () => {
  it('count every event by name and alias, and attach all others too [PRB-049]', async () => {
    const result = await run(
      `software:page-faults:1 /comm == "toucher"/ { @[probe] = count(); }
       s:faults:1 /comm == "toucher"/ { @[probe] = count(); }
       software:minor-faults:1 /comm == "toucher"/ { @[probe] = count(); }
       software:context-switches:1 /comm == "toucher"/ { @[probe] = count(); }
       software:cs:1 /comm == "toucher"/ { @[probe] = count(); }
       software:cpu-clock /comm == "toucher"/ { @[probe] = count(); }
       software:cpu /comm == "toucher"/ { @[probe] = count(); }
       software:alignment-faults, software:bpf-output, software:cpu-migrations, software:dummy,
       software:emulation-faults, software:major-faults { @other = count(); }`,
      { workload: 'comm toucher touch 3000 fork 5 sleep 1', loader: LOADER_ASAN },
    );
    expect(result.stderr).toBe('Attached 13 probes\n');
    const counts = new Map(mapEntries(result.stdout, '@'));
    for (const name of ['page-faults:1', 'faults:1', 'minor-faults:1'])
      expect(counts.get(`software:${name}`)).toBeGreaterThanOrEqual(3000);
    expect(counts.get('software:page-faults:1')).toBe(counts.get('software:faults:1'));
    expect(counts.get('software:page-faults:1')).toBeLessThan(4500);
    for (const name of ['context-switches:1', 'cs:1'])
      expect(counts.get(`software:${name}`)).toBeGreaterThanOrEqual(5);
    for (const name of ['cpu-clock', 'cpu'])
      expect(counts.get(`software:${name}`)).toBeGreaterThan(0);
  });

  it('run after as many events as their default says [PRB-049]', async () => {
    const result = await run(
      `software:faults:1 { @each = count(); } software:faults { @hundredth = count(); }
       software:minor-faults { @minor = count(); } software:minor-faults:1000 { @thousandth = count(); }
       software:cs:1 { @switch = count(); } software:cs { @switches = count(); }`,
      { workload: 'touch 20000 storm 20 fork 600 sleep 1' },
    );
    const count = (name: string): number => mapValue(result.stdout, name) ?? Number.NaN;
    // Each CPU counts for itself, and probes are attached and detached one after the other.
    const slack = 2 * onlineCpus().length + 10;
    expect(count('@each')).toBeGreaterThan(20_000);
    for (const [name, per] of [
      ['@hundredth', 100],
      ['@minor', 100],
      ['@thousandth', 1000],
    ] as const)
      expect(Math.abs(count(name) - count('@each') / per), name).toBeLessThan(slack);
    expect(
      Math.abs((mapValue(result.stdout, '@switches') ?? 0) - count('@switch') / 1000),
    ).toBeLessThan(slack);
  });

  it('follow the process of -p with the threads that it starts later', async () => {
    const result = await withProcess(
      'software:faults:1 { @[pid == $1, comm] = count(); }',
      'comm faulter threads 4 touch 500',
      { parameters: ['0'] },
    );
    expect(mapEntries(result.stdout, '@').map(([key]) => key)).toEqual(['false, faulter']);
    expect(mapValue(result.stdout, '@', 'false, faulter')).toBeGreaterThanOrEqual(2000);
  });

  it('take event and count from parameters', async () => {
    const script = 'software:$1:$2 { @[probe] = count(); }';
    const result = await run(script, { workload: 'touch 2000', parameters: ['faults', '10'] });
    expect(mapValue(result.stdout, '@', 'software:faults:10')).toBeGreaterThanOrEqual(190);
    for (const [parameters, message] of [
      [['faults', 'x'], "software count should be a positive integer, not 'x'."],
      [['faults', '-1'], "software count should be a positive integer, not '-1'."],
      [['f*', '1'], "'f*' is not a software event."],
      [['cycles', '1'], "'cycles' is not a software event."],
    ] as const) {
      const refused = await run(script, { parameters, signal: 'none', loader: LOADER_ASAN });
      expect(refused.stderr).toContain(`stdin:1:1: ERROR: ${message}\n${script}\n~~~~~~~~~~~~~~\n`);
      expect(refused.status).toBe(1);
    }
  });
});

needs('root').describe('hardware events', () => {
  const script = `hardware:instructions:100000 /comm == "worker"/ { @[probe] = count(); }
    hardware:cycles /comm == "worker"/ { @[probe] = count(); } END { printf("ended\\n"); }`;

  needs('hardware counters').it('count on the processor [PRB-050]', async () => {
    const { stdout } = await run(script, { workload: 'comm worker spin 300' });
    expect(mapValue(stdout, '@', 'hardware:instructions:100000')).toBeGreaterThan(10);
    expect(mapValue(stdout, '@', 'hardware:cycles')).toBeGreaterThan(10);
  });

  needs('a machine without hardware counters').it(
    'are told where the machine has none, as missing_probes says [PRB-050]',
    async () => {
      const refused = await run(script, { signal: 'none', loader: LOADER_ASAN });
      expect(refused.stderr).toContain(
        'stdin:1:1: ERROR: Cannot attach hardware:instructions:100000: this machine does not count the event',
      );
      expect(refused.status).toBe(3);
      const warned = await run(
        `config = { missing_probes = "warn" } ${script} interval:ms:20 { exit(); }`,
        {
          signal: 'none',
          loader: LOADER_ASAN,
        },
      );
      expect(warned.stderr.match(/WARNING: Cannot attach hardware:\w+.* Skipping\./g)).toHaveLength(
        2,
      );
      expect(warned).toMatchObject({ stdout: 'ended\n\n\n', status: 0 });
    },
  );
});
