/** Structs that a script copies whole, on kernels that have them otherwise: types compiled by clang. */
import { expect } from 'vitest';
import { checkCopies } from '../../../compiler/compatibility/copied-structs.ts';
import { openHost } from '../../../compiler/compatibility/host.ts';
import type { ObjectView } from '../../../compiler/compatibility/object.ts';
import { UndescribedError } from '../../../compiler/kernel/error.ts';
import { typesOfC } from '../../support/c-types.ts';
import { needs } from '../../support/needs.ts';
import { EMBEDDED, kernelWith } from './kernels.ts';

type Json = Readonly<Record<string, unknown>>;

const int = (size: number, signed = true): Json => ({ kind: 'int', size, signed });
const field = (name: string, offset: number, type: Json, bits?: readonly number[]): Json => ({
  ...{ name, offset, type },
  ...(bits ? { bits } : {}),
});
const struct = (fields: readonly Json[], more: Json = { struct: 'struct s' }): Json => ({
  ...{ kind: 'record', size: 8, fields },
  ...more,
});

const compiled = new Map<string, Uint8Array>();
function typesOf(source: string): Uint8Array {
  const types = compiled.get(source) ?? typesOfC(source);
  compiled.set(source, types);
  return types;
}

/** What is said of a copy, on a kernel of these types: a struct `s` with the members. */
function said(
  members: string,
  type: Json,
  manifest: Json = {},
  whole = `struct s { ${members}; };`,
) {
  const btf = typesOf(`enum e { A }; struct other { int z; }; ${whole}\nstruct s use;`);
  const object = {
    script: 'a.bt',
    manifest: { maps: [{ key: int(8), value: type }], ...manifest },
  } as unknown as ObjectView;
  const host = openHost({ ...EMBEDDED, btf });
  return checkCopies(object, host).map(({ name, verdict, reason, place }) => ({
    said: [name, verdict, ...(reason === undefined ? [] : [reason])].join(': '),
    place,
  }));
}
type Row = readonly [members: string, fields: readonly Json[], differs?: string];

const ROWS: readonly Row[] = [
  ['int a, b', [field('a', 0, int(4)), field('b', 4, int(4))]],
  ['int b, a', [field('a', 0, int(4)), field('b', 4, int(4))], 'a'],
  ['int a', [field('a', 0, int(4)), field('b', 4, int(4))], 'b'],
  ['long a', [field('a', 0, int(4))], 'a'],
  ['unsigned int a', [field('a', 0, int(4))], 'a'],
  ['int a', [field('a', 0, int(4, false))], 'a'],
  // Of single bytes the sign may be the compiler's.
  ['unsigned char a', [field('a', 0, int(1))]],
  ['_Bool a', [field('a', 0, { kind: 'bool' })]],
  ['unsigned char a', [field('a', 0, { kind: 'bool' })], 'a'],
  ['int a', [field('a', 0, { kind: 'bool' })], 'a'],
  ['int a : 3, b : 1', [field('a', 0, int(4), [0, 3]), field('b', 0, { kind: 'bool' }, [3, 1])]],
  ['int a : 3', [field('a', 0, int(4), [0, 4])], 'a'],
  ['int a : 3', [field('a', 0, int(4), [1, 3])], 'a'],
  ['int a', [field('a', 0, int(4), [0, 3])], 'a'],
  ['enum e a', [field('a', 0, { kind: 'enum', size: 4 })]],
  ['int *a', [field('a', 0, { kind: 'enum', size: 8 })], 'a'],
  ['int *a', [field('a', 0, { kind: 'pointer' })]],
  ['long a', [field('a', 0, { kind: 'pointer' })], 'a'],
  ['int *a', [field('a', 0, int(8))], 'a'],
  ['char a[8]', [field('a', 0, { kind: 'string', size: 8 })]],
  ['char a[4]', [field('a', 0, { kind: 'string', size: 8 })], 'a'],
  ['short a[4]', [field('a', 0, { kind: 'string', size: 8 })], 'a'],
  ['unsigned char a[8]', [field('a', 0, { kind: 'buffer', size: 8 })]],
  ['long a', [field('a', 0, { kind: 'buffer', size: 8 })], 'a'],
  ['int a[2]', [field('a', 0, { kind: 'array', size: 8, element: int(4) })]],
  ['int *a[1]', [field('a', 0, { kind: 'array', size: 8, element: int(8) })], 'a'],
  ['long a', [field('a', 0, { kind: 'array', size: 8, element: int(4) })], 'a'],
  ['struct { int x, y; } a', [field('a', 0, struct([field('y', 4, int(4))], {}))]],
  ['struct { int y, x; } a', [field('a', 0, struct([field('y', 4, int(4))], {}))], 'a'],
  [
    'struct { int x; } a[2]',
    [field('a', 0, { kind: 'array', size: 8, element: struct([field('x', 0, int(4))], {}) })],
  ],
  [
    'struct { int y; } a[2]',
    [field('a', 0, { kind: 'array', size: 8, element: struct([field('x', 0, int(4))], {}) })],
    'a',
  ],
];

