/** What BTF says of functions, maps, symbols of the kernel and types that have a name alone. */
import { describe, expect, it } from 'vitest';
import { BTF_KIND, LINKAGE } from '../../linker/btf/btf.ts';
import { BtfBuilder } from '../../linker/btf/builder.ts';
import { CORE_KIND } from '../../linker/btf/core.ts';
import type { FunctionDefinition, NamedSite } from '../../linker/btf/definitions.ts';
import { addFunction } from '../../linker/btf/functions.ts';
import { addKernelSymbols } from '../../linker/btf/kernel-symbols.ts';
import { isPinned, mapDefinitions } from '../../linker/btf/map-definitions.ts';
import { addMaps } from '../../linker/btf/maps.ts';
import { addNamedType, namedOffset } from '../../linker/btf/named.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import { bytes, signed, unsigned } from '../../linker/btf/types.ts';

/** A type as C has it, without what structs hold. */
function named(btf: Btf, id: number): string {
  const { kind, name, sizeOrType } = btf.type(id);
  if (id === 0) return 'void';
  if (kind === BTF_KIND.pointer) return `${named(btf, sizeOrType)} *`;
  if (kind === BTF_KIND.array)
    return `${named(btf, btf.array(id).element)}[${btf.array(id).count}]`;
  if (kind === BTF_KIND.prototype) return called(btf, id);
  const word = { 4: 'struct ', 5: 'union ', 6: 'enum ', 7: 'fwd ', 19: 'enum64 ' }[kind] ?? '';
  return `${word}${name}`;
}

function called(btf: Btf, prototype: number, name = ''): string {
  const parameters = btf.parameters(prototype).map((one) => `${named(btf, one.type)} ${one.name}`);
  return `${named(btf, btf.sizeOrType(prototype))} ${name}(${parameters.join(', ')})`;
}

describe('a function', () => {
  const shown = (definition: FunctionDefinition) => {
    const builder = new BtfBuilder();
    const id = addFunction(builder, definition);
    const btf = readBtf(builder.finish());
    const linkage = btf.linkage(id) === LINKAGE.global ? 'global' : 'static';
    return `${linkage} ${called(btf, btf.sizeOrType(id), btf.name(id))}`;
  };

  it('has the signature of its role', () => {
    const symbol = 'f';
    expect(shown({ symbol, role: 'program' })).toBe('global int f(void * ctx)');
    expect(shown({ symbol, role: 'loop-callback' })).toBe(
      'static long long f(unsigned int index, void * frame)',
    );
    expect(shown({ symbol, role: 'map-callback' })).toBe(
      'static long long f(void * map, void * key, void * value, void * frame)',
    );
    const parameters = [
      { name: 'a', type: unsigned(8) },
      { name: 'b', type: undefined },
    ];
    expect(shown({ symbol, role: 'subprogram', parameters, returns: signed(4) })).toBe(
      'static int f(unsigned long long a, void * b)',
    );
    expect(shown({ symbol, role: 'subprogram', parameters: [], returns: undefined })).toBe(
      'static long long f()',
    );
  });
});

