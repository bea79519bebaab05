/** Stores to the context of a program: where the context may be is followed through registers, stack and functions. */
import { describe, expect, it } from 'vitest';
import { contextStore, type PatchedPlace } from '../../linker/context-stores.ts';
import { HELPERS } from '../../linker/contract/helpers.ts';
import { type CodeSection, elfOf, OP, type Written } from './code.ts';

const EXIT: Written = { op: OP.exit };
const CONTEXT = 1;
const STACK = 10;
const mov = (dst: number, src: number): Written => ({ op: OP.mov, dst, src });
const set = (dst: number, imm: number): Written => ({ op: OP.movImmediate, dst, imm });
const add = (dst: number, imm: number): Written => ({ op: OP.addImmediate, dst, imm });
/** To what a register points to. */
const store = (dst: number, src = 0, off = 0): Written => ({ op: OP.store8, dst, src, off });
const load = (dst: number, src: number, off = 0): Written => ({ op: OP.load8, dst, src, off });
const helper = (name: keyof typeof HELPERS): Written => ({ op: OP.call, imm: HELPERS[name] });
/** From this instruction on, so many further. */
const call = (imm: number): Written => ({ op: OP.call, src: 1, imm });
const kernelCall: Written = { op: OP.call, src: 2, imm: 5 };
const address = (): readonly Written[] => [{ op: OP.loadImm64, dst: 2 }, { op: 0 }];

/** The instruction of the first store that there may be; undefined where there is none. */
function found(code: readonly Written[], more: Partial<CodeSection> = {}, fixups?: PatchedPlace[]) {
  const own: CodeSection = {
    ...{ name: 'kprobe/f', code: [...code, EXIT], functions: { own: [0, code.length + 1] } },
    ...more,
  };
  const place = contextStore(elfOf(own), fixups);
  return place && place.offset / 8;
}

/** A program of some instructions, and behind it functions of some more each. */
function withFunctions(
  references: Readonly<Record<number, string>>,
  ...parts: readonly (readonly Written[])[]
) {
  const functions: Record<string, readonly [number, number]> = {};
  let first = 0;
  for (const [index, part] of parts.entries()) {
    functions[index === 0 ? 'own' : `f${index}`] = [first, part.length];
    first += part.length;
  }
  // What is entered is what stands in the section of a program; functions are elsewhere.
  const [program = [], ...others] = parts;
  const sections: CodeSection[] = [
    { name: 'kprobe/f', code: program, functions: { own: [0, program.length] }, references },
    {
      name: '.text',
      code: others.flat(),
      functions: Object.fromEntries(
        others.map((_, index) => {
          const before = others.slice(0, index).flat().length;
          return [`f${index + 1}`, [before, others[index]?.length ?? 0] as const];
        }),
      ),
    },
  ];
  const place = contextStore(elfOf(...sections));
  return place && [place.section, place.offset / 8];
}

describe('a store to the context', () => {
  it('is one of programs whose context is registers', () => {
    for (const name of [
      'kprobe/f',
      'kprobe',
      'kretprobe/f',
      'uprobe',
      'uprobe./bin/sh',
      'uretprobe/x',
      'usdt',
      'usdt/x',
    ])
      expect([name, found([store(CONTEXT)], { name })]).toEqual([name, 0]);
    for (const name of [
      'tracepoint/x',
      'fentry/f',
      'perf_event',
      'kprobes',
      'kprobe_x',
      'usdts',
      'xkprobe',
      '.text',
    ])
      expect([name, found([store(CONTEXT)], { name })]).toEqual([name, undefined]);
    expect(found([store(CONTEXT)], { flags: 2 })).toBeUndefined();
  });

  it('is of any width, of a register or a number, and atomic', () => {
    for (const op of [OP.store8, OP.store4, OP.storeImmediate8, OP.atomic8])
      expect(found([{ op, dst: CONTEXT, src: 2 }])).toBe(0);
    for (const code of [
      load(2, CONTEXT),
      store(STACK, CONTEXT, -8),
      store(2, CONTEXT),
      set(CONTEXT, 5),
    ])
      expect(found([code])).toBeUndefined();
  });

  it('is the first that is found', () => {
    expect(found([set(3, 1), store(CONTEXT), store(CONTEXT)])).toBe(1);
  });
});

