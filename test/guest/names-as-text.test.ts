/** `func` and `probe` of patterns of kernel functions as strings. */
import { describe, expect } from 'vitest';
import { mapEntries } from '../support/expect.ts';
import { type GuestScript, SUPPORTED, scriptsInGuest } from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

const COMMANDS = {
  names: {
    text: `kprobe:vfs_re* /comm == "reader" && strcontains(func, "_read")/ { @[func, strlen(func)] = count(); @is[func == "vfs_read", strcontains(probe, "kprobe:vfs_re")] = count(); }
      kretprobe:vfs_re* /comm == "reader"/ { $f = func; if ($f == "vfs_read") { @size[strncmp(func, "vfs_x", 4)] = count(); } }`,
    script: '/workload comm reader read 50 100\n',
  },
} satisfies Record<string, GuestScript>;

describe.each(SUPPORTED)('On Linux %s names of functions', (series) => {
  const of = scriptsInGuest(series, COMMANDS);

  needs(`Linux ${series}`).it('are searched and compared as text', () => {
    const { stdout, stderr, status } = of('names');
    expect(status, stderr).toBe(0);
    expect(mapEntries(stdout, '@')).toEqual([['vfs_read, 8', 50]]);
    expect(mapEntries(stdout, '@is')).toEqual([['true, true', 50]]);
    expect(mapEntries(stdout, '@size')).toEqual([['0', 50]]);
  });
});
