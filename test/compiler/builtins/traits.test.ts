import { describe, expect, it } from 'vitest';
import { analysed } from '../analysis/expect.ts';
import { firstCall } from './uses.ts';

/** What the lowering may do with a value: ask for it again, or keep it. */
describe('values that builtins give', () => {
  it.each(['rand', 'nsecs', 'elapsed'])('differ each time: %s', (name) => {
    expect(firstCall(`$x = ${name}; print($x);`).traits).toMatchObject({ varies: true });
  });

  it.each(['cgroup', 'cpu', 'comm'])('stay the same while a program runs: %s', (name) => {
    expect(firstCall(`$x = ${name}; print($x);`).traits).toMatchObject({ steady: true });
  });

  it('are of the context that callbacks of loops do not have: retval', () => {
    expect(firstCall('kretprobe:vfs_read { $x = retval; print($x); }').traits).toMatchObject({
      readsContext: true,
    });
  });

  it('have no sign of their own where a function returned them: retval', () => {
    const hints = (script: string) =>
      analysed(script).diagnostics.flatMap((one) => one.hints ?? []);
    expect(hints('kretprobe:vfs_read { if (retval < 0) { print(1); } }')).toEqual([
      'Cast it: (int32) where the function gives an int, (int64) where it gives a long.',
    ]);
    expect(hints('kretprobe:vfs_read { if (retval == 0) { print(1); } }')).toEqual([]);
  });
});