describe('the context is followed', () => {
  it('through registers', () => {
    expect(found([mov(6, CONTEXT), store(6)])).toBe(1);
    expect(found([mov(6, CONTEXT), mov(7, 6), store(7)])).toBe(2);
    expect(found([mov(6, CONTEXT), add(6, 8), store(6)])).toBe(2);
    expect(found([set(6, 8), { op: OP.add, dst: 6, src: CONTEXT }, store(6)])).toBe(2);
    // What is overwritten is nothing, nor is half of an address, or a difference of two.
    expect(found([set(CONTEXT, 0), store(CONTEXT)])).toBeUndefined();
    expect(found([mov(6, CONTEXT), set(6, 0), store(6)])).toBeUndefined();
    expect(found([{ op: OP.mov32, dst: 6, src: CONTEXT }, store(6)])).toBeUndefined();
    expect(found([{ op: OP.add32, dst: CONTEXT, src: 2 }, store(CONTEXT)])).toBeUndefined();
    expect(found([{ op: OP.mul, dst: CONTEXT, src: 2 }, store(CONTEXT)])).toBeUndefined();
    expect(found([set(6, 0), { op: OP.sub, dst: 6, src: CONTEXT }, store(6)])).toBeUndefined();
    expect(found([{ op: OP.sub, dst: CONTEXT, src: 6 }, store(CONTEXT)])).toBe(1);
    expect(found([load(CONTEXT, CONTEXT), store(CONTEXT)])).toBeUndefined();
    expect(found([...address(), store(2)])).toBeUndefined();
  });

  it('through the stack, place by place', () => {
    expect(found([store(STACK, CONTEXT, -8), load(6, STACK, -8), store(6)])).toBe(2);
    expect(found([store(STACK, CONTEXT, -8), load(6, STACK, -16), store(6)])).toBeUndefined();
    expect(found([store(STACK, CONTEXT, -512), load(6, STACK, -512), store(6)])).toBe(2);
    // A pointer to the stack, in either direction.
    const pointer = [mov(7, STACK), add(7, -32), store(7, CONTEXT, 8)];
    expect(found([...pointer, load(6, STACK, -24), store(6)])).toBe(4);
    expect(found([...pointer, load(6, STACK, -32), store(6)])).toBeUndefined();
    const back = [mov(7, STACK), { op: OP.subImmediate, dst: 7, imm: 24 }, store(7, CONTEXT)];
    expect(found([...back, load(6, STACK, -24), store(6)])).toBe(4);
    // Eight bytes between two places are of both.
    expect(found([store(STACK, CONTEXT, -12), load(6, STACK, -16), store(6)])).toBe(2);
    expect(found([store(STACK, CONTEXT, -12), load(6, STACK, -8), store(6)])).toBe(2);
    expect(found([store(STACK, CONTEXT, -12), load(6, STACK, -24), store(6)])).toBeUndefined();
    // Where a register says how far, it is anywhere.
    const anywhere = [mov(7, STACK), { op: OP.add, dst: 7, src: 3 }, store(7, CONTEXT)];
    expect(found([...anywhere, load(6, STACK, -256), store(6)])).toBe(4);
    const outside = [mov(7, STACK), add(7, -520), store(7, CONTEXT)];
    expect(found([...outside, load(6, STACK, -256), store(6)])).toBe(4);
  });

  it('through the stack as a whole pointer only', () => {
    const half: Written = { op: OP.store4, dst: STACK, src: CONTEXT, off: -8 };
    expect(found([half, load(6, STACK, -8), store(6)])).toBeUndefined();
    const part: Written = { op: OP.load4, dst: 6, src: STACK, off: -8 };
    expect(found([store(STACK, CONTEXT, -8), part, store(6)])).toBeUndefined();
    const number: Written = { op: OP.storeImmediate8, dst: STACK, off: -8, imm: 1 };
    expect(found([number, load(6, STACK, -8), store(6)])).toBeUndefined();
    // An exchange gives what was there.
    const exchange: Written = { op: OP.atomic8, dst: STACK, src: 3, off: -8, imm: 0xe1 };
    expect(found([store(STACK, CONTEXT, -8), exchange, store(3)])).toBe(2);
    expect(found([store(STACK, CONTEXT, -8), exchange, store(0)])).toBe(2);
    expect(found([store(STACK, CONTEXT, -8), store(STACK, 3, -8), store(3)])).toBeUndefined();
  });

  it('where instructions are changed when they are loaded', () => {
    const patch = (...at: readonly number[]) =>
      at.map((each) => ({ section: 'kprobe/f', offset: 8 * each }));
    const code = [store(STACK, CONTEXT, -8), load(6, STACK, -256), store(6)];
    expect(found(code, {}, [])).toBeUndefined();
    expect(found(code, {}, patch(0))).toBe(2);
    expect(found(code, {}, patch(1))).toBe(2);
    expect(found(code, {}, [{ section: 'kprobe/g', offset: 0 }])).toBeUndefined();
    const narrow: Written = { op: OP.load4, dst: 6, src: STACK, off: -8 };
    expect(found([store(STACK, CONTEXT, -8), narrow, store(6)], {}, patch(1))).toBe(2);
    const moved = [mov(7, STACK), add(7, -8), store(7, CONTEXT), load(6, STACK, -256), store(6)];
    expect(found(moved)).toBeUndefined();
    expect(found(moved, {}, patch(1))).toBe(4);
  });

  it('along both ways of a jump, and not past an end', () => {
    const jump = (op: number, off: number, imm = 0): Written => ({ op, dst: 2, off, imm });
    for (const op of [OP.jumpIfEqual, OP.jumpIfEqual32]) {
      expect(found([jump(op, 1), EXIT, store(CONTEXT)])).toBe(2);
      expect(found([jump(op, 1), store(CONTEXT), EXIT])).toBe(1);
    }
    expect(found([jump(OP.jump, 1), store(CONTEXT), EXIT])).toBeUndefined();
    expect(found([jump(OP.jump, 1), EXIT, store(CONTEXT)])).toBe(2);
    expect(found([jump(OP.longJump, 0, 1), store(CONTEXT), EXIT])).toBeUndefined();
    expect(found([jump(OP.longJump, 0, 1), EXIT, store(CONTEXT)])).toBe(2);
    expect(found([EXIT, store(CONTEXT)])).toBeUndefined();
    // Back to what then has it.
    expect(found([store(6), mov(6, CONTEXT), jump(OP.jumpIfEqual, -3), EXIT])).toBe(0);
    // Out of the function leads nowhere.
    expect(found([jump(OP.jumpIfEqual, 99), jump(OP.jumpIfEqual, -99)])).toBeUndefined();
  });

  it('is lost in registers that a call clobbers', () => {
    const time = helper('ktime_get_ns');
    expect(found([time, store(CONTEXT)])).toBeUndefined();
    expect(found([mov(6, CONTEXT), time, store(6)])).toBe(2);
    expect(found([mov(0, CONTEXT), time, store(0)])).toBeUndefined();
  });
});

