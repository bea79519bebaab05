/** Names, lines and ends of code that a host gives. */
import { describe, expect, it } from 'vitest';
import {
  dumpedLines,
  ForeignDump,
  type Loaded,
  nativeLines,
  translatedLines,
} from '../../../compiler/exploration/loaded.ts';
import {
  besideScript,
  DUMP,
  everyLine,
  hex,
  inspection,
  LINES,
  native,
  program,
  read,
  translated,
} from './dumped.ts';

describe('Names in code', () => {
  const texts = (lines: readonly (readonly unknown[])[]) => lines.map(([text]) => text);
  /** The native code of one function at an address. */
  const at = (address: string | undefined, code: string, change: object = {}) =>
    texts(
      native({
        ...program({
          native: hex(code),
          lines: [],
          functions: [{ name: 'begin_1', instruction: 0, address, size: hex(code).length / 2 }],
        }),
        ...change,
      }),
    );

  it('are places in the function for jumps that stay in it, and for no other', () => {
    // To its last byte, right behind it, to its begin, right before it, and far before it.
    expect(at('ffffffffc0000000', 'eb09 eb08 ebfa ebf7 eb80 c3')).toEqual([
      'begin_1',
      '+0: jmp 0xffffffffc000000b',
      '+2: jmp 0xffffffffc000000c',
      '+4: jmp begin_1',
      '+6: jmp 0xffffffffbfffffff',
      '+8: jmp 0xffffffffbfffff8a',
      '+a: retq',
    ]);
    expect(at('ffffffffc0000000', 'eb08 eb07 eb06 eb05 eb00 c3')).toEqual([
      'begin_1',
      ...['+0: jmp +a', '+2: jmp 0xffffffffc000000b', '+4: jmp 0xffffffffc000000c'],
      ...['+6: jmp 0xffffffffc000000d', '+8: jmp +a', '+a: retq'],
    ]);
  });

  it('are places where the host hides the address of the function', () => {
    expect(at(undefined, 'eb01 90 c3')).toEqual([
      'begin_1',
      ...['+0: jmp +3', '+2: nop', '+3: retq'],
    ]);
  });

  it('stand behind a prefix as far as there is an instruction behind it', () => {
    expect(at('ffffffffc0000000', '90 f0 06')).toEqual([
      'begin_1',
      '+0: nop',
      '+1: lock',
      '+2: 06',
    ]);
  });

  const words = (...all: readonly number[]): string => {
    const bytes = Buffer.alloc(4 * all.length);
    for (const [index, word] of all.entries()) bytes.writeUInt32LE(word, 4 * index);
    return bytes.toString('hex');
  };
  const [MOV, MOVN, MOVK, BLR_X10, BLR_X9] = [
    ...[0xd2800000, 0x92800000, 0xf2800000, 0xd63f0140, 0xd63f0120],
  ] as const;
  const constant = (operation: number, register: number, value: number, part = 0): number =>
    (operation | (part << 21) | (value << 5) | register) >>> 0;
  const calls = (...code: readonly number[]) =>
    at('ffff800080000000', words(...code), {
      kernel: { ...DUMP.kernel, machine: 'aarch64' },
      symbols: [
        { address: '1234', name: 'short' },
        { address: '567800001234', name: 'long' },
        { address: 'ffffffffffff1234', name: 'negative' },
      ],
    }).filter((text) => String(text).includes('blr'));

  it('are of constants that arm64 puts together, in each register by itself', () => {
    const low = constant(MOV, 10, 0x1234);
    const high = constant(MOVK, 10, 0x5678, 2);
    expect(calls(low, BLR_X10)).toEqual(['+4: blr x10 (short)']);
    expect(calls(low, high, BLR_X10)).toEqual(['+8: blr x10 (long)']);
    expect(calls(constant(MOV, 10, 0xffff), constant(MOVK, 10, 0x1234), BLR_X10)).toEqual([
      '+8: blr x10 (short)',
    ]);
    expect(calls(constant(MOVN, 10, 0xedcb), BLR_X10)).toEqual(['+4: blr x10 (negative)']);
    expect(calls(low, constant(MOV, 9, 1), BLR_X9, BLR_X10)).toEqual([
      '+8: blr x9',
      '+c: blr x10 (short)',
    ]);
  });

  it('are of no register whose constant is not known, or not any more', () => {
    const low = constant(MOV, 10, 0x1234);
    expect(calls(BLR_X10)).toEqual(['+0: blr x10']);
    expect(calls(constant(MOVK, 10, 0x1234), BLR_X10)).toEqual(['+4: blr x10']);
    // add x10, x10, #1; mov w10, w0; and add x9, x9, #1, which leaves it as it is.
    expect(calls(low, 0x9100054a, BLR_X10)).toEqual(['+8: blr x10']);
    expect(calls(low, 0x2a0003ea, BLR_X10)).toEqual(['+8: blr x10']);
    expect(calls(low, 0x91000529, BLR_X10)).toEqual(['+8: blr x10 (short)']);
    expect(calls(low, BLR_X10, BLR_X10)).toEqual(['+4: blr x10 (short)', '+8: blr x10']);
  });

  it('are numbers where there is no name', () => {
    const code = [
      ...['1811000008000000', '0000000000000000', '1811000009000000', '0000000000000000'],
      ...['1841000000000000', '0000000001000000', '1841000000000000', '0000000005000000'],
      ...['8510090001000000', '8500000039300000', '85000000ffffffff'],
    ];
    const maps = [{ id: 8, name: 'other' }];
    const symbols = [{ address: 'ffffffff80ffffff', name: 'before_the_base' }];
    expect(
      texts(translated({ ...program({ translated: code.join(''), lines: [] }), maps, symbols })),
    ).toEqual([
      'begin_1',
      '0: r1 = map other',
      '2: r1 = map 9',
      '4: r1 = told',
      'told',
      '6: r1 = function 5',
      '8: call function at 18',
      '9: call function 12345',
      '10: call before_the_base',
    ]);
  });

  it('of functions that the script calls are found by what is left of their places', () => {
    // From 2, by 65,538 less than the function is away, which does not fit.
    const functions = [
      { name: 'begin_1', instruction: 0, address: 'ffffffffc0000000', size: 0 },
      { name: 'far', instruction: 0x10004, address: 'ffffffffc0000100', size: 0 },
    ];
    expect(texts(translated(program({ functions, translated: '8510030001000000' })))).toEqual([
      'begin_1',
      '0: call far',
    ]);
  });

  it("are the program's where its functions are not all of its code", () => {
    const functions = [
      { name: 'begin_1', instruction: 1, address: 'ffffffffc0000000', size: 1 },
      { name: 'told', instruction: 2, address: 'ffffffffc0000001', size: 1 },
    ];
    const code = { name: 'whole', translated: '9500000000000000', native: '90c3c3', lines: [] };
    expect(texts(native(program({ ...code, functions })))).toEqual([
      ...['whole', '+0: nop', '+1: retq', '+2: retq'],
    ]);
    expect(texts(translated(program({ ...code, functions })))).toEqual(['whole', '0: exit']);
  });
});

