import { describe, expect, it } from 'vitest';
import { VOID } from '../../../compiler/types/type.ts';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';
import { expectError, expectNoWarnings, expectWarning } from '../analysis/expect.ts';
import { call, number } from './calls.ts';
import { createMachine } from './machine.ts';
import { firstCall } from './uses.ts';

describe('exit, as the analysis takes it', () => {
  it('takes an exit code or none', () => {
    expect(firstCall('exit();').args).toEqual([]);
    expect(firstCall('exit(3);').args).toHaveLength(1);
    for (const code of ['0', '255', 'pid']) expectNoWarnings(`exit(${code});`);
    for (const [code, status] of [
      [-1, 255],
      [256, 0],
      [511, 255],
    ] as const)
      expectWarning(
        `exit(${code});`,
        `a process cannot have the status ${code}: it will be ${status}`,
        `${code}`,
      );
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

it('exit ends the program, with a status of 0 where none is given', () => {
  const machine = interpret(
    build('begin { @before = 1; if (pid == 7) { exit(300); } exit(); @after = 1; }'),
  );
  machine.run();
  expect(machine.sent()).toEqual([{ kind: 'exit', values: [0n] }]);
  expect([machine.value('@before'), machine.value('@after')]).toEqual([1n, undefined]);
});
