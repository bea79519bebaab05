/** Modules of several parts: each is a text of its own, and together they are what the module is. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { emitObjects } from '../../../compiler/limits.ts';
import { addonFile, beginObject, emit } from '../../../compiler/llvm/backend.ts';
import type { FunctionBuilder } from '../../../compiler/llvm/ir.ts';
import { createModule, type ModulePart } from '../../../compiler/llvm/module.ts';
import { LICENSE_SYMBOL } from '../../../linker/contract/names.ts';
import { STT } from '../../../linker/elf/elf.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { joinParts } from '../../../linker/parts.ts';

/** Fills a part: nothing of it is left out, since each number is another one. */
function fill(ir: FunctionBuilder, first: number): void {
  for (let count = 0; count < 2000; count += 1)
    ir.helper(1, [ir.constant(first + count), ir.constant(count)]);
}

/** Three large programs that call one callback, have one variable and constant, and a map. */
function largeModule(onPart?: (part: ModulePart) => void) {
  const module = createModule('test.bt', onPart);
  module.license('GPL');
  module.global({ symbol: 'counter', section: '.bss', size: 8, align: 8 });
  module.map('AT_');
  module.callback('double', ['i64'], (ir, [number]) => ir.return_(ir.op('add', number, number)));
  for (const index of [0, 1, 2])
    module.program(`p${index}`, `tracepoint/a/b${index}`, (ir, context) => {
      ir.setPlace(index + 1, 3);
      const text = module.constantBytes(Buffer.from(`text ${index}\0`));
      fill(ir, index);
      ir.helper(6, [ir.global(text), ir.global('AT_')]);
      const sum = ir.callFunction('double', [ir.siteLoad(index, context, 8, 8, false)]);
      ir.store(ir.global('counter'), 0, 8, sum);
    });
  return module;
}

const codeOf = (objects: readonly Uint8Array[]) => {
  const { elf, lines } = joinParts(objects);
  const code = elf.sections.flatMap(({ name, flags, data }) => (flags & 4 ? [[name, data]] : []));
  const functions = elf.symbols
    .filter(({ type }) => type === STT.func)
    .map(({ name, section, value, size }) => [name, elf.sections[section]?.name, value, size]);
  return { code, functions: functions.sort(), lines };
};

describe('a module that is divided', () => {
  it('has the same code, functions and lines as the whole, but for distances of calls', () => {
    const module = largeModule();
    const { parts } = module.shared();
    expect(parts).toHaveLength(3);
    const divided = codeOf(parts.map((part) => emit(part.text(), 'object')));
    const whole = codeOf([emit(module, 'object')]);
    expect(divided.functions).toEqual(whole.functions);
    expect(divided.lines).toEqual(whole.lines);
    expect(divided.code.map(([name]) => name)).toEqual(whole.code.map(([name]) => name));
  });

  it('tells of parts while others are made, of the last when all is', () => {
    const early: string[] = [];
    const module = largeModule((part) => early.push(part.text()));
    const texts = module.shared().parts.map((part) => part.text());
    expect(early).toEqual(texts.slice(0, -1));
  });

  it('defines functions once, and variables where they are used and in the last part', () => {
    const texts = largeModule()
      .shared()
      .parts.map((part) => part.text());
    const having = (text: string) => texts.map((part) => part.includes(text));
    expect(having('define internal i64 @double')).toEqual([true, false, false]);
    expect(having('declare i64 @double')).toEqual([false, true, true]);
    expect(having('@counter = ')).toEqual([true, true, true]);
    expect(having('@bpfscript.bytes.1 = ')).toEqual([false, true, true]);
    expect(having(`@${LICENSE_SYMBOL} = `)).toEqual([false, false, true]);
  });

  it('is one part where later bodies are copies of the first', () => {
    const module = createModule('test.bt');
    for (const index of [0, 1, 2, 3]) module.program(`p${index}`, 's', (ir) => fill(ir, 7));
    const { parts, programs } = module.shared();
    expect(parts).toHaveLength(1);
    expect(programs.map(({ copy }) => copy?.of)).toEqual([undefined, 'p0', 'p0', 'p0']);
  });
});

