/** What reports of many hosts say together, as data and as text. */
import { describe, expect, it } from 'vitest';
import type { StartReport } from '../../../compiler/rollout/report.ts';
import { summarise } from '../../../compiler/rollout/summary.ts';
import { printable, renderRollout } from '../../../compiler/rollout/text.ts';

const report = (host: string, rest: Partial<StartReport> = {}): StartReport => ({
  ...{ host, release: '6.1.0', machine: 'x86_64', digest: 'sha256:aa', object: 'tool.bt', time: 1 },
  ...{ dryRun: false, status: 0, attached: 2, leftOut: 0, missing: [], failure: undefined },
  ...{ microseconds: 1000 },
  ...rest,
});
const failure = (reason: string, place = '') => ({ code: 'load', reason, place });
const hosts = (count: number, rest: Partial<StartReport> = {}): readonly StartReport[] =>
  Array.from({ length: count }, (_, index) => report(`web-${index + 1}`, rest));

describe('a summary', () => {
  it('counts hosts by object, most first, by their digests and else by their names', () => {
    const { objects } = summarise(
      [
        report('a', { digest: undefined, object: 'x' }),
        report('b', { digest: undefined, object: 'y' }),
        report('c', { digest: 'sha256:bb' }),
        report('d', { digest: 'sha256:bb', object: 'other name' }),
      ],
      undefined,
    );
    expect(objects.map(({ digest, object, hosts }) => [digest, object, hosts])).toEqual([
      ['sha256:bb', 'tool.bt', 2],
      [undefined, 'x', 1],
      [undefined, 'y', 1],
    ]);
  });

  it('takes the latest report of a host, and of two of one time the later one', () => {
    const refusedBefore = report('a', { time: 1, status: 4, failure: failure('no') });
    const status = (...reports: readonly StartReport[]) => {
      const [object] = summarise(reports, undefined).objects;
      return [object?.hosts, object?.attached];
    };
    expect(status(refusedBefore, report('a', { time: 2 }))).toEqual([1, 1]);
    expect(status(report('a', { time: 2 }), refusedBefore)).toEqual([1, 1]);
    expect(status(refusedBefore, report('a', { time: 1 }))).toEqual([1, 1]);
    expect(status(report('a', { time: 1 }), refusedBefore)).toEqual([1, 0]);
  });

  it('says who of a list is silent, and who is in none', () => {
    const reports = [report('b'), report('d'), report('a')];
    const { silent, unlisted } = summarise(reports, new Set(['c', 'b', 'e', 'A']));
    expect([silent, unlisted]).toEqual([
      ['A', 'c', 'e'],
      ['a', 'd'],
    ]);
    const without = summarise(reports, undefined);
    expect([without.silent, without.unlisted]).toEqual([[], []]);
  });

  it('counts by kernel and machine, kernels in the order of their versions', () => {
    const [object] = summarise(
      [
        report('a', { release: '6.12.0' }),
        report('b', { release: '6.1.0', leftOut: 1 }),
        report('c', { release: '6.1.0', status: 5, leftOut: 1 }),
        report('d', { release: '6.1.0', machine: 'aarch64', dryRun: true }),
      ],
      undefined,
    ).objects;
    expect(object?.kernels).toEqual([
      { release: '6.1.0', machine: 'x86_64', hosts: 2, attached: 1, partly: 1 },
      { release: '6.1.0', machine: 'aarch64', hosts: 1, attached: 1, partly: 0 },
      { release: '6.12.0', machine: 'x86_64', hosts: 1, attached: 1, partly: 0 },
    ]);
    expect(object).toMatchObject({ hosts: 4, attached: 3, partly: 1, dryRuns: 1 });
  });

  it('puts hosts together that were refused for one reason, at one place, with one status', () => {
    const refused = (host: string, status: number, reason: string, place = '') =>
      report(host, { status, failure: failure(reason, place), release: `6.${host.length}` });
    const [object] = summarise(
      [
        refused('one', 4, 'x'),
        refused('web-10', 4, 'y'),
        refused('web-9', 4, 'y'),
        refused('web-11', 4, 'y'),
        refused('five', 4, 'y', 'a:1'),
        refused('six', 5, 'y'),
      ],
      undefined,
    ).objects;
    expect(object?.refusals).toMatchObject([
      {
        status: 4,
        reason: 'y',
        place: '',
        code: 'load',
        hosts: ['web-9', 'web-10', 'web-11'],
        kernels: ['6.5', '6.6'],
      },
      { status: 4, reason: 'x', hosts: ['one'] },
      { status: 4, reason: 'y', place: 'a:1' },
      { status: 5, reason: 'y' },
    ]);
    expect(object?.refusals).toHaveLength(4);
  });

  it('says what is missing of hosts that attached alone', () => {
    const missing = [{ probe: 'kprobe:f', reason: 'no' }];
    const [object] = summarise(
      [
        report('a', { missing, leftOut: 1 }),
        report('b', { missing: [...missing, ...missing, { probe: 'kprobe:g', reason: 'no' }] }),
        report('c', { missing, status: 4, failure: failure('x') }),
      ],
      undefined,
    ).objects;
    expect(object?.missing).toEqual([
      { probe: 'kprobe:f', reason: 'no', hosts: ['a', 'b'], kernels: ['6.1.0'] },
      { probe: 'kprobe:g', reason: 'no', hosts: ['b'], kernels: ['6.1.0'] },
    ]);
  });

  it('has times that hosts took: the nearest of half of them, of 90 and of 99 in a hundred', () => {
    const times = (count: number) =>
      summarise(
        Array.from({ length: count }, (_, index) =>
          report(`h${count - index}`, { microseconds: (count - index) * 1000 }),
        ),
        undefined,
      ).objects[0]?.times;
    expect(times(1)).toEqual({ p50: 1, p90: 1, p99: 1, most: 1, slowest: 'h1' });
    expect(times(10)).toEqual({ p50: 5, p90: 9, p99: 10, most: 10, slowest: 'h10' });
    expect(times(200)).toEqual({ p50: 100, p90: 180, p99: 198, most: 200, slowest: 'h200' });
    const refused = [report('a', { status: 4, failure: failure('x') })];
    expect(summarise(refused, undefined).objects[0]?.times).toBeUndefined();
  });
});

