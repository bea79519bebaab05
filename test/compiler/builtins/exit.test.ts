import { describe, expect, it } from 'vitest';
import { VOID } from '../../../compiler/types/type.ts';
import { expectError } from '../analysis/expect.ts';
import { call, number } from './calls.ts';
import { createMachine } from './machine.ts';
import { firstCall } from './uses.ts';

describe('exit, as the analysis takes it', () => {
  it('takes an exit code or none', () => {
    expect(firstCall('exit();').args).toEqual([]);
    expect(firstCall('exit(3);').args).toHaveLength(1);
    expectError('exit("a");', 'exit() expects an integer (string provided)');
  });
});

describe('exit, as it runs', () => {
  it('sends the low byte of the exit code and ends the program', () => {
    const machine = createMachine();
    machine.value(call('exit', VOID, [number(-1n)]));
    expect(machine.events[0]?.fields).toEqual([Uint8Array.of(255)]);
    expect(machine.left).toBe(true);
  });
});
