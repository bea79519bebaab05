import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FunctionDefinition } from '../../linker/btf/definitions.ts';
import { bytes, signed, unsigned } from '../../linker/btf/types.ts';
import { readElf } from '../../linker/elf/read.ts';
import { link } from '../../linker/link.ts';
import { attached, loaded } from '../support/kernel.ts';
import { HASH, PERCPU_ARRAY, SCRIPT_IR, scriptInput } from './fixtures.ts';
import { assemble, linkInput, onFile } from './support.ts';

const object = () => link(scriptInput());

function subprogram(symbol: string, ...names: readonly string[]): FunctionDefinition {
  const parameters = names.map((name) => ({ name, type: signed(8) }));
  return { symbol, role: 'subprogram', parameters, returns: signed(8) };
}

describe('a linked object', () => {
  it("holds the sections that loaders know and none of LLVM's own", () => {
    const names = readElf(object()).sections.map((section) => section.name);
    expect(names).toEqual([
      '',
      '.text',
      'tracepoint/sched/sched_switch',
      'uprobe',
      'license',
      '.maps',
      '.rodata',
      '.bss',
      '.BTF',
      '.BTF.ext',
      '.bpfscript',
      '.bpfscript.sum',
      '.reltracepoint/sched/sched_switch',
      '.reluprobe',
      '.symtab',
      '.strtab',
    ]);
  });

  it('has global symbols for programs, maps, variables and license only', () => {
    const { symbols } = readElf(object());
    expect(symbols.filter((symbol) => symbol.bind === 1).map((symbol) => symbol.name)).toEqual([
      'switch_1',
      'uprobe_2',
      'uprobe_3',
      'AT_',
      'AT_k',
      'limit',
      'AT_x',
      'AT_x_present',
      '_license',
    ]);
    expect(symbols.some((symbol) => symbol.name.startsWith('LBB'))).toBe(false);
  });

  it('describes maps, variables and functions in BTF that bpftool can read', () => {
    const text = onFile(object(), '/usr/sbin/bpftool', 'btf', 'dump', 'file');
    for (const name of ['AT_', 'AT_k', 'limit', 'AT_x', '_license'])
      expect(text).toContain(`VAR '${name}'`);
    expect(text).toMatch(/DATASEC '\.maps' size=72 vlen=2/);
    expect(text).toMatch(/FUNC 'switch_1' type_id=\d+ linkage=global/);
    expect(text).toMatch(/FUNC 'step' type_id=\d+ linkage=static/);
  });

  it('is taken by the kernel as it is', () => {
    loaded(object(), ({ programs }) => {
      expect(programs).toEqual(['switch_1', 'uprobe_2', 'uprobe_3']);
    });
  });

  it('counts, loops and reads its parameters when attached', () => {
    const uprobes = (text: string) =>
      text.replaceAll('section "uprobe"', 'section "raw_tp/sys_enter"');
    const attachable = link({ ...scriptInput(), object: assemble(uprobes(SCRIPT_IR)) });
    const bss = attached(attachable, '.bss');
    expect([1n, 2n, 3n, 9n]).toContain(bss.readBigUInt64LE(0));
    // Four rounds of the loop that add 3, and the parameter 5.
    expect(bss.readBigUInt64LE(8)).toBe(17n);
    const slots = attached(attachable, 'AT_');
    const counts = Array.from({ length: slots.length / 16 }, (_, cpu) =>
      slots.readBigUInt64LE(cpu * 16),
    );
    expect(counts.reduce((sum, count) => sum + count, 0n)).toBeGreaterThan(0n);
  });

  it('[AOT-019] is the same for the same input, and carries the digest of itself', () => {
    const first = object();
    expect(Buffer.from(object()).equals(first)).toBe(true);
    const sum = readElf(first).sections.find((section) => section.name === '.bpfscript.sum');
    const digest = Buffer.from(sum?.data ?? []);
    const zeroed = Buffer.from(first);
    zeroed.fill(0, zeroed.indexOf(digest), zeroed.indexOf(digest) + 32);
    expect(digest).toEqual(createHash('sha256').update(zeroed).digest());
  });

  it('[AOT-021] carries the license of the script', () => {
    const { sections } = readElf(link({ ...scriptInput(), license: 'Dual BSD/GPL' }));
    const license = sections.find((section) => section.name === 'license');
    expect(Buffer.from(license?.data ?? []).toString()).toBe('Dual BSD/GPL\0');
  });

  it('moves constants behind the variables of .rodata, and references with them', () => {
    const { sections } = readElf(object());
    const rodata = sections.find((section) => section.name === '.rodata');
    const data = Buffer.from(rodata?.data ?? []);
    expect(data.readBigUInt64LE(0)).toBe(5n);
    expect(data.indexOf(Buffer.from([9, 0, 0, 0, 0, 0, 0, 0]))).toBe(16 + 24);
  });
});

