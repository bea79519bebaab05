/** Commands in the process of a test (test/support/command-here.ts). */
import { describe, expect, it } from 'vitest';
import { loaderPath } from '../../../compiler/cli/loader.ts';
import { runHere } from '../../support/command-here.ts';

describe('A command in the process of a test', () => {
  it('finds no loader that it could become', async () => {
    const before = loaderPath();
    const env = { BPFSCRIPT_LOADER: '/bin/true' };
    expect(await runHere(['-e', 'BEGIN { exit(); }'], { env })).toMatchObject({
      stdout: '',
      stderr: expect.stringMatching(/^ERROR: cannot start the loader .*: no such file/),
      status: 1,
    });
    expect(loaderPath()).toBe(before);
  });
});
