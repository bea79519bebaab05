import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readElf } from '../../linker/elf/read.ts';
import { link } from '../../linker/link.ts';
import { scriptInput } from './fixtures.ts';
import { linkInput, onFile } from './support.ts';

const object = () => link(scriptInput());

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
