/** What can be attached to by the types of functions, as the kernel decides it. */
import { expect, it } from 'vitest';
import { describeKernel, type KernelSources } from '../../../compiler/kernel/description.ts';
import { UndescribedError } from '../../../compiler/kernel/error.ts';
import { kernelFunction, typedFunctions } from '../../../compiler/kernel/functions.ts';
import { tableSource } from '../../../compiler/kernel/tracepoints.ts';
import { typeName } from '../../../compiler/types/names.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { readBtf } from '../../../linker/btf/read.ts';
import { type SyntheticType, writeBtf } from '../../linker/synthetic.ts';

/** Types by names that functions have for them; each id is a place in the order. */
const TYPES = {
  int: { name: 'int', kind: BTF_KIND.int, sizeOrType: 4, words: [(1 << 24) | 32] },
  long: { name: 'long', kind: BTF_KIND.int, sizeOrType: 8, words: [(1 << 24) | 64] },
  byte: { name: 'unsigned char', kind: BTF_KIND.int, sizeOrType: 1, words: [8] },
  wide: { name: '__int128', kind: BTF_KIND.int, sizeOrType: 16, words: [(1 << 24) | 128] },
  double: { name: 'double', kind: BTF_KIND.float, sizeOrType: 8 },
  word: { name: 'word', kind: BTF_KIND.struct, sizeOrType: 8 },
  pair: { name: 'pair', kind: BTF_KIND.struct, sizeOrType: 16 },
  either: { name: 'either', kind: BTF_KIND.union, sizeOrType: 16 },
  big: { name: 'big', kind: BTF_KIND.struct, sizeOrType: 17 },
  gone: { name: 'gone', kind: BTF_KIND.forward, sizeOrType: 0 },
  colour: { name: 'colour', kind: BTF_KIND.enum, sizeOrType: 4 },
  named: { name: 'named', kind: BTF_KIND.typedef, sizeOrType: 7 },
  'word *': { kind: BTF_KIND.pointer, sizeOrType: 6 },
  'pair *': { kind: BTF_KIND.pointer, sizeOrType: 20 },
  'either *': { kind: BTF_KIND.pointer, sizeOrType: 8 },
  'int *': { kind: BTF_KIND.pointer, sizeOrType: 1 },
  'word **': { kind: BTF_KIND.pointer, sizeOrType: 13 },
  'void *': { kind: BTF_KIND.pointer, sizeOrType: 0 },
  'gone *': { kind: BTF_KIND.pointer, sizeOrType: 10 },
  'const pair': { kind: BTF_KIND.const, sizeOrType: 7 },
  'colour *': { kind: BTF_KIND.pointer, sizeOrType: 11 },
} as const satisfies Readonly<Record<string, SyntheticType>>;
type Name = keyof typeof TYPES | 'void' | '...';

const idOf = (name: Name): number => Object.keys(TYPES).indexOf(name) + 1;

interface Made {
  readonly result?: Name;
  readonly parameters?: readonly (readonly [type: Name, name?: string])[];
}

const many = (count: number): Made => ({
  result: 'int',
  parameters: Array.from({ length: count }, () => ['int'] as const),
});

const FUNCTIONS: Readonly<Record<string, Made>> = {
  nothing: {},
  plain: { result: 'int', parameters: [['int', 'a'], ['word *', 'b'], ['byte']] },
  pairs: {
    result: 'long',
    parameters: [
      ['pair', 'a'],
      ['int', 'b'],
      ['named', 'c'],
      ['either', 'd'],
      ['double', 'e'],
    ],
  },
  words: {
    result: 'long',
    parameters: [
      ['word', 'a'],
      ['int', 'b'],
    ],
  },
  pointers: {
    result: 'int *',
    parameters: [
      ['word *', 'a'],
      ['pair *', 'b'],
      ['either *', 'c'],
      ['int *', 'd'],
      ['word **', 'e'],
      ['void *', 'f'],
      ['gone *', 'g'],
      ['colour *', 'h'],
    ],
  },
  pointer: { result: 'pair *', parameters: [] },
  large: {
    result: 'int',
    parameters: [
      ['int', 'a'],
      ['big', 'b'],
    ],
  },
  wide_one: { result: 'int', parameters: [['wide', 'a']] },
  variable: { result: 'int', parameters: [['int', 'a'], ['...']] },
  returned: { result: 'word' },
  returned_named: { result: 'named' },
  returned_wide: { result: 'wide' },
  twelve: many(12),
  thirteen: many(13),
  preempt_count_add: { parameters: [['int', 'a']] },
};