describe('the linker', () => {
  const program = 'define dso_local i32 @p(i8* %ctx) nounwind section "uprobe"';

  it('makes maps that no program mentions', () => {
    const made = link({
      ...linkInput(`${program} { ret i32 0 }`),
      functions: [{ symbol: 'p', role: 'program' }],
      maps: [
        {
          symbol: 'AT_',
          type: PERCPU_ARRAY,
          maxEntries: 1,
          flags: 0,
          key: unsigned(4),
          value: bytes(16),
        },
        {
          symbol: 'events',
          type: 27,
          maxEntries: 4096,
          flags: 0,
          key: undefined,
          value: undefined,
        },
        { symbol: 'h', type: HASH, maxEntries: 10, flags: 1, key: unsigned(8), value: unsigned(8) },
      ],
    });
    loaded(made, ({ dump }) => expect(dump('h')).toEqual([]));
  });

  it('takes constants without any variable beside them', () => {
    const made = link({
      ...linkInput(`
        @table = private unnamed_addr constant [4 x i64] [i64 1, i64 2, i64 3, i64 9]
        ${program} {
          %n = call i64 inttoptr (i64 5 to i64 ()*)()
          %i = and i64 %n, 3
          %at = getelementptr [4 x i64], [4 x i64]* @table, i64 0, i64 %i
          %v = load i64, i64* %at
          %r = trunc i64 %v to i32
          ret i32 %r
        }`),
      functions: [{ symbol: 'p', role: 'program' }],
    });
    loaded(made, ({ programs }) => expect(programs).toEqual(['p']));
  });

  it('keeps calls between functions', () => {
    const made = link({
      ...linkInput(`
        define internal i64 @first(i64 %a) nounwind noinline { %r = add i64 %a, 1\n ret i64 %r }
        define internal i64 @second(i64 %a, i64 %b) nounwind noinline {
          %n = call i64 inttoptr (i64 5 to i64 ()*)()
          %s = add i64 %n, %b
          %r = call i64 @first(i64 %s)
          %t = add i64 %a, %r
          ret i64 %t
        }
        ${program} {
          %n = call i64 inttoptr (i64 5 to i64 ()*)()
          %v = call i64 @second(i64 %n, i64 3)
          %r = trunc i64 %v to i32
          ret i32 %r
        }`),
      functions: [
        { symbol: 'p', role: 'program' },
        subprogram('first', 'a'),
        subprogram('second', 'a', 'b'),
      ],
    });
    const text = readElf(made).symbols.filter((symbol) => symbol.name === 'second');
    expect(text).toHaveLength(1);
    loaded(made, ({ programs }) => expect(programs).toEqual(['p']));
  });

  it('refuses a function that the compiler did not announce', () => {
    expect(() => link(linkInput(`${program} { ret i32 0 }`))).toThrow(
      "function p is not one of the compiler's",
    );
  });

  it('refuses a variable that is not there', () => {
    expect(() =>
      link({
        ...linkInput(`${program} { ret i32 0 }`),
        functions: [{ symbol: 'p', role: 'program' }],
        manifest: (offsetOf) => {
          offsetOf('AT_gone');
          throw new Error('not reached');
        },
      }),
    ).toThrow('variable AT_gone is missing');
  });

  it('refuses data sections that no loader knows', () => {
    const ir = `@g = dso_local global i64 7\n${program} { %v = load volatile i64, i64* @g\n ret i32 0 }`;
    expect(() => link({ ...linkInput(ir), functions: [{ symbol: 'p', role: 'program' }] })).toThrow(
      'section .data',
    );
  });
});
