/** Linked objects that the kernel takes, and what they do there. */
import { describe, expect, it } from 'vitest';
import type { FunctionDefinition } from '../../linker/btf/definitions.ts';
import { bytes, signed, sizeOf, unsigned } from '../../linker/btf/types.ts';
import { readElf } from '../../linker/elf/read.ts';
import { inspectObject } from '../../linker/inspect.ts';
import { link } from '../../linker/link.ts';
import { attached, loaded } from '../support/kernel.ts';
import { HASH, PERCPU_ARRAY, SCRIPT_IR, scriptInput, VALUE_TYPES } from './fixtures.ts';
import { assemble, linkInput, onFile } from './support.ts';

const program = 'define dso_local i32 @p(i8* %ctx) nounwind section "uprobe"';

function subprogram(symbol: string, ...names: readonly string[]): FunctionDefinition {
  const parameters = names.map((name) => ({ name, type: signed(8) }));
  return { symbol, role: 'subprogram', parameters, returns: signed(8) };
}

describe('a linked object', () => {
  it('is taken by the kernel as it is', () => {
    loaded(link(scriptInput()), ({ programs }) => {
      expect(programs).toEqual(['switch_1', 'uprobe_2', 'uprobe_3']);
    });
  });

  it('counts, loops and reads its parameters when attached', () => {
    const uprobes = (text: string) =>
      text.replaceAll('section "uprobe"', 'section "raw_tp/sys_enter"');
    const attachable = link({ ...scriptInput(), objects: [assemble(uprobes(SCRIPT_IR))] });
    const bss = attached(attachable, '.bss');
    expect([1n, 2n, 3n, 9n]).toContain(bss.readBigUInt64LE(0));
    // Four rounds of the loop that add 3, and the parameter 5.
    expect(bss.readBigUInt64LE(8)).toBe(17n);
    const slots = attached(attachable, 'AT_');
    const counts = Array.from({ length: slots.length / 16 }, (_, cpu) =>
      slots.readBigUInt64LE(cpu * 16),
    );
    expect(counts.reduce((sum, count) => sum + count, 0n)).toBeGreaterThan(0n);
  });

  it('has values of all types, for the kernel and for bpftool', () => {
    const object = link({
      ...linkInput('define dso_local i32 @p(i8* %ctx) nounwind section "uprobe" { ret i32 0 }'),
      functions: [{ symbol: 'p', role: 'program' }],
      maps: VALUE_TYPES.map((value, index) => ({
        symbol: `AT_m${index}`,
        type: 1,
        maxEntries: 2,
        flags: 0,
        key: unsigned(8),
        value,
      })),
    });
    loaded(object, ({ dump }) => {
      for (const index of VALUE_TYPES.keys()) expect(dump(`AT_m${index}`)).toEqual([]);
    });
    expect(
      onFile(object, '/usr/sbin/bpftool', 'btf', 'dump', 'file').match(/^\[\d+\] VAR 'AT_m/gm),
    ).toHaveLength(VALUE_TYPES.length);
    expect(inspectObject(object).maps.map(({ valueSize }) => valueSize)).toEqual(
      VALUE_TYPES.map(sizeOf),
    );
  });

  it('makes maps that no program mentions', () => {
    const made = link({
      ...linkInput(`${program} { ret i32 0 }`),
      functions: [{ symbol: 'p', role: 'program' }],
      maps: [
        {
          symbol: 'AT_',
          type: PERCPU_ARRAY,
          maxEntries: 1,
          flags: 0,
          key: unsigned(4),
          value: bytes(16),
        },
        {
          symbol: 'events',
          type: 27,
          maxEntries: 4096,
          flags: 0,
          key: undefined,
          value: undefined,
        },
        { symbol: 'h', type: HASH, maxEntries: 10, flags: 1, key: unsigned(8), value: unsigned(8) },
      ],
    });
    loaded(made, ({ dump }) => expect(dump('h')).toEqual([]));
  });

  it('takes constants without any variable beside them', () => {
    const made = link({
      ...linkInput(`
        @table = private unnamed_addr constant [4 x i64] [i64 1, i64 2, i64 3, i64 9]
        ${program} {
          %n = call i64 inttoptr (i64 5 to i64 ()*)()
          %i = and i64 %n, 3
          %at = getelementptr [4 x i64], [4 x i64]* @table, i64 0, i64 %i
          %v = load i64, i64* %at
          %r = trunc i64 %v to i32
          ret i32 %r
        }`),
      functions: [{ symbol: 'p', role: 'program' }],
    });
    loaded(made, ({ programs }) => expect(programs).toEqual(['p']));
  });

  it('keeps calls between functions', () => {
    const made = link({
      ...linkInput(`
        define internal i64 @first(i64 %a) nounwind noinline { %r = add i64 %a, 1\n ret i64 %r }
        define internal i64 @second(i64 %a, i64 %b) nounwind noinline {
          %n = call i64 inttoptr (i64 5 to i64 ()*)()
          %s = add i64 %n, %b
          %r = call i64 @first(i64 %s)
          %t = add i64 %a, %r
          ret i64 %t
        }
        ${program} {
          %n = call i64 inttoptr (i64 5 to i64 ()*)()
          %v = call i64 @second(i64 %n, i64 3)
          %r = trunc i64 %v to i32
          ret i32 %r
        }`),
      functions: [
        { symbol: 'p', role: 'program' },
        subprogram('first', 'a'),
        subprogram('second', 'a', 'b'),
      ],
    });
    const text = readElf(made).symbols.filter((symbol) => symbol.name === 'second');
    expect(text).toHaveLength(1);
    loaded(made, ({ programs }) => expect(programs).toEqual(['p']));
  });
});
