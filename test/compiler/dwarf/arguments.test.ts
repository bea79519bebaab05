/** Arguments of functions of programs, as the compiler types them by debug information. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ProgramArgument } from '../../../compiler/dwarf/program.ts';
import { createPrograms } from '../../../compiler/dwarf/programs.ts';
import { typeName } from '../../../compiler/types/names.ts';
import { readSectionTable } from '../../../linker/elf/read.ts';
import { compileText, diagnose, kernelDescription, temporaryFolder } from '../../support/build.ts';
import { said } from '../../support/diagnostics.ts';
import { createRandom, rounds } from '../../support/random.ts';
import { compileTraced, FORMS } from '../../support/traced.ts';

const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);

function argumentsOf(name: string, fn: string, arch = 'x86_64'): readonly string[] {
  const program = createPrograms([]).open(path(name));
  if ('reason' in program) throw new Error(program.reason);
  const list = program.arguments(fn, arch);
  return 'reason' in list ? [list.reason] : list.map(show);
}

function show({ name, type, register, reason }: ProgramArgument): string {
  return `${name}: ${typeName(type)} ${register === undefined ? `is ${reason}` : `in arg${register}`}`;
}

const FLOAT = 'is a floating-point value, which BPF cannot read';
const BY_VALUE = 'is a struct that is passed by value';

beforeAll(() => {
  for (const [name, compiler, flags] of FORMS) compileTraced(folder, name, compiler, flags);
});

describe.each(FORMS)('the debug information of %s', (name) => {
  it('tells types and registers of arguments [PRB-035]', () => {
    expect(argumentsOf(name, 'typed')).toEqual([
      'n: struct node * in arg0',
      'text: int8 * in arg1',
      'flag: bool in arg2',
      'small: int8 in arg3',
      'c: enum colour in arg4',
      'u: uint16 in arg5',
    ]);
    expect(argumentsOf(name, 'nothing')).toEqual([]);
  });

  it('leaves out what comes in other registers, or on the stack [PRB-035]', () => {
    expect(argumentsOf(name, 'floats')).toEqual([
      `d: uint8[8] ${FLOAT}`,
      'a: int32 in arg0',
      `f: uint8[4] ${FLOAT}`,
      'b: int16 in arg1',
    ]);
    // Two ints share a register; the pair has one half in each kind; three longs are copied to the stack.
    expect(argumentsOf(name, 'values')).toEqual([
      `point: struct <anonymous> ${BY_VALUE}`,
      `big: struct big ${BY_VALUE}`,
      `pair: struct pair ${BY_VALUE}`,
      'after: int32 in arg2',
    ]);
    // The first register says where the result goes.
    expect(argumentsOf(name, 'returns')).toEqual(['a: int32 in arg1', 'b: int32 in arg2']);
    expect(argumentsOf(name, 'many').slice(5)).toEqual([
      'f: int32 in arg5',
      'g: int32 is passed on the stack',
    ]);
    expect(argumentsOf(name, 'wide')).toEqual([
      'a: int32 in arg0',
      'w: uint8[16] is wider than 64 bits',
      'b: int32 in arg3',
    ]);
  });

  it('has the types of the program [PRB-035]', () => {
    const found = createPrograms([]);
    const program = found.open(path(name));
    if ('reason' in program) throw new Error(program.reason);
    const node = program.types.struct('struct', 'node');
    const list = node
      ? found
          .beside(kernelDescription().types)
          .members(node)
          .map((each) => [each.name, typeName(each.type), each.bitOffset, each.bitSize])
      : [];
    expect(list).toEqual([
      ['name', 'string[8]', 0, 0],
      ['next', 'struct node *', 64, 0],
      ['low', 'uint32', 128, 3],
      ['mid', 'int32', 131, 9],
      ['colour', 'enum colour', 160, 0],
      ['where', 'struct <anonymous>', 192, 0],
      ['wide', 'int64', 256, 0],
      ['bytes', 'string[8]', 256, 0],
      ['grid', 'int32[3][2]', 320, 0],
      ['hidden', 'struct hidden *', 512, 0],
    ]);
    expect(node?.size).toBe(72);
    expect(program.types.enumerator('BLUE')?.value).toBe(-7n);
    expect(program.types.typedef('point_t')).toMatchObject({ kind: 'struct', size: 8, align: 4 });
    expect(program.types.struct('struct', 'missing')).toBeUndefined();
  });
});

describe('args in a uprobe', () => {
  const errors = (attachPoint: string, body = 'print(args.a);'): readonly string[] =>
    said(`uprobe:${attachPoint.replace('PROGRAM', path('gcc'))} { ${body} }`).map((line) =>
      line.replaceAll(folder, ''),
    );

  it('say why an argument cannot be read [PRB-035]', () => {
    expect(errors('PROGRAM:floats', 'print(args.d); print(args.zz);')).toEqual([
      `error: The argument 'd' of uprobe:/gcc:floats ${FLOAT} @ d`,
      "error: The arguments of uprobe:/gcc:floats do not contain a field named 'zz' @ zz",
    ]);
    expect(errors('PROGRAM:many', 'print(args.g);')).toEqual([
      "error: The argument 'g' of uprobe:/gcc:many is passed on the stack @ g",
    ]);
  });

  it('say what is missing to know them [PRB-035]', () => {
    const unknown = (place: string): string => {
      const [first = ''] = errors(place);
      return first.replace(/ @ .*$/, '').replace(/^error: The arguments of uprobe:/, '');
    };
    expect(unknown('/nonexistent/file:many')).toBe(
      "/nonexistent/file:many are not known: there is no file '/nonexistent/file' here",
    );
    expect(unknown('PROGRAM:zz')).toBe("/gcc:zz are not known: /gcc has no function 'zz'");
    expect(unknown('PROGRAM:zz*')).toContain("/gcc has no function that matches 'zz*'");
    expect(unknown('PROGRAM:local')).toContain("the compiler has made 'local.constprop.0' of it");
    for (const place of ['PROGRAM:many+4', 'PROGRAM:cpp:many', 'PROGRAM:0x1234', 'PROGRAM@a.c:1'])
      expect(unknown(place)).toContain('args needs the name of a function of C');
    expect(unknown('/usr/*/x:many')).toContain('args needs the path of one file');
    expect(unknown('many')).toContain('args needs the path of one file');
    expect(unknown('PROGRAM:$1')).toContain('the function is, once the script is loaded');
    writeFileSync(
      path('text'),
      'not a program, but long enough to have the header of one. '.repeat(3),
    );
    expect(unknown(`${path('text')}:many`)).toContain('not an ELF file');
    execFileSync('strip', ['-o', path('stripped'), path('gcc')]);
    const stripped = diagnose(`uprobe:${path('stripped')}:many { print(args.a); }`);
    expect(stripped[0]?.message).toContain('stripped has no debug information');
    expect(stripped[0]?.hints?.join(' ')).toContain('--debuginfo');
  });

  it('are not those of a function that the compiler has changed [PRB-035]', () => {
    const { messages, clones } = clonesOf('gcc');
    expect(clones).toContain('local.constprop.0');
    expect(messages.join()).toContain('is a copy for which the compiler has changed the arguments');
  });

  it('are gone when the function returns [PRB-035]', () => {
    const [first] = diagnose(`uretprobe:${path('gcc')}:many { print(args.a); }`);
    expect(first?.message).toBe('args can not be used with "uretprobe" probes');
  });

  it('are not read from programs for other processors [PRB-035]', () => {
    expect(argumentsOf('gcc', 'many', 'aarch64')[0]).toContain('is not for aarch64');
  });

  it('are typed for each function of a pattern [PRB-035]', () => {
    const script = `uprobe:${path('gcc')}:*a* { print(args.a); }`;
    // main and values have no such argument.
    expect(said(script).map((line) => line.split(' do not')[0]?.replaceAll(folder, ''))).toEqual([
      'error: The arguments of uprobe:/gcc:main',
      'error: The arguments of uprobe:/gcc:values',
    ]);
    const typed = compileText(`uprobe:${path('gcc')}:*o*ts { print(args.a); }`).typed;
    expect(typed?.probes.map(({ target }) => target.function)).toEqual(['floats']);
  });

  function clonesOf(name: string) {
    const nm = execFileSync('nm', [path(name)], { encoding: 'utf8' });
    const clones = [...nm.matchAll(/ t (local\.\S+)/g)].map(([, each]) => each ?? '');
    const messages = clones.flatMap((clone) =>
      said(`uprobe:${path(name)}:"${clone}" { print(args.used); }`),
    );
    return { clones, messages };
  }
});

