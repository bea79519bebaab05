/** One damage for each thing that is checked of ELF, and what is right beside it. */
import { STT } from '../../../../linker/elf/elf.ts';
import { type Case, HEADER, Patch, RELOCATION, SECTION, SYMBOL } from './patch.ts';

const MOST = { bytes: 64 << 20, sections: 4096, symbols: 65_536, functions: 16_384 };
const LD64 = 0x18;

/** What is refused is refused before its digest is looked at, and needs none. */
export function elfCases(good: Buffer): readonly Case[] {
  const cases: Case[] = [];
  const whole = (about: string, reason: string, object: Uint8Array): void => {
    cases.push({ about, reason, object });
  };
  const changed = (about: string, reason: string, change: (patch: Patch) => unknown): void => {
    const patch = new Patch(good);
    change(patch);
    whole(about, reason, reason === 'ok' ? patch.signed() : patch.bytes);
  };

  whole('nothing at all', 'no ELF magic', Buffer.alloc(0));
  whole('three bytes', 'no ELF magic', good.subarray(0, 3));
  for (let byte = 0; byte < 4; byte++)
    changed(`byte ${byte} of the magic`, 'no ELF magic', ({ bytes }) =>
      bytes.writeUInt8(0x2f, byte),
    );
  whole('63 bytes', 'the ELF header is cut off', good.subarray(0, 63));
  // Of another class, so that not all of it is hashed.
  const filled = (size: number): Buffer =>
    Buffer.concat([new Patch(good).header(HEADER.class, 1).bytes], size);
  whole('64 MiB', 'it is not 64-bit little-endian ELF', filled(MOST.bytes));
  whole('a byte more', 'the object is larger than 64 MiB', filled(MOST.bytes + 1));
  for (const [member, value] of [
    ['class', 1],
    ['data', 2],
    ['identVersion', 0],
  ] as const)
    changed(member, 'it is not 64-bit little-endian ELF', (p) => p.header(HEADER[member], value));
  for (const [member, value] of [
    ['type', 2],
    ['machine', 62],
    ['version', 2],
  ] as const)
    changed(member, 'another ELF type or machine', (p) => p.header(HEADER[member], value));
  for (const [member, value] of [
    ['size', 63],
    ['segments', 1],
  ] as const)
    changed(member, 'the ELF header contradicts itself', (p) => p.header(HEADER[member], value));

  changed('entries of 56 bytes', 'the section table has entries of another size', (p) =>
    p.header(HEADER.entrySize, 56),
  );
  changed('no sections', 'the section table is empty or too long', (p) =>
    p.header(HEADER.count, 0),
  );
  const more = MOST.sections - new Patch(good).count;
  changed('as many sections as can be', 'ok', (p) => p.addSections(more));
  changed('one section more', 'the section table is empty or too long', (p) =>
    p.addSections(more + 1),
  );
  const table = new Patch(good).addSections(1).signed();
  whole('a section table at the end', 'ok', table);
  whole(
    'one that is a byte too long',
    'the section table reaches beyond the end of the file',
    table.subarray(0, -1),
  );
  for (const by of [1, 4])
    changed(`a section table that is moved by ${by}`, 'the section table reaches beyond', (p) => {
      p.addSections(1);
      const at = Number(p.bytes.readBigUInt64LE(HEADER.sections[0]));
      p.insert(at, by).header(HEADER.sections, at + by);
    });
  changed('a first section that is something', 'the first section is not empty', (p) =>
    p.section(0, SECTION.type, 1),
  );

  changed('compressed', 'a section is compressed', (p) => p.section('.maps', SECTION.flags, 0x803));
  changed('aligned to 3', 'an impossible alignment', (p) => p.section('.maps', SECTION.align, 3));
  changed('aligned to 4096', 'ok', (p) => p.section('.maps', SECTION.align, 4096));
  changed('aligned to 8192', 'an impossible alignment', (p) =>
    p.section('.maps', SECTION.align, 8192),
  );
  changed('64 MiB of zeros', 'ok', (p) => p.section('.bss', SECTION.size, MOST.bytes));
  changed('a byte of zeros more', 'a section without bytes is larger than 64 MiB', (p) =>
    p.section('.bss', SECTION.size, MOST.bytes + 1),
  );
  changed('a section up to the end', 'ok', (p) => p.replace('license', Buffer.from('GPL\0')));
  changed('a section beyond the end', 'a section reaches beyond the end of the file', (p) => {
    p.replace('license', Buffer.from('GPL\0')).section('license', SECTION.size, 5);
  });
  changed('a section far beyond', 'a section reaches beyond the end of the file', (p) =>
    p.section('license', SECTION.offset, 2 ** 63),
  );
  changed('symbols of 16 bytes', 'the symbol table has entries of another size', (p) =>
    p.section('.symtab', SECTION.entry, 16),
  );
  const relocations = '.relraw_tp/end';
  changed('relocations of 24 bytes', 'a relocation table has entries of another size', (p) =>
    p.section(relocations, SECTION.entry, 24),
  );
  changed('no strings', 'a string table is not terminated', (p) =>
    p.section('.strtab', SECTION.size, 0),
  );
  changed('strings without an end', 'a string table is not terminated', (p) =>
    p.contents('.strtab').subarray(-1).fill('x'),
  );

  for (const index of [0, new Patch(good).count])
    changed(`names in section ${index}`, 'the table of section names is missing', (p) =>
      p.header(HEADER.names, index),
    );
  changed('names in other bytes', 'the table of section names is no string table', (p) =>
    p.header(HEADER.names, p.find('.maps')),
  );
  changed('a name behind the names', "a section's name lies outside the string table", (p) => {
    const names = p.bytes.readUInt16LE(HEADER.names[0]);
    p.section('license', SECTION.name, p.at(names, SECTION.size));
  });
  changed('an empty name', 'a section has no name', (p) => {
    const names = p.contents(p.bytes.readUInt16LE(HEADER.names[0]));
    p.section('.maps', SECTION.name, names.length - 1);
  });
  for (const name of ['.struct_ops', '.struct_ops.link', 'maps', 'maps/x', '.addr_space.1'])
    changed(name, `unexpected section '${name}'`, (p) => p.addSections(1).rename('more0', name));
  for (const name of ['.struct_op', 'maps_', '.addr_space.2'])
    changed(name, 'ok', (p) => p.addSections(1).rename('more0', name));
  changed('two of a name', "two sections '.maps'", (p) =>
    p.addSections(1).replace('more0', Buffer.alloc(8)).rename('more0', '.maps'),
  );
  for (const name of ['license', '.maps', '.BTF', '.BTF.ext', '.bpfscript', '.rodata']) {
    changed(`${name} of no bytes`, `'${name}' has no bytes`, (p) =>
      p.section(name, SECTION.size, 0),
    );
    changed(`${name} as a note`, `'${name}' has no bytes`, (p) => p.section(name, SECTION.type, 7));
  }
  for (const name of ['version', '.data', '.data.x', '.rodata.str'])
    changed(`${name} of no bytes`, `'${name}' has no bytes`, (p) =>
      p.addSections(1).rename('more0', name),
    );
  changed('a license without an end', 'the license is not terminated', (p) =>
    p.contents('license').subarray(-1).fill('x'),
  );

  changed('no symbols', 'no symbol table', (p) => p.section('.symtab', SECTION.type, 1));
  changed('two tables of symbols', "two symbol tables ('more0')", (p) =>
    p.addSections(1).section('more0', SECTION.entry, 24).section('more0', SECTION.type, 2),
  );
  for (const size of [0, 24 * 3 + 8])
    changed(`symbols of ${size} bytes`, 'the symbol table is cut off', (p) =>
      p.section('.symtab', SECTION.size, size),
    );
  for (const link of [0, new Patch(good).count, new Patch(good).find('.maps')])
    changed(`symbols with names in ${link}`, 'the symbol table has no names', (p) =>
      p.section('.symtab', SECTION.link, link),
    );
  const withSymbols = (p: Patch, count: number, symbol?: Buffer): Patch => {
    const symbols = p.contents('.symtab');
    const grown = Buffer.alloc(24 * count);
    symbols.copy(grown);
    for (let at = symbols.length; symbol && at < grown.length; at += 24) symbol.copy(grown, at);
    return p.replace('.symtab', grown);
  };
  changed('as many symbols as can be', 'ok', (p) => withSymbols(p, MOST.symbols));
  changed('one symbol more', 'too many symbols', (p) => withSymbols(p, MOST.symbols + 1));
  const withFunctions = (p: Patch, count: number): Patch => {
    const symbols = p.contents('.symtab');
    const functions = Array.from({ length: symbols.length / 24 }).filter(
      (_unused, index) => (symbols.readUInt8(24 * index + 4) & 15) === STT.func,
    );
    const one = Buffer.from(symbols.subarray(24 * p.findSymbol('flood_step')).subarray(0, 24));
    return withSymbols(p, symbols.length / 24 + count - functions.length, one);
  };
  // libbpf would take it, too: in the time that it takes sanitizers to move all of them for each.
  changed('as many functions as can be', 'its digest does not match', (p) =>
    withFunctions(p, MOST.functions),
  );
  changed('one function more', 'too many functions', (p) => withFunctions(p, MOST.functions + 1));
  changed(
    "a symbol's name behind the names",
    "a symbol's name lies outside the string table",
    (p) => p.symbol('begin', SYMBOL.name, p.contents('.strtab').length),
  );
  changed('a symbol in no section', 'a symbol refers to a section that is not there', (p) =>
    p.symbol('param1', SYMBOL.section, p.count),
  );
  changed('an absolute symbol', 'ok', (p) => p.symbol('_license', SYMBOL.section, 0xfff1));
  const bss = new Patch(good).at('.bss', SECTION.size);
  changed('a symbol up to the end', 'ok', (p) =>
    p.symbol('sleeping', SYMBOL.size, bss - p.symbolAt('sleeping', SYMBOL.value)),
  );
  changed('a symbol beyond the end', 'a symbol reaches beyond its section', (p) =>
    p.symbol('sleeping', SYMBOL.size, bss - p.symbolAt('sleeping', SYMBOL.value) + 1),
  );
  changed('a function in data', "a function stands outside of code ('sleeping')", (p) =>
    p.symbol('sleeping', SYMBOL.info, 0x12),
  );
  const size = new Patch(good).symbolAt('begin', SYMBOL.size);
  for (const [member, value] of [
    ['size', 0],
    ['size', size - 4],
    ['value', 4],
  ] as const)
    changed(`a function whose ${member} is ${value}`, 'a function has an impossible size', (p) => {
      p.symbol('begin', SYMBOL.size, size - 8).symbol('begin', SYMBOL[member], value);
    });

  changed('code of half instructions', 'code is cut off', (p) => {
    p.symbol('refused', SYMBOL.size, 8);
    p.section('tracepoint/raw_syscalls/sys_exit', SECTION.size, 12);
  });
  const slots = (code: Buffer): number[] => {
    const found: number[] = [];
    for (let at = 0; at < code.length; at += 8) if (code[at] === LD64) found.push(at);
    return found;
  };
  const last = (p: Patch): number => p.contents('raw_tp').length - 8;
  changed('a last instruction that goes on', "an instruction is cut off ('raw_tp')", (p) =>
    p.contents('raw_tp').writeUInt8(LD64, last(p)),
  );
  changed('a second half that is none', "an instruction is cut off ('raw_tp')", (p) => {
    const code = p.contents('raw_tp');
    code.writeUInt8(0xb7, (slots(code)[0] ?? 0) + 8);
  });
  changed('a function that ends in the middle', 'a function ends within an instruction', (p) =>
    p.symbol('begin', SYMBOL.size, (slots(p.contents('raw_tp'))[0] ?? 0) + 8),
  );

  const relocated = 'raw_tp/end';
  const relocation = (
    about: string,
    reason: string,
    member: keyof typeof RELOCATION,
    value: number,
  ) => changed(about, reason, (p) => p.relocation(relocations, 0, RELOCATION[member], value));
  const symbols = new Patch(good).contents('.symtab').length / 24;
  relocation('of the last symbol', 'ok', 'symbol', symbols - 1);
  relocation(
    'of a symbol behind it',
    "a relocation names no symbol ('raw_tp/end')",
    'symbol',
    symbols,
  );
  for (const type of [0, 5, 9, 11])
    relocation(`of type ${type}`, 'a relocation of an unknown kind', 'type', type);
  const end = new Patch(good).contents(relocated).length;
  relocation('beyond the code', 'a relocation lies outside its section', 'offset', end);
  relocation('whose second half is beyond', 'a relocation lies outside', 'offset', end - 8);
  relocation('at the end', 'a relocation of an instruction that cannot', 'offset', end - 16);
  relocation('in the middle', 'a relocation lies within an instruction', 'offset', 4);
  const loads = slots(new Patch(good).contents(relocated));
  const other = Array.from({ length: end / 8 - 1 }, (_unused, index) => 8 * index).find(
    (at) => !loads.includes(at) && !loads.includes(at - 8),
  );
  relocation('of no load', 'an instruction that cannot have one', 'offset', other ?? 0);
  for (const [type, width] of [
    [10, 8],
    [2, 8],
    [3, 4],
    [4, 4],
  ] as const) {
    const at = (offset: number) => (p: Patch) =>
      p
        .addSections(1)
        .replace('more0', Buffer.alloc(12))
        .section(relocations, SECTION.info, p.find('more0'))
        .section(relocations, SECTION.size, 16)
        .relocation(relocations, 0, RELOCATION.type, type)
        .relocation(relocations, 0, RELOCATION.offset, offset);
    changed(`of type ${type} up to the end`, 'ok', at(12 - width));
    changed(`of type ${type} beyond it`, "lies outside its section ('more0')", at(13 - width));
  }
  changed('relocations with addends', 'relocations of a kind that BPF does not have', (p) =>
    p.section(relocations, SECTION.type, 4),
  );
  changed('half a relocation', 'relocations are cut off', (p) =>
    p.section(relocations, SECTION.size, 8),
  );
  for (const [member, value] of [
    ['link', 0],
    ['info', 0],
    ['info', new Patch(good).count],
  ] as const)
    changed(
      `relocations whose ${member} is ${value}`,
      'relocations of a section that is not',
      (p) => p.section(relocations, SECTION[member], value),
    );
  changed('relocations of zeros', 'relocations of a section without bytes', (p) =>
    p.section(relocations, SECTION.info, p.find('.bss')),
  );

  changed('no digest', 'the object has no digest (section .bpfscript.sum)', (p) =>
    p.rename('.bpfscript.sum', '.bpfscript.sun'),
  );
  changed('a longer digest', 'its digest has another length', (p) =>
    p.replace('.bpfscript.sum', Buffer.alloc(40)),
  );
  changed('another digest', 'its digest does not match its bytes', (p) =>
    p.contents('license').writeUInt8(0x67, 0),
  );
  whole(
    'no manifest',
    'the object has no manifest (section .bpfscript)',
    new Patch(good).rename('.bpfscript', '.bpfscripts').signed(),
  );
  changed('no BTF', 'the object has no BTF', (p) => p.rename('.BTF', '.BTG'));
  return cases;
}
