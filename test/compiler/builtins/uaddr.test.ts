import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';
import { expectError } from '../analysis/expect.ts';
import { typeOf } from './uses.ts';

const folder = temporaryFolder();
const program = join(folder, 'program');
writeFileSync(
  `${program}.c`,
  'char own_1; short own_2; int own_4; long own_8; struct { long a, b; } own_16; int main(void) { return 0; }\n',
);

describe('uaddr, as the analysis takes it', () => {
  it('points to a number as wide as what the symbol holds, or to a word', () => {
    expect(spawnSync('gcc', ['-O0', '-o', program, `${program}.c`]).status).toBe(0);
    for (const size of [1, 2, 4, 8])
      expect(typeOf(`uaddr("own_${size}")`, `uprobe:${program}:main`)).toBe(`uint${size * 8} *`);
    expect(typeOf('uaddr("own_16")', `uprobe:${program}:main`)).toBe('uint64 *');
    expect(typeOf('uaddr("own_gone")', `uprobe:${program}:main`)).toBe('uint64 *');
  });

  it('is of a traced program', () => {
    expectError('kprobe:vfs_read { print(uaddr("x")); }', 'uaddr can not be used with "kprobe"');
    expectError('print(uaddr("x"));', 'uaddr can not be used with "begin"');
  });
});
