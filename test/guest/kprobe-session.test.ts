/** A kprobe and a kretprobe of the same functions: one program on one link where the kernel has kprobe.session. */

import { describe, expect } from 'vitest';
import { histogram, mapEntries, mapValue, stackEntries, total } from '../support/expect.ts';
import { isBefore } from '../support/guest.ts';
import {
  type GuestScript,
  LOADER_PID,
  SUPPORTED,
  scriptsInGuest,
} from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

const READS = `/workload comm reader read 50 100 read 20 1000
echo links: $(cat /proc/${LOADER_PID}/fdinfo/* | grep -c link_type)
`;
const FILTER = '/comm == "reader"/';

const TIMES = `kprobe:vfs_read ${FILTER} { @start[tid] = nsecs; @calls = count(); @size[arg2] = count(); return 1; }
  kretprobe:vfs_read /@start[tid]/ {
    @ns[comm] = hist((int64)(nsecs - @start[tid]));
    delete(@start, tid);
    @names[probe, func, retval] = count();
  }`;
const NAMES = `kprobe:vfs_rea* ${FILTER} { @[probe, func, arg2] = count(); }
  kretprobe:vfs_rea* ${FILTER} { @[probe, func, retval] = count(); for $i : 0..2 { @loop[probe] = sum($i); } }`;
const STACKS = `kprobe:vfs_read ${FILTER} { @entry[kstack] = count(); } kretprobe:vfs_read ${FILTER} { @exit[kstack] = count(); }`;

const COMMANDS = {
  times: { text: TIMES, script: READS },
  timesApart: { text: TIMES, script: READS, flags: '--no-feature kprobe_session' },
  names: { text: NAMES, script: READS },
  namesApart: { text: NAMES, script: READS, flags: '--no-feature kprobe_session' },
  stacks: { text: STACKS, script: READS },
  stacksApart: { text: STACKS, script: READS, flags: '--no-feature kprobe_session' },
  parameter: {
    text: NAMES.replaceAll('vfs_rea*', '$1'),
    script: READS,
    parameters: 'vfs_read',
  },
  filtered: { text: NAMES, script: READS, flags: '--probe-filter ^kret' },
  several: {
    text: `kprobe:vfs_read ${FILTER} { @[1] = count(); } kretprobe:vfs_read ${FILTER} { @[2] = count(); }
      kretprobe:vfs_read ${FILTER} { @[3] = count(); }`,
    script: READS,
  },
  two: {
    text: `kprobe:vfs_read, kprobe:vfs_write ${FILTER} { @[1] = count(); } kretprobe:vfs_read ${FILTER} { @[2] = count(); }`,
    script: READS,
  },
  missing: {
    text: 'kprobe:no_such_function { @ = 1; } kretprobe:no_such_function { @ = 2; }',
    endsItself: true,
  },
} satisfies Record<string, GuestScript>;

type Name = keyof typeof COMMANDS;

describe.each(SUPPORTED)('On Linux %s both ends of a function', (series) => {
  const hasSessions = !isBefore(series, '6.10');
  const of = scriptsInGuest(series, COMMANDS);
  const links = (name: Name): number => Number(/^links: (\d+)$/m.exec(of(name).stdout)?.[1]);
  const output = (name: Name): string => of(name).stdout.replace(/^links: .*\n/m, '');

  const test = needs(`Linux ${series}`).it;

  test('see the same with one link as with two [PRB-014]', () => {
    expect(links('times'), of('times').stderr).toBe(hasSessions ? 1 : 2);
    expect(links('timesApart')).toBe(2);
    for (const name of ['times', 'timesApart'] as const) {
      const { stdout } = of(name);
      expect(of(name).status).toBe(0);
      expect(mapValue(stdout, '@calls')).toBe(70);
      expect(mapEntries(stdout, '@size')).toEqual([
        ['1000', 20],
        ['100', 50],
      ]);
      expect(total(histogram(stdout, '@ns[reader]'))).toBe(70);
      expect(mapEntries(stdout, '@start')).toEqual([]);
      expect(mapEntries(stdout, '@names')).toEqual([
        ['kretprobe:vfs_read, vfs_read, 1000', 20],
        ['kretprobe:vfs_read, vfs_read, 100', 50],
      ]);
    }
    expect(of('times').stderr).toContain(
      hasSessions ? 'Attached 1 probe\n' : 'Attached 2 probes\n',
    );
  });

  test('of a pattern have names of their own [PRB-014]', () => {
    for (const name of ['names', 'namesApart'] as const) {
      const { stdout, stderr } = of(name);
      expect(mapValue(stdout, '@', 'kprobe:vfs_read, vfs_read, 100'), stderr).toBe(50);
      expect(mapValue(stdout, '@', 'kretprobe:vfs_read, vfs_read, 1000')).toBe(20);
      expect(mapEntries(stdout, '@')).toHaveLength(4);
      expect(mapEntries(stdout, '@loop')).toEqual([['kretprobe:vfs_read', 70]]);
    }
    if (!hasSessions) return;
    expect(links('names')).toBe(1);
    expect(links('namesApart')).toBe(2);
  });

  test('have the same stacks', () => {
    for (const map of ['@entry', '@exit']) {
      const [stack, ...others] = stackEntries(output('stacks'), map);
      expect(others).toEqual([]);
      expect(stack?.count).toBe(70);
      const [apart] = stackEntries(output('stacksApart'), map);
      expect(stack?.frames.slice(1)).toEqual(apart?.frames.slice(1));
    }
  });

  test('are found by a parameter', () => {
    const { stdout, stderr } = of('parameter');
    expect(mapValue(stdout, '@', 'kprobe:vfs_read, vfs_read, 100'), stderr).toBe(50);
    expect(mapValue(stdout, '@', 'kretprobe:vfs_read, vfs_read, 1000')).toBe(20);
    expect(links('parameter')).toBe(hasSessions ? 1 : 2);
  });

  test('stay apart where only one is wanted', () => {
    expect(mapEntries(of('filtered').stdout, '@')).toEqual([
      ['kretprobe:vfs_read, vfs_read, 1000', 20],
      ['kretprobe:vfs_read, vfs_read, 100', 50],
    ]);
  });

  test('are merged only if there are two blocks of one attach point each [PRB-075]', () => {
    expect(mapEntries(of('several').stdout, '@').map(([, count]) => count)).toEqual([70, 70, 70]);
    expect(links('several')).toBe(3);
    expect(mapEntries(of('two').stdout, '@').map(([, count]) => count)).toEqual([70, 70]);
    expect(links('two')).toBe(3);
  });

  test('of a function that is not there are an error', () => {
    expect(of('missing').stderr).toContain('No matches for k');
    expect(of('missing').status).toBe(1);
  });
});
