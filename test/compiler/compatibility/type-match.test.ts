/** Types of an object beside those of a kernel: each pair compiled by clang, member beside member. */
import { describe, expect, it } from 'vitest';
import {
  describeType,
  essentialName,
  findMember,
  hostLeaf,
  layoutDiffers,
  localLeaf,
  numberDoesNotSuit,
  relocates,
  type Use,
  valueDiffers,
} from '../../../compiler/compatibility/type-match.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { type Btf, readBtf } from '../../../linker/btf/read.ts';
import { typesOfC } from '../../support/c-types.ts';
import { needs } from '../../support/needs.ts';

const OTHERS = `typedef int number; typedef unsigned long word; enum e { A }; enum f { B };
struct s { int a; }; struct t { int a; }; struct s___old { int a; long b; }; union u { int a; };
struct anonymous { struct { int a; }; }; struct fwd;
`;

/** Each text is all members of a struct; they get the names `struct wN` in one BTF. */
function structs(members: readonly string[]): Btf {
  const text = members.map((each, index) => `struct w${index} { ${each}; };`);
  const uses = members.map((_, index) => `struct w${index} u${index};`);
  return readBtf(typesOfC(OTHERS + [...text, ...uses].join('\n')));
}
const idOf = (btf: Btf, index: number): number => btf.find(BTF_KIND.struct, `w${index}`) ?? 0;
const leaf = (btf: Btf, index: number) => {
  const found = localLeaf(btf, idOf(btf, index), '0:0');
  if (!found) throw new Error('no member');
  return found;
};

type Row = readonly [was: string, is: string, use: Use, why?: string];

const SIGN = 'has a sign on this kernel, and the script was built for a number without one';
const NO_SIGN = 'has no sign on this kernel, and the script was built for a number with one';
const bits = (now: number, then: number) =>
  `has ${now} bits on this kernel, and the script was built for ${then}`;
const other = (now: string, then: string) =>
  `is ${now} on this kernel, and the script was built for ${then}`;

