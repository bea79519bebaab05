/** Loops and searches of many steps, which verifiers of all kernels have to take. */
import { describe, expect } from 'vitest';
import { mapEntries } from '../support/expect.ts';
import { isBefore } from '../support/guest.ts';
import { type GuestScript, SUPPORTED, scriptsInGuest } from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

const COMMANDS = {
  loops: {
    text: 'begin { unroll(20) { unroll(12) { unroll(9) { @[1] = @[1] + 1; if (@[1] % 2000 == 0) { printf("%d\\n", @[1]); } } } } exit(); }',
    endsItself: true,
  },
  search: {
    text: `tracepoint:syscalls:sys_enter_openat /comm == "cat"/ {
      $name = str(args.filename);
      @[strstr($name, str(args.filename + 7)), strcontains(str(args.filename + 7), $name)] = count();
    }`,
    script: 'cat /etc/hostname > /dev/null\n',
  },
} satisfies Record<string, GuestScript>;

const WITH_LOOPS = SUPPORTED.filter((series) => !isBefore(series, '5.17'));

describe.each(WITH_LOOPS)('On Linux %s what takes many steps', (series) => {
  const of = scriptsInGuest(series, COMMANDS);
  const test = needs(`Linux ${series}`).it;

  test('is loaded and runs: loops in each other', () => {
    const { stdout, stderr, status } = of('loops');
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^2000$/m);
    expect(mapEntries(stdout, '@')).toEqual([['1', 2160]]);
  });

  test('is loaded and runs: searches of strings in strings', () => {
    const { stdout, stderr, status } = of('search');
    expect(status, stderr).toBe(0);
    expect(mapEntries(stdout, '@').map(([key]) => key)).toContain('7, false');
  });
});
