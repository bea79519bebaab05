import { describe, expect, it } from 'vitest';
import { first, firstCall, KPROBE } from './uses.ts';

describe('probe, as the analysis takes it', () => {
  it('[BLT-022] knows the name of a probe, and prefers its alias', () => {
    expect(first(`${KPROBE} { print(probe) }`)).toMatchObject({
      args: [{ kind: 'string', value: 'kprobe:vfs_read' }],
    });
    expect(first(`config = {} read=${KPROBE} { print(probe) }`)).toMatchObject({
      args: [{ kind: 'string', value: 'read' }],
    });
  });

  it('[BLT-022] asks for the name where several events share a program', () => {
    expect(firstCall('tracepoint:sched:* { print(probe) }').args[0]?.type).toEqual({
      kind: 'probe',
    });
    expect(firstCall('kprobe:$1 { print(probe) }').args[0]?.type).toEqual({ kind: 'probe' });
  });

  it('[BLT-023] calls begin and end special', () => {
    expect(first('print(probetype)')).toMatchObject({ args: [{ value: 'special' }] });
    expect(first(`${KPROBE} { print(probetype) }`)).toMatchObject({ args: [{ value: 'kprobe' }] });
  });
});