const VALUES: readonly Row[] = [
  ['int m', 'int m', 'fixed'],
  ['int m', 'number m', 'fixed'],
  ['const int m', 'volatile int m', 'fixed'],
  ['int m', 'unsigned int m', 'fixed', NO_SIGN],
  ['unsigned int m', 'int m', 'adapts', SIGN],
  // Plain characters have the sign of their compiler.
  ['char m', 'signed char m', 'fixed'],
  ['signed char m', 'char m', 'fixed'],
  ['unsigned char m', 'signed char m', 'fixed', SIGN],
  ['long m', 'int m', 'fixed', bits(32, 64)],
  ['long m', 'int m', 'loads', bits(32, 64)],
  ['long m', 'int m', 'adapts'],
  ['unsigned long m', 'unsigned int m', 'loads'],
  ['unsigned long m', 'unsigned int m', 'adapts'],
  ['int m', 'long m', 'adapts', bits(64, 32)],
  ['unsigned int m', 'unsigned long m', 'loads', bits(64, 32)],
  ['unsigned int m', 'unsigned int m : 5', 'adapts', bits(5, 32)],
  ['int m', 'int m : 5', 'adapts'],
  ['int m', 'int m : 5', 'loads', bits(5, 32)],
  ['unsigned int m : 5', 'unsigned int m', 'adapts'],
  ['unsigned int m : 5', 'unsigned int m : 7', 'adapts'],
  ['unsigned int m : 5', 'unsigned int m : 7', 'fixed', bits(7, 5)],
  ['unsigned int m : 5', 'unsigned int m : 5', 'fixed'],
  ['unsigned char m : 5', 'unsigned long m', 'adapts', bits(64, 5)],
  ['unsigned int m : 31', 'unsigned int m', 'loads', bits(32, 31)],
  ['unsigned int m', 'unsigned char m', 'open'],
  ['unsigned int m', 'long m', 'open'],
  [
    'unsigned int m',
    'unsigned long m',
    'open',
    'is a number of 64 bits without a sign on this kernel, and the script does not say its type: cast it, as in (uint64)$p.field',
  ],
  ['_Bool m', '_Bool m', 'fixed'],
  ['_Bool m', 'unsigned char m', 'fixed', other('unsigned char', '_Bool')],
  ['_Bool m', 'unsigned char m : 1', 'adapts', bits(1, 8)],
  ['unsigned char m', '_Bool m', 'fixed'],
  ['enum e m', 'enum e m', 'fixed'],
  ['enum e m', 'enum f m', 'fixed'],
  // Of enums BTF may not say the sign.
  ['int m', 'enum e m', 'fixed'],
  ['unsigned int m', 'enum e m', 'fixed'],
  ['enum e m', 'unsigned int m', 'fixed'],
  ['enum e m', 'int m', 'fixed', SIGN],
  ['int m', 'int *m', 'fixed', other('a pointer to int', 'int')],
  ['int *m', 'int *m', 'fixed'],
  ['int *m', 'number *m', 'fixed'],
  ['int *m', 'long *m', 'fixed', other('a pointer to long', 'a pointer to int')],
  ['int *m', 'unsigned int *m', 'fixed', other('a pointer to unsigned int', 'a pointer to int')],
  ['int *m', 'void *m', 'fixed', other('a pointer', 'a pointer to int')],
  ['char *m', 'void *m', 'fixed'],
  ['void *m', 'struct s *m', 'fixed'],
  ['struct s *m', 'struct s *m', 'fixed'],
  [
    'struct s *m',
    'struct fwd *m',
    'fixed',
    other('a pointer to struct fwd', 'a pointer to struct s'),
  ],
  ['struct s___old *m', 'struct s *m', 'fixed'],
  ['struct s *m', 'struct t *m', 'fixed', other('a pointer to struct t', 'a pointer to struct s')],
  ['struct s *m', 'int *m', 'fixed', other('a pointer to int', 'a pointer to struct s')],
  ['struct s **m', 'struct s **m', 'fixed'],
  [
    'struct s **m',
    'struct s *m',
    'fixed',
    other('a pointer to struct s', 'a pointer to a pointer to struct s'),
  ],
  [
    'struct s **m',
    'struct t **m',
    'fixed',
    other('a pointer to a pointer to struct t', 'a pointer to a pointer to struct s'),
  ],
  ['int (*m)(int)', 'long (*m)(void)', 'fixed'],
  ['struct s m', 'struct s m', 'fixed'],
  ['struct s m', 'struct t m', 'fixed', other('struct t', 'struct s')],
  ['struct s___old m', 'struct s m', 'fixed'],
  ['struct { int a; } m', 'struct t m', 'fixed'],
  ['struct s m', 'int m', 'fixed', other('int', 'struct s')],
  ['int m[4]', 'int m[4]', 'fixed'],
  ['int m[4]', 'int m[5]', 'fixed'],
  ['int m[4]', 'int m[3]', 'fixed', other('an array of 3', 'an array of 4')],
  ['int m[4]', 'long m[4]', 'fixed', bits(64, 32)],
  ['int m[4]', 'int m', 'fixed', other('int', 'an array of 4')],
];

needs('clang').it(
  'values of one type are taken for those of another where they mean the same',
  () => {
    const was = structs(VALUES.map(([each]) => each));
    const is = structs(VALUES.map(([, each]) => each));
    const said = VALUES.map(([one, two, use], index) => {
      const why = valueDiffers(leaf(was, index), leaf(is, index), use);
      return why === undefined ? [one, two, use] : [one, two, use, why];
    });
    expect(said).toEqual(VALUES);
  },
);

needs('clang').it('members are found by names, also in parts without one', () => {
  const btf = structs([
    'int a; struct { int b; union { int c; long d; }; }; struct { int e; } named; int list[3]; struct s parts[2]; int open[]',
  ]);
  const type = idOf(btf, 0);
  const at = { btf, type, bitOffset: 8, bitSize: 0, name: '' };
  const bit = (name: string) => findMember(at, name)?.bitOffset;
  expect(['a', 'b', 'c', 'd', 'named', 'e', 'zz', ''].map(bit)).toEqual([
    ...[8, 72, 136, 136, 200],
    ...[undefined, undefined, undefined],
  ]);
  const path = (access: string) => localLeaf(btf, type, access)?.bitOffset;
  expect(['0', '0:0', '0:1:0', '0:1:1:1', '0:2:0', '0:3:2', '0:4:1:0'].map(path)).toEqual([
    0, 0, 64, 128, 192, 288, 352,
  ]);
  expect(['1', '1:0', '0:9', '0:0:0', '0:1:9'].map(path)).toEqual(new Array(5).fill(undefined));
  const same = (access: string) => hostLeaf(btf, type, access, btf, type)?.bitOffset;
  expect(['0:0', '0:1:0', '0:1:1:1', '0:2:0', '0:3:2', '0:4:1:0', '0:5:7'].map(same)).toEqual([
    0,
    64,
    128,
    192,
    288,
    352,
    384 + 7 * 32,
  ]);
  // Behind the end of an array that has one.
  expect(path('0:3:3')).toBe(320);
  expect(same('0:3:3')).toBeUndefined();
  expect(same('1:0')).toBeUndefined();
});

