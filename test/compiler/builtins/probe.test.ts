import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';
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

  it('[BLT-022] is a number where one map has several, which are those of the probes in their order', () => {
    const object = build(
      'kprobe:vfs_read { @[probe] = 1; } kprobe:vfs_write { @[probe] = 2; } kprobe:vfs_* { @[probe] = 3; }',
    );
    const machine = interpret(object, { cookie: 7n });
    const { probes } = inspectObject(object).manifest as Manifest;
    for (const { program } of probes) machine.run(program);
    expect(machine.entries('@')).toEqual([
      [0n, 1n],
      [1n, 2n],
      [7n, 3n],
    ]);
  });

  it('[BLT-023] calls begin and end special', () => {
    for (const probe of ['end', 'self:signal:SIGUSR1'])
      expect(first(`${probe} { print(probetype) }`)).toMatchObject({
        args: [{ value: 'special' }],
      });
    for (const [probe, provider] of [
      ['interval:s:1', 'interval'],
      ['uretprobe:/x:f', 'uretprobe'],
    ] as const)
      expect(first(`${probe} { print(probetype) }`)).toMatchObject({ args: [{ value: provider }] });
    expect(first('print(probetype)')).toMatchObject({ args: [{ value: 'special' }] });
    expect(first(`${KPROBE} { print(probetype) }`)).toMatchObject({ args: [{ value: 'kprobe' }] });
  });
});
