/** Where values of a program stand: on the stack as long as there is room, else in scratch memory. */
import { describe, expect, it } from 'vitest';
import type { FunctionBuilder } from '../../../compiler/llvm/ir.ts';
import { raw } from '../../../compiler/llvm/operands.ts';
import {
  createMemory,
  createScratchArena,
  stackBudget,
} from '../../../compiler/lowering/memory.ts';
import { compileText } from '../../support/build.ts';
import { moduleOf } from '../llvm/support.ts';

/** Where things are taken in memory with this budget, in words: `stack` once for each slot, `scratch` with the offset. */
function places(
  budget: { readonly bytes: number; readonly scalars: number },
  take: (
    memory: ReturnType<typeof createMemory>,
  ) => readonly ReturnType<ReturnType<typeof createMemory>['take']>[],
): { readonly where: readonly string[]; readonly slots: readonly number[] } {
  let where: readonly string[] = [];
  const module = moduleOf((ir: FunctionBuilder, context) => {
    const memory = createMemory(ir, budget, 64, createScratchArena(0), () => context);
    where = take(memory).map(raw);
  });
  const allocas = [...module.text().matchAll(/^ *(%p\d+) = alloca \[(\d+) x i64\]/gm)];
  const names = allocas.map(([, name]) => name);
  // The context stands for scratch memory here.
  const scratch = [
    ...module.text().matchAll(/^ *(%p\d+) = getelementptr i8, ptr %p\.0, i64 (\d+)/gm),
  ];
  const offsets = new Map(scratch.map(([, name, offset]) => [name, offset]));
  return {
    where: where.map((text) =>
      names.includes(text) ? `stack ${names.indexOf(text)}` : `scratch ${offsets.get(text) ?? 0}`,
    ),
    slots: allocas.map(([, , words]) => Number(words) * 8),
  };
}

describe('values', () => {
  it('stand on the stack up to the last byte of its budget, and behind that in scratch memory', () => {
    const taken = places({ bytes: 96, scalars: 0 }, (memory) => [
      memory.take(64),
      memory.take(30),
      memory.take(1),
      memory.take(8),
    ]);
    expect(taken).toEqual({
      where: ['stack 0', 'stack 1', 'scratch 0', 'scratch 8'],
      slots: [64, 32],
    });
  });

  it('that are larger than what may be there never do, nor what callbacks change', () => {
    const taken = places({ bytes: 256, scalars: 0 }, (memory) => [
      memory.take(64),
      memory.take(65),
      memory.takeScratch(8),
    ]);
    expect(taken.where).toEqual(['stack 0', 'scratch 0', 'scratch 72']);
  });

  it('leave their place to the next of their size when their scope ends', () => {
    const taken = places({ bytes: 64, scalars: 0 }, (memory) => {
      const [first, second] = memory.scope(() => [memory.take(16), memory.take(48)]);
      return [
        first,
        second,
        memory.take(48),
        memory.take(9),
        memory.take(24),
        memory.take(100),
      ].filter((pointer) => pointer !== undefined);
    });
    expect(taken.where).toEqual([
      'stack 0',
      'stack 1',
      'stack 1',
      'stack 0',
      'scratch 0',
      'scratch 24',
    ]);
  });

  it('that are scalars have so many places, those of ended scopes anew', () => {
    const taken = places({ bytes: 0, scalars: 2 }, (memory) => [
      memory.takeScalar(),
      ...memory.scope(() => [memory.takeScalar(), memory.takeScalar()]),
      memory.takeScalar(),
      memory.takeScalar(),
    ]);
    expect(taken.where).toEqual(['stack 0', 'stack 1', 'scratch 0', 'stack 2', 'scratch 0']);
  });
});

describe('scratch memory', () => {
  it('is as large as the most that was taken at a time, and nothing where nothing was', () => {
    const arena = createScratchArena(16);
    expect(arena.peak).toBe(0);
    const { mark } = arena;
    expect([arena.take(3), arena.take(8)]).toEqual([16, 24]);
    arena.reset(mark);
    expect([arena.take(4), arena.peak]).toEqual([16, 32]);
    arena.take(13);
    expect(arena.peak).toBe(40);
  });
});

describe('the stack', () => {
  it('is shared by a program and the callbacks of its loops, of which each has less', () => {
    const both = [1, 2, 3, 4, 5].map((depth) => {
      const [program, callback] = [stackBudget(depth, 'program'), stackBudget(depth, 'callback')];
      expect(callback.bytes).toBeLessThan(program.bytes);
      return program.bytes + depth * callback.bytes;
    });
    for (const bytes of both) expect(bytes).toBeLessThan(512);
    expect(stackBudget(0, 'program').bytes).toBeLessThan(512);
  });

  it('of a program with loops holds what callbacks need of it within the budget, too', () => {
    const values = Array.from({ length: 12 }, (_, index) => `$t${index} = (pid, ${index});`);
    const uses = Array.from({ length: 12 }, (_, index) => `@[$t${index}] = 1;`);
    const script = `begin { ${values.join(' ')} for $i : 0..pid { @n += $i; } ${uses.join(' ')} }`;
    const ir = compileText(script).ir?.() ?? '';
    const program = /^define [^\n]* @begin_1\([\s\S]*?^}/m.exec(ir)?.[0] ?? '';
    const sizes = [...program.matchAll(/alloca \[(\d+) x i(\d+)\]/g)].map(
      ([, count, bits]) => (Number(count) * Number(bits)) / 8,
    );
    const large = sizes.filter((size) => size > 8).reduce((sum, size) => sum + size, 0);
    expect(sizes.length).toBeGreaterThan(5);
    expect(large).toBeLessThanOrEqual(stackBudget(1, 'program').bytes);
  });
});