needs('clang').it('a path goes by names on a kernel, where the members are elsewhere', () => {
  const was = structs(['int a; struct { int b; }; int c[4]', 'int a; int b', 'int a; int b']);
  const is = structs([
    'long x; union { struct { int b; }; int y; }; int c[2]; int a',
    'int b',
    'int a[2]; int b',
  ]);
  const bit = (index: number, access: string) =>
    hostLeaf(was, idOf(was, index), access, is, idOf(is, index))?.bitOffset;
  expect(['0:0', '0:1:0', '0:2', '0:2:1', '0:2:2'].map((each) => bit(0, each))).toEqual([
    160,
    64,
    96,
    128,
    undefined,
  ]);
  expect(['0:0', '0:1'].map((each) => bit(1, each))).toEqual([undefined, 0]);
});

type Fit = readonly [was: string, is: string, fits: boolean];

needs('clang').it('a kernel’s member is taken for one of the same kind alone', () => {
  const rows: readonly Fit[] = [
    ['int m', 'long m', true],
    ['int m', 'enum e m', false],
    ['int m', 'int *m', false],
    ['int *m', 'struct s *m', true],
    ['struct s m', 'union u m', true],
    ['struct s m', 'int m', false],
    ['enum e m', 'enum e m', true],
    ['enum e m', 'enum f m', false],
    ['enum e m', 'enum { C } m', true],
    ['float m', 'double m', true],
    ['float m', 'int m', false],
    ['int m[2]', 'long m[3]', true],
    // libbpf looks into arrays together: one beside none stays an array.
    ['int m[2]', 'int m', false],
    ['int m[2]', 'int *m[2]', false],
    ['int m[2][3]', 'struct s m[2][3]', false],
  ];
  const was = structs(rows.map(([each]) => each));
  const is = structs(rows.map(([, each]) => each));
  const said = rows.map(([one, two], index) => [
    one,
    two,
    relocates(leaf(was, index), leaf(is, index)),
  ]);
  expect(said).toEqual(rows);
});

type Layout = readonly [was: string, is: string, why?: string];

needs('clang').it(
  'bytes of one type are taken for those of another with the same parts in the same places',
  () => {
    const rows: readonly Layout[] = [
      ['struct s m', 'struct s m'],
      [
        'struct s___old m',
        'struct s m',
        'has 4 bytes on this kernel, and the script was built for 16',
      ],
      ['struct s m', 'struct t m', other('struct t', 'struct s')],
      ['struct s m', 'union u m', other('union u', 'struct s')],
      ['struct { int a; } m', 'struct { int a; } m'],
      ['struct { int a, b; } m', 'struct { int a, c; } m', 'has no member b on this kernel'],
      [
        'struct { int a, b; } m',
        'struct { int b, a; } m',
        'has its member a at another place on this kernel',
      ],
      [
        'struct { int a : 3, b : 4; } m',
        'struct { int a : 3, b : 5; } m',
        'has its member b at another place on this kernel',
      ],
      ['struct { struct { int a; }; int b; } m', 'struct { int a; struct { int b; }; } m'],
      ['struct { struct { int a; }; } m', 'struct { int b; } m', 'has no member a on this kernel'],
      ['struct { int a; } m', 'struct { unsigned int a; } m', `has a member a that ${NO_SIGN}`],
      [
        'struct { struct s a; } m',
        'struct { struct t a; } m',
        `has a member a that ${other('struct t', 'struct s')}`,
      ],
      ['int m[2]', 'int m[2]'],
      ['int m[2]', 'int m[3]', other('an array of 3', 'an array of 2')],
      ['int m[2]', 'int m', other('int', 'an array of 2')],
      ['int m[2]', 'unsigned int m[2]', NO_SIGN],
      ['int m', 'int m'],
      ['int m', 'long m', bits(64, 32)],
    ];
    const was = structs(rows.map(([each]) => each));
    const is = structs(rows.map(([, each]) => each));
    const said = rows.map(([one, two], index) => {
      const why = layoutDiffers(was, leaf(was, index).type, is, leaf(is, index).type);
      return why === undefined ? [one, two] : [one, two, why];
    });
    expect(said).toEqual(rows);
    expect(layoutDiffers(was, 0, is, 0)).toBeUndefined();
    expect(layoutDiffers(was, 0, is, leaf(is, 16).type)).toContain('was built for void');
  },
);

