/** One damage for each thing that is checked of BTF.ext, and what is right beside it. */
import { type Case, Patch, SECTION } from './patch.ts';

const FUNC = 8;
const LINE = 16;
const CORE = 16;

/** The three parts: records of functions, lines and CO-RE. */
type Parts = readonly [Buffer, Buffer, Buffer];

function words(...numbers: readonly number[]): Buffer {
  return Buffer.from(new Uint32Array(numbers).buffer);
}

function extension(
  parts: readonly Buffer[],
  header: Readonly<Record<number, number>> = {},
): Buffer {
  const start = Buffer.alloc(8 + 8 * parts.length);
  start.writeUInt32LE(0x0001eb9f, 0);
  start.writeUInt32LE(start.length, 4);
  let offset = 0;
  parts.forEach((part, index) => {
    start.writeUInt32LE(offset, 8 + 8 * index);
    start.writeUInt32LE(part.length, 12 + 8 * index);
    offset += part.length;
  });
  for (const [at, value] of Object.entries(header)) start.writeUInt32LE(value, Number(at));
  return Buffer.concat([start, ...parts]);
}

export function btfExtCases(good: Buffer): readonly Case[] {
  const cases: Case[] = [];
  const plain = new Patch(good);
  const btf = plain.contents('.BTF');
  const texts = btf.subarray(24 + btf.readUInt32LE(16)).subarray(0, btf.readUInt32LE(20));
  const name = texts.indexOf('\0tracepoint/raw_syscalls/sys_exit\0') + 1;
  const code = plain.at('tracepoint/raw_syscalls/sys_exit', SECTION.size);
  const rodata = texts.indexOf('\0.rodata\0') + 1;
  const own = plain.contents('.BTF.ext');
  /** The first function of the object's own records. */
  const func = own.readUInt32LE(8 + own.readUInt32LE(4) - 8 + own.readUInt32LE(8) + 4 + 8 + 4);
  let types = 0;
  plain.types((first) => {
    types = first;
    return [];
  });

  const changed = (about: string, reason: string, bytes: Buffer): void => {
    cases.push({ about, reason, object: new Patch(good).replace('.BTF.ext', bytes).signed() });
  };
  const part = (size: number, ...records: readonly (readonly number[])[]): Buffer =>
    words(size, name, records.length, ...records.flat());
  const none = Buffer.alloc(0);
  const functions = (...one: readonly number[]): Parts => [part(FUNC, one), none, none];
  const lines = (...one: readonly number[]): Parts => [none, part(LINE, one), none];
  const core = (...one: readonly number[]): Parts => [none, none, part(CORE, one)];
  const NO_HEADER = 'the header is not one of BTF.ext';
  const LENGTH = 'the header has another length';

  changed('no part for CO-RE', 'ok', extension([part(FUNC, [0, func]), none]));
  changed('no header', NO_HEADER, extension([none, none]).subarray(0, 23));
  for (const byte of [0, 1, 2, 3]) {
    const bytes = extension([none, none, none]);
    bytes.writeUInt8(2, byte);
    changed(`byte ${byte} of the header`, NO_HEADER, bytes);
  }
  changed('a header of 28 bytes', LENGTH, extension([none, none, none], { 4: 28 }));
  changed('a header beyond the end', LENGTH, extension([none, none], { 4: 32 }));

  const BEYOND = 'a part reaches beyond the section';
  const good1 = functions(0, func);
  changed('a function', 'ok', extension(good1));
  changed('a part at an odd place', BEYOND, extension(good1, { 8: 2, 12: 16 }));
  changed('a part of an odd size', BEYOND, extension(good1, { 12: 18 }));
  changed('a part that is too long', BEYOND, extension(good1, { 12: 24 }));
  changed('a part behind the end', BEYOND, extension(good1, { 8: 4 }));
  const SIZE = 'records of another size';
  changed('functions of 12 bytes', SIZE, extension([part(12, [0, func, 0]), none, none]));
  changed('lines of 8 bytes', SIZE, extension([none, part(8, [0, 0]), none]));
  changed('CO-RE records of 8 bytes', SIZE, extension([none, none, part(8, [0, 1])]));
  changed('a part without anything', 'an empty part', extension([words(FUNC), none, none]));
  changed(
    'half a list',
    'a part is cut off',
    extension([Buffer.concat([part(FUNC, [0, func]), words(name)]), none, none]),
  );
  const REACH = 'records reach beyond their part';
  changed('no record', REACH, extension([words(FUNC, name, 0), none, none]));
  changed('one record of two', REACH, extension([words(FUNC, name, 2, 0, func), none, none]));
  changed(
    'a section that has no name',
    REACH,
    extension([words(FUNC, texts.length, 1, 0, func), none, none]),
  );
  const NO_SECTION = 'records of a section that is not there';
  changed(
    'the section of no name',
    NO_SECTION,
    extension([words(FUNC, 0, 1, 0, func), none, none]),
  );
  changed('records of data', NO_SECTION, extension([words(FUNC, rodata, 1, 0, func), none, none]));
  const NO_INSTRUCTION = 'a record of an instruction that is not there';
  changed('the last instruction', 'ok', extension(lines(code - 8, 0, 0, 0)));
  changed('behind the last instruction', NO_INSTRUCTION, extension(lines(code, 0, 0, 0)));
  changed('half an instruction', NO_INSTRUCTION, extension(lines(4, 0, 0, 0)));
  const NO_TYPE = "a function's record without its type";
  changed('a function of no type', NO_TYPE, extension(functions(0, 0)));
  changed('a function of a type behind the last', NO_TYPE, extension(functions(0, types)));
  changed('a function of another type', NO_TYPE, extension(functions(0, 1)));
  const NO_TEXT = "a line's text lies outside the strings";
  const last = texts.length - 1;
  changed('a line of the last text', 'ok', extension(lines(0, last, last, 0)));
  changed('a line of a file that has no name', NO_TEXT, extension(lines(0, last + 1, 0, 0)));
  changed('a line without text', NO_TEXT, extension(lines(0, 0, last + 1, 0)));
  const NONSENSE = 'a CO-RE record that makes no sense';
  changed('the last kind of CO-RE record', 'ok', extension(core(0, types - 1, last, 12)));
  changed('a kind behind it', NONSENSE, extension(core(0, 1, 0, 13)));
  changed('of no type', NONSENSE, extension(core(0, 0, 0, 0)));
  changed('of a type behind the last', NONSENSE, extension(core(0, types, 0, 0)));
  changed('of a path that is not there', NONSENSE, extension(core(0, 1, last + 1, 0)));
  return cases;
}
