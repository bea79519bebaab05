import { describe, expect, it } from 'vitest';
import { int } from '../../../compiler/types/type.ts';
import { expectError } from '../analysis/expect.ts';
import { call, run } from './calls.ts';
import type { World } from './machine.ts';
import { firstCall, KPROBE, TRACEPOINT } from './uses.ts';

describe('registers, as the analysis takes it', () => {
  it('[FUN-029] knows registers by the names of the architecture', () => {
    expect(firstCall(`${KPROBE} { $x = reg("ip"); print($x); }`).plan).toMatchObject({
      offset: 128,
    });
    expect(firstCall(`${KPROBE} { $x = reg("r15"); print($x); }`).plan).toMatchObject({
      offset: 0,
    });
    expectError(
      `${KPROBE} { print(reg("x0")) }`,
      "'x0' is not a valid register on this architecture (x86_64)",
      '"x0"',
    );
    expectError(`${TRACEPOINT} { print(reg("ip")) }`, 'reg can not be used with "tracepoint"');
  });
});

describe('registers, as it runs', () => {
  it('[BLT-024] tells user code by the privilege level in cs', () => {
    const withCs = (cs: number): World => {
      const context = new Uint8Array(256);
      context[136] = cs;
      return { context };
    };
    const plan = { offset: 136, mask: 3, user: 3, tie: '' };
    const usermode = call('usermode', int(1, false), [], plan);
    expect(run(usermode, withCs(0x33))).toBe(1n);
    expect(run(usermode, withCs(0x10))).toBe(0n);
  });
});