describe('a map', () => {
  it('has a variable with pointers to what it says, of which loaders read numbers and sizes', () => {
    const builder = new BtfBuilder();
    const imported = builder.variable('theirs', builder.aggregate('struct', '', 12, []));
    const map = {
      symbol: 'm',
      type: 1,
      maxEntries: 7,
      flags: 0,
      key: unsigned(4),
      value: bytes(9),
    };
    const { maps, size } = addMaps(
      builder,
      [
        map,
        { ...map, symbol: 'n', flags: 3, sizedAtLoad: true },
        { ...map, symbol: 'ring', key: undefined, value: undefined },
      ],
      [{ symbol: 'theirs', size: 12, variable: imported }],
    );
    expect(maps.map(({ symbol, offset, size: own }) => [symbol, offset, own])).toEqual([
      ...[
        ['m', 0, 32],
        ['n', 32, 40],
        ['ring', 72, 16],
        ['theirs', 88, 12],
      ],
    ]);
    expect(size).toBe(104);
    const found = mapDefinitions(readBtf(builder.finish()));
    const numbers = ['type', 'max_entries', 'map_flags', 'key_size', 'value_size', 'gone'];
    const sizes = ['key', 'value', 'gone'];
    expect(
      found.map((one) => [
        one.name,
        numbers.map((each) => one.number(each)),
        sizes.map((each) => one.size(each)),
      ]),
    ).toEqual([
      ['m', [1, 7, 0, 0, 0, 0], [4, 9, 0]],
      ['n', [1, 7, 3, 4, 9, 0], [0, 0, 0]],
      ['ring', [1, 7, 0, 0, 0, 0], [0, 0, 0]],
      ['theirs', [0, 0, 0, 0, 0, 0], [0, 0, 0]],
    ]);
    expect(found.map((one) => [...one.members.keys()].length)).toEqual([4, 5, 2, 0]);
  });

  it('is pinned by name, and by nothing else', () => {
    const pinned = (count: number) => {
      const builder = new BtfBuilder();
      const type = builder.pointer(builder.array(builder.signed(4), count));
      const struct = builder.aggregate('struct', '', 8, [{ name: 'pinning', type, bitOffset: 0 }]);
      const variable = builder.variable('m', struct);
      builder.section('.maps', 8, [{ variable, offset: 0, size: 8 }]);
      return mapDefinitions(readBtf(builder.finish())).map(isPinned);
    };
    expect([pinned(0), pinned(1), pinned(2)]).toEqual([[false], [true], [false]]);
    expect(mapDefinitions(readBtf(new BtfBuilder().finish()))).toEqual([]);
  });
});

describe('a symbol of the kernel', () => {
  const own = new BtfBuilder();
  const long = own.unsigned(8);
  const struct = own.aggregate('struct', 'rq', 16, [{ name: 'a', type: long, bitOffset: 0 }]);
  const KINDS: readonly (readonly [id: number, wanted: string])[] = [
    [long, 'unsigned long long'],
    [own.float('double', 8), 'double'],
    [own.pointer(struct), 'struct rq *'],
    [own.array(struct, 3), 'struct rq[3]'],
    [struct, 'struct rq'],
    [own.forward('struct', 'far'), 'struct far'],
    [own.aggregate('union', 'u', 8, []), 'union u'],
    [own.enum('color', 4, false, [['RED', 1n]]), 'enum color'],
    [own.enum('wide', 8, false, [['HUGE', 1n << 40n]], true), 'enum64 wide'],
    [
      own.prototype(long, [
        { name: '', type: struct },
        { name: 'n', type: long },
      ]),
      'unsigned long long (struct rq arg0, unsigned long long n)',
    ],
    [own.typedef('alias', struct), 'struct rq'],
  ];
  const KERNEL = readBtf(own.finish());

  it('is a variable of the same kinds, whose structs are empty', () => {
    const builder = new BtfBuilder();
    addKernelSymbols(
      builder,
      () => KERNEL,
      KINDS.map(([type], index) => ({ kind: 'variable', symbol: `v${index}`, type })),
    );
    const btf = readBtf(builder.finish());
    const section = btf.find(BTF_KIND.section, '.ksyms') ?? 0;
    const variables = btf.variables(section);
    expect(
      variables.map(({ variable, offset, size }) => [
        ...[btf.name(variable), named(btf, btf.sizeOrType(variable)), btf.linkage(variable)],
        ...[offset, size],
      ]),
    ).toEqual(KINDS.map(([, wanted], index) => [`v${index}`, wanted, LINKAGE.extern, 0, 0]));
    for (const id of btf.ofKind(BTF_KIND.struct, BTF_KIND.union))
      expect(btf.members(id)).toEqual([]);
    for (const id of btf.ofKind(BTF_KIND.enum, BTF_KIND.enum64))
      expect(btf.enumerators(id)).toEqual([]);
  });

  it('is a function with its parameters, and none where nothing is used', () => {
    const builder = new BtfBuilder();
    const parameters = [{ name: 'pid', type: signed(4) }];
    const returns = {
      kind: 'pointer',
      to: { kind: 'forward', aggregate: 'struct', name: 'task' },
    } as const;
    addKernelSymbols(builder, () => KERNEL, [
      { kind: 'function', symbol: 'f', parameters, returns },
    ]);
    const btf = readBtf(builder.finish());
    const id = btf.find(BTF_KIND.function, 'f') ?? 0;
    expect(called(btf, btf.sizeOrType(id), 'f')).toBe('fwd task * f(int pid)');
    expect(btf.linkage(id)).toBe(LINKAGE.extern);
    const empty = new BtfBuilder();
    addKernelSymbols(empty, () => KERNEL, []);
    expect(readBtf(empty.finish()).count).toBe(1);
  });

  it('ends where pointers lead on for ever', () => {
    const circle = new BtfBuilder();
    let id = 0;
    for (let depth = 0; depth < 40; depth += 1) id = circle.pointer(id);
    const builder = new BtfBuilder();
    const kernel = readBtf(circle.finish());
    addKernelSymbols(builder, () => kernel, [{ kind: 'variable', symbol: 'v', type: id }]);
    const btf = readBtf(builder.finish());
    const variable = btf.find(BTF_KIND.variable, 'v') ?? 0;
    expect(named(btf, btf.sizeOrType(variable))).toBe(`void${' *'.repeat(17)}`);
  });
});

