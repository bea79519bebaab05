/** Series and histograms of maps: the bounds of their arguments, and where a wrong one stands. */
import { describe, expect, it } from 'vitest';
import { analysed, body, expectError, expectNoWarnings, expectTypes, plain } from './expect.ts';

const SERIES = 'config = { unstable_tseries = enable } begin';
const series = (args: string, key = ''): string => `${SERIES} { @s${key} = tseries(${args}); }`;

/** The type of the aggregation that the first statement makes. */
const aggregate = (script: string): unknown =>
  (plain(body(script)[0]) as { readonly aggregate: unknown }).aggregate;

describe('A series', () => {
  it('has an interval, a number of them, and what is kept of each', () => {
    expect(aggregate(series('pid, 1s, 5'))).toEqual({
      ...{ kind: 'tseries', signed: false, aggregation: 'last', interval: 1_000_000_000, count: 5 },
    });
    for (const aggregation of ['avg', 'max', 'min', 'sum'])
      expect(aggregate(series(`(int8)1, 7, 1, "${aggregation}"`))).toEqual({
        ...{ kind: 'tseries', signed: true, aggregation, interval: 7, count: 1 },
      });
  });

  it('has at least one interval of a nanosecond, and at most a million', () => {
    expectNoWarnings(series('1, 1, 1'));
    expectNoWarnings(series('1, 1, 1000000'));
    expectNoWarnings(series('1, 9007199254740991, 1'));
    expectError(series('1, 0, 1'), 'tseries() interval_ns must be >= 1 (0 provided)', '0');
    expectError(
      series('1, 9007199254740992, 1'),
      'tseries() interval_ns must be below 2^53 (9007199254740992 provided)',
      '9007199254740992',
    );
    expectError(series('1, 1, 0'), 'tseries() num_intervals must be >= 1 (0 provided)', '0');
    expectError(
      series('1, 1, 1000001'),
      'tseries() num_intervals must be <= 1000000 (1000001 provided)',
      '1000001',
    );
  });

  it('of a map with keys is as long as a value may be', () => {
    expectNoWarnings(series('1, 1, 10', '[pid]'));
    expectNoWarnings(series('1, 1, 1000000'));
    expectError(series('1, 1, 1000000', '[pid]'), 'tseries', '1000000');
  });

  it('keeps one of four things, which are written as texts', () => {
    const told = (last: string) =>
      analysed(series(`1, 1, 1, ${last}`)).diagnostics.map(({ message, hints, fixes }) => [
        message.replace(/.*: /, ''),
        hints,
        fixes?.map(({ text }) => text),
      ]);
    const HINT = 'Write it as a text: "avg". Without it, the last value of each interval is kept.';
    expect(told('"last"')).toEqual([['avg, max, min, sum ("last" provided)', [HINT], undefined]]);
    expect(told('avg')[0]?.slice(1)).toEqual([[HINT], ['"avg"']]);
    expect(told('last')).toEqual([
      ['avg, max, min, sum (something else provided)', [HINT], undefined],
    ]);
  });

  it('agrees with others of its map in all but its sign', () => {
    const two = (first: string, second: string) =>
      `${SERIES} { @s = tseries(${first}); @s = tseries(${second}); }`;
    expectNoWarnings(two('1, 1, 1', '2, 1, 1'));
    expectNoWarnings(two('(int8)1, 1, 1', '(uint8)2, 1, 1'));
    const different = 'Different tseries bounds in a single map unsupported';
    expectError(two('1, 1, 1', '1, 2, 1'), different, 'tseries(1, 2, 1)');
    expectError(two('1, 1, 1', '1, 1, 2'), different);
    expectError(two('1, 1, 1', '1, 1, 1, "sum"'), different);
  });

  it('may still change: the script is told, or refused, unless it says that it knows', () => {
    const said = (policy: string) =>
      analysed(
        `config = { unstable_tseries = ${policy} } begin { @s = tseries(1, 1, 1); }`,
      ).diagnostics.map(({ severity, range }) => [severity, range && range.end - range.start]);
    expect(said('warn')).toEqual([['warning', 'tseries'.length]]);
    expect(said('error')).toEqual([['error', 'tseries'.length]]);
    expect(said('enable')).toEqual([]);
  });
});

describe('A histogram', () => {
  it('has up to five bits', () => {
    for (const bits of [0, 5])
      expect(aggregate(`@h = hist(pid, ${bits});`)).toEqual({ kind: 'hist', bits });
    expect(aggregate('@h = hist(pid);')).toEqual({ kind: 'hist', bits: 0 });
    const message = 'hist() bits must be between 0 and 5';
    expectError('@h = hist(pid, 6);', `${message} (6 provided)`, '6');
    expectError('@h = hist(pid, -1);', `${message} (-1 provided)`, '-1');
  });

  it('that is linear has up to a thousand steps between its bounds', () => {
    expect(aggregate('@h = lhist(pid, -5, 5, 2);')).toEqual({
      ...{ kind: 'lhist', min: -5, max: 5, step: 2 },
    });
    expectTypes('@h = lhist(pid, 0, 1, 1);', { '@h': 'lhist_t' });
    expectTypes('@h = lhist(pid, 0, 1000, 1);', { '@h': 'lhist_t' });
    expectTypes('@h = lhist(pid, 0, 2001, 2);', { '@h': 'lhist_t' });
    expectError('@h = lhist(pid, 0, 2002, 2);', 'would need 1001', 'lhist(pid, 0, 2002, 2)');
    expectError('@h = lhist(pid, 5, 5, 1);', 'min 5 and max 5', '5');
    expectError('@h = lhist(pid, 0, 9, 0);', 'lhist() step must be >= 1 (0 provided)', '0');
    expectError('@h = lhist(pid, 0, 9, -1);', 'lhist() step must be >= 1 (-1 provided)', '-1');
  });

  it('puts a value where its own sign says, and others count in that of the map', () => {
    const value = (script: string) => (plain(body(script)[0]) as { readonly value: unknown }).value;
    expect(value('@h = hist((int8)pid);')).toMatchObject({ type: { size: 8, signed: true } });
    expect(value('@h = hist((uint8)pid);')).toMatchObject({ type: { size: 8, signed: false } });
    expect(value('@s = sum((uint8)pid); @s = sum((int8)pid);')).toMatchObject({
      type: { size: 8, signed: true },
    });
    expect(value('@s = sum((uint8)pid);')).toMatchObject({ type: { size: 8, signed: false } });
  });

  it('takes numbers alone, and no types', () => {
    expectError(
      '@h = hist(comm);',
      'hist() only supports integer arguments (string provided)',
      'comm',
    );
    expectError('@h = hist(curtask);', '(pointer provided)', 'curtask');
    expectNoWarnings('@h = hist(true); @s = sum(APPLE);');
    expectError('@h = hist(typeof(int8));', 'hist() does not take a type as argument');
  });
});
