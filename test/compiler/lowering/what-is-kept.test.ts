/** What maps keep, seen by interpreting programs: buckets at their limits, keys of every length, elements that are left. */
import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { type Interpreter, interpret, type Value } from '../../support/interpreter.ts';

/** A kprobe, which runs once with each of these numbers as its first argument. */
function given(script: string, numbers: readonly bigint[]): Interpreter {
  const machine = interpret(build(script));
  for (const number of numbers) {
    const context = new Uint8Array(256);
    new DataView(context.buffer).setBigUint64(112, BigInt.asUintN(64, number), true);
    machine.run(undefined, context);
  }
  return machine;
}

/** A kprobe that runs with the address of each of these texts. */
function read(script: string, texts: readonly string[]): Interpreter {
  const machine = interpret(build(script));
  for (const text of texts) {
    const context = new Uint8Array(256);
    const address = machine.memory.add(new Uint8Array(Buffer.from(`${text}\0behind`)));
    new DataView(context.buffer).setBigUint64(112, address, true);
    machine.run(undefined, context);
  }
  return machine;
}

/** Numbers of the buckets that hold something, of each key. */
const filled = (machine: Interpreter, map: string): ReadonlyMap<Value, readonly number[]> =>
  new Map(
    machine
      .entries(map)
      .map(([key, buckets]) => [
        key,
        (buckets as readonly bigint[]).flatMap((count, index) =>
          count === 0n ? [] : Array<number>(Number(count)).fill(index),
        ),
      ]),
  );

describe('a histogram', () => {
  const numbers = [
    ...[-(1n << 63n), -1n, 0n, 1n, 2n, 3n, 4n, 5n, 7n, 8n, 9n, 15n, 16n, 31n, 32n, 33n, 47n],
    ...[48n, 63n, 64n, 65n, 1023n, 1024n, 1025n, (1n << 32n) - 1n, 1n << 32n, (1n << 63n) - 1n],
  ];
  /** The bucket of a number: none below 0, each number up to 2^bits, then 2^bits for each power of two. */
  const bucketOf = (value: bigint, bits: number): number => {
    if (value < 0n) return 0;
    if (value < 1n << BigInt(bits)) return Number(value) + 1;
    const power = value.toString(2).length - 1;
    const fraction = Number((value >> BigInt(power - bits)) & ((1n << BigInt(bits)) - 1n));
    return ((power - bits + 1) << bits) + fraction + 1;
  };

  it.each([0, 1, 2, 3, 4, 5])('puts each number into its bucket, with %d bits', (bits) => {
    const machine = given(
      `kprobe:vfs_read { @[(int64)arg0] = hist((int64)arg0, ${bits}); @all[1] = hist((int64)arg0, ${bits}); }`,
      numbers,
    );
    expect(filled(machine, '@')).toEqual(
      new Map(numbers.map((number) => [number, [bucketOf(number, bits)]])),
    );
    const all = numbers.map((number) => bucketOf(number, bits));
    expect(filled(machine, '@all').get(1n)).toEqual(all.toSorted((a, b) => a - b));
  });

  it('of equal steps has a bucket below, one above, and its ends where they belong', () => {
    const values = [-11n, -10n, -9n, -6n, -5n, -1n, 0n, 4n, 5n, 9n, 10n, 11n, 1n << 40n];
    const machine = given(
      'kprobe:vfs_read { @[(int64)arg0] = lhist((int64)arg0, -10, 10, 5); }',
      values,
    );
    expect([...filled(machine, '@').values()].map(([index]) => index)).toEqual([
      ...[0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5],
    ]);
  });
});

describe('numbers of several firings', () => {
  it('are told by their sign, on each side of 2^63', () => {
    const numbers = [5n, -3n, 1n << 62n, -(1n << 62n), 0n];
    const machine = given(
      `kprobe:vfs_read {
        @min[1] = min((int64)arg0); @max[1] = max((int64)arg0); @umin[1] = min(arg0); @umax[1] = max(arg0);
        @stats[1] = stats((int64)arg0); @avg[1] = avg((int64)arg0); @sum[1] = sum((int64)arg0); @usum[1] = sum(arg0);
        @first = ((int64)@min[1], (int64)@max[1], (int64)@sum[1], (int64)@avg[1]);
        @second = ((uint64)@umin[1], (uint64)@umax[1], (uint64)@usum[1]);
      }`,
      numbers,
    );
    expect(machine.value('@first')).toEqual([-(1n << 62n), 1n << 62n, 2n, 0n]);
    expect(machine.value('@second')).toEqual([0n, (1n << 64n) - 3n, 2n]);
    expect(machine.entries('@stats')).toEqual([[1n, [2n, 5n]]]);
  });
});

