import { describe, expect, it } from 'vitest';
import type { TypedExpression } from '../../../compiler/analysis/typed.ts';
import { substitutable } from '../../../compiler/lowering/read-modify-write.ts';
import { BOOL, INT64, int as intType, UINT64 } from '../../../compiler/types/type.ts';
import { HELPERS } from '../../../linker/contract/helpers.ts';
import { assembly, helpersOf } from './support.ts';
import * as tree from './trees.ts';

/** Without the test for a process that tracepoints begin with. */
const target = { ...tree.tracepoint, filtersPid: false };

const count = (helpers: readonly number[], helper: keyof typeof HELPERS): number =>
  helpers.filter((number) => number === HELPERS[helper]).length;

describe('maps', () => {
  it('counts without a key by one look-up in a per-CPU array', () => {
    const map = tree.map('@', { kind: 'count' });
    const body = tree.block(tree.aggregate(map));
    expect(helpersOf(tree.program([map], target, body))).toEqual([HELPERS.map_lookup_elem]);
    expect(assembly(tree.program([map], target, body)).length).toBeLessThanOrEqual(12);
  });

  it('keeps a plain scalar in memory that needs no helper', () => {
    const map = tree.map('@x', INT64);
    const body = tree.block(tree.assign(map, undefined, tree.int(7)));
    expect(helpersOf(tree.program([map], target, body))).toEqual([]);
  });

  it('changes an element with one look-up', () => {
    const map = tree.map('@x', INT64, INT64);
    const sum = tree.binary(tree.read(map, tree.nsecs), '+', tree.int(5));
    const key = tree.int(3);
    const same = tree.binary(tree.read(map, key), '+', tree.int(5));
    const merged = helpersOf(tree.program([map], target, tree.block(tree.assign(map, key, same))));
    expect(count(merged, 'map_lookup_elem')).toBe(1);
    const sharedKey = helpersOf(
      tree.program([map], target, tree.block(tree.assign(map, tree.nsecs, sum))),
    );
    expect(count(sharedKey, 'map_lookup_elem')).toBe(1);
    expect(count(sharedKey, 'ktime_get_boot_ns')).toBe(1);
  });

  it('finds equal keys of elements, and tells those apart that differ in anything but their place', () => {
    const map = tree.map('@x', INT64, INT64);
    const change = (read: TypedExpression, own: TypedExpression) =>
      substitutable({
        ...{ kind: 'assign-map', map: '@x', key: own, range: { start: 0, end: 1 } },
        value: tree.binary(tree.read(map, read), '+', tree.int(5)),
      });
    const elsewhere = { start: 7, end: 9 };
    const alike: readonly (() => TypedExpression)[] = [
      () => tree.int(3),
      () => tree.int(1n << 62n),
      () => tree.text('x'),
      () => tree.pid,
      () => tree.tuple(tree.int(3), tree.text('x')),
      () => tree.binary(tree.pid, '+', tree.int(1)),
    ];
    for (const [at, left] of alike.entries())
      for (const [than, right] of alike.entries())
        expect(change(left(), { ...right(), range: elsewhere }) !== undefined).toBe(at === than);
    expect(change(tree.int(3), tree.int(4))).toBeUndefined();
    expect(change(tree.text('x'), tree.text('y'))).toBeUndefined();
  });

  it('evaluates a key that differs in both places twice', () => {
    const map = tree.map('@x', INT64, INT64);
    const other = tree.call('nsecs', UINT64, { plan: { clock: 'boot' } });
    const value = tree.binary(tree.read(map, other), '+', tree.int(5));
    const helpers = helpersOf(
      tree.program([map], target, tree.block(tree.assign(map, tree.nsecs, value))),
    );
    expect(count(helpers, 'ktime_get_boot_ns')).toBe(2);
  });

  it('adds to the buckets of a keyed hist atomically, in one shared map', () => {
    const map = tree.map('@h', { kind: 'hist', bits: 0 }, INT64);
    const code = assembly(
      tree.program([map], target, tree.block(tree.aggregate(map, tree.int(1), tree.nsecs))),
    );
    expect(code.some((line) => /^lock \*\(u64 \*\)\(r\d \+ 0\) \+= r\d$/.test(line))).toBe(true);
  });
});

