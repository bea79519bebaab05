/** Scripts that LLVM takes in parts: the object is what it would be if there were one. */
import { describe, expect, it } from 'vitest';
import { BODY, EVENTS } from '../../../bench/many-probes.ts';
import { codeOf } from '../../../compiler/builtins/builtins.ts';
import { compile } from '../../../compiler/compile.ts';
import { emit } from '../../../compiler/llvm/backend.ts';
import type { ModulePart } from '../../../compiler/llvm/module.ts';
import { lower } from '../../../compiler/lowering/lower.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { link } from '../../../linker/link.ts';
import { compileText, kernelDescription } from '../../support/build.ts';

/** Bodies of which each has a constant of its own, some twice; all call a function, one has a loop. */
const SCRIPT = `fn twice($a : int64) : int64 { return $a + $a; }
${[0, 1, 2, 3, 4, 1, 5, 2, 6, 7]
  .map((number, index) => {
    const body = BODY.replace('$d > 1000000', `twice($d) > ${number}`);
    return `tracepoint:syscalls:sys_enter_${EVENTS[index % EVENTS.length]} ${body}`;
  })
  .join('\n')}
interval:s:1 { for ($i : 0..5) { @rounds += $i; } }`;

function lowered(onPart?: (part: ModulePart) => void) {
  const { typed, sources } = compileText(SCRIPT);
  if (!typed) throw new Error('the script does not compile');
  const kernel = kernelDescription();
  return lower(typed, {
    ...{ builtins: codeOf, sources, kernel },
    diagnostics: new Diagnostics(),
    ...(onPart ? { onPart } : {}),
  });
}

describe('a script of several parts', () => {
  it('becomes the same object as if there were one', () => {
    const { module, input } = lowered();
    const { parts, programs } = module.shared();
    expect(parts.length).toBeGreaterThan(2);
    expect(programs.filter(({ copy }) => copy).length).toBeGreaterThan(0);
    const divided = link({
      ...{ ...input, programs },
      objects: parts.map((part) => emit(part.text(), 'object')),
    });
    const whole = link({ ...input, objects: [emit(module.text(), 'object')] });
    expect(Buffer.from(divided).equals(Buffer.from(whole))).toBe(true);
  });

  it('is told of while code is still generated, and nothing is added to a part any more', () => {
    const early: string[] = [];
    const { module } = lowered((part) => early.push(part.text()));
    expect(early).toEqual(
      module
        .shared()
        .parts.slice(0, -1)
        .map((part) => part.text()),
    );
  });

  it('becomes the same object when LLVM begins early, and each time', () => {
    const made = (ahead: boolean) => {
      const options = { kernel: kernelDescription(), unsafe: false, environment: {}, ahead };
      const { object } = compile({ name: 'stdin', text: SCRIPT }, options);
      return [0, 1].map(() => Buffer.from(object?.() ?? []));
    };
    const [first] = made(false);
    expect(first?.length).toBeGreaterThan(0);
    for (const object of [...made(true), ...made(false)]) expect(object).toEqual(first);
  });
});