describe('its text', () => {
  const text = (reports: readonly StartReport[], listed?: ReadonlySet<string>): string =>
    renderRollout(summarise(reports, listed));

  it('has kernels, what was refused, what is missing and times', () => {
    const missing = [{ probe: 'kprobe:f', reason: 'not there' }];
    expect(
      text(
        [
          report('web-1', { microseconds: 9949 }),
          report('web-2', { release: '6.12', leftOut: 1, missing, microseconds: 10_000 }),
          report('web-3', { status: 4, failure: failure('refused', 'tool.bt:3:1') }),
          report('db', { status: 5, failure: failure('') }),
        ],
        new Set(['web-1', 'web-2', 'web-3', 'silent']),
      ),
    ).toBe(`tool.bt sha256:aa
attached on 2 of 4 hosts, on 1 of them without some probes

kernel  machine  hosts  attached  partly  refused
6.1.0   x86_64       3         1       0        2
6.12    x86_64       1         1       1        0

refused on 1 host (status 4): tool.bt:3:1: refused
  kernels: 6.1.0
  hosts: web-3

refused on 1 host (status 5): it says no reason
  kernels: 6.1.0
  hosts: db

without kprobe:f on 1 host: not there
  kernels: 6.12
  hosts: web-2

attached within 9.9 ms on half of the hosts, 10 ms on 90 %, 10 ms on 99 %, 10 ms on web-2

never reported: silent

not in the list: db
`);
  });

  it('is nothing of no reports, and ends behind the last object', () => {
    expect(text([])).toBe('');
    expect(text([report('a')])).toMatch(/ 1\.0 ms on a\n$/);
  });

  it('says of dry runs that they were, all of them or some', () => {
    expect(text([report('a', { dryRun: true, digest: undefined })])).toMatch(
      /^tool\.bt \(not read\)\nattached on 1 of 1 host \(dry run\)\n/,
    );
    expect(text([report('a', { dryRun: true }), report('b')])).toContain(
      'attached on 2 of 2 hosts (1 of them dry runs)\n',
    );
    expect(text([report('b')])).toContain('attached on 1 of 1 host\n');
  });

  it('shows so many names, kernels and reasons, and how many more there are', () => {
    const refused = { status: 4, failure: failure('x') };
    expect(text(hosts(8, refused))).toContain(
      '  hosts: web-1 web-2 web-3 web-4 web-5 web-6 web-7 web-8\n',
    );
    expect(text(hosts(9, refused))).toContain(' web-8 and 1 more\n');
    const reasons = (count: number) =>
      text(
        hosts(count).map((one, index) => ({ ...one, status: 4, failure: failure(`r${index}`) })),
      );
    expect(reasons(20)).not.toContain('other reason');
    expect(reasons(21)).toContain('and 1 other reason\n');
    expect(reasons(22)).toContain('and 2 other reasons\n');
    expect(reasons(22).match(/^refused on/gm)).toHaveLength(20);
    const kernels = (count: number) =>
      text(hosts(count).map((one, index) => ({ ...one, release: `6.${index}` })));
    expect(kernels(40)).not.toContain('and ');
    expect(kernels(41)).toContain('\nand 1 kernel\n');
    expect(kernels(41)).not.toContain('\n6.40 ');
  });

  it('is one line of what hosts wrote, whatever stands in it', () => {
    expect(printable('a\n\u001b[1mb\u2028\u200bé')).toBe('a\\u{a}\\u{1b}[1mb\\u{2028}\\u{200b}é');
    expect(printable('x'.repeat(300))).toBe('x'.repeat(300));
    expect(printable('x'.repeat(301))).toBe(`${'x'.repeat(300)}...`);
  });
});
