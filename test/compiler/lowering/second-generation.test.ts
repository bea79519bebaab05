/** Programs use the generation that the word names, for everything that they do with a map. */
import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { interpret, type Value } from '../../support/interpreter.ts';

/** A script with one program that runs in each generation, and another that empties all of these maps. */
const emptied = (body: string, maps: readonly string[]): string =>
  `config = { unstable_tseries = enable } kprobe:vfs_read { ${body} } interval:s:1 { ${maps.map((map) => `print(${map}); clear(${map});`).join(' ')} }`;

function register(first: bigint): Uint8Array {
  const context = new Uint8Array(256);
  new DataView(context.buffer).setBigUint64(112, first, true);
  return context;
}

/** What `read` says behind so many runs in the first generation, then in the second, then in the first again. */
function seen(script: string, maps: readonly string[], read: string): readonly unknown[] {
  const machine = interpret(build(script), { cpus: 2 });
  const result: unknown[] = [];
  for (const [generation, runs] of [
    [0, 3],
    [1, 2],
    [0, 1],
  ] as const) {
    for (const map of maps) machine.use(map, generation);
    for (let run = 0; run < runs; run += 1)
      machine.run('kprobe_vfs_read_1', register(BigInt(run)), run % 2);
    result.push(machine.value(read));
  }
  return result;
}

describe('in each generation', () => {
  it.each<
    readonly [what: string, map: string, body: string, first: Value, second: Value, again: Value]
  >([
    ['a number is kept', '@s', '@s += 1; @r = @s;', 3n, 2n, 4n],
    ['a number steps', '@s', '@s++; @r = @s;', 3n, 2n, 4n],
    [
      'a text is kept',
      '@s',
      '@r = @s; @s = str_concat("run", arg0 == 0 ? "a" : "b");',
      'runb',
      'runa',
      'runb',
    ],
    ['a tuple is kept', '@s', '@s = (arg0, @s.0 + 1); @r = @s.1;', 2n, 1n, 3n],
    ['runs are counted', '@s', '@s = count(); @r = (int64)@s;', 3n, 2n, 4n],
    ['the least is kept', '@s', '@s = min(arg0 + 5); @r = (int64)@s;', 5n, 5n, 5n],
    ['the most is kept', '@s', '@s = max(arg0); @r = (int64)@s;', 2n, 1n, 2n],
    ['a mean is kept', '@s', '@s = avg(arg0 * 2); @r = (int64)@s;', 2n, 1n, 1n],
    ['elements are kept', '@k', '@k[arg0] += 1; @r = @k[0];', 1n, 1n, 2n],
    ['elements step', '@k', '@r = ++@k[7];', 3n, 2n, 4n],
    ['elements are counted', '@k', '@k[arg0] = count(); @r = (int64)@k[0];', 1n, 1n, 2n],
    ['elements are summed up', '@k', '@k["x"] = sum(arg0 + 1); @r = (int64)@k["x"];', 6n, 3n, 7n],
    ['elements are there', '@k', '@r = has_key(@k, 1); @k[arg0] = 1;', true, false, true],
    ['elements are deleted', '@k', '@r = delete(@k, arg0 - 1); @k[arg0] = 1;', true, true, false],
    ['elements have a length', '@k', '@k[arg0] = 1; @r = len(@k);', 3n, 2n, 3n],
    [
      'texts have a length',
      '@k',
      '@k[arg0 == 0 ? "x" : "a text of more than 32 bytes, in another class"] = 1; @r = len(@k);',
      2n,
      2n,
      2n,
    ],
    [
      'elements are gone over',
      '@k',
      '@k[arg0] = arg0 + 1; @r = 0; for $kv : @k { @r += $kv.1; }',
      6n,
      3n,
      6n,
    ],
    [
      'elements are gone over by their keys',
      '@k',
      '@k["a", arg0] = count(); @r = 0; for $kv : @k { @r += $kv.0.1 * 10 + (uint64)$kv.1; }',
      33n,
      12n,
      34n,
    ],
    [
      'texts are gone over',
      '@k',
      '@k[arg0 == 0 ? "x" : "a text of more than 32 bytes, in another class"] = arg0 + 1; @r = 0; for $kv : @k { @r += $kv.1; }',
      4n,
      3n,
      4n,
    ],
    [
      'values by pairs are gone over',
      '@k',
      '@k[arg0] = arg0 + 1; @r = 0; for $kv : @k { $whole = $kv; @r += $whole.1; if $whole.0 == 1 { break; } }',
      3n,
      3n,
      3n,
    ],
  ])('%s', (_, map, body, ...wanted) => {
    expect(seen(emptied(body, [map]), [map], '@r')).toEqual(wanted);
  });

  it('buckets and series are filled', () => {
    const maps = ['@h', '@hk', '@ts', '@tk'];
    const script = emptied(
      '@h = hist(arg0); @hk[1] = lhist(arg0, 0, 10, 1); @ts = tseries((int64)arg0, 1s, 4, "sum"); @tk[1] = tseries((int64)arg0, 1s, 4, "sum");',
      maps,
    );
    const machine = interpret(build(script), { clock: () => 10_000_000_000n });
    const slot = (value: Value | undefined) => ((value ?? []) as readonly bigint[]).slice(4, 6);
    const filled = (value: Value | undefined): bigint =>
      (value as readonly bigint[]).reduce((sum, one) => sum + one, 0n);
    for (const [generation, values] of [
      [0, [1n, 2n, 3n]],
      [1, [4n]],
    ] as const) {
      for (const map of maps) machine.use(map, generation);
      for (const value of values) machine.run('kprobe_vfs_read_1', register(value));
      const runs = BigInt(values.length);
      const sum = values.reduce((all: bigint, one) => all + one, 0n);
      // Behind the buckets of a slot stands whether it has any; a slot of a series begins with its interval.
      expect(filled(machine.value('@h'))).toBe(runs + 1n);
      expect(filled(machine.entries('@hk')[0]?.[1])).toBe(runs);
      expect(slot(machine.value('@ts'))).toEqual([11n, sum]);
      expect(slot(machine.entries('@tk')[0]?.[1])).toEqual([11n, sum]);
    }
  });
});