describe('a type that has a name alone', () => {
  const site = (more: Partial<NamedSite>): NamedSite => ({
    ...{ kind: 'named', relocation: 'byte-offset', root: { kind: 'struct', name: 's' } },
    ...{ path: ['a'], leaf: unsigned(4), value: 0 },
    ...more,
  });
  const made = (more: Partial<NamedSite>) => {
    const builder = new BtfBuilder();
    const { type, access, kind } = addNamedType(builder, site(more));
    const btf = readBtf(builder.finish());
    const shape = (id: number): unknown => {
      const one = btf.type(id);
      if (one.kind === BTF_KIND.array) return [shape(btf.array(id).element), btf.array(id).count];
      if (one.kind !== BTF_KIND.struct && one.kind !== BTF_KIND.union) return named(btf, id);
      const members = btf.members(id).map((each) => [each.name, shape(each.type), each.bitSize]);
      return { of: named(btf, id), size: one.sizeOrType, members };
    };
    return { shape: shape(type), access, kind };
  };

  it('has one member for each step of a way, as large as what it leads to', () => {
    expect(made({})).toEqual({
      shape: { of: 'struct s', size: 4, members: [['a', 'unsigned int', 0]] },
      ...{ access: '0:0', kind: CORE_KIND['byte-offset'] },
    });
    const inner = { of: 'struct ', size: 24, members: [['b', ['unsigned long long', 3], 0]] };
    expect(
      made({ path: ['a', 'b', 2], leaf: unsigned(8), root: { kind: 'union', name: 'u' } }),
    ).toEqual({
      shape: { of: 'union u', size: 24, members: [['a', inner, 0]] },
      ...{ access: '0:0:0:2', kind: CORE_KIND['byte-offset'] },
    });
    expect(made({ bits: 3 }).shape).toEqual({
      ...{ of: 'struct s', size: 4, members: [['a', 'unsigned int', 3]] },
    });
    expect(made({ path: [] })).toMatchObject({
      shape: { of: 'struct s', members: [] },
      access: '0',
    });
  });

  it('is another one for a question', () => {
    expect(made({ relocation: 'exists' })).toEqual({
      shape: { of: 'struct s', size: 5, members: [['a', 'unsigned int', 0]] },
      ...{ access: '0:0', kind: CORE_KIND.exists },
    });
  });

  it('is an enum with the enumerator', () => {
    const builder = new BtfBuilder();
    const root = { kind: 'enum', name: 'e' } as const;
    const { type, access } = addNamedType(
      builder,
      site({ root, path: ['ONE'], relocation: 'enum-value-exists' }),
    );
    const btf = readBtf(builder.finish());
    expect([named(btf, type), btf.enumerators(type), access]).toEqual([
      'enum e',
      [['ONE', 1n]],
      '0',
    ]);
  });

  it('has elements before the one that is meant, as large as it', () => {
    expect(namedOffset(['a', 'b'], 8)).toBe(0);
    expect(namedOffset(['a', 3], 8)).toBe(24);
    expect(namedOffset([2, 'a', 1], 4)).toBe(20);
    expect(namedOffset([2, 3], 4)).toBe(44);
    expect(namedOffset([], 8)).toBe(0);
  });
});