describe('Lines of code', () => {
  it('begin where the dump says, in whatever order it has them', () => {
    const [first, second] = LINES;
    const late = [second, { ...first, instruction: 2, native: 1 }];
    expect(translated(program({ lines: late })).map(([, line]) => line)).toEqual([
      ...[undefined, undefined, 1, 2, 2, 2, undefined, 2],
    ]);
    const nops = { native: '90'.repeat(12), lines: late };
    expect(native(program(nops)).map(([, line]) => line)).toEqual([
      ...[undefined, undefined, 1, 1, 1, 1, 2, 2, 2, 2, 2, undefined, 2, 2],
    ]);
  });

  it('are of translated code alone where the dump has no others', () => {
    const lines = LINES.map(({ native: _, ...line }) => line);
    expect(translated(program({ lines })).at(-1)).toEqual(['6: exit', 2]);
    expect(native(program({ lines })).filter(([, line]) => line !== undefined)).toEqual([]);
  });

  it('without a number, or of a file that is none of the script, are no line', () => {
    const [first, second] = LINES;
    const none = [{ ...first, line: 0 }, second];
    expect(translated(program({ lines: none })).map(([, line]) => line)).toEqual([
      ...[undefined, undefined, undefined, 2, 2, 2, undefined, 2],
    ]);
    const other = [{ ...first, file: 'other.bt', text: 'x' }, second];
    expect(translated(program({ lines: other })).map(([, line]) => line)).toEqual([
      ...[undefined, undefined, undefined, 2, 2, 2, undefined, 2],
    ]);
    expect(translated(program({ lines: [] })).map(([, line]) => line)).not.toContain(1);
  });

  it('are known under the name that the script had', () => {
    const lines = LINES.map((line) => ({ ...line, file: 'before.bt' }));
    const renamed = { ...program({ lines }), script: 'before.bt' };
    expect(translated(renamed).at(-1)).toEqual(['6: exit', 2]);
  });

  it('are told from those of another file of that name by their text', () => {
    const all = [
      { name: 'x.bt', firstLine: 1, lines: ['begin { @a[1] = 2;', '  exit(); }'] },
      { name: 'lib/y.bt', firstLine: 4, lines: ['a', 'b'] },
      { name: 'more/y.bt', firstLine: 7, lines: ['a', 'c'] },
    ];
    const line = (number: number, text: string) => ({
      ...LINES[0],
      file: 'y.bt',
      line: number,
      text,
    });
    const given = [line(1, 'a'), line(2, 'b'), line(2, 'c')];
    const lineOf = dumpedLines(read(program({ lines: given })), all, everyLine);
    expect(read(program({ lines: given })).programs[0]?.lines.map(lineOf)).toEqual([4, 5, 8]);
    expect(() => dumpedLines(read(program({ lines: [line(2, 'd')] })), all, everyLine)).toThrow(
      new ForeignDump('in its y.bt, line 2 is "d"'),
    );
  });
});