function compiled(): Buffer {
  const types: SyntheticType[] = Object.values(TYPES);
  for (const [name, { result = 'void', parameters = [] }] of Object.entries(FUNCTIONS)) {
    types.push({
      kind: BTF_KIND.prototype,
      length: parameters.length,
      sizeOrType: idOf(result),
      words: parameters.flatMap(([type, own = '']) => [own, idOf(type)]),
    });
    types.push({ name, kind: BTF_KIND.function, sizeOrType: types.length });
  }
  return writeBtf(types);
}

it('functions have parameters where a program finds them, and a result behind them', () => {
  const btf = readBtf(compiled());
  const read = (name: string) => {
    const found = kernelFunction(btf, name);
    if (found === undefined || typeof found === 'string') return found;
    const { parameters, result } = found;
    return [
      ...parameters.map(
        (each) =>
          `${each.slot} ${typeName(each.type)} ${each.name}${each.isRefused ? ' refused' : ''}`,
      ),
      ...(result
        ? [`${result.slot} ${typeName(result.type)}${result.isRefused ? ' refused' : ''}`]
        : []),
    ];
  };
  expect(read('nothing')).toEqual([]);
  expect(read('plain')).toEqual(['0 int32 a', '1 struct word * b', '2 uint8 arg2', '3 int32']);
  expect(read('pairs')).toEqual([
    ...['0 struct pair a', '2 int32 b', '3 struct pair c', '5 union either d', '7 uint8[8] e'],
    '8 int64',
  ]);
  expect(read('words')).toEqual(['0 struct word a', '1 int32 b', '2 int64']);
  expect(read('pointers')).toEqual([
    '0 struct word * a',
    '1 struct pair * b',
    '2 union either * c',
    '3 int32 * d refused',
    '4 struct word ** e refused',
    '5 void * f refused',
    '6 struct gone * g refused',
    '7 enum colour * h refused',
    '8 int32 * refused',
  ]);
  expect(read('pointer')).toEqual(['0 struct pair *']);
  expect(read('no_such_function')).toBeUndefined();
});

it('functions that nothing can be attached to say why', () => {
  const btf = readBtf(compiled());
  const reasons = {
    large: 'its parameter b has 17 bytes',
    wide_one: 'its parameter a has 16 bytes',
    variable: 'it takes a variable number of arguments',
    returned: 'it returns a struct',
    returned_named: 'it returns a struct',
    returned_wide: 'it returns a struct',
    thirteen: 'it has more than 12 parameters',
  };
  for (const [name, reason] of Object.entries(reasons))
    expect(kernelFunction(btf, name)).toBe(reason);
  expect(typeof kernelFunction(btf, 'twelve')).toBe('object');
  const all = typedFunctions(btf, () => true);
  expect([...all].sort()).toEqual([
    ...['nothing', 'pairs', 'plain', 'pointer', 'pointers'],
    ...['preempt_count_add', 'twelve', 'words'],
  ]);
  expect(typedFunctions(btf, (name) => name.startsWith('p'))).toEqual(
    all.filter((name) => name.startsWith('p')),
  );
  expect(
    typedFunctions(
      btf,
      () => true,
      () => false,
    ),
  ).toEqual([]);
  expect(kernelFunction(btf, 'plain', () => false)).toBeUndefined();
});

it('patterns of them match what the kernel traces, and nothing that it never lets be', () => {
  const btf = compiled();
  const kernel = (functions: () => string) => {
    const sources: KernelSources = {
      ...{ release: '6.12.0', arch: 'x86_64', btf: () => btf, functions },
      ...{ tracepoints: tableSource(() => ''), syscalls: () => 'read 0\nwrite 1\n\nodd\n' },
    };
    return describeKernel(sources);
  };
  const traced = kernel(() => 'nothing\nother\npairs\nplain\npreempt_count_add\nthirteen\n');
  expect(traced.matchTypedFunctions('p*')).toEqual(['pairs', 'plain']);
  expect(traced.matchTypedFunctions('*')).toEqual(['nothing', 'pairs', 'plain']);
  expect(traced.matchTypedFunctions('plain')).toEqual(['plain']);
  expect(traced.matchTypedFunctions('plai')).toEqual([]);
  expect(traced.matchFunctions('p*')).toEqual(['pairs', 'plain', 'preempt_count_add']);
  expect(traced.matchFunctions('*')).toHaveLength(6);
  expect([...traced.syscalls()]).toEqual([
    ['read', 0],
    ['write', 1],
  ]);
  // Where the list is hidden, all that have types.
  const hidden = kernel(() => {
    throw new UndescribedError('hidden');
  });
  expect(hidden.matchTypedFunctions('p*')).toEqual(['pairs', 'plain', 'pointer', 'pointers']);
  expect(() => hidden.matchFunctions('p*')).toThrow('hidden');
});
