import { describe, expect, it } from 'vitest';
import { UINT64 } from '../../../compiler/types/type.ts';
import { expectError } from '../analysis/expect.ts';
import { call, number } from './calls.ts';
import { createMachine } from './machine.ts';
import { firstCall, typeOf } from './uses.ts';

describe('times', () => {
  it('[FUN-012] prints the time of day by default', () => {
    expect(firstCall('time();').plan).toEqual({ format: '%H:%M:%S\n' });
    expect(firstCall('time("%F");').plan).toEqual({ format: '%F' });
  });

  it('checks formats', () => {
    expectError('time("%H:%");', 'time: the format ends within a conversion: %', '"%H:%"');
    expectError('print(strftime("%Q", nsecs));', 'strftime: unknown conversion in the format: %Q');
    expectError('time(comm);', 'time() expects a string literal');
  });

  it('[FUN-014] refuses times that do not count from boot', () => {
    expectError(
      'print(strftime("%H", nsecs(monotonic)));',
      'strftime() can not take a monotonic timestamp',
      'nsecs(monotonic)',
    );
    expectError('print(strftime("%H", -1));', 'strftime() can not take a negative time', '-1');
    expectError(
      'print(strftime("%H", comm));',
      'strftime() expects an integer as time (string provided)',
    );
    expect(typeOf('strftime("%H", nsecs)')).toBe('timestamp');
  });
});

describe('time, as it runs', () => {
  it('makes a timestamp of a time and a format', () => {
    const machine = createMachine();
    const bytes = machine.bytes(
      call('strftime', { kind: 'timestamp' }, [number(258n, UINT64)], { format: '%H' }),
      true,
    );
    expect([...bytes]).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(machine.formats).toEqual(['%H']);
  });
});
