import { describe, expect, it } from 'vitest';
import { emit } from '../../../compiler/llvm/backend.ts';
import { createModule, type IrModule } from '../../../compiler/llvm/module.ts';
import { readExtension } from '../../../linker/btf/extension.ts';
import { SHT, STB, STT } from '../../../linker/elf/elf.ts';
import { codeOf, moduleOf, objectOf, SECTION } from './support.ts';

describe('a module', () => {
  it('puts a program into its section and needs no unwind tables', () => {
    const elf = objectOf(moduleOf((ir) => ir.return_(ir.constant(1))));
    const symbol = elf.symbols.find(({ name }) => name === 'p');
    expect(symbol).toMatchObject({ type: STT.func, bind: STB.global });
    expect(elf.sections[symbol?.section ?? 0]?.name).toBe(SECTION);
    expect(elf.sections.map(({ name }) => name)).not.toContain('.eh_frame');
  });

  it('returns 0 where the body does not return', () => {
    expect(codeOf(moduleOf(() => {}))).toEqual(['w0 = 0', 'exit']);
  });

  it('is done with LLVM when it has been printed', () => {
    const module = moduleOf((ir) => ir.return_(ir.constant(1)));
    expect(module.text()).toBe(module.text());
    expect(() => module.program('late', SECTION, () => {})).toThrow(
      'late comes after the module was printed',
    );
  });

  it.each([
    ['printed', (module: IrModule) => void module.text()],
    // As of scripts that are refused while code is made of them.
    ['never printed', () => undefined],
  ] as const)('leaves nothing of LLVM behind, %s: many take no more memory than some', (_, use) => {
    const make = (count: number): void => {
      for (let made = 0; made < count; made += 1)
        use(moduleOf((ir) => ir.return_(ir.constant(made))));
    };
    /** Outside of the heap of JavaScript, which grows and shrinks as it likes. */
    const kilobytes = (): number => {
      const { rss, heapTotal, external } = process.memoryUsage();
      return (rss - heapTotal - external) / 1024;
    };
    make(500);
    // Other parts of the process grow now and then, what is not freed does each time.
    const growth = Array.from({ length: 3 }, () => {
      const before = kilobytes();
      make(1000);
      return (kilobytes() - before) / 1000;
    });
    // Three times that much where none is freed.
    expect(Math.min(...growth)).toBeLessThan(16);
  });

  it('gives variables their section, size, alignment and value, used or not', () => {
    const module = createModule('test.bt');
    module.map('AT_counts');
    module.global({ symbol: 'zeroed', section: '.bss', size: 24, align: 8 });
    module.global({
      symbol: 'pid',
      section: '.rodata',
      size: 4,
      align: 4,
      bytes: Buffer.of(7, 0, 0, 0),
    });
    module.license('GPL');
    const elf = objectOf(module);
    const of = (name: string) => {
      const symbol = elf.symbols.find((candidate) => candidate.name === name);
      const section = elf.sections[symbol?.section ?? 0];
      return {
        name: section?.name,
        size: symbol?.size,
        type: section?.type,
        data: [...(section?.data ?? [])],
      };
    };
    expect(of('AT_counts')).toMatchObject({ name: '.maps', type: SHT.progbits });
    expect(of('zeroed')).toMatchObject({ name: '.bss', size: 24, type: SHT.nobits });
    expect(of('pid')).toMatchObject({ name: '.rodata', size: 4, data: [7, 0, 0, 0] });
    expect(Buffer.from(of('_license').data).toString()).toBe('GPL\0');
  });

  it('never folds a load of what the loader sets', () => {
    const code = codeOf(
      moduleOf((ir, _context, module) => {
        module.global({ symbol: 'param', section: '.rodata', size: 8, align: 8 });
        ir.return_(ir.load(ir.global('param'), 0, 8, false));
      }),
    );
    expect(code).toContain('r1 = param ll');
    expect(code.some((line) => /= \*\(u(64|32) \*\)\(r1 \+ 0\)/.test(line))).toBe(true);
  });

  it('may define a variable after its use, and under any name', () => {
    const module = moduleOf((ir) => {
      ir.store(ir.offset(ir.global('a "b" \\c'), 8), 0, 8, ir.constant(1));
    });
    module.global({ symbol: 'a "b" \\c', section: '.bss', size: 16, align: 8 });
    expect(objectOf(module).symbols.map(({ name }) => name)).toContain('a "b" \\c');
  });

  it.each(['plain', '_a.b$c-1', 'with blank', 'a "b" \\c', 'ends in \\', 'Zeile ü', '1st'])(
    'may give programs and callbacks any name: %s',
    (name) => {
      const module = createModule('test.bt');
      module.callback(`${name}'s`, ['i64'], (ir, [value]) => ir.return_(value));
      module.program(name, SECTION, (ir) => {
        ir.return_(ir.callFunction(`${name}'s`, [ir.helper(14, [])]));
      });
      const sizes = new Map(objectOf(module).symbols.map((symbol) => [symbol.name, symbol.size]));
      // Without a body they would have no instructions.
      expect(sizes.get(name)).toBeGreaterThan(16);
      expect(sizes.get(`${name}'s`)).toBeGreaterThanOrEqual(16);
    },
  );

  it('takes an initial value of the size of its variable alone', () => {
    const define = (size: number, bytes: number) => (): void => {
      const place = { symbol: 'x', section: '.rodata', align: 4, size };
      createModule('test.bt').global({ ...place, bytes: new Uint8Array(bytes) });
    };
    expect(define(4, 4)).not.toThrow();
    for (const bytes of [0, 3, 5])
      expect(define(4, bytes)).toThrow('x has an initial value of another size');
  });

  it('refuses a variable that nobody defines and one that is defined twice', () => {
    const module = moduleOf((ir) => ir.return_(ir.load(ir.global('ghost'), 0, 8, false)));
    expect(() => module.text()).toThrow('the global ghost is used and not defined');
    expect(() => module.map('ghost')).not.toThrow();
    expect(() => module.map('ghost')).toThrow('ghost is defined twice');
  });

  it('shares equal constant bytes', () => {
    const module = createModule('test.bt');
    const first = module.constantBytes(Buffer.from('abc\0'));
    expect(module.constantBytes(Buffer.from('abc\0'))).toBe(first);
    expect(module.constantBytes(Buffer.from('abd\0'))).not.toBe(first);
    expect(module.globals().filter(({ section }) => section === '.rodata')).toHaveLength(2);
  });

  it('keeps callbacks local, in .text, as values and as functions to call', () => {
    const module = moduleOf((ir, _context, own) => {
      own.callback('double', ['i32', 'ptr'], (callback, [index, frame]) => {
        callback.store(frame, 0, 8, callback.op('mul', index, callback.constant(2)));
        callback.return_(callback.constant(0));
      });
      const frame = ir.alloca(8, 8);
      ir.helper(181, [ir.constant(10), ir.callback('double'), frame, ir.constant(0)]);
      own.callback('triple', ['i64'], (callback, [value]) =>
        callback.return_(callback.op('mul', value, callback.constant(3))),
      );
      ir.return_(ir.callFunction('triple', [ir.load(frame, 0, 8, false)]));
    });
    const elf = objectOf(module);
    for (const name of ['double', 'triple']) {
      const symbol = elf.symbols.find((candidate) => candidate.name === name);
      expect(symbol).toMatchObject({ bind: STB.local, type: STT.func });
      expect(elf.sections[symbol?.section ?? 0]?.name).toBe('.text');
    }
    expect(codeOf(module)).toContain('call 181');
    expect(codeOf(module)).toContain('call triple');
  });

  it('refuses to refer to a callback that was not made', () => {
    expect(() => moduleOf((ir) => void ir.callback('later'))).toThrow(
      'the callback later is used before it is made',
    );
  });

  it('tells lines and columns, of loops and inlined primitives too', () => {
    const elf = objectOf(
      moduleOf((ir, context) => {
        ir.setPlace(3, 7);
        ir.helper(14, []);
        ir.setPlace(9, 2);
        ir.helper(5, [ir.siteLoad(0, context, 8, 8, false)]);
      }),
    );
    const data = elf.sections.find(({ name }) => name === '.BTF.ext')?.data;
    const [lines] = readExtension(data ?? new Uint8Array()).lines;
    const places = lines?.records.map(({ line, column }) => `${line}:${column}`);
    expect(places).toEqual(expect.arrayContaining(['3:7', '9:2']));
  });

  it('is named by its file without the folder, and somehow where it has none', () => {
    const named = (name: string) =>
      /!DIFile\(filename: "([^"]*)"/.exec(createModule(name).text())?.[1];
    expect([named('some/folder/tool.bt'), named('tool.bt'), named('')]).toEqual([
      ...['tool.bt', 'tool.bt', 'script'],
    ]);
  });

  it('gives the same bytes for the same calls', () => {
    const build = () =>
      emit(
        moduleOf((ir, context) => ir.return_(ir.siteLoad(1, context, 8, 4, false))),
        'object',
      );
    expect(Buffer.from(build()).equals(Buffer.from(build()))).toBe(true);
  });
});
