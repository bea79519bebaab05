/** What programs do once, however often their scripts ask for it, and what they share. */
import { describe, expect, it } from 'vitest';
import { STT } from '../../../linker/elf/elf.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { build, compileText } from '../../support/build.ts';

const COMM = 16;
const LOOKUP = 1;
const UPDATE = 2;

/** Calls of a helper by the program, not by the functions that it calls. */
function calls(body: string, helper: number): number {
  const assembly = compileText(`tracepoint:syscalls:sys_enter_read ${body}`).assembly?.() ?? '';
  const program = /^tracepoint_\w+:[\s\S]*?^\.Lfunc_end/m.exec(assembly)?.[0] ?? '';
  expect(program).not.toBe('');
  return [...program.matchAll(/^\tcall (\d+)$/gm)].filter(([, id]) => Number(id) === helper).length;
}

describe("the task's name", () => {
  it('is asked for once where the way leads through there', () => {
    expect(calls('{ @[comm] = count(); @b[comm, pid] = sum(1); printf("%s", comm); }', COMM)).toBe(
      1,
    );
    expect(calls('/comm == "a"/ { if (pid) { @[comm] = count(); } @b[comm] = nsecs; }', COMM)).toBe(
      1,
    );
  });

  it('is asked for again where no way led through the first place', () => {
    expect(calls('{ if (pid) { @[comm] = count(); } else { @b[comm] = count(); } }', COMM)).toBe(2);
    expect(
      calls('{ if (pid) { @[comm] = count(); @c[comm] = count(); } @b[comm] = nsecs; }', COMM),
    ).toBe(2);
    expect(calls('/pid && comm == "a"/ { @[comm] = count(); @b[comm] = nsecs; }', COMM)).toBe(2);
  });

  it('stays the one of its own body in a loop that is a function', () => {
    const body =
      '{ @[comm] = count(); for ($i : 0..100) { @b[comm, $i] = count(); } @c[comm] = 1; }';
    expect(calls(body, COMM)).toBe(1);
  });
});

describe('an element', () => {
  it('is looked up once for a condition and the block behind it', () => {
    expect(
      calls('{ if (@s[tid]) { @t = nsecs - @s[tid]; @u = @s[tid]; } @s[tid] = 7; }', LOOKUP),
    ).toBe(1);
  });

  it('is looked up again once it may have changed, and where the condition did not hold', () => {
    expect(calls('{ if (@s[tid]) { @s[tid] = 5; @u = @s[tid]; } @s[tid] = 7; }', LOOKUP)).toBe(2);
    expect(calls('{ if (@s[tid]) { delete(@s, tid); @u = @s[tid]; } @s[tid] = 7; }', LOOKUP)).toBe(
      2,
    );
    expect(calls('{ if (@s[tid]) { @t = 1; } else { @u = @s[tid]; } @s[tid] = 7; }', LOOKUP)).toBe(
      2,
    );
    expect(calls('{ if (@s[tid]) { @t = 1; } @u = @s[tid]; @s[tid] = 7; }', LOOKUP)).toBe(2);
  });
});

/** Instructions of each function. */
function sizes(script: string): ReadonlyMap<string, number> {
  const functions = readElf(build(script)).symbols.filter(({ type }) => type === STT.func);
  return new Map(functions.map(({ name, size }) => [name, size / 8]));
}

describe('new elements', () => {
  it('are made by a function that all maps share', () => {
    expect(
      calls('{ @a[pid] = count(); @b[tid] = sum(1); @c[pid]++; @d[tid] = hist(pid); }', UPDATE),
    ).toBe(0);
    const one = sizes(
      'tracepoint:syscalls:sys_enter_read { @a[pid] = count(); @b[tid] = sum(1); }',
    );
    expect([...one.keys()].filter((name) => name.startsWith('seldom_'))).toEqual(['seldom_insert']);
  });

  it('are made in place where a loop takes the stack', () => {
    const made = sizes('begin { for ($i : 0..100) { @a[$i] = count(); } @b[1] = count(); }');
    expect([...made.keys()].filter((name) => name.startsWith('seldom_'))).toEqual([]);
  });
});

describe('events that are lost', () => {
  const of = (statements: string) => sizes(`tracepoint:syscalls:sys_enter_read { ${statements} }`);

  it('are counted by a function, in programs that send many', () => {
    expect(of('printf("%d", pid); '.repeat(4)).has('seldom_lost')).toBe(true);
    expect(of('printf("%d", pid); '.repeat(3)).has('seldom_lost')).toBe(false);
  });
});
