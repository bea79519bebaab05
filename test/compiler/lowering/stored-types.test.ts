import { describe, expect, it } from 'vitest';
import type { KernelTypes } from '../../../compiler/kernel/types.ts';
import { describeType } from '../../../compiler/lowering/stored-types.ts';
import { layoutOf } from '../../../compiler/types/layout.ts';
import { SCRIPT_TYPES, type Type } from '../../../compiler/types/type.ts';
import { signed, sizeOf } from '../../../linker/btf/types.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { build } from '../../support/build.ts';

/** A kernel of which nobody asks anything but the names of one enum. */
const KERNEL: KernelTypes = {
  struct: () => undefined,
  enum: () => undefined,
  typedef: () => undefined,
  member: () => undefined,
  members: () => [],
  ways: () => [],
  enumerator: () => undefined,
  enumerators: (id) => (id === SCRIPT_TYPES + 7 ? [['RED', 0n]] : []),
};

/** The script's own. */
const COLOR: Type = { kind: 'enum', name: 'color', size: 4, signed: true, id: SCRIPT_TYPES + 7 };

const TYPES: readonly Type[] = [
  { kind: 'bool' },
  { kind: 'int', size: 2, signed: true },
  { kind: 'string', size: 64 },
  { kind: 'buffer', size: 10 },
  { kind: 'pointer', to: { kind: 'void' }, space: 'user' },
  { kind: 'array', element: { kind: 'int', size: 4, signed: false }, count: 6 },
  { kind: 'array', element: COLOR, count: 3 },
  {
    kind: 'tuple',
    elements: [
      { kind: 'bool' },
      { kind: 'int', size: 8, signed: true },
      { kind: 'string', size: 3 },
    ],
  },
  {
    kind: 'record',
    fields: [
      { name: 'pid', type: { kind: 'int', size: 4, signed: false } },
      { name: 'inner', type: { kind: 'tuple', elements: [{ kind: 'ksym' }, { kind: 'bool' }] } },
    ],
  },
  COLOR,
  { kind: 'stack', space: 'user', mode: 'perf', limit: 20 },
  { kind: 'ksym' },
  { kind: 'usym' },
  { kind: 'timestamp' },
  { kind: 'cgroup_path' },
  { kind: 'inet' },
  { kind: 'macaddr' },
  { kind: 'probe' },
  { kind: 'name', of: 'errno' },
  { kind: 'count' },
  { kind: 'sum', signed: true },
  { kind: 'min', signed: false },
  { kind: 'max', signed: true },
  { kind: 'avg', signed: true },
  { kind: 'stats', signed: true },
  { kind: 'hist', bits: 2 },
  { kind: 'lhist', min: 0, max: 100, step: 10 },
  { kind: 'tseries', signed: true, aggregation: 'avg', interval: 1_000_000_000, count: 20 },
  { kind: 'tseries', signed: true, aggregation: 'sum', interval: 1_000_000_000, count: 20 },
  { kind: 'struct', aggregate: 'struct', name: 'sockaddr', size: 16, align: 2, id: 3 },
];

describe('script types as the linker is told of them', () => {
  it.each(TYPES.map((type) => [type.kind, type] as const))(
    'have the size of a %s in memory',
    (_kind, type) => {
      expect(sizeOf(describeType(KERNEL, type))).toBe(layoutOf(type).size);
    },
  );

  it('name the members of records and number those of tuples', () => {
    const record = TYPES.find((type) => type.kind === 'record');
    if (!record) throw new Error('no record');
    expect(describeType(KERNEL, record)).toMatchObject({
      members: [
        { name: 'pid', offset: 0 },
        {
          name: 'inner',
          offset: 8,
          type: { members: [{ name: '_0' }, { name: '_1', offset: 8 }] },
        },
      ],
    });
  });

  it('have the sign of what is counted, and what slots keep beside it', () => {
    const [avg, sum] = TYPES.filter((type) => type.kind === 'tseries').map((type) =>
      describeType(KERNEL, type),
    );
    expect(avg).toMatchObject({
      element: { members: [{ name: 'interval' }, { type: signed(8) }, { name: 'count' }] },
    });
    expect(sum).toMatchObject({ count: 20, element: { size: 16 } });
  });

  it('have the values of enums, which are wide by themselves and narrow in arrays', () => {
    expect(describeType(KERNEL, COLOR)).toMatchObject({ size: 8, values: [['RED', 0n]] });
    const array = describeType(KERNEL, { kind: 'array', element: COLOR, count: 3 });
    expect(array).toMatchObject({ element: { size: 4 } });
  });

  it('are numbers for enums of the kernel, which has other names for them where the script runs', () => {
    const ofKernel = { ...COLOR, id: 7 };
    expect(describeType(KERNEL, ofKernel)).toEqual(signed(8));
    const array = describeType(KERNEL, { kind: 'array', element: ofKernel, count: 3 });
    expect(array).toMatchObject({ element: signed(4) });
  });

  it('are refused where nothing is ever stored', () => {
    expect(() => describeType(KERNEL, { kind: 'context' })).toThrow('never stored');
  });
});

describe('maps of time series', () => {
  it('have fewer elements than others by themselves, as each has memory on every CPU, and as many as declared', () => {
    const sizes = (declared: string) =>
      inspectObject(
        build(`config = { unstable_tseries = enable } ${declared}
          begin { @s[1] = tseries(1, 1s, 20); @large[1] = tseries(1, 1s, 1000); @c[1] = count(); @h[1] = hist(1); }`),
      ).maps.flatMap(({ script, maxEntries }) =>
        script === undefined ? [] : [[script, maxEntries]],
      );
    const own = new Map(sizes('') as [string, number][]);
    expect([own.get('@c'), own.get('@h')]).toEqual([4096, 4096]);
    // A MiB of elements of 20 slots of 24 bytes, but never fewer than 64.
    expect([own.get('@s'), own.get('@large')]).toEqual([Math.floor((1 << 20) / 480), 64]);
    expect(new Map(sizes('let @s = percpuhash(4000);') as [string, number][]).get('@s')).toBe(4000);
  });
});