describe('A page', () => {
  /** Of so many instructions, each on a line; no LLVM, which would take most of the time. */
  const shown = (count: number, others: readonly object[] = []) => {
    const dump = read(DUMP);
    const functions = [
      { name: 'begin_1', instruction: 0, address: 0xffffffffc0000000n, size: count },
    ];
    const code = {
      translated: Buffer.from([0x95, 0, 0, 0, 0, 0, 0, 0]),
      native: Buffer.alloc(count, 0xc3),
      functions,
      lines: [],
    };
    const translated = Buffer.alloc(8 * count, code.translated);
    const programs = dump.programs.flatMap((one) =>
      [{}, ...others].map((other) => ({ ...one, ...code, translated, ...other })),
    );
    const loaded: Loaded = {
      ...besideScript({ ...dump, programs }),
      disassemble: (_, bytes) =>
        Array.from(bytes, (_byte, offset) => ({ offset, size: 1, text: 'retq' })),
    };
    return [translatedLines(loaded, inspection), nativeLines(loaded)].map((lines) => [
      lines.length,
      lines.at(-1)?.text.replace(/.*: /, ''),
    ]);
  };
  const CUT = '... more lines are left out';

  it('shows code whole that it can just hold, and is cut where there is a line more', () => {
    expect(shown(199_999)).toEqual([
      [200_000, 'exit'],
      [200_000, 'retq'],
    ]);
    expect(shown(200_000)).toEqual([
      [200_001, CUT],
      [200_001, CUT],
    ]);
  });

  it('is cut before a program that it has no room for', () => {
    const second = { name: 'second', functions: [] };
    const hidden = { ...second, translated: undefined, native: undefined };
    for (const other of [second, hidden])
      expect(shown(199_999, [other])).toEqual([
        [200_001, CUT],
        [200_001, CUT],
      ]);
    // Of this one there is room for the name, and for what is said of it.
    expect(shown(199_997, [hidden]).map(([count]) => count)).toEqual([200_000, 200_000]);
  });

  it('shows no more of a function than there is room for', () => {
    expect(shown(250_000)).toEqual([
      [200_001, CUT],
      [200_001, CUT],
    ]);
  });
});
