import { describe, it } from 'vitest';
import { expectError } from '../analysis/expect.ts';

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
