/** What the environment says of how much is measured. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { setting, settings } from '../../bench/settings.ts';

describe('Settings of measurements', () => {
  afterEach(() => vi.restoreAllMocks());

  it('are what the environment says, or the usual', () => {
    expect(setting('BENCH_OF_TESTS', 5)).toBe(5);
    vi.stubEnv('BENCH_OF_TESTS', '12');
    expect(setting('BENCH_OF_TESTS', 5)).toBe(12);
    vi.stubEnv('BENCH_OF_TESTS', '1,20');
    expect(settings('BENCH_OF_TESTS', [5])).toEqual([1, 20]);
  });

  it.each(['0', '-1', '1.5', 'many', '', '1,2'])('are no %j where one number is wanted', (text) => {
    vi.stubEnv('BENCH_OF_TESTS', text);
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const exit = vi.spyOn(process, 'exit').mockImplementation((status) => {
      throw new Error(`status ${status}`);
    });
    expect(() => setting('BENCH_OF_TESTS', 5)).toThrow('status 2');
    expect(exit).toHaveBeenCalledOnce();
    expect(said.mock.calls.join()).toMatch(/^ERROR: BENCH_OF_TESTS takes /);
  });
});
