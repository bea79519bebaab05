/** What types say beyond members: variables of each CPU, enumerators, anonymous parts, and types that come later. */
import { describe, expect, it } from 'vitest';
import { createBtfTypes, createStockTypes } from '../../../compiler/kernel/kernel-types.ts';
import { withTypes } from '../../../compiler/kernel/layer.ts';
import type { KernelDescription } from '../../../compiler/kernel/types.ts';
import { UINT64 } from '../../../compiler/types/type.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { type SyntheticType, writeBtf } from '../../linker/synthetic.ts';

const INT: SyntheticType = {
  name: 'int',
  kind: BTF_KIND.int,
  sizeOrType: 4,
  words: [(1 << 24) | 32],
};
const of = (...types: readonly SyntheticType[]) => createBtfTypes(() => writeBtf(types));

describe('variables that each CPU has', () => {
  const VARIABLE = { name: 'counter', kind: BTF_KIND.variable, sizeOrType: 1, words: [1] };
  const section = (name: string, ...variables: readonly number[]): SyntheticType => ({
    name,
    kind: BTF_KIND.section,
    length: variables.length,
    sizeOrType: 0,
    words: variables.flatMap((id) => [id, 0, 4]),
  });
  const find = (...types: readonly SyntheticType[]) => of(...types).percpuVariable('counter');

  it('are those in the section of that name, by their names', () => {
    const found = { id: 1, type: { kind: 'int', size: 4, signed: true } };
    expect(find(INT, VARIABLE, section('.data..percpu', 2))).toEqual(found);
    const other = { ...VARIABLE, name: 'other' };
    expect(find(INT, other, VARIABLE, section('.data..percpu', 2, 3))).toEqual(found);
    // Each kernel that is described has a section.
    const two = [section('.data..percpu', 2), section('.data..percpu', 3)];
    expect(find(INT, other, VARIABLE, ...two)).toEqual(found);
  });

  it('are no others', () => {
    expect(find(INT, VARIABLE)).toBeUndefined();
    expect(find(INT, VARIABLE, section('.data', 2))).toBeUndefined();
    expect(find(INT, { ...VARIABLE, name: 'other' }, section('.data..percpu', 2))).toBeUndefined();
    const named = { name: 'counter', kind: BTF_KIND.typedef, sizeOrType: 1 };
    expect(find(INT, named, section('.data..percpu', 2))).toBeUndefined();
  });
});

describe('enumerators', () => {
  const { types } = of(
    INT,
    { name: 'first', kind: BTF_KIND.enum, length: 2, sizeOrType: 4, words: ['A', 0, 'B', 7] },
    {
      name: 'signed',
      kind: BTF_KIND.enum,
      flag: true,
      length: 1,
      sizeOrType: 4,
      words: ['MINUS', -1],
    },
    {
      name: 'wide',
      kind: BTF_KIND.enum64,
      length: 2,
      sizeOrType: 8,
      words: ['C', 1, 0, 'D', 2, 1],
    },
  );

  it('are found by name, with the enum that has them', () => {
    const read = (name: string) => {
      const found = types.enumerator(name);
      return found && [found.value, 'name' in found.type ? found.type.name : undefined];
    };
    expect(['A', 'B', 'MINUS', 'C', 'D'].map(read)).toEqual([
      [0n, 'first'],
      [7n, 'first'],
      [-1n, 'signed'],
      [1n, 'wide'],
      [2n + (1n << 32n), 'wide'],
    ]);
    // Names of other things, and none.
    expect(['first', 'int', '', 'E'].map(read)).toEqual(new Array(4).fill(undefined));
  });

  it('are listed of enums alone', () => {
    expect(types.enumerators(2)).toEqual([
      ['A', 0n],
      ['B', 7n],
    ]);
    expect(types.enumerators(4)).toHaveLength(2);
    expect(types.enumerators(1)).toEqual([]);
  });

  it('stand in enums of both widths', () => {
    expect(types.enum('first')).toMatchObject({ kind: 'enum', size: 4 });
    expect(types.enum('wide')).toMatchObject({ kind: 'enum', size: 8 });
    expect(types.enum('int')).toBeUndefined();
  });
});

describe('enums of descriptions without signs', () => {
  const enumOf = (name: string, value: number, flag = false): SyntheticType => ({
    ...{ name, kind: BTF_KIND.enum, flag, length: 2, sizeOrType: 4 },
    words: ['ZERO', 0, name.toUpperCase(), value],
  });
  const found = (...described: readonly SyntheticType[]) => {
    const { types } = of(...described);
    const type = types.enum('high');
    if (type?.kind !== 'enum') return undefined;
    return { signed: type.signed, value: types.enumerators(type.id)[1]?.[1] };
  };
  const negative = (value: bigint) => ({ signed: true, value });
  const none = (value: bigint) => ({ signed: false, value });

  it('have one if a value is an error of the kernel', () => {
    expect(found(enumOf('high', -1))).toEqual(negative(-1n));
    expect(found(enumOf('high', -4095))).toEqual(negative(-4095n));
    expect(found(enumOf('high', -4096))).toEqual(none(0xfffff000n));
    expect(found(enumOf('high', -(2 ** 31)))).toEqual(none(0x80000000n));
    expect(found(enumOf('high', 2 ** 31 - 1))).toEqual(none(0x7fffffffn));
  });

  it('have none where an enum before has one, and what is joined behind changes nothing', () => {
    expect(found(enumOf('other', -1, true), enumOf('high', -1))).toEqual(none(0xffffffffn));
    expect(found(enumOf('high', -1), enumOf('other', -1, true))).toEqual(negative(-1n));
    expect(found(enumOf('other', -1, true), enumOf('high', -1, true))).toEqual(negative(-1n));
  });

  it('have none in 64 bits, which only newer tools write', () => {
    const wide = { name: 'high', kind: BTF_KIND.enum64, length: 1, sizeOrType: 8 };
    const { types } = of({ ...wide, words: ['HIGH', -1, -1] });
    expect(types.enum('high')).toMatchObject({ kind: 'enum', signed: false });
    expect(types.enumerators(1)).toEqual([['HIGH', 2n ** 64n - 1n]]);
  });
});

