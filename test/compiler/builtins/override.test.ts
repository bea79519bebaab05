import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';
import { interpret } from '../../support/interpreter.ts';
import { hints } from './uses.ts';

describe('override', () => {
  it('is of kprobes', () => {
    const said = (probe: string) => errors(`${probe} { override(1); }`, { unsafe: true });
    expect(said('kprobe:vfs_read')).toEqual([]);
    for (const provider of ['kretprobe', 'fentry']) {
      expect(said(`${provider}:vfs_read`)).toEqual([
        `override can not be used with "${provider}" probes @ override(1)`,
      ]);
      expect(hints(`${provider}:vfs_read { override(1); }`)).toEqual(['Use a kprobe.']);
    }
  });

  it('gives the function its result, with its sign', () => {
    const given: unknown[] = [];
    const machine = interpret(
      build('kprobe:vfs_read { override(-5); override((int8)arg0); }', { unsafe: true }),
      {
        fails: (helper, [context, value]) => {
          if (helper !== 'override_return') return undefined;
          given.push(value);
          expect(context).not.toBe(0n);
          return 0n;
        },
      },
    );
    const context = new Uint8Array(256);
    context[112] = 0xfe;
    machine.run(undefined, context);
    expect(given).toEqual([2n ** 64n - 5n, 2n ** 64n - 2n]);
  });
});