describe('objects of parts', () => {
  const emitted = (make: (module: ReturnType<typeof createModule>) => void) => {
    const begun: ReturnType<typeof beginObject>[] = [];
    const module = createModule('test.bt', (part) => begun.push(beginObject(part.text())));
    make(module);
    const symbols = ['p0', 'p1', 'p2'];
    const probes = symbols.map((symbol, start) => ({ symbol, range: { start, end: start + 1 } }));
    return emitObjects(module, probes, begun);
  };

  it('are the same, begun early or not, however often', () => {
    const made = (isEarly: boolean) => {
      const begun: ReturnType<typeof beginObject>[] = [];
      const module = largeModule((part) => isEarly && begun.push(beginObject(part.text())));
      const objects = emitObjects(module, [], begun);
      return 'objects' in objects && objects.objects.map((object) => Buffer.from(object));
    };
    const first = made(false);
    expect(first).toHaveLength(3);
    for (const isEarly of [true, true]) expect(made(isEarly)).toEqual(first);
  });

  it('name the function that needs too much stack, in whatever part', () => {
    const full = (...symbols: readonly string[]) =>
      emitted((module) => {
        for (const [index, symbol] of ['p0', 'p1', 'p2'].entries())
          module.program(symbol, `s${index}`, (ir) => {
            fill(ir, index);
            if (symbols.includes(symbol)) ir.helper(1, [ir.alloca(600, 8)]);
          });
      });
    const refusal = (start: number) => ({
      refusals: [{ code: 'stack-limit', range: { start } }],
    });
    expect(full('p1')).toMatchObject(refusal(1));
    expect(full('p2')).toMatchObject(refusal(2));
    expect(full('p2', 'p0')).toMatchObject(refusal(0));
    expect(full()).toHaveProperty('objects.length', 3);
  });

  it('name all functions with a jump that is too long', () => {
    const failing = {
      take: (): never => {
        throw new Error('in function p0 a jump is too long\nin function p2 a jump is too long\n');
      },
      drop() {},
    };
    const module = createModule('test.bt');
    module.program('p0', 's', (ir) => fill(ir, 0));
    const probes = ['p0', 'p1', 'p2'].map((symbol, start) => ({
      ...{ symbol, range: { start, end: start + 1 } },
    }));
    expect(emitObjects(module, probes, [failing])).toMatchObject({
      refusals: [
        { code: 'program-too-long', range: { start: 0 } },
        { code: 'program-too-long', range: { start: 2 } },
      ],
    });
  });

  it('have jumps over more instructions than BPF can say, by way of others', () => {
    const made = emitted((module) => {
      for (const [index, calls] of [9_000, 2_000, 16_000].entries())
        module.program(`p${index}`, `s${index}`, (ir) => {
          const isSet = ir.toBool(ir.helper(5, []));
          ir.if_(isSet, () => {
            for (let count = 0; count < calls; count += 1)
              ir.helper(
                1,
                [1, 2, 3].map((part) => ir.constant(index + count * part)),
              );
          });
        });
    });
    if (!('objects' in made)) throw new Error('it is refused');
    const { elf } = joinParts(made.objects);
    const ways = ['s0', 's1', 's2'].map((name) =>
      wayOf(elf.sections.find((section) => section.name === name)?.data ?? Buffer.alloc(0)),
    );
    expect(ways.map(({ stations }) => stations)).toEqual([1, 0, 2]);
    // Where both ways end: with the status.
    for (const { last, end } of ways) expect(end - last).toBeLessThan(3);
  });
});

/** Where the first condition of a program leads to, over how many jumps; and the place of its end. */
function wayOf(code: Uint8Array) {
  const bytes = Buffer.from(code);
  const size = 8;
  const operation = (at: number): number => bytes.readUInt8(at * size);
  const target = (at: number): number => at + 1 + bytes.readInt16LE(at * size + 2);
  const isCondition = (at: number): boolean =>
    [5, 6].includes(operation(at) & 7) && ![0x05, 0x85, 0x95].includes(operation(at));
  const count = bytes.length / size;
  let first = 0;
  while (first < count && !isCondition(first)) first += 1;
  let last = target(first);
  let stations = 0;
  while (operation(last) === 0x05) {
    last = target(last);
    stations += 1;
  }
  return { stations, last, end: count - 1 };
}

const TEXT = (name: string) =>
  `target triple = "bpfel"\ndefine i32 @${name}() nounwind { ret i32 0 }\n`;

describe('an object that another thread makes', () => {
  it('is the one that is made at once', () => {
    const [text, other] = [TEXT('one'), TEXT('other')];
    const begun = [text, other, text].map((each) => beginObject(each));
    const made = begun.map((emission) => Buffer.from(emission.take()));
    expect(made).toEqual([text, other, text].map((each) => Buffer.from(emit(each, 'object'))));
  });

  it('can be taken in any order, and dropped at any time', () => {
    const begun = Array.from({ length: 20 }, (_, index) => beginObject(TEXT(`f${index}`)));
    begun[3]?.drop();
    begun[19]?.drop();
    for (const index of [18, 0, 7])
      expect(readElf(begun[index]?.take() ?? new Uint8Array()).symbols).toContainEqual(
        expect.objectContaining({ name: `f${index}` }),
      );
    for (const emission of begun) emission.drop();
  });

  it("says what is wrong in LLVM's words, each its own", () => {
    const wrong = (name: string) =>
      `target triple = "bpfel"\ndefine i64 @${name}(i64 %a) nounwind {\n %r = sdiv i64 %a, 3\n ret i64 %r\n}\n`;
    const begun = [wrong('first'), 'define nonsense', wrong('third')].map((text) =>
      beginObject(text),
    );
    expect(() => begun[0]?.take()).toThrow(/Cannot select.*In function: first/s);
    expect(() => begun[1]?.take()).toThrow(/unreadable IR/);
    expect(() => begun[2]?.take()).toThrow(/Cannot select.*In function: third/s);
  });

  it.each([
    ['its end', ''],
    ['process.exit', 'process.exit(0);'],
    ['an exception', 'throw new Error("for the test");'],
  ])('is no matter for a process that comes to %s', (_, ending) => {
    const { status, signal, stderr } = spawnSync(
      process.execPath,
      [
        '-e',
        `const backend = require(${JSON.stringify(addonFile('backend'))});
        const call = ' call i64 inttoptr (i64 1 to i64 (i64)*)(i64 1)\\n';
        const text = 'target triple = "bpfel"\\n' +
          'define i32 @p() nounwind {\\n' + call.repeat(3000) + ' ret i32 0\\n}\\n';
        for (let count = 0; count < 4; count++)
          backend.begin(text, 'v3', '', 'object', 'folded');
        ${ending}`,
      ],
      { encoding: 'utf8' },
    );
    expect({ status, signal }).toEqual({
      status: ending.startsWith('throw') ? 1 : 0,
      signal: null,
    });
    expect(stderr.includes('for the test')).toBe(ending.startsWith('throw'));
  });
});