describe('members of anonymous parts', () => {
  const inside = (kind: number, more: readonly SyntheticType[] = []) =>
    of(
      INT,
      { kind, length: 2, sizeOrType: 8, words: ['a', 1, 0, 'b', 1, 32] },
      {
        name: 's',
        kind: BTF_KIND.struct,
        length: 2,
        sizeOrType: 16,
        words: ['x', 1, 0, '', more.length === 0 ? 2 : 4, 64],
      },
      ...more,
    ).types;
  const listOf = (types: ReturnType<typeof inside>) => {
    const struct = types.struct('struct', 's');
    return struct
      ? types
          .members(struct)
          .map(({ name, bitOffset, indexes }) => `${name} ${bitOffset} ${indexes.join('.')}`)
      : [];
  };
  const WHOLE = ['x 0 0', 'a 64 1.0', 'b 96 1.1'];

  it('are members of the struct, of structs and of unions', () => {
    expect(listOf(inside(BTF_KIND.struct))).toEqual(WHOLE);
    expect(listOf(inside(BTF_KIND.union))).toEqual(WHOLE);
  });

  it('are found behind qualifiers, too', () => {
    expect(listOf(inside(BTF_KIND.union, [{ kind: BTF_KIND.const, sizeOrType: 2 }]))).toEqual(
      WHOLE,
    );
  });

  it('are none of what is no struct, and no members have no name', () => {
    expect(listOf(inside(BTF_KIND.struct, [{ kind: BTF_KIND.typedef, sizeOrType: 1 }]))).toEqual([
      'x 0 0',
    ]);
    const types = inside(BTF_KIND.struct);
    const struct = types.struct('struct', 's');
    expect(struct && types.member(struct, '')).toBeUndefined();
    expect(struct && types.member(struct, 'b')).toMatchObject({ bitOffset: 96 });
    expect(struct && types.member(struct, 'c')).toBeUndefined();
  });
});

describe('types that come with a name', () => {
  it('are brought where the name is not there, and once', () => {
    const first = writeBtf([INT]);
    const second = writeBtf([INT, { name: 'late', kind: BTF_KIND.struct, sizeOrType: 8 }]);
    const asked: string[] = [];
    let whole = first;
    const { types } = createStockTypes({
      bytes: () => whole,
      kernels: () => whole,
      isKernels: () => true,
      withModule: () => undefined,
      more(name) {
        asked.push(name);
        if (whole === second) return undefined;
        whole = second;
        return whole;
      },
    });
    expect(types.typedef('int')).toBeUndefined();
    expect(asked).toEqual(['int', 'int']);
    whole = first;
    asked.length = 0;
    expect(types.struct('struct', 'late')).toMatchObject({ size: 8 });
    // It was found then, so that nobody was asked again.
    expect(asked).toEqual(['late']);
    expect(types.struct('struct', 'late')).toMatchObject({ size: 8 });
    expect(types.struct('union', 'late')).toBeUndefined();
    expect(asked).toEqual(['late', 'late']);
  });
});

describe('a description with types of a script before its own', () => {
  const { types } = of(INT);
  const field = { name: 'a', type: UINT64, typeId: 1, slot: 0 };
  const kernel: KernelDescription = {
    ...{ release: '6.12.0', arch: 'aarch64', types, btf: new Uint8Array([1]) },
    matchTracepoints: (category, event) => [`${category}:${event}`],
    matchFunctions: (pattern) => [`f ${pattern}`],
    tracepoint: () => [],
    rawTracepoint: (event, module) => (event === 'e' && module === 'm' ? [field] : undefined),
    function: (name, module) => `${name} ${module}`,
    percpuVariable: (name) => ({ id: name.length, type: UINT64 }),
    matchTypedFunctions: (pattern, module) => [`${pattern} ${module}`],
  };

  it('says what the description says', () => {
    const own = of(INT).types;
    const layered = withTypes(kernel, own);
    expect(layered.types).toBe(own);
    expect(layered.kernelTypes).toBe(types);
    expect([layered.release, layered.arch, layered.btf]).toEqual([
      '6.12.0',
      'aarch64',
      new Uint8Array([1]),
    ]);
    expect(layered.matchTracepoints('c', 'e')).toEqual(['c:e']);
    expect(layered.matchFunctions('p')).toEqual(['f p']);
    expect(layered.tracepoint('c', 'e')).toEqual([]);
    expect(layered.rawTracepoint('e', 'm')).toEqual([field]);
    expect(layered.rawTracepoint('e')).toBeUndefined();
    expect(layered.function('f', 'm')).toBe('f m');
    expect(layered.percpuVariable('four')).toEqual({ id: 4, type: UINT64 });
    expect(layered.matchTypedFunctions('p', 'm')).toEqual(['p m']);
    expect(layered.modules).toBeUndefined();
    expect(layered.functionModules).toBeUndefined();
    const more = withTypes(
      { ...kernel, modules: () => ['m'], functionModules: (name) => [name] },
      own,
    );
    expect(more.modules?.()).toEqual(['m']);
    expect(more.functionModules?.('f')).toEqual(['f']);
    // Of several layers, the kernel's own stay.
    expect(withTypes(layered, types).kernelTypes).toBe(types);
  });
});