needs('clang').it('structs are looked into 32 deep, as deep as any compiler nests them', () => {
  const nested = (levels: number, inner: string): string =>
    levels === 0 ? `struct { ${inner}; } m` : `struct { ${nested(levels - 1, inner)}; } m`;
  const depths = [32, 33];
  const was = structs(depths.map((depth) => nested(depth, 'int a')));
  const is = structs(depths.map((depth) => nested(depth, 'int b')));
  const why = (index: number) =>
    layoutDiffers(was, leaf(was, index).type, is, leaf(is, index).type);
  expect(why(0)).toMatch(/^has a member m that .* has no member a on this kernel$/);
  expect(why(1)).toBeUndefined();
});

needs('clang').it('types are called as people call them', () => {
  const declared: Readonly<Record<string, string>> = {
    'int m': 'int',
    'number m': 'number',
    'const unsigned char m': 'unsigned char',
    'struct s m': 'struct s',
    'union u m': 'union u',
    'struct { int a; } m': 'struct',
    'enum e m': 'enum e of 4 bytes',
    'enum { D } m': 'enum of 4 bytes',
    'int m[7]': 'an array of 7',
    'void *m': 'a pointer',
    'struct s *m': 'a pointer to struct s',
    'struct fwd *m': 'a pointer to struct fwd',
    'union nowhere *m': 'a pointer to union nowhere',
    'int *m': 'a pointer to int',
    'word *m': 'a pointer to word',
    'struct s **m': 'a pointer to a pointer to struct s',
    'int (*m)(void)': 'a pointer',
    'enum e *m': 'a pointer to enum e of 4 bytes',
  };
  const all = Object.keys(declared);
  const btf = structs(all);
  expect(all.map((_, index) => describeType(btf, leaf(btf, index).type))).toEqual(
    Object.values(declared),
  );
  expect(describeType(btf, 0)).toBe('void');
});

describe('names', () => {
  it.each([
    ['sock', 'sock'],
    ['sock___old', 'sock'],
    ['sock___old___older', 'sock'],
    ['sock__old', 'sock__old'],
    ['___sock', '___sock'],
    ['sock___', 'sock___'],
    ['a___b', 'a'],
  ])('%s stands for %s', (name, essential) => {
    expect(essentialName(name)).toBe(essential);
  });
});

describe('numbers in registers', () => {
  const number = (text: string) => ({
    size: Number(text.slice(1)),
    signed: text.startsWith('i'),
    isEnum: text.startsWith('e') || text.startsWith('E'),
    ...(text.startsWith('E') ? { signed: true } : {}),
  });
  it.each([
    ['i4', 'i4', true],
    ['u4', 'u4', true],
    ['i4', 'i8', false],
    ['u8', 'u4', true],
    ['u4', 'i4', false],
    ['i4', 'u4', false],
    // A narrower one without a sign fits into one that has it.
    ['i8', 'u4', true],
    ['u8', 'i4', false],
    // Of enums the sign may not be told.
    ['e4', 'E4', true],
    ['E4', 'e4', true],
    ['i4', 'e4', true],
    ['u4', 'e4', true],
    ['e4', 'u4', true],
    ['e4', 'i4', false],
    ['u4', 'E4', false],
    ['E4', 'u4', true],
  ])('%s take %s: %s', (local, host, suits) => {
    expect(numberDoesNotSuit(number(local), number(host)) === undefined).toBe(suits);
  });
});
