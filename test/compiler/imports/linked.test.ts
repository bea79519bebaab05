/** Compiled code that scripts import: what can be called, and what is said of the rest. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { readLinkedCode } from '../../../compiler/imports/linked.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { typeName } from '../../../compiler/types/names.ts';
import { kernelDescription, temporaryFolder } from '../../support/build.ts';
import { needs } from '../../support/needs.ts';

const folder = temporaryFolder();
const LICENSE = '\nchar LICENSE[] __attribute__((section("license"), used)) = "GPL";\n';

/** The code of files, of which those that end in `.c` are written first. */
function linked(
  files: Readonly<Record<string, string | Uint8Array>>,
  { unsafe = false, told = false } = {},
) {
  const diagnostics = new Diagnostics();
  const seen: string[] = [];
  const imports = Object.entries(files).map(([name, text], index) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return { path, range: { start: index, end: index + 1 } };
  });
  const code = readLinkedCode(imports, {
    kernel: kernelDescription(),
    unsafe,
    diagnostics,
    ...(told ? { onFile: (path: string) => void seen.push(path) } : {}),
  });
  return {
    ...code,
    seen,
    functions: [...code.functions.values()].map(
      ({ name, parameters, returns }) =>
        `${typeName(returns)} ${name}(${parameters.map((each) => `${typeName(each.type)} ${each.name}`).join(', ')})`,
    ),
    said: diagnostics.all.map(
      ({ severity, code: what, message, range: at, hints = [] }) =>
        `${severity} ${what} ${at?.start}: ${[message, ...hints].join(' / ')}`,
    ),
  };
}

needs('clang').it('functions have the types of their C', () => {
  const { functions, said, ties } = linked({
    'types.bpf.c': `
enum plain { A, B }; enum verdict { PASS, DENY = -1 }; enum flags { LOW, HIGH = 0x80000000 };
struct task_struct; struct own { int x; }; union bpf_attr; union nobody; struct thread_union;
union nf_inet_addr { int whole; }; union list_head;
void nothing(void) { }
_Bool truth(_Bool a) { return a; }
signed char narrow(unsigned char a, short b, unsigned short c, int d) { return a + b + c + d; }
unsigned long long wide(long long a, unsigned int b) { return a + b; }
unsigned int plain_enum(enum plain a) { return a; }
enum verdict judge(enum flags a) { return a & HIGH ? DENY : PASS; }
int kernel_struct(struct task_struct *task) { return task != 0; }
int kernel_unions(union bpf_attr *attr, union nf_inet_addr *address) { return attr != 0 && address->whole; }
int no_unions(union nobody *nobody, struct thread_union *own, union list_head *list) { return nobody || own || list; }
#pragma clang diagnostic ignored "-Wc2x-extensions"
int without_names(int, long, int c) { return c; }
int own_struct(struct own *own) { return own->x; }
int numbers(unsigned short *number, char *text, void *any, int **two) { return *number; }
int unnamed(int, int b);
int unnamed(int a, int b) { return a - b; }
typedef unsigned long word; word named(const word a) { return a; }
struct pair { int a, b; };
int by_value(struct pair pair) { return pair.a; }
${LICENSE}`,
  });
  expect(said).toEqual([]);
  expect(functions).toEqual([
    'none nothing()',
    'bool truth(bool a)',
    'int8 narrow(uint8 a, int16 b, uint16 c, int32 d)',
    'uint64 wide(int64 a, uint32 b)',
    'uint32 plain_enum(uint32 a)',
    'int32 judge(uint32 a)',
    'int32 kernel_struct(struct task_struct * task)',
    'int32 kernel_unions(union bpf_attr * attr, union nf_inet_addr * address)',
    'int32 no_unions(void * nobody, void * own, void * list)',
    'int32 without_names(int32 argument 1, int64 argument 2, int32 c)',
    'int32 own_struct(void * own)',
    'int32 numbers(uint16 * number, int8 * text, void * any, void * two)',
    'int32 unnamed(int32 a, int32 b)',
    'uint64 named(uint64 a)',
  ]);
  expect(ties).toEqual([
    {
      reason: 'types.bpf.c is compiled code, as it is for x86_64',
      range: { start: 0, end: 1 },
    },
  ]);
});

