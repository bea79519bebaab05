/** IR and assembly as lines: texts as LLVM writes them, of a few lines. */
import { describe, expect, it } from 'vitest';
import type { ExploredLine } from '../../../compiler/exploration/exploration.ts';
import { assemblyLines, irLines, lineCosts } from '../../../compiler/exploration/listings.ts';

const isOfScript = (symbol: string): boolean => symbol.startsWith('own');
const told = (lines: readonly ExploredLine[]): readonly string[] =>
  lines.map(({ text, line, isHeading }) => `${line ?? '-'}${isHeading ? '#' : ' '}|${text}`);

describe('IR', () => {
  it('has lines of the script in its own functions, and no metadata', () => {
    const ir = [
      '; ModuleID',
      '',
      '',
      '',
      'define i64 @own_1(ptr %0) section "kprobe" !dbg !3 {',
      '  %1 = alloca i64, align 8, !dbg !10',
      '  %2 = bitcast ptr %1 to ptr, !dbg !10',
      '  store i64 1, ptr %1, !dbg !10, !tbaa !7',
      '  store i64 2, ptr %1, !dbg !11',
      '  store i64 3, ptr %1',
      '  store i64 4, ptr %1, !dbg !19',
      '}',
      '',
      'define internal i64 @shared(ptr %0) !dbg !4 {',
      '  ret i64 0, !dbg !10',
      '}',
      '!10 = !DILocation(line: 12, column: 3, scope: !3)',
      '!11 = !DILocation(line: 0, scope: !3)',
      '!12 = distinct !DILocation(line: 9, scope: !3)',
    ].join('\n');
    expect(told(irLines(ir, isOfScript))).toEqual([
      '- |; ModuleID',
      '- |',
      '-#|define i64 @own_1(ptr %0) section "kprobe" {',
      '- |  %1 = alloca i64, align 8',
      '- |  %2 = bitcast ptr %1 to ptr',
      '12 |  store i64 1, ptr %1, !tbaa !7',
      '- |  store i64 2, ptr %1',
      '- |  store i64 3, ptr %1',
      '- |  store i64 4, ptr %1',
      '- |}',
      '- |',
      '-#|define internal i64 @shared(ptr %0) {',
      '- |  ret i64 0',
      '- |}',
    ]);
  });
});

const ASSEMBLY = [
  '\t.text',
  'own_0:',
  '\texit',
  '\t.section\tkprobe,"ax",@progbits',
  '\t.globl\town_1',
  'own_1:',
  '.Lfunc:',
  '\tr0 = 0',
  '\t.loc\t0 4 7 prologue_end',
  '\tcall 5',
  '\tcall 99999',
  '\tcall shared',
  '\t#APP',
  'LBB0_2:                                # %if',
  '\t.loc\t0 0 7',
  '\tr1 = 1',
  '\t.section\t"maps.x","aw",@progbits',
  'AT_x:',
  '\t.zero\t32',
  '\tnot code',
  '\t.section\t"kprobe/b","ax",@progbits',
  'shared:',
  '\t.loc\t0 4 7',
  '\texit',
  '\t.section\t.rodata,"a",@progbits',
  '\tneither',
  '\t.text',
  'own_2:',
  '\texit',
].join('\n');

describe('Assembly', () => {
  it('has the code of all sections, names of helpers, and lines of own functions', () => {
    expect(told(assemblyLines(ASSEMBLY, isOfScript))).toEqual([
      '-#|own_0',
      '- |  exit',
      '-#|own_1',
      '- |  r0 = 0',
      '4 |  call ktime_get_ns',
      '4 |  call 99999',
      '4 |  call shared',
      '- |LBB0_2:',
      '- |  r1 = 1',
      '-#|shared',
      '- |  exit',
      '-#|own_2',
      '- |  exit',
    ]);
  });
});

describe('The cost of a line', () => {
  const cost = (...texts: readonly string[]) =>
    lineCosts(texts.map((text) => ({ text, line: 1 }))).get(1);

  it('is counted in instructions, of which a constant of 64 bits is two', () => {
    expect(cost('  r1 = 5', '  r1 = AT_x ll', '  r2 = 0x10 ll')?.instructions).toBe(5);
    expect(cost('LBB0_1:', 'own_1')).toBeUndefined();
    expect(lineCosts([{ text: '  exit' }]).size).toBe(0);
  });

  it('has helpers by name, and no functions of the object', () => {
    const helpers = cost(
      ...['  call map_lookup_elem', '  call map_lookup_elem', '  call ktime_get_ns'],
      ...['  call shared', '  call toString', '  call 7'],
    )?.helpers;
    expect([...(helpers ?? [])]).toEqual([
      ['map_lookup_elem', 2],
      ['ktime_get_ns', 1],
    ]);
  });

  it('has the deepest byte of the stack, whichever comes last', () => {
    expect(cost('  *(u64 *)(r10 - 24) = r1', '  *(u64 *)(r10 - 8) = r1')?.stack).toBe(24);
    expect(cost('  r2 = r10', '  r2 += -16')?.stack).toBe(16);
    expect(cost('  r2 += 16', '  r2 += r3')?.stack).toBe(0);
  });

  it('is that of each line, wherever its instructions stand', () => {
    const costs = lineCosts([
      { text: '  r1 = 1', line: 2 },
      { text: '  r1 = 1', line: 3 },
      { text: '  r1 = 1', line: 2 },
    ]);
    expect([...costs].map(([line, { instructions }]) => [line, instructions])).toEqual([
      [2, 2],
      [3, 1],
    ]);
  });
});
