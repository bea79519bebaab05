/** What code does to the machine, seen in its calls. */
import { describe, expect, it } from 'vitest';
import { codeEffects, storeEffects } from '../../linker/code-effects.ts';
import { HELPERS, OBSERVING_FUNCTIONS } from '../../linker/contract/helpers.ts';
import { MISSING_CALL, MISSING_CALLS } from '../../linker/contract/lookups.ts';
import { SHF } from '../../linker/elf/elf.ts';
import { type CodeSection, elfOf, OP, type Written } from './code.ts';

const EXIT: Written = { op: OP.exit };
const call = (imm: number, src = 0): Written => ({ op: OP.call, imm, src });
const program = (code: readonly Written[], more: Partial<CodeSection> = {}): CodeSection => ({
  ...{ name: 'kprobe/f', code: [...code, EXIT], functions: { own: [0, code.length + 1] } },
  ...more,
});
const effects = (...sections: readonly CodeSection[]) =>
  codeEffects(elfOf(...sections)).map(
    ({ effect, callee, caller }) => `${effect} ${callee} ${caller}`,
  );

describe('a call', () => {
  it.each([
    ['signal', 'send_signal'],
    ['signal', 'send_signal_thread'],
    ['memory', 'probe_write_user'],
    ['override', 'override_return'],
    ['network', 'setsockopt'],
  ] as const)('changes something: %s by %s', (effect, helper) => {
    expect(effects(program([call(HELPERS[helper])]))).toEqual([`${effect} bpf_${helper} own`]);
  });

  it('of what only looks changes nothing', () => {
    const looking = ['map_lookup_elem', 'probe_read_kernel', 'ktime_get_ns', 'loop'] as const;
    expect(effects(program(looking.map((name) => call(HELPERS[name]))))).toEqual([]);
  });

  it('of a number that nobody knows changes the kernel, unless it stands for something missing', () => {
    expect(effects(program([call(999_999)]))).toEqual(['kernel helper 999999 own']);
    for (const number of [MISSING_CALL, MISSING_CALL + MISSING_CALLS - 1])
      expect(effects(program([call(number)]))).toEqual([]);
    for (const number of [MISSING_CALL - 1, MISSING_CALL + MISSING_CALLS])
      expect(effects(program([call(number)]))).toEqual([`kernel helper ${number} own`]);
  });

  it('of the object’s own functions is none, one of the kernel’s by number is', () => {
    expect(effects(program([call(HELPERS.send_signal, 1)]))).toEqual([]);
    expect(effects(program([call(77, 2)]))).toEqual(['kernel function 77 of the kernel own']);
  });

  it('of a function of the kernel by name counts unless that only looks', () => {
    const named = (name: string) => effects(program([call(-1, 2)], { references: { 0: name } }));
    expect(named('bpf_send_it')).toEqual(['kernel bpf_send_it own']);
    expect(named(OBSERVING_FUNCTIONS[0] ?? '')).toEqual([]);
    const elf = elfOf(program([call(-1, 1)], { references: { 0: 'defined_by_others' } }));
    expect(codeEffects(elf, (name) => name === 'defined_by_others')).toEqual([]);
    expect(codeEffects(elf, (name) => name === 'other')).toHaveLength(1);
  });

  it('is told once for each caller, and by its section where no function holds it', () => {
    const twice = [call(HELPERS.send_signal), call(HELPERS.send_signal)];
    expect(effects(program(twice))).toEqual(['signal bpf_send_signal own']);
    expect(
      effects(
        program(twice, { functions: { one: [0, 1], other: [1, 1] } }),
        program(twice, { name: 'kprobe/g', functions: { third: [2, 1] } }),
      ),
    ).toEqual([
      ...['signal bpf_send_signal one', 'signal bpf_send_signal other'],
      'signal bpf_send_signal kprobe/g',
    ]);
  });

  it('is none in what does not run, or in the number of a wide load', () => {
    const data = program([call(HELPERS.send_signal)], { flags: SHF.alloc });
    expect(effects(data)).toEqual([]);
    const wide: readonly Written[] = [{ op: OP.loadImm64 }, call(HELPERS.send_signal)];
    expect(effects(program(wide))).toEqual([]);
    expect(effects(program([...wide, call(HELPERS.send_signal)]))).toHaveLength(1);
    // The last instruction counts, too.
    const last = { ...program([]), code: [EXIT, call(HELPERS.send_signal)] };
    expect(effects({ ...last, functions: { own: [0, 2] } })).toHaveLength(1);
  });
});

describe('a store to the context', () => {
  it('changes registers, of the function that holds it', () => {
    const store: Written = { op: OP.store8, dst: 1, src: 2 };
    expect(storeEffects(elfOf(program([store])))).toEqual([
      { effect: 'registers', callee: 'a store to its context', caller: 'own' },
    ]);
    expect(storeEffects(elfOf(program([])))).toEqual([]);
  });
});
