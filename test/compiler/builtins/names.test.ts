import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';
import { expectError } from '../analysis/expect.ts';
import { firstCall } from './uses.ts';

describe('names, as the analysis takes it', () => {
  it('[FUN-079] have to be of the right type', () => {
    for (const name of ['strerror', 'signal_name', 'syscall_name', 'cgroup_path']) {
      expectError(
        `print(${name}(comm));`,
        `${name}() expects an integer${name === 'cgroup_path' ? ' as id' : ''} (string provided)`,
        'comm',
      );
    }
    expectError(
      'print(str_concat(1, "a"));',
      'str_concat() expects a string as left (integer provided)',
      '1',
    );
    expectError(
      'print(memcmp(1, "a", 1));',
      'memcmp() expects a string, an array or a pointer as left (integer provided)',
      '1',
    );
  });
});

describe('names, as they run', () => {
  it("[FUN-079] are numbers of eight bytes with their sign, and the user's own", () => {
    const machine = interpret(
      build(`kprobe:vfs_read {
        @e[strerror(-2)] = 1; @s[signal_name(9)] = 1; @c[syscall_name((int32)arg0)] = 1; @u[username] = 1; }`),
    );
    const context = new Uint8Array(256);
    context.fill(0xff, 112, 116);
    machine.run(undefined, context);
    expect(['@e', '@s', '@c', '@u'].map((name) => machine.entries(name)[0]?.[0])).toEqual([
      ...[2n ** 64n - 2n, 9n, 2n ** 64n - 1n, 0n],
    ]);
    expect(machine.calls.get('get_current_uid_gid')).toBe(1);
  });

  it.each([
    ['username', 'user'],
    ['strerror(1)', 'errno'],
    ['signal_name(1)', 'signal'],
    ['syscall_name(1)', 'syscall'],
  ])('%s is a name of its kind: %s', (use, of) => {
    expect(firstCall(`$x = ${use}; print($x);`).type).toEqual({ kind: 'name', of });
  });
});