describe('functions', () => {
  it('have the context where they are given it', () => {
    for (const parameter of [1, 2, 3, 4, 5]) {
      const program = [mov(parameter, CONTEXT), call(0), EXIT];
      expect(withFunctions({ 1: 'f1' }, program, [store(parameter), EXIT])).toEqual([2, 0]);
    }
    const program = [mov(6, CONTEXT), set(1, 0), call(0), EXIT];
    expect(withFunctions({ 2: 'f1' }, program, [store(6), store(1), EXIT])).toBeUndefined();
    expect(withFunctions({}, [EXIT], [store(1), EXIT])).toBeUndefined();
  });

  it('may stand in the same section, so many instructions further', () => {
    const code = [call(1), EXIT, store(1), EXIT];
    expect(found(code, { code, functions: { own: [0, 2], called: [2, 2] } })).toBe(2);
  });

  it('give it back', () => {
    const gives = [mov(0, 1), EXIT];
    expect(withFunctions({ 0: 'f1' }, [call(0), store(0), EXIT], gives)).toEqual([1, 1]);
    expect(
      withFunctions({ 0: 'f1' }, [call(0), store(0), EXIT], [set(0, 1), EXIT]),
    ).toBeUndefined();
  });

  it('reach the stack of their caller', () => {
    const program = [...[store(STACK, CONTEXT, -8), mov(1, STACK), add(1, -8), call(0), EXIT]];
    expect(withFunctions({ 3: 'f1' }, program, [load(3, 1), store(3), EXIT])).toEqual([2, 1]);
    expect(withFunctions({ 3: 'f1' }, program, [load(3, 1, -8), store(3), EXIT])).toBeUndefined();
    expect(
      withFunctions({ 3: 'f1' }, program, [load(3, STACK, -8), store(3), EXIT]),
    ).toBeUndefined();
    // And leave it there.
    const leaves = [
      mov(2, CONTEXT),
      mov(1, STACK),
      add(1, -8),
      call(0),
      load(6, STACK, -8),
      store(6),
      EXIT,
    ];
    expect(withFunctions({ 3: 'f1' }, leaves, [store(1, 2), EXIT])).toEqual([1, 5]);
  });

  it.each([
    ['loop', 2, 3, 2],
    ['for_each_map_elem', 2, 3, 4],
    ['find_vma', 3, 4, 3],
    ['user_ringbuf_drain', 2, 3, 2],
  ] as const)('are called by helpers: %s', (name, of, from, as) => {
    const program = (given: number): readonly Written[] => [
      ...[mov(6, CONTEXT), mov(given, 6)],
      ...[{ op: OP.loadImm64, dst: of }, { op: 0 }],
      ...[helper(name), EXIT],
    ];
    expect(withFunctions({ 2: 'f1' }, program(from), [store(as), EXIT])).toEqual([2, 0]);
    for (const other of [1, 2, 3, 4, 5].filter((each) => each !== as))
      expect(withFunctions({ 2: 'f1' }, program(from), [store(other), EXIT])).toBeUndefined();
    const wrong = from === 3 ? 4 : 3 === of ? 5 : 3;
    expect(withFunctions({ 2: 'f1' }, program(wrong), [store(as), EXIT])).toBeUndefined();
  });

  it('are called by timers with nothing, and not by other helpers', () => {
    const program = (name: keyof typeof HELPERS): readonly Written[] => [
      ...[mov(3, CONTEXT), ...address(), helper(name), EXIT],
    ];
    for (const name of ['timer_set_callback', 'map_lookup_elem'] as const)
      for (const parameter of [1, 2, 3])
        expect(withFunctions({ 1: 'f1' }, program(name), [store(parameter), EXIT])).toBeUndefined();
  });

  it('may be called by functions of the kernel with whatever these are given', () => {
    const program = [mov(4, CONTEXT), set(1, 0), ...address(), kernelCall, EXIT];
    for (const parameter of [1, 2, 3, 4, 5])
      expect(withFunctions({ 2: 'f1' }, program, [store(parameter), EXIT])).toEqual([2, 0]);
    const nothing = [set(1, 0), ...address(), kernelCall, EXIT];
    expect(withFunctions({ 1: 'f1' }, nothing, [store(2), EXIT])).toBeUndefined();
  });

  it('may be one of two', () => {
    const program = (jump: number): readonly Written[] => [
      ...[mov(3, CONTEXT), ...address(), { op: OP.jumpIfEqual, dst: 6, off: jump }],
      ...[...address(), helper('loop'), EXIT],
    ];
    const references = { 1: 'f1', 4: 'f2' };
    const [nothing, stores] = [[EXIT], [store(2), EXIT]];
    expect(withFunctions(references, program(2), nothing, stores)).toEqual([2, 1]);
    expect(withFunctions(references, program(2), stores, nothing)).toEqual([2, 0]);
    expect(withFunctions(references, program(0), stores, nothing)).toBeUndefined();
  });
});