needs('clang').it(
  'members are where the script takes them from, of the same kind and width',
  () => {
    const named = ROWS.map(([members], index) => `struct r${index} { ${members}; } use${index};`);
    const maps = ROWS.map(([, fields], index) => ({
      value: struct(fields, { struct: `struct r${index}` }),
    }));
    const found = said('', int(4), { maps }, `struct s { int a; };\n${named.join('\n')}`);
    expect(found.map((each, index) => [ROWS[index]?.[0], each.said])).toEqual(
      ROWS.map(([members, , differs], index) => {
        const name = `struct r${index}`;
        const why = `${name} has its member ${differs} otherwise on this kernel, and the script copies it whole.`;
        return [members, differs === undefined ? `${name}: ok` : `${name}: other layout: ${why}`];
      }),
    );
  },
);

needs('clang').it('structs that are not there are missing', () => {
  const type = struct([field('a', 0, int(4))], { struct: 'struct nowhere' });
  expect(said('int a', type)[0]?.said).toBe(
    'struct nowhere: missing: This kernel has no struct nowhere, which the script copies whole.',
  );
  const [none] = checkCopies(
    { script: 'a.bt', manifest: { maps: [{ value: type }] } } as unknown as ObjectView,
    openHost(
      Object.defineProperty(kernelWith({}), 'btf', {
        get: () => {
          throw new UndescribedError('none');
        },
      }),
    ),
  );
  expect(none).toMatchObject({ name: 'struct nowhere', verdict: 'unknown' });
});

needs('clang').it('structs without a name are found by a way to them, of the same size', () => {
  const inner = (way: readonly string[], size = 8) =>
    struct([field('x', 0, int(4))], { within: way, size });
  const whole = 'struct s { long first; struct { int x, y; } in; struct { int z; } wrong; };';
  const one = (way: readonly string[], size?: number) =>
    said('', inner(way, size), {}, whole)[0]?.said;
  expect(one(['struct s.in'])).toBe('struct s.in: ok');
  expect(one(['struct s.in'], 12)).toBe(
    'struct s.in: other layout: struct s.in has 8 bytes on this kernel, 12 where the script was compiled, and it is copied whole.',
  );
  expect(one(['struct s.wrong'])).toBe(
    'struct s.wrong: other layout: struct s.wrong has its member x otherwise on this kernel, and the script copies it whole.',
  );
  expect(one(['struct s.none'])).toBe(
    'struct s.none: missing: This kernel has no struct s.none, which the script copies whole.',
  );
  // A member that is no struct is none, and all of the ways that are there count.
  expect(one(['struct s.first'])).toContain('missing');
  expect(one(['struct s.none', 'struct s.in'])).toBe('struct s.none: ok');
  expect(one(['struct s.in', 'struct s.wrong'])).toContain('struct s.wrong: other layout');
});

needs('clang').it('copies stand in maps and events, in other values, each with its place', () => {
  const type = struct([field('a', 0, int(4))]);
  const places = (value: Json, manifest: Json = {}) =>
    said('int a', value, manifest).map(({ place }) => place);
  expect(places(int(4))).toEqual([]);
  expect(places({ kind: 'array', element: type })).toHaveLength(1);
  expect(places({ kind: 'tuple', fields: [{ type: int(4) }, { type }] })).toHaveLength(1);
  // A struct with a name in another one is looked at by itself.
  expect(places(struct([field('a', 0, int(4)), field('b', 4, type)]))).toHaveLength(2);
  const assumption = { type: 'struct s', most: true, file: 'b.bt', line: 7, value: '8' };
  const at = (more: Json) => places(type, { assumptions: [{ ...assumption, ...more }] })[0];
  expect(at({})).toEqual({ file: 'b.bt', line: 7, column: 0 });
  expect(at({ file: '' })).toEqual({ file: 'a.bt', line: 7, column: 0 });
  expect(at({ most: false })).toBeUndefined();
  expect(at({ type: 'struct t' })).toBeUndefined();
  expect(at({ path: 'in' })).toBeUndefined();
  const within = struct([field('a', 0, int(4))], { within: ['struct s.in'] });
  const assumptions = [assumption, { ...assumption, path: 'in', line: 9 }];
  expect(places(within, { assumptions })[0]).toMatchObject({ line: 9 });
  const printed = (place?: Json) =>
    places(int(4), { events: [{ fields: [{ type }], ...(place ? { place } : {}) }] });
  expect(printed({ file: 'c.bt', line: 3, column: 5 })).toEqual([
    { file: 'c.bt', line: 3, column: 5 },
  ]);
  expect(printed({ line: 3, column: 5 })).toEqual([{ file: 'a.bt', line: 3, column: 5 }]);
  expect(printed()).toEqual([undefined]);
});
