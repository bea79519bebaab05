import { describe, expect, it } from 'vitest';
import { readExtension } from '../../linker/btf/extension.ts';
import { readBtf } from '../../linker/btf/read.ts';
import { readElf } from '../../linker/elf/read.ts';
import type { LinkInput } from '../../linker/input.ts';
import { link } from '../../linker/link.ts';
import { linkInput } from './support.ts';

const IR = `
define internal i64 @step(i32 %i, i8* %f) nounwind !dbg !6 {
  ret i64 0
}
define dso_local i32 @p(i8* %ctx) nounwind section "uprobe" !dbg !4 {
  %a = call i64 inttoptr (i64 5 to i64 ()*)(), !dbg !9
  %r = call i64 inttoptr (i64 181 to i64 (i32, i8*, i8*, i64)*)(i32 4, i8* bitcast (i64 (i32, i8*)* @step to i8*), i8* null, i64 0), !dbg !10
  ret i32 0, !dbg !11
}
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!3}
!0 = distinct !DICompileUnit(language: DW_LANG_C, file: !1, producer: "p", isOptimized: true, runtimeVersion: 0, emissionKind: FullDebug)
!1 = !DIFile(filename: "/home/someone/test.bt", directory: "/home/someone")
!2 = !DISubroutineType(types: !{})
!3 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "p", scope: !1, file: !1, line: 1, type: !2, unit: !0, spFlags: DISPFlagDefinition)
!6 = distinct !DISubprogram(name: "step", scope: !1, file: !1, line: 1, type: !2, unit: !0, spFlags: DISPFlagDefinition)
!9 = !DILocation(line: 1, column: 12, scope: !4)
!10 = !DILocation(line: 2, column: 3, scope: !4)
!11 = !DILocation(line: 0, scope: !4)
`;

const INPUT: LinkInput = {
  ...linkInput(IR),
  texts: [
    {
      name: '/home/someone/test.bt',
      text: 'uprobe:a:b { nsecs;\n  for ($i : 0..4) { }\n}\n',
    },
  ],
  functions: [
    { symbol: 'p', role: 'program' },
    { symbol: 'step', role: 'loop-callback' },
  ],
};

/** What is the script's in it, whatever its code. */
const OWN = { texts: INPUT.texts, functions: INPUT.functions };

function linesOf(object: Uint8Array) {
  const data = (name: string): Uint8Array =>
    readElf(object).sections.find((section) => section.name === name)?.data ?? new Uint8Array();
  const btf = readBtf(data('.BTF'));
  return readExtension(data('.BTF.ext')).lines.map(({ section, records }) => ({
    section: btf.string(section),
    offsets: records.map(({ offset }) => offset),
    records: records.map(({ file, text, line, column }) => [
      btf.string(file),
      btf.string(text),
      line,
      column,
    ]),
  }));
}

describe('line records', () => {
  it("carry the script's own lines, and none that names no line", () => {
    const program = linesOf(link(INPUT)).find(({ section }) => section === 'uprobe');
    expect(program?.records).toEqual([
      ['test.bt', 'uprobe:a:b { nsecs;', 1, 12],
      ['test.bt', '  for ($i : 0..4) { }', 2, 3],
    ]);
  });

  it('stand at the start of every function, which the kernel insists on', () => {
    const text = linesOf(link(INPUT)).find(({ section }) => section === '.text');
    expect(text?.records).toEqual([['test.bt', 'uprobe:a:b { nsecs;', 1, 0]]);
    expect(text?.offsets).toEqual([0]);
  });

  it('begin a function without a line with its own first one, and rise', () => {
    const moved = IR.replace('!9 = !DILocation(line: 1, column: 12', '!9 = !DILocation(line: 0');
    const sections = linesOf(link({ ...INPUT, ...linkInput(moved), ...OWN }));
    const program = sections.find(({ section }) => section === 'uprobe');
    const first = ['test.bt', '  for ($i : 0..4) { }', 2, 3];
    expect(program?.records).toEqual([first, first]);
    expect(program?.offsets[0]).toBe(0);
    expect(program?.offsets[1]).toBeGreaterThan(0);
  });

  it('of a function without any line name the file alone', () => {
    const without = IR.replace(/(name: "step".*) line: 1/, '$1 line: 0');
    const sections = linesOf(link({ ...INPUT, ...linkInput(without), ...OWN }));
    const text = sections.find(({ section }) => section === '.text');
    expect(text?.records).toEqual([['test.bt', '', 0, 0]]);
    expect(text?.offsets).toEqual([0]);
  });

  it('name the file that a line is of', () => {
    const texts = [
      { name: '/home/someone/test.bt', text: 'uprobe:a:b { used(); }' },
      { name: '/home/someone/lib.bt', text: 'macro used() { nsecs }\n' },
    ];
    const program = linesOf(link({ ...INPUT, texts })).find(({ section }) => section === 'uprobe');
    expect(program?.records).toEqual([
      ['test.bt', 'uprobe:a:b { used(); }', 1, 12],
      ['lib.bt', 'macro used() { nsecs }', 1, 3],
    ]);
  });

  it("keep the building machine's paths out of the object", () => {
    expect(Buffer.from(link(INPUT)).includes('someone')).toBe(false);
  });
});
