/** Reports of hosts: what is right is taken, what is not is refused by its name, and nothing is longer than it may be. */
import { describe, expect, it } from 'vitest';
import { parseReport } from '../../../compiler/rollout/report.ts';

const RIGHT = {
  type: 'start',
  schema: 1,
  host: 'web-1',
  time: 1700,
  status: 0,
  kernel: { release: '6.1.0-1', machine: 'x86_64' },
  object: { file: 'tool.o', digest: `sha256:${'0a'.repeat(32)}`, script: 'tool.bt' },
  probes: { attached: 3, left_out: 1, missing: [{ probe: 'kprobe:f', reason: 'not there' }] },
  microseconds: { read: 5, load: 70, attach: 800 },
};

type Changes = Readonly<Record<string, unknown>>;
const parsed = (changes: Changes = {}) => parseReport(JSON.stringify({ ...RIGHT, ...changes }));
const refused = (changes: Changes) => expect(() => parsed(changes));

describe('a report', () => {
  it('is what the host wrote', () => {
    expect(parsed()).toEqual({
      ...{ host: 'web-1', release: '6.1.0-1', machine: 'x86_64', object: 'tool.bt', time: 1700 },
      digest: `sha256:${'0a'.repeat(32)}`,
      ...{ dryRun: false, status: 0, attached: 3, leftOut: 1, microseconds: 875 },
      missing: [{ probe: 'kprobe:f', reason: 'not there' }],
      failure: undefined,
    });
    expect(parsed({ dry_run: true }).dryRun).toBe(true);
    expect(parsed({ dry_run: 1 }).dryRun).toBe(false);
  });

  it('is called as its file where no script is known, and has no digest of what could not be read', () => {
    const { object, digest } = parsed({ object: { file: 'x.o' } });
    expect([object, digest]).toEqual(['x.o', undefined]);
  });

  it('has what failed where something did, and its place as far as there is one', () => {
    const failure = { code: 'load', reason: 'refused', file: 'tool.bt', line: 3, column: 1 };
    expect(parsed({ status: 4, failure }).failure).toEqual({
      ...{ code: 'load', reason: 'refused', place: 'tool.bt:3:1' },
    });
    const without = { code: 'load', reason: 'refused' };
    expect(parsed({ status: 255, failure: without }).failure?.place).toBe('');
    expect(
      parsed({ status: 1, failure: { ...without, file: 'a.bt', line: 2 } }).failure?.place,
    ).toBe('a.bt:2');
    expect(parsed({ failure }).failure).toBeUndefined();
  });

  it('keeps a bounded part of each text and list', () => {
    const missing = Array.from({ length: 65 }, (_, index) => ({
      probe: `p${index}`,
      reason: 'r'.repeat(1025),
    }));
    const report = parsed({
      host: 'h'.repeat(1025),
      probes: { ...RIGHT.probes, missing },
    });
    expect([report.host.length, report.missing.length]).toEqual([1024, 64]);
    expect(report.missing.at(-1)).toEqual({ probe: 'p63', reason: 'r'.repeat(1024) });
    expect(parsed({ probes: { attached: 0, left_out: 0 } }).missing).toEqual([]);
  });

  it.each([
    ['host is empty', { host: '' }],
    ['host is no text', { host: 7 }],
    ['status is no exit status', { status: 256 }],
    ['status is no number', { status: -1 }],
    ['time is no number', { time: '1' }],
    ['kernel is not as it should be', { kernel: [] }],
    ['release is no text', { kernel: { machine: 'x' } }],
    ['machine is no text', { kernel: { release: 'x' } }],
    ['object is not as it should be', { object: null }],
    ['file is no text', { object: {} }],
    ['script is no text', { object: { file: 'x', script: 5 } }],
    ['digest is not as it should be', { object: { file: 'x', digest: 'sha256:0' } }],
    ['digest is not as it should be', { object: { file: 'x', digest: 5 } }],
    [
      'digest is not as it should be',
      { object: { file: 'x', digest: `sha256:${'a'.repeat(65)}` } },
    ],
    [
      'digest is not as it should be',
      { object: { file: 'x', digest: `xsha256:${'a'.repeat(64)}` } },
    ],
    ['attached is no number', { probes: { left_out: 0 } }],
    ['left_out is no number', { probes: { attached: 0 } }],
    ['missing is no list', { probes: { attached: 0, left_out: 0, missing: {} } }],
    ['missing is not as it should be', { probes: { attached: 0, left_out: 0, missing: [1] } }],
    ['reason is no text', { probes: { attached: 0, left_out: 0, missing: [{ probe: 'x' }] } }],
    ['failure is not as it should be', { status: 1 }],
    ['code is no text', { status: 1, failure: { reason: 'x' } }],
    ['line is no number', { status: 1, failure: { code: 'x', reason: 'x', line: 'x' } }],
    ['microseconds is no number', { microseconds: { read: 0.5 } }],
    ['it is no report of a start', { type: 'end' }],
    ['it is of another version', { schema: 2 }],
  ] as const)('is refused where %s', (message, changes) => {
    refused(changes).toThrow(message);
  });

  it('is JSON', () => {
    expect(() => parseReport('{')).toThrow('it is not JSON');
    expect(() => parseReport('[]')).toThrow('it is not as it should be');
  });
});