needs('clang').it('errors and warnings of C are told at the import, with their places', () => {
  const wrong = linked({
    'ok.bpf.c': `int fine(int a) { return a; }${LICENSE}`,
    'wrong.bpf.c': '\nint f(void) { return missing; }\n',
  });
  expect(wrong.said).toEqual([
    "error c-error 1: wrong.bpf.c:2:22: use of undeclared identifier 'missing'",
  ]);
  // The others are there.
  expect(wrong.functions).toEqual(['int32 fine(int32 a)']);
  const warned = linked({
    'warned.bpf.c': `\n#warning "old"\nint f(int a) { return a; }${LICENSE}`,
  });
  expect(warned.said.map((each) => each.replace(/ \[.*/, ''))).toEqual([
    'warning c-warning 0: warned.bpf.c:2:2: "old"',
  ]);
  expect(warned.functions).toHaveLength(1);
});

needs('clang').it('headers that C includes are told, and not the file itself', () => {
  mkdirSync(join(folder, 'inner'), { recursive: true });
  writeFileSync(join(folder, 'inner/one.h'), '#define ONE 1\n');
  const text = `#include "inner/one.h"\nint f(int a) { return a + ONE; }${LICENSE}`;
  expect(linked({ 'a.bpf.c': text }).seen).toEqual([]);
  const { seen, functions } = linked({ 'a.bpf.c': text }, { told: true });
  expect(seen.map((path) => basename(path))).toEqual(['one.h']);
  expect(seen.every((path) => existsSync(path))).toBe(true);
  expect(functions).toHaveLength(1);
});

needs('clang').it('code that changes the system is refused, unless that is allowed', () => {
  const files = {
    'kill.bpf.c': `static long (*bpf_send_signal)(unsigned int) = (void *)109;
int strike(int a) { return bpf_send_signal(a); }${LICENSE}`,
    'pin.bpf.c': `#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name
struct { __uint(type, 1); __uint(max_entries, 16); __uint(pinning, 1); __type(key, int); __type(value, int); }
kept __attribute__((section(".maps"), used));
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
int look(int a) { return bpf_map_lookup_elem(&kept, &a) != 0; }${LICENSE}`,
  };
  const { said } = linked(files);
  expect(said).toEqual([
    expect.stringMatching(
      /^error unsafe 0: kill\.bpf\.c .*: strike\(\) calls .*send_signal.* \/ Use --unsafe to allow/,
    ),
    expect.stringMatching(/^error unsafe 1: pin\.bpf\.c .*: kept \/ Use --unsafe to allow/),
  ]);
  expect(linked(files, { unsafe: true }).said).toEqual([]);
});

needs('clang').it('two objects with a function of one name are told at the second', () => {
  const text = `int same(int a) { return a; }${LICENSE}`;
  const { said } = linked({ 'one.bpf.c': text, 'two.bpf.c': text });
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^error imported-object \d: .*same/);
});

it('what is no object is told at its import', () => {
  const { said, objects, ties } = linked({
    'text.bpf.o': 'no object, but long enough for one '.repeat(9),
  });
  expect(said).toEqual([expect.stringMatching(/^error imported-object 0: text\.bpf\.o/)]);
  expect(objects).toEqual([]);
  expect(ties).toHaveLength(1);
});

it('without clang there is none, and the script says what to do', () => {
  vi.stubEnv('PATH', folder);
  const { said, functions } = linked({ 'c.bpf.c': 'int f(int a) { return a; }' });
  expect(said).toEqual([
    'error missing-clang 0: c.bpf.c has to be compiled by clang, which is not installed / Install clang, or import a .bpf.o that was compiled elsewhere.',
  ]);
  expect(functions).toEqual([]);
});
