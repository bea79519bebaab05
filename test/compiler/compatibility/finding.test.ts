/** Findings beside each other, versions of kernels, and records by their places. */
import { describe, expect, it } from 'vitest';
import {
  FEATURE_KINDS,
  isFault,
  summarise,
  VERDICTS,
  worse,
} from '../../../compiler/compatibility/finding.ts';
import { isSince } from '../../../compiler/compatibility/host.ts';
import { firstFrom, within } from '../../../compiler/compatibility/within.ts';

describe('verdicts', () => {
  it('go from the best to the worst', () => {
    for (const [index, one] of VERDICTS.entries())
      for (const [at, other] of VERDICTS.entries()) expect(worse(one, other)).toBe(index > at);
    expect(VERDICTS.filter((verdict) => isFault({ verdict }))).toEqual([
      'missing',
      'other layout',
      'refused',
    ]);
  });
});

describe('findings about one thing', () => {
  it('are one: the worst, and of equals the first', () => {
    const member = { kind: 'member', name: 'a' } as const;
    expect(
      summarise([
        { ...member, verdict: 'ok' },
        { ...member, verdict: 'missing', reason: 'first' },
        { ...member, verdict: 'missing', reason: 'second' },
        { ...member, verdict: 'adapted' },
        { ...member, kind: 'type', verdict: 'ok' },
        { ...member, name: 'b', verdict: 'ok' },
      ]),
    ).toEqual([
      { ...member, verdict: 'missing', reason: 'first' },
      { ...member, name: 'b', verdict: 'ok' },
      { ...member, kind: 'type', verdict: 'ok' },
    ]);
  });

  it('stand in the order of their kinds', () => {
    const all = [...FEATURE_KINDS].reverse().map((kind) => ({ kind, name: kind, verdict: 'ok' }));
    expect(summarise(all as never).map(({ kind }) => kind)).toEqual(FEATURE_KINDS);
  });
});

describe('versions', () => {
  it.each([
    ['6.1.0-13-amd64', '5.15', true],
    ['6.1.0', '6.1', true],
    ['6.1.0', '6.2', false],
    ['6.12.1', '6.2', true],
    ['5.15.0', '6.1', false],
    ['7.0-rc1', '6.18', true],
    ['6.4-rc2', '6.4', true],
  ])('%s is since %s: %s', (release, version, since) => {
    expect(isSince(release, version)).toBe(since);
  });
});

describe('records', () => {
  const records = [1, 3, 3, 5, 9].map((offset) => ({ offset }));
  it('are found by their places, from one on and before another', () => {
    expect([0, 1, 2, 3, 4, 9, 10].map((place) => firstFrom(records, place))).toEqual([
      0, 0, 1, 1, 3, 4, 5,
    ]);
    const offsets = (start: number, end: number) =>
      within(records, start, end).map(({ offset }) => offset);
    expect(offsets(3, 9)).toEqual([3, 3, 5]);
    expect(offsets(0, 100)).toEqual([1, 3, 3, 5, 9]);
    expect(offsets(4, 5)).toEqual([]);
    expect(firstFrom([], 4)).toBe(0);
  });
});