describe('strings', () => {
  it('compares comm with a literal by the literal and its NUL only', () => {
    const map = tree.map('@', { kind: 'count' });
    const code = assembly(
      tree.program(
        [map],
        target,
        tree.block(tree.aggregate(map)),
        tree.binary(tree.comm, '==', tree.text('bash')),
      ),
    );
    expect(code.filter((line) => line.startsWith('if w'))).toHaveLength(2);
    expect(code.some((line) => line.includes('1752392034'))).toBe(true);
  });

  it('reads comm once for the predicate and the key', () => {
    const map = tree.map('@', { kind: 'count' }, { kind: 'string', size: 16 });
    const helpers = helpersOf(
      tree.program(
        [map],
        target,
        tree.block(tree.aggregate(map, tree.comm)),
        tree.binary(tree.comm, '==', tree.text('bash')),
      ),
    );
    expect(count(helpers, 'get_current_comm')).toBe(1);
  });

  it('reads no more of str() than the comparison needs', () => {
    const map = tree.map('@', { kind: 'count' });
    const code = assembly(
      tree.program(
        [map],
        tree.kprobe,
        tree.block(tree.aggregate(map)),
        tree.binary(tree.str(1024), '==', tree.text('abc')),
      ),
    );
    expect(code).toContain('r2 = 5');
    expect(code.some((line) => line.includes('scratch'))).toBe(false);
  });
});

describe('arithmetic', () => {
  const x = { id: 1, name: '$x', type: INT64 };
  const y = { id: 2, name: '$y', type: INT64 };
  const map = tree.map('@', INT64);
  const compute = (value: Parameters<typeof tree.cast>[0]) =>
    assembly(
      tree.program(
        [map],
        { ...tree.kprobe, filtersPid: false },
        tree.block(
          tree.set(x, tree.cast(tree.arg(0), INT64)),
          tree.set(y, tree.cast(tree.arg(1), INT64)),
          tree.assign(map, undefined, value),
        ),
      ),
    );

  it('checks a divisor that is not constant, and no other', () => {
    const byConstant = compute(tree.binary(tree.variable(x), '/', tree.int(1000)));
    expect(byConstant.some((line) => line.startsWith('call'))).toBe(false);
    const byVariable = compute(tree.binary(tree.variable(x), '/', tree.variable(y)));
    expect(byVariable).toContain('call told_alone');
  });

  it('divides what cannot be negative without looking at signs', () => {
    const wide = tree.cast(tree.cast(tree.variable(x), intType(4, false)), INT64);
    const code = compute(tree.binary(wide, '/', tree.int(10)));
    expect(code.some((line) => line.includes('s>>='))).toBe(false);
    const signed = compute(tree.binary(tree.variable(x), '/', tree.int(10)));
    expect(signed.some((line) => line.includes('s>>= 63'))).toBe(true);
  });

  it('shifts signed numbers right with their sign', () => {
    const code = compute(tree.binary(tree.variable(x), '>>', tree.int(3)));
    expect(code.some((line) => line.includes('s>>= 3'))).toBe(true);
  });
});

describe('warnings', () => {
  const map = tree.map('@x', INT64, INT64);
  const updates = (count: number): number => {
    const assign = (key: number) => tree.assign(map, tree.int(key), tree.nsecs);
    const body = tree.block(...Array.from({ length: count }, (_, key) => assign(key)));
    return assembly(tree.program([map], target, body)).length;
  };

  it('take few instructions a place, since all share what tells them', () => {
    // Key, clock, value, update, test, and the call with its three arguments of two words.
    expect((updates(9) - updates(1)) / 8).toBeLessThanOrEqual(22);
  });
});

describe('scratch memory', () => {
  const big = { id: 1, name: '$s', type: { kind: 'string', size: 256 } as const };
  const body = tree.block(tree.set(big, tree.str(256)), tree.print(tree.variable(big)));

  it('is one entry that is looked up once', () => {
    const code = assembly(tree.program([], { ...tree.kprobe, filtersPid: false }, body));
    expect(code.filter((line) => line.includes('scratch ll'))).toHaveLength(1);
  });

  it('is taken and given back by an exchange where a program can be preempted by itself', () => {
    const code = assembly(tree.program([], { ...tree.uprobe, filtersPid: false }, body));
    expect(code.filter((line) => line.includes('xchg')).length).toBeGreaterThanOrEqual(1);
    const exits = code.filter((line) => line === 'exit').length;
    expect(exits).toBeGreaterThanOrEqual(1);
    expect(code.some((line) => /^\*\(u64 \*\)\(r\d \+ 0\) = r\d$/.test(line))).toBe(true);
  });

  it('is not touched by programs that need none', () => {
    const map = tree.map('@', { kind: 'count' });
    const code = assembly(tree.program([map], tree.uprobe, tree.block(tree.aggregate(map))));
    expect(code.some((line) => line.includes('scratch'))).toBe(false);
  });
});

describe('conditions', () => {
  it('branches on && without computing its value', () => {
    const map = tree.map('@', { kind: 'count' });
    const condition = tree.binary(
      tree.binary(tree.arg(0), '>', tree.int(1, UINT64)),
      '&&',
      tree.binary(tree.arg(1), '==', tree.int(2, UINT64)),
    );
    const code = assembly(
      tree.program([map], { ...tree.kprobe, filtersPid: false }, tree.block(tree.aggregate(map)), {
        ...condition,
        type: BOOL,
      }),
    );
    expect(code.filter((line) => line.startsWith('if'))).toHaveLength(3);
  });
});
