/** What verifiers want of the code, looked for in the code: guests and random programs noticed it alone before. */
import { describe, expect, it } from 'vitest';
import { STT } from '../../../linker/elf/elf.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { build, compileText } from '../../support/build.ts';

/** Instructions and labels. */
function code(script: string): readonly string[] {
  return (compileText(script).assembly?.() ?? '')
    .split('\n')
    .map((line) => line.replace(/\s*#.*/, '').trim())
    .filter((line) => line !== '' && !/^\.(?!L?BB)/.test(line));
}

describe('the end of a long key', () => {
  it.each([
    ['1024', '1024', '@[str(args.filename)] = count();'],
    ['of the most', '8192', '@[str(args.filename)] = count();'],
    ['beside a number', '1024', '@[str(args.filename), pid] = count();'],
  ])(
    'is compared with its room just before it is written behind: %s',
    (_which, size, statement) => {
      const lines = code(
        `config = { max_strlen = ${size} } tracepoint:syscalls:sys_enter_openat { ${statement} }`,
      );
      const [at, match] = lines
        .map((line, index) => [index, /^if (r\d) < (\d+) goto (LBB\w+)$/.exec(line)] as const)
        .find(([, found]) => found?.[2] === `${Number(size) + 1}`) ?? [-1, null];
      expect(match).not.toBeNull();
      const [, register = '', , label = ''] = match ?? [];
      // Nothing is spilled between the comparison and the use.
      const begin = lines.indexOf(`${label}:`);
      expect(begin).toBeGreaterThan(at);
      const write = lines.slice(begin + 1, lines.indexOf('call 113', begin) + 1);
      expect(write).toContain(`r1 += ${register}`);
      expect(write.filter((line) => /r10/.test(line))).toEqual([]);
    },
  );
});

describe('scratch memory', () => {
  const nested = (depth: number, body: string): string =>
    depth === 0
      ? body
      : `for $i${depth} : 0..pid { $n += $i${depth}; @m["a"] = $n; ${nested(depth - 1, body)} }`;

  it.each([1, 2, 3, 4, 5])(
    'has a number on the stack of programs with %d loops in each other',
    (depth) => {
      const body = `$n = (uint64)0; $s = str(arg0); ${nested(depth, '$s = str(arg1);')} print(($s, $n));`;
      const block = (probe: string) => `${probe} { ${body.replaceAll(/arg[01]/g, '$n')} }`;
      const { programs, maps } = inspectObject(
        build(`${block('kprobe:f')} ${block('kretprobe:f')}`),
      );
      expect(programs.map(({ name }) => name)).toContain('kprobe_f_1_session');
      expect(maps.map(({ name }) => name)).toContain('scratch');
    },
  );
});

/** How many functions of a program are bodies of loops that the kernel calls. */
const callbacks = (script: string): number =>
  readElf(build(script)).symbols.filter(
    ({ name, type }) => type === STT.func && /_loop_\d+$/.test(name),
  ).length;

describe('loops in each other are callbacks', () => {
  const nest = (outer: number, inner: number, statements: number, what = '@ = 1;') =>
    `tracepoint:syscalls:sys_enter_openat { unroll(${outer}) { unroll(${inner}) { ${what.repeat(statements)} } } }`;

  it('where all their rounds are more statements than the verifier walks through', () => {
    expect(callbacks(nest(10, 10, 10))).toBe(0);
    expect(callbacks(nest(10, 10, 11))).toBe(1);
    expect(callbacks('begin { unroll(20) { unroll(12) { unroll(9) { @ = 1; } } } }')).toBe(1);
    expect(
      callbacks('begin { for $i : 0..15 { for $j : 0..15 { for $k : 0..15 { @ = 1; } } } }'),
    ).toBe(1);
  });

  it('but walked through where they read what the probe was called with', () => {
    expect(callbacks(nest(10, 10, 11, '@ = args.flags;'))).toBe(0);
  });
});
