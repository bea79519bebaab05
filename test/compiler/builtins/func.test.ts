import { describe, expect, it } from 'vitest';
import { expectError } from '../analysis/expect.ts';
import { first, firstCall, KPROBE } from './uses.ts';

describe('func, as the analysis takes it', () => {
  it('[BLT-021] knows the function, or asks for its address', () => {
    expect(first(`${KPROBE} { print(func) }`)).toMatchObject({
      args: [{ kind: 'string', value: 'vfs_read' }],
    });
    expect(firstCall('kprobe:$1 { print(func) }').args[0]?.type).toEqual({ kind: 'ksym' });
    for (const probe of ['uprobe:/bin/true:$1', 'uretprobe:/bin/true:$1', 'uprobe:/bin/true:m*'])
      expect(firstCall(`${probe} { print(func) }`).args[0]?.type).toEqual({ kind: 'probe' });
    expect(firstCall('uprobe:/bin/true:0x1040 { print(func) }').args[0]?.type).toEqual({
      kind: 'usym',
    });
    expectError('print(func)', 'func can not be used with "begin" probes', 'func');
  });
});