describe('keys with texts', () => {
  /** On both sides of each class: 32 and 128 bytes with the NUL. */
  const LENGTHS = [0, 1, 15, 16, 30, 31, 32, 33, 63, 64, 126, 127, 128, 129, 500, 1022];
  const texts = LENGTHS.map((length) => 'abcdefghijk'.repeat(100).slice(0, length));

  it.each([
    ['that are read', 'str(arg0)', (text: string): Value => text],
    ['in tuples', '(arg1, str(arg0), 7)', (text: string): Value => [0n, text, 7n]],
    ['twice', '(str(arg0), str(arg0))', (text: string): Value => [text, text]],
    ['beside another', '("x", str(arg0))', (text: string): Value => ['x', text]],
    ['behind others', '(comm, (1, str(arg0)))', (text: string): Value => ['tested', [1n, text]]],
    ['in variables', '$t', (text: string): Value => text],
    ['in records', '(a=1, b=$t)', (text: string): Value => [1n, text]],
  ])('%s are one element each, whatever ran before', (_, key, wanted) => {
    const machine = read(
      `kprobe:vfs_read {
        $t = str(arg0); @[${key}] = count(); @n[${key}] += 1; @sum += @n[${key}]; @had = has_key(@n, ${key});
        @length[strlen($t)] = @n[${key}];
      }`,
      [...texts.toReversed(), ...texts],
    );
    const keys = machine.entries('@').map(([own]) => own);
    // The narrowest class first, and in each as they came.
    const classes = [texts.slice(0, 6), texts.slice(6, 12), texts.slice(12)];
    expect(classes.map((own) => own.at(-1)?.length)).toEqual([31, 127, 1022]);
    expect(keys).toEqual(classes.flatMap((own) => own.toReversed().map(wanted)));
    expect(machine.entries('@n').map(([, count]) => count)).toEqual(texts.map(() => 2n));
    expect(machine.value('@sum')).toBe(BigInt(3 * texts.length));
    expect(machine.value('@had')).toBe(true);
    expect(machine.entries('@length').map(([, count]) => count)).toEqual(texts.map(() => 2n));
  });

  it('are deleted and gone over wherever they are kept', () => {
    const machine = read(
      `kprobe:vfs_read {
        $t = str(arg0); @m[$t, 1] = strlen($t) + 1;
        @sum = 0; @lengths = 0; @odd = 0;
        for $kv : @m { @sum += $kv.1; @lengths += strlen($kv.0.0); if $kv.1 & 1 { continue; } @odd += 1; }
        for $kv : @m { $whole = $kv; @copies += $whole.1; if $whole.1 == 34 { break; } }
        @many = len(@m);
        if strlen($t) == 1022 { @deleted = (delete(@m, ($t, 1)), delete(@m, ($t, 1)), delete(@m, ("", 1))); }
      }`,
      texts,
    );
    const total = LENGTHS.reduce((sum, length) => sum + length, 0);
    expect(machine.value('@lengths')).toBe(BigInt(total));
    expect(machine.value('@sum')).toBe(BigInt(total + LENGTHS.length));
    expect(machine.value('@odd')).toBe(BigInt(LENGTHS.filter((length) => length % 2).length));
    expect(machine.value('@many')).toBe(BigInt(LENGTHS.length));
    expect(machine.value('@deleted')).toEqual([true, false, true]);
    expect(machine.entries('@m')).toHaveLength(LENGTHS.length - 2);
  });
});

describe('elements of every kind', () => {
  it.each([
    ['(int8)arg0', [-1n, 127n, -128n]],
    ['(uint8)arg0', [255n, 127n, 128n]],
    ['(int32)arg0 == -1', [true, false, false]],
    ['(uint16)arg0', [65535n, 0x127fn, 0x1280n]],
    ['((int8)arg0, arg0 > 100, (uint32)arg0)', undefined],
    ['comm', ['tested', 'tested', 'tested']],
  ] as const)('are given back as they were stored: %s', (value, wanted) => {
    const numbers = [-1n, 0x127fn, 0x1280n];
    const machine = given(
      `kprobe:vfs_read {
        @[arg0] = ${value}; @plain = ${value}; @again[arg0] = @[arg0]; @same[arg0] = @plain; $v = @[arg0]; @through[arg0] = $v;
        @missing[arg0] = @[arg0 + 7];
      }`,
      numbers,
    );
    const of = (map: string) => machine.entries(map).map(([, own]) => own);
    if (wanted) expect(of('@')).toEqual(wanted);
    else
      expect(of('@')).toEqual([
        [-1n, true, 0xffff_ffffn],
        [127n, true, 0x127fn],
        [-128n, true, 0x1280n],
      ]);
    for (const map of ['@again', '@same', '@through']) expect(of(map)).toEqual(of('@'));
    const nothing = (own: Value | undefined): Value =>
      Array.isArray(own)
        ? own.map(nothing)
        : typeof own === 'bigint'
          ? 0n
          : typeof own === 'string'
            ? ''
            : false;
    expect(of('@missing')).toEqual(of('@').map(nothing));
  });
});
