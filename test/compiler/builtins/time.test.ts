import { describe, expect, it } from 'vitest';
import { TIME_CONVERSIONS, timeFormatProblem } from '../../../compiler/builtins/time.ts';
import { UINT64, VOID } from '../../../compiler/types/type.ts';
import { expectError, expectNoWarnings } from '../analysis/expect.ts';
import { call, number } from './calls.ts';
import { createMachine } from './machine.ts';
import { firstCall, hints, typeOf } from './uses.ts';

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

  it('knows every conversion, with flags, a width and a modifier before it', () => {
    const letters = Object.keys(TIME_CONVERSIONS);
    for (const letter of letters) expect(timeFormatProblem(`%${letter}`)).toBeUndefined();
    for (const format of ['%-d', '%_5H', '%010Y', '%^a%#Z', '%+4C', '%Ey', '%Od', '100%%', ''])
      expect(timeFormatProblem(format)).toBeUndefined();
    for (const letter of [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1 \n'])
      expect(timeFormatProblem(`%H%-3E${letter}`) === undefined).toBe(letters.includes(letter));
    expect(timeFormatProblem('%H %Q %K')).toBe('unknown conversion in the format: %Q');
    expect(timeFormatProblem('%-3O')).toBe('the format ends within a conversion: %-3O');
  });

  it('tells the loader the format', () => {
    const machine = createMachine();
    machine.value(call('time', VOID, [], { format: '%F' }));
    expect(
      machine.events.map(({ spec: { kind, format, fields } }) => [kind, format, fields]),
    ).toEqual([['time', '%F', []]]);
  });

  it('[FUN-014] takes what counts from boot, and any number', () => {
    for (const time of ['nsecs', 'nsecs()', 'nsecs(boot)', '0', '5', 'pid'])
      expectNoWarnings(`print(strftime("%H", ${time}));`);
    for (const clock of ['tai', 'sw_tai'])
      expectError(
        `print(strftime("%H", nsecs(${clock})));`,
        `strftime() can not take a ${clock} timestamp`,
      );
    expect(hints('begin { print(strftime("%H", nsecs(tai))); }')).toEqual([
      'Use nsecs without a mode: it counts from boot, as strftime() does.',
    ]);
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
