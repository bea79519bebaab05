import { describe, expect, it } from 'vitest';
import { findDeclarations } from '../../../compiler/preamble/declarations.ts';

describe('the search for types in C', () => {
  it('finds structs, unions and enums with a body, also inside others', () => {
    const { tags } = findDeclarations(`
      struct a { int x; struct b { int y; } b; union { int z; } u; };
      union c { int x; }; enum d { D }; struct none; struct e *pointer;
      struct __attribute__((packed)) f { int x; };
      struct __attribute__((aligned(8))) __attribute__((packed)) g { int x; } variable;
      typedef struct h { int x; } h_t;`);
    expect(tags).toEqual([
      'struct a',
      'struct b',
      'union c',
      'enum d',
      'struct f',
      'struct g',
      'struct h',
    ]);
  });

  it('finds the names that typedefs declare', () => {
    const { typedefs } = findDeclarations(`
      typedef unsigned long word_t;
      typedef struct { int x; } box_t, *box_p;
      typedef int (*callback_t)(int a, void *b), numbers_t[4];
      typedef int function_t(long x);
      __extension__ typedef long long wide_t;
      typedef int aligned_t __attribute__((aligned(16)));
      typedef __typeof__(sizeof(int)) size_type;
      typedef enum { A, B } letter_t;
      int variable; extern int f(void);`);
    expect(typedefs).toEqual([
      'word_t',
      'box_t',
      'box_p',
      'callback_t',
      'numbers_t',
      'function_t',
      'wide_t',
      'aligned_t',
      'size_type',
      'letter_t',
    ]);
  });

  it('leaves functions and initialisers alone', () => {
    const { tags, typedefs } = findDeclarations(`
      static inline int f(void) { struct local { int x; } l; typedef int local_t; return 0; }
      int numbers[] = { 1, 2 };
      struct after { int x; };
      typedef int after_t;`);
    expect(tags).toEqual(['struct after']);
    expect(typedefs).toEqual(['after_t']);
  });

  it.each([
    'static inline int f(int x) { if (x) { return 1; } return 2; }',
    'int f(int (*g)(int), int n[2]) { struct local { int x; } l = { 1 }; return g(l.x); }',
    'static inline struct box *f(void) { return (struct box *)0; }',
    'int f(void) { for (int i = 0; i < 3; i++) { } return sizeof(struct { int x; }); }',
    'static int (*f(void))(int) { return 0; }',
  ])('finds what stands right behind a function: %s', (before) => {
    const behind = 'typedef int first_t; typedef struct box { int y; } box_t; enum { A };';
    const alone = findDeclarations(behind);
    const { tags, typedefs } = findDeclarations(`${before}\n${behind}`);
    expect(typedefs).toEqual(['first_t', 'box_t']);
    expect({ tags, typedefs }).toEqual({ tags: alone.tags, typedefs: alone.typedefs });
  });

  it('names enums that have no tag', () => {
    const { text, tags } = findDeclarations(
      'enum { A };\nenum named { B };\nstruct s { enum { C } c; };',
    );
    expect(tags).toHaveLength(4);
    expect(text.match(/enum\s+\w+/g)?.length).toBe(3);
    expect(tags.filter((tag) => tag.startsWith('enum'))).toHaveLength(3);
  });

  it('collects the macros that are defined at the end', () => {
    const { text, macros } = findDeclarations(
      '# 1 "<built-in>"\n#define __X__ 1\n# 1 "a"\n#define A 1\n#define F(x) x\n#define B "b"\n#undef B\n#define A 2\n#define E\nint x;',
    );
    expect([...macros]).toEqual([
      ['A', '2'],
      ['E', ''],
    ]);
    // Lines stay where they are, for the places in clang's messages.
    expect(text).toBe('# 1 "<built-in>"\n\n# 1 "a"\n\n\n\n\n\n\nint x;');
  });
});
