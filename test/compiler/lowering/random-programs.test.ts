/**
 * Random programs beside a model, interpreted: control flow, integers, strings, maps, and what stays between two runs.
 * test/kernel runs others of them in the kernel.
 */
import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { interpret, type Value } from '../../support/interpreter.ts';
import { randomProgram } from '../../support/programs.ts';

/** Where arg0 is in struct pt_regs (arch/x86/include/asm/ptrace.h). */
const RDI = 112;

function registers(input: bigint): Uint8Array {
  const context = new Uint8Array(256);
  new DataView(context.buffer).setBigInt64(RDI, BigInt.asIntN(64, input), true);
  return context;
}

/** What `%lld %s;` prints. */
const printed = (events: readonly { readonly kind: string; readonly values: readonly Value[] }[]) =>
  events
    .filter(({ kind }) => kind === 'printf')
    .map(({ values: [number, text] }) => `${number} ${text};`)
    .join('');

const sorted = (map: Iterable<readonly [Value, Value]>): readonly string[] =>
  [...map].map(([key, value]) => `${key}: ${value}`).sort();

const INPUTS = [5n, -6n, 0n, (1n << 40n) - 2n, -(1n << 63n) + 1n, 998n];

describe('a random program', () => {
  it.each([3, 14, 15, 92])('does what the language says: %i', (seed) => {
    const { body, expect: expected } = randomProgram(seed, 'firing');
    const own = body.replaceAll('NAME', '');
    const script =
      seed % 2 === 0
        ? `kprobe:vfs_read { ${own.replace('INPUT', 'arg0')} }`
        : `fn f($x : int64) : void { ${own.replace('INPUT', '$x')} }\nkprobe:vfs_read { f((int64)arg0); }`;
    const machine = interpret(build(script));
    const lines = INPUTS.map((input) => {
      machine.run(undefined, registers(input));
      return printed(machine.sent());
    });
    const model = expected(INPUTS);
    expect({
      ...{ script, lines },
      numbers: sorted(machine.entries('@n')),
      texts: sorted(machine.entries('@t')),
    }).toEqual({
      ...{ script, lines: model.printed },
      numbers: sorted(model.byNumber),
      texts: sorted(model.byText),
    });
  });
});
