import { describe, it } from 'vitest';
import { expectError } from '../analysis/expect.ts';

describe('memcmp, as the analysis takes it', () => {
  it('[FUN-080] memcmp takes a literal number that both sides have', () => {
    expectError(
      'print(memcmp("abc", comm, 5));',
      'memcmp() cannot compare 5 bytes: it has to be 0 to 4 here',
      '5',
    );
    expectError('print(memcmp("abc", comm, -1));', 'memcmp() cannot compare -1 bytes', '-1');
    expectError('print(memcmp("abc", comm, pid));', 'literal', 'pid');
    expectError('$f = "x"; print(cgroup_path(1, $f));', 'literal', '$f');
  });
});
