import { describe, expect, it } from 'vitest';
import { VOID } from '../../../compiler/types/type.ts';
import { expectError, expectWarning } from '../analysis/expect.ts';
import { call, number, string, text } from './calls.ts';
import { createMachine } from './machine.ts';
import { firstCall } from './uses.ts';

describe('debugf, as the analysis takes it', () => {
  it.each(['%d', '%i', '%u', '%x', '%X', '%ld', '%llu', '%c', '%p', '%5d'])(
    'takes %s, and warns of itself',
    (conversion) => {
      expectWarning(`debugf("${conversion}", pid);`, 'not recommended for production use');
    },
  );

  it.each(['%hd', '%hhd', '%lp', '%#x', '%.2d', '%o', '%zu'])(
    'refuses %s, which the kernel does not know',
    (conversion) => {
      expectError(
        `debugf("${conversion}", pid);`,
        `the kernel's bpf_trace_printk does not know ${conversion}`,
      );
    },
  );

  it('passes each value on, behind the format', () => {
    expect(firstCall('debugf("%d %d", 7, 8);')).toMatchObject({
      args: [{ value: 7n }, { value: 8n }],
      plan: { format: '%d %d' },
    });
    expect(firstCall('debugf("none");').args).toEqual([]);
  });

  it('has as many values as conversions, and at most three', () => {
    expectWarning('debugf("%d %d %d", 1, 2, 3);', 'not recommended');
    expectError('debugf("%d");', 'debugf: Not enough arguments', 'debugf("%d")');
    expectError('debugf("%d", 1, 2);', 'debugf: Too many arguments', 'debugf("%d", 1, 2)');
    expectError('debugf("%d %d %d %d", 1, 2, 3, 4);', 'debugf()');
    expectError('debugf("%f %d", 1);', 'debugf: unsupported format specifier: f', '"%f %d"');
  });

  it('takes texts for %s alone, and a value of each type for its conversion alone', () => {
    expectWarning('debugf("%s %s", comm, "x");', 'not recommended');
    expectError(
      'debugf("%s", pid);',
      "debugf: unsupported format specifier for type 'uint32': s",
      'pid',
    );
    expectError(
      'debugf("%d %d", 1, comm);',
      "debugf: unsupported format specifier for type 'string[16]': d",
      'comm',
    );
    expectError('debugf("%s", kstack);', 'debugf: unsupported format specifier');
  });
});

describe('debugf, as it runs', () => {
  it('gives the kernel its format with the length, and values behind it', () => {
    const machine = createMachine({ helpers: { trace_printk: 0n } });
    machine.value(call('debugf', VOID, [number(7n), text('abc')], { format: '%d %s!' }));
    const [[name, format = 0n, size, value, address = 0n] = ['none']] = machine.calls;
    expect([name, size, value]).toEqual(['trace_printk', 7n, 7n]);
    expect(string(machine.read(format, 7))).toBe('%d %s!');
    expect(string(machine.read(address, 4))).toBe('abc');
  });
});