describe('separate debug files', () => {
  it('are found by build id and by name [PRB-035] [CLI-028]', () => {
    const strip = (name: string): void => {
      copyFileSync(path('gcc'), path(name));
      execFileSync('objcopy', ['--only-keep-debug', path(name), path(`${name}.debug`)]);
      execFileSync('strip', [path(name)]);
    };
    strip('by-id');
    const id =
      /Build ID: ([0-9a-f]+)/.exec(
        execFileSync('readelf', ['-n', path('by-id')], { encoding: 'utf8' }),
      )?.[1] ?? '';
    const stored = join(folder, 'debug/.build-id', id.slice(0, 2), `${id.slice(2)}.debug`);
    mkdirSync(dirname(stored), { recursive: true });
    copyFileSync(path('by-id.debug'), stored);
    const script = `uprobe:${path('by-id')}:many { print(args.f); }`;
    expect(said(script).join()).toContain('has no debug information');
    expect(said(script, { debugFolders: ['/nonexistent', join(folder, 'debug')] })).toEqual([]);

    strip('by-name');
    execFileSync('objcopy', ['--add-gnu-debuglink=by-name.debug', 'by-name'], { cwd: folder });
    const named = `uprobe:${path('by-name')}:many { print(args.f); }`;
    expect(said(named)).toEqual([]);
    // With the wrong checksum it is another program's.
    writeFileSync(path('by-name.debug'), Buffer.concat([readFileSync(path('gcc')), Buffer.of(0)]));
    expect(said(named).join()).toContain('has no debug information');
  });
});

