/** What a body of thirty lines costs on its way, in counts that no noise moves: who makes them larger says why. */
import { describe, expect, it } from 'vitest';
import { BODY, EVENTS } from '../../../bench/many-probes.ts';
import { codeOf } from '../../../compiler/builtins/builtins.ts';
import { lower } from '../../../compiler/lowering/lower.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { INSN_SIZE, STT } from '../../../linker/elf/elf.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { compileText, kernelDescription } from '../../support/build.ts';

const script = (count: number): string =>
  EVENTS.slice(0, count)
    .map((name) => `\ntracepoint:syscalls:sys_enter_${name} ${BODY}`)
    .join('');

function measure(count: number) {
  const compilation = compileText(script(count));
  const { typed, sources, object } = compilation;
  if (!typed || !object) throw new Error('the script does not compile');
  const kernel = kernelDescription();
  const { module } = lower(typed, {
    ...{ builtins: codeOf, sources, kernel },
    diagnostics: new Diagnostics(),
  });
  const made = object();
  const first = readElf(made).symbols.find(
    ({ name, type }) => type === STT.func && name.startsWith('tracepoint_'),
  );
  return {
    lines: module
      .shared()
      .parts.map((part) => part.text())
      .join('')
      .split('\n').length,
    instructions: (first?.size ?? 0) / INSN_SIZE,
    bytes: made.length,
  };
}

describe('a body of thirty lines', () => {
  it('is so many lines of IR, instructions and bytes of an object', () => {
    const { lines, instructions, bytes } = measure(1);
    expect(lines).toBeLessThanOrEqual(1190);
    expect(instructions).toBeLessThanOrEqual(660);
    expect(bytes).toBeLessThanOrEqual(30_600);
  });

  it('goes to LLVM once, however many probes have it', () => {
    const [one, all] = [measure(1), measure(EVENTS.length)];
    // Each has variables for its warnings, and places in the script of its own.
    expect(all.lines - one.lines).toBeLessThan(2100);
  });
});
