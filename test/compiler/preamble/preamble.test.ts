import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isScriptType } from '../../../compiler/types/type.ts';
import { diagnose, temporaryFolder } from '../../support/build.ts';
import { read } from './support.ts';

const AT = { start: 0, end: 0 };
const folder = temporaryFolder();

function header(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

/** What the compiler says of a script: `severity: message @ marked text`. */
function said(script: string): readonly string[] {
  return diagnose(script).map(({ severity, message, range }) => {
    const marked = range ? ` @ ${script.slice(range.start, range.end)}` : '';
    return `${severity}: ${message}${marked}`;
  });
}

/** Numbers that look random and are the same in every run (a linear congruential generator). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('a preamble of lines', () => {
  it('needs no C compiler for macros and conditionals', () => {
    vi.stubEnv('PATH', '');
    const { preamble, messages } = read(`
#define A 1
#if A > 0 && defined(BPFTRACE_HAVE_BTF)
#  define B (A + 1) // two
#elif 1
#  define B 3
#else
#  define B 4
#endif
#ifndef A
struct x { int a; };
#include <stdio.h>
#endif
#undef C
#pragma once`);
    expect(messages).toEqual([]);
    expect(preamble.macros.expand('B', AT)?.kind).toBe('expression');
    expect([...preamble.macros.names()].sort()).toEqual(['A', 'B', 'BPFTRACE_HAVE_BTF']);
  });

  it('[GRM-006] takes the branch of #ifdef and #ifndef that BTF decides', () => {
    const script = (body: string) =>
      `#ifndef BPFTRACE_HAVE_BTF\n#define N 1\nstruct x { int y; }\n#else\n#define N 5\n#endif\nbegin { ${body} }`;
    expect(said(script('let $a: int8 = N; print($a);'))).toEqual([]);
    expect(said(script('print(sizeof(struct x));'))).toEqual([
      "error: Unknown struct/union: 'x' @ struct x",
    ]);
  });

  it('reports what is wrong with conditionals', () => {
    expect(read('#ifdef X').messages).toEqual(['error: #if without #endif @ #ifdef X']);
    expect(read('#else\n#endif').messages).toEqual([
      'error: #else without #if @ #else',
      'error: #endif without #if @ #endif',
    ]);
    expect(read('#if 0\n#elif 1\n#else\n#else\n#elif 1\n#endif').messages).toEqual([
      'error: #else after #else @ #else',
      'error: #elif after #else @ #elif 1',
    ]);
    expect(read('#if 1\n#if 0\n#else\n#endif\n#else\n#endif').messages).toEqual([]);
    expect(read('#error no such luck\n#define').messages).toEqual([
      'error: #error no such luck @ #error no such luck',
      'error: #define without a name @ #define',
    ]);
    expect(read('#warning beware').messages).toEqual([
      'warning: #warning beware @ #warning beware',
    ]);
    expect(read('#frobnicate').messages).toEqual([
      'error: invalid preprocessing directive #frobnicate @ #frobnicate',
    ]);
  });

  it('warns of headers that are not installed', () => {
    const message =
      "warning: The header of '#include <no/such.h>' is not installed @ #include <no/such.h>";
    expect(read('#include <no/such.h>').messages).toEqual([message]);
    expect(read('#include <no/such.h>\nstruct x { int a; };').messages).toEqual([message]);
  });
});

describe('macros', () => {
  it('[GRM-003] stand for expressions of the language', () => {
    const script = `#define N 0x10
#define M (N << 2) | 1
#define TEXT "abc\\n"
#define NEGATIVE -5
#define LONG 3UL
#define VARIABLE pid
begin { print((N + M, TEXT, NEGATIVE, LONG, VARIABLE)); print(sizeof(uint8[3]) == LONG); }`;
    expect(said(script)).toEqual([]);
  });

  it('[GRM-004] are reported where they go in circles', () => {
    const at = (script: string) => said(script).map((message) => message.replace(/^error: /, ''));
    expect(at('#define A B\n#define B A\nbegin { print(A); }')).toEqual([
      'Macro recursion: A->B->A @ A',
    ]);
    expect(at('#define A B + 1\n#define B C\n#define C B\nbegin { print(A); }')).toEqual([
      'Macro recursion: A->B->C->B @ A',
    ]);
    expect(at('#define A A\nbegin { print(A); }')).toEqual(['Macro recursion: A->A @ A']);
  });

  it('name what cannot be used, at its use', () => {
    expect(said('#define BAD 1 +\nbegin { print(1 + BAD); }')).toEqual([
      "error: The macro BAD cannot be used here: '1 +' is not an expression @ BAD",
    ]);
    expect(said('#define NONE\nbegin { print(NONE); }')).toEqual([
      'error: The macro NONE cannot be used here: it is empty @ NONE',
    ]);
    expect(said('#define WRONG $x\nbegin { print(WRONG); }')).toEqual([
      'error: Undefined or undeclared variable: $x @ WRONG',
    ]);
  });

  it('reach the arguments of each event that a wildcard stands for', () => {
    const script = `#define COUNT args.count
tracepoint:syscalls:sys_enter_rea* { @ = sum(COUNT); }`;
    expect(said(script)).toContain(
      "error: struct _tracepoint_syscalls_sys_enter_readlink does not contain a field named 'count' @ COUNT",
    );
    expect(said(script.replace('rea*', 'read'))).toEqual([]);
  });

  it('take no arguments', () => {
    expect(said('#define F(x) x\nbegin { print(F(1)); }')[0]).toContain("Unknown function: 'F'");
  });
});

describe('definitions', () => {
  it('are laid out as clang says, with the ids of script types', () => {
    const { preamble, messages } = read(
      'struct a { char c; long l; unsigned f : 3; int g : 5; }\nunion b { char c[3]; short s; }',
    );
    expect(messages).toEqual([]);
    const { types } = preamble.kernel;
    const a = types.struct('struct', 'a');
    if (!a) throw new Error('struct a is not there');
    expect(isScriptType(a)).toBe(true);
    expect(a.size).toBe(24);
    expect(
      types.members(a).map(({ name, bitOffset, bitSize }) => [name, bitOffset, bitSize]),
    ).toEqual([
      ['c', 0, 0],
      ['l', 64, 0],
      ['f', 128, 3],
      ['g', 131, 5],
    ]);
    expect(types.struct('union', 'b')?.size).toBe(4);
  });

  it('win over the kernel, and forward declarations of theirs lead to the kernel', () => {
    const { preamble } = read('struct path { int mine; struct dentry *dentry; }');
    const { types } = preamble.kernel;
    const path = types.struct('struct', 'path');
    if (!path) throw new Error('struct path is not there');
    expect(types.members(path).map(({ name }) => name)).toEqual(['mine', 'dentry']);
    const script = `struct path { int mine; struct dentry *dentry; }
kprobe:vfs_open { print(((struct path *)arg0).dentry->d_name.name); print(((struct file *)arg1)->f_flags); }`;
    expect(said(script)).toEqual([]);
    expect(said(script.replace('d_name.name', 'no_such'))[0]).toContain(
      "struct dentry does not contain a field named 'no_such'",
    );
  });

  it('leave what built-ins mean by a name alone', () => {
    expect(
      said(`struct task_struct { int mine; }
begin { print((ppid, curtask.tgid, ((struct task_struct *)curtask).mine)); }`),
    ).toEqual([]);
  });

  it('have exact values in enums', () => {
    const { preamble } = read(
      'enum e { NEG = -2, POS = 3 };\nenum big { B = 0x100000000ULL };\nenum { ANON = 7 };\nenum high { H = 0xffffffffU };',
    );
    const { types } = preamble.kernel;
    const values = ['NEG', 'POS', 'B', 'ANON', 'H'].map((name) => types.enumerator(name)?.value);
    expect(values).toEqual([-2n, 3n, 0x100000000n, 7n, 0xffffffffn]);
    expect(types.enumerator('ANON')?.type).toMatchObject({ kind: 'enum', name: '' });
    expect(types.enum('e')).toMatchObject({ signed: true, size: 4 });
    expect(types.enum('high')).toMatchObject({ signed: false, size: 4 });
  });

  it('obey pragmas and attributes', () => {
    const { preamble } = read(
      '#pragma pack(push, 1)\nstruct a { char c; long l; }\n#pragma pack(pop)\nstruct b { char c; long l; } __attribute__((aligned(64)));',
    );
    const { types } = preamble.kernel;
    expect(types.struct('struct', 'a')?.size).toBe(9);
    expect(types.struct('struct', 'b')?.size).toBe(64);
  });

  it('with errors are reported in their own line, several at once', () => {
    expect(read('struct a {\n  int x;\n  foo y;\n};\nstruct b { bar z; };').messages).toEqual([
      "error: unknown type name 'foo' @ foo",
      "error: unknown type name 'bar' @ bar",
    ]);
  });

  it('say what C calls the types that scripts call otherwise', () => {
    const hints = diagnose('struct a { uint32 x; int64 y; } begin { }').flatMap(
      ({ hints: each = [] }) => each,
    );
    expect(hints).toEqual([
      "Structs and unions are C, where 'uint32' is 'u32'.",
      "Structs and unions are C, where 'int64' is 's64'.",
    ]);
    expect(said('struct a { u32 x; s64 y; } begin { }')).toEqual([]);
  });

  it('say what to install where clang is not there', () => {
    vi.stubEnv('PATH', '');
    expect(read('#define A 1\nstruct a { int x; };').messages).toEqual([
      'error: C definitions and headers need clang, which is not installed @ struct a { int x; };',
    ]);
  });
});

describe('headers', () => {
  it('[GRM-005] give types, typedefs, enumerators and macros', () => {
    const { preamble, messages } = read('#include <linux/in.h>\n#include <sys/socket.h>');
    expect(messages).toEqual([]);
    const { types } = preamble.kernel;
    expect(types.struct('struct', 'sockaddr_in')).toMatchObject({ size: 16 });
    expect(types.typedef('socklen_t')).toEqual({ kind: 'int', size: 4, signed: false });
    // `#define IPPROTO_TCP IPPROTO_TCP` stands beside the enumerator.
    expect(types.enumerator('IPPROTO_TCP')?.value).toBe(6n);
    expect(preamble.macros.expand('IPPROTO_TCP', AT)).toBeUndefined();
    expect(preamble.macros.expand('AF_INET', AT)).toMatchObject({
      expression: { kind: 'integer', value: 2n },
    });
  });

  it('are found in the folder of the script, and in those of -I', () => {
    header('own.h', '#define OWN 1\nstruct own { int a; };');
    header('more/other.h', 'struct other { long a; };');
    const { preamble, messages } = read('#include "own.h"\n#include <other.h>', {
      path: join(folder, 'script.bt'),
      includeFolders: [join(folder, 'more')],
    });
    expect(messages).toEqual([]);
    expect(preamble.kernel.types.struct('struct', 'own')?.size).toBe(4);
    expect(preamble.kernel.types.struct('struct', 'other')?.size).toBe(8);
    expect([...preamble.macros.names()]).toContain('OWN');
  });

  it('can be read before the script', () => {
    const path = header('first.h', 'typedef struct { int a, b; } pair_t;');
    const { preamble, messages } = read('', { headers: [path] });
    expect(messages).toEqual([]);
    expect(preamble.kernel.types.typedef('pair_t')).toMatchObject({ kind: 'struct', size: 8 });
  });

  it('with errors name their own place, and mark the include', () => {
    header('broken.h', 'struct a {\n  nothing x;\n};');
    const { messages } = read('#define A 1\n#include "broken.h"', {
      path: join(folder, 'script.bt'),
    });
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(
      /^error: .*broken\.h:2: unknown type name 'nothing' @ #include "broken\.h"$/,
    );
    expect(read('', { headers: ['/no/such.h'] }).messages[0]).toContain(
      "'/no/such.h' file not found",
    );
  });
});

describe('preambles that make no sense', () => {
  it('are reported and never throw', () => {
    vi.stubEnv('PATH', '');
    const random = randomFrom(7);
    const words =
      '#define #if #ifdef #ifndef #elif #else #endif #undef #include #pragma #error A B C ( ) 1 0x + - * / == && || ! defined , " < > struct x { int a ; } \\ // /*'.split(
        ' ',
      );
    let read = 0;
    for (let count = 0; count < 3000; count += 1) {
      const lines = Array.from({ length: 1 + random(6) }, () =>
        Array.from({ length: 1 + random(7) }, () => words[random(words.length)]).join(' '),
      );
      const script = `#${lines.join('\n#').replaceAll('##', '#')}\nbegin { print((A, B + C)); }`;
      const messages = said(script);
      if (!messages.some((message) => message.startsWith('error: syntax'))) read += 1;
      expect(Array.isArray(messages), script).toBe(true);
    }
    expect(read).toBeGreaterThan(500);
  });

  it('do not grow without bound', () => {
    const doubling = Array.from(
      { length: 40 },
      (_, index) => `#define M${index + 1} (M${index} + M${index})`,
    );
    const script = `#define M0 1\n${doubling.join('\n')}\nbegin { print(M40); }`;
    expect(said(script)).toHaveLength(1);
    expect(said(script)[0]).toContain('cannot be used here: it is too large @ M40');
    const chain = Array.from({ length: 3000 }, (_, index) => `#define C${index + 1} C${index}`);
    expect(said(`#define C0 1\n${chain.join('\n')}\nbegin { print(C3000); }`)[0]).toContain(
      'it nests too deeply',
    );
  });
});
