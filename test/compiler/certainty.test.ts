/** What `check` takes for certain is so: an object of it has no more than was said, and is not refused. */
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../compiler/builtins/builtins.ts';
import { boundsOf, fitsForCertain, type Lowered } from '../../compiler/certainty.ts';
import { emit, measure } from '../../compiler/llvm/backend.ts';
import type { FunctionBuilder } from '../../compiler/llvm/ir.ts';
import { createModule, type IrModule } from '../../compiler/llvm/module.ts';
import { lower } from '../../compiler/lowering/lower.ts';
import { Diagnostics } from '../../compiler/source/diagnostics.ts';
import { INSN_SIZE, STT } from '../../linker/elf/elf.ts';
import { readElf } from '../../linker/elf/read.ts';
import { SCRIPTS } from '../corpus/scripts.ts';
import { compileText, kernelDescription } from '../support/build.ts';
import { randomProgram } from '../support/programs.ts';

const HELPER = 5;

function lowered(script: string): Lowered & { readonly object: Uint8Array } {
  const { typed, sources, object } = compileText(script, { unsafe: true });
  if (!typed || !object) throw new Error('the script does not compile');
  const context = { builtins: codeOf, sources, kernel: kernelDescription() };
  const parts = lower(typed, { ...context, diagnostics: new Diagnostics() });
  return { ...parts, object: object() };
}

/** A program of a module, beside what is known of an empty script. */
function written(body: (ir: FunctionBuilder) => void): Lowered {
  const module = createModule('test.bt');
  module.program('probe_1', 'kprobe/probe_1', (ir) => body(ir));
  return { module, input: lowered('begin { exit(); }').input };
}

const functionsOf = (object: Uint8Array) =>
  readElf(object).symbols.filter(({ type }) => type === STT.func);

const SOME = [
  ...SCRIPTS.filter((_, index) => index % 16 === 0).map(({ name, text }) => ({ name, text })),
  ...[1, 2].map((seed) => ({
    name: `the random program ${seed}`,
    text: `begin { ${randomProgram(seed).body.replaceAll('NAME', '').replace('INPUT', '$1')} }`,
  })),
].filter(({ text }) => !text.includes('#include'));

const textsOf = (module: IrModule): readonly string[] =>
  module.shared().parts.map((part) => part.text());

describe('an object of', () => {
  it.each(SOME)('$name has at most what was said of it', ({ text }) => {
    const parts = lowered(text);
    const texts = textsOf(parts.module);
    const measures = measure(texts);
    const bounds = boundsOf(parts, measures);
    const { sections, symbols } = readElf(parts.object);
    const zeros = sections.find(({ name }) => name === '.bss')?.size ?? 0;
    expect(parts.object.length).toBeLessThanOrEqual(bounds.fileBytes);
    expect(sections.length).toBeLessThanOrEqual(bounds.sections);
    expect(symbols.length).toBeLessThanOrEqual(bounds.symbols);
    expect(functionsOf(parts.object).length).toBeLessThanOrEqual(bounds.functions);
    expect(zeros).toBeLessThanOrEqual(bounds.zeroBytes);
    for (const keepsBlocks of [false, true])
      for (const { size } of texts.flatMap((text) =>
        functionsOf(emit(text, 'object', { keepsBlocks })),
      ))
        expect(size / INSN_SIZE).toBeLessThanOrEqual(measures.instructions);
    expect(fitsForCertain(parts)).toBe(true);
  });
});

describe('a frame', () => {
  const fits = (bytes: number) =>
    fitsForCertain(written((ir) => void ir.helper(HELPER, [ir.alloca(bytes, 8)])));

  it('fits where it leaves room for that of a function', () => {
    expect(fits(480)).toBe(true);
  });

  it('is left to the object where there is none, though the program may call no function', () => {
    expect(fits(488)).toBe(false);
  });

  it('is left to the object where it is larger than the stack', () => {
    expect(fits(600)).toBe(false);
  });

  it('is as large as what stands in it', () => {
    const { module } = written((ir) => void ir.helper(HELPER, [ir.alloca(104, 8)]));
    expect(measure(textsOf(module)).frame).toBe(104);
  });
});

describe('code', () => {
  /** So many calls, each of one instruction that stays. */
  const calls = (count: number) =>
    written((ir) => {
      for (let call = 0; call < count; call++) ir.helper(HELPER, []);
    });

  it('fits where no jump in it could be too long', () => {
    expect(fitsForCertain(calls(8000))).toBe(true);
  });

  it('is left to the object where one might be', () => {
    expect(fitsForCertain(calls(8300))).toBe(false);
  });

  it('is the largest of all parts', () => {
    const of = (...bytes: readonly number[]) =>
      bytes.map(
        (each) =>
          textsOf(written((ir) => void ir.helper(HELPER, [ir.alloca(each, 8)])).module)[0] ?? '',
      );
    expect(measure(of(8, 104, 16)).frame).toBe(104);
    expect(() => measure(of(8, 600, 16))).toThrow(/stack limit/);
  });

  it('counts lines of assembly, too', () => {
    const apart = written((ir) => void ir.apart(ir.helper(HELPER, [])));
    const plain = written((ir) => void ir.helper(HELPER, []));
    const [more, fewer] = [apart, plain].map(({ module }) => measure(textsOf(module)).instructions);
    expect(more).toBeGreaterThan(fewer ?? 0);
  });
});

describe('a script', () => {
  const stages = (script: string): readonly string[] => {
    const all: string[] = [];
    const onStage = (stage: string) => void all.push(stage);
    compileText(script, { onStage }).checkLimits?.();
    return all;
  };

  it('is known to fit without an object', () => {
    const made = stages('kprobe:do_nanosleep { @[comm] = count(); }');
    expect(made).toContain('measuring the code');
    expect(made).not.toContain('making the object');
    expect(made).not.toContain('linking');
  });

  it('becomes an object where that is not certain', () => {
    const long = Array.from({ length: 600 }, (_, index) => `@m[${index}] = count();`).join(' ');
    expect(stages(`begin { ${long} }`)).toContain('linking');
  });

  it('that has no room on the stack is refused as its object is', () => {
    const sum = (depth: number): string =>
      depth === 0 ? 'rand' : `(rand + ${depth}) * (${sum(depth - 1)})`;
    const { object, checkLimits } = compileText(`begin { @ = ${sum(80)}; }`);
    const refusal = 'The program needs more than the 512 bytes of stack that BPF has';
    expect(object).toThrow(refusal);
    expect(checkLimits).toThrow(refusal);
  });

  it('is not taken for one with variables that loaders have no room for', () => {
    const { module, input } = lowered('begin { exit(); }');
    module.global({ symbol: 'large', section: '.bss', size: 65 << 20, align: 8 });
    expect(fitsForCertain({ module, input })).toBe(false);
  });
});