describe('damaged debug information', () => {
  it.each(['gcc', 'clang', 'dwarf4'])('is no accident: %s [PRB-035]', (name) => {
    const original = readFileSync(path(name));
    const sections = readSectionTable(original).filter(
      (section) => section.name.startsWith('.debug_') || section.name === '.symtab',
    );
    expect(sections.length).toBeGreaterThan(4);
    const places = sections.map(({ offset, size }) => [offset, size] as const);
    // The section headers, too.
    places.push([Number(original.readBigUInt64LE(40)), original.readUInt16LE(60) * 64]);
    const random = createRandom(7);
    const damaged = path(`damaged-${name}`);
    const use = (): void => {
      const programs = createPrograms([]);
      const program = programs.open(damaged);
      if ('reason' in program) return;
      for (const fn of ['typed', 'values', 'returns']) program.arguments(fn, 'x86_64');
      const struct = program.types.struct('struct', 'node');
      program.types.enumerator('BLUE');
      program.types.typedef('point_t');
      if (struct) programs.beside(kernelDescription().types).members(struct);
    };
    for (let count = 0; count < rounds(300); count += 1) {
      const bytes = Buffer.from(original);
      for (let flips = random.below(4) + 1; flips > 0; flips -= 1) {
        const [offset, size] = places[random.below(places.length)] ?? [0, 64];
        bytes[offset + random.below(size)] = random.below(256);
      }
      const cut = random.oneIn(8) ? random.below(bytes.length) : bytes.length;
      writeFileSync(damaged, bytes.subarray(0, cut));
      expect(use).not.toThrow();
    }
  });
});
