import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';
import { interpret } from '../../support/interpreter.ts';
import { firstOfKernel, hints } from './uses.ts';

const UNSAFE = { unsafe: true };

const said = (call: string, probe = 'kprobe:vfs_read') => errors(`${probe} { ${call} }`, UNSAFE);

/** The number that a name becomes. */
function numberOf(name: string): bigint | undefined {
  const call = firstOfKernel(`kprobe:vfs_read { signal("${name}"); }`);
  const [given] = call?.kind === 'call' ? call.args : [];
  return given?.kind === 'cast' && given.operand.kind === 'int' ? given.operand.value : undefined;
}

describe('signal, as the analysis takes it', () => {
  it('knows each signal by its name, with and without SIG', () => {
    const numbers = Object.entries(constants.signals);
    expect(numbers.length).toBeGreaterThan(30);
    for (const [name, number] of numbers)
      expect([name, numberOf(name), numberOf(name.slice(3))]).toEqual([
        ...[name, BigInt(number), BigInt(number)],
      ]);
    expect(numberOf('CLD')).toBe(BigInt(constants.signals.SIGCHLD));
  });

  it('refuses other names', () => {
    for (const name of ['', 'SIG', 'NONE', 'kill', 'KILLSIG', 'SIGSIGKILL', ' HUP']) {
      const call = `signal("${name}");`;
      expect(said(call)).toEqual([`Invalid string for signal: ${name} @ "${name}"`]);
      expect(hints(`kprobe:vfs_read { ${call} }`)).toEqual([
        'Names are those of signal(7), such as "SIGTERM" or "TERM".',
      ]);
    }
  });

  it('takes the numbers from 1 to 64, and any that the program knows alone', () => {
    for (const number of [1, 9, 64]) expect(said(`signal(${number});`)).toEqual([]);
    for (const number of [-1, 0, 65])
      expect(said(`signal_thread(${number});`)).toEqual([
        `${number} is not a valid signal, allowed range: [1,64] @ ${number}`,
      ]);
    expect(said('signal(arg0);')).toEqual([]);
    expect(said('signal(comm);')).toHaveLength(1);
  });

  it('wants a task that the script is about', () => {
    for (const [probe, provider] of [
      ['begin', 'begin'],
      ['end', 'end'],
      ['interval:s:1', 'interval'],
    ] as const)
      expect(said('signal(9);', probe)).toEqual([
        `signal can not be used with "${provider}" probes @ signal(9)`,
      ]);
    for (const probe of ['profile:hz:99', 'uprobe:/x:main', 'tracepoint:sched:sched_switch'])
      expect(said('signal_thread(9);', probe)).toEqual([]);
  });
});

describe('signal, as it runs', () => {
  it.each([
    ['signal', 'send_signal'],
    ['signal_thread', 'send_signal_thread'],
  ])('%s asks for its number: %s', (name, helper) => {
    const sent: unknown[] = [];
    const machine = interpret(
      build(`kprobe:vfs_read { ${name}("USR2"); ${name}(arg0); }`, UNSAFE),
      {
        fails: (called, [number]) => {
          if (called.startsWith('send_signal')) sent.push([called, number]);
          return called.startsWith('send_signal') ? 0n : undefined;
        },
      },
    );
    const context = new Uint8Array(256);
    // rdi of struct pt_regs: a signal has the lower half.
    new DataView(context.buffer).setBigUint64(112, 0x1_0000_000fn, true);
    machine.run(undefined, context);
    expect(sent).toEqual([
      [helper, 12n],
      [helper, 15n],
    ]);
  });
});
