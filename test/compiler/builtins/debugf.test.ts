import { describe, expect, it } from 'vitest';
import { expectError, expectWarning } from '../analysis/expect.ts';
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
    expectError('debugf("%d");', 'debugf');
    expectError('debugf("%d", 1, 2);', 'debugf');
    expectError('debugf("%d %d %d %d", 1, 2, 3, 4);', 'debugf()');
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
