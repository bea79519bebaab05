/** fentry and fexit in modules: two of those that the guest loads have functions of the same name. */

import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join, parse } from 'node:path';
import { describe, expect } from 'vitest';
import { mapEntries, mapValue } from '../support/expect.ts';
import { type GuestScript, SUPPORTED, scriptsInGuest } from '../support/guest-scripts.ts';
import { isHere } from '../support/machine.ts';
import { needs } from '../support/needs.ts';

/** In the order that they need each other in. Kernels have some of them built in or no more. */
const MODULES = ['dummy', 'scsi_common', 'scsi_mod', 'sd_mod', 'libcrc32c', 'xfs'];
const LOAD = `$(for each in ${MODULES.join(' ')}; do [ ! -e /$each.ko ] || insmod /$each.ko; done 2>/dev/null)`;
/** Each read of a counter asks the device for all of them, once. */
const STATISTICS = 'for i in 1 2 3 4 5 6 7; do cat /sys/class/net/dummy0/statistics/rx_bytes; done';

/** Of another kernel than most of those that the object runs on, with the types of these modules. */
const DESCRIPTION = join(import.meta.dirname, '../../.cache/kernels/6.12/description');

const COMMANDS = {
  module: {
    text: 'fentry:dummy:dummy_get_stats64 /comm == "cat"/ { @[probe, func] = count(); }',
    flags: LOAD,
    script: `${STATISTICS} >/tmp/out\n`,
  },
  pattern: {
    text: 'fentry:dummy:dummy_get_* /comm == "cat"/ { @[probe, func] = count(); } fexit:dummy:dummy_get_stats64 /comm == "cat"/ { @exits = count(); }',
    script: `${STATISTICS} >/tmp/out\n`,
  },
  found: {
    text: 'fentry:$1 /comm == "cat"/ { @[probe] = count(); }',
    parameters: 'dummy_get_stats64',
    script: `${STATISTICS} >/tmp/out\n`,
  },
  typed: {
    text: `fentry:dummy:dummy_get_stats64 /comm == "cat"/ { @[str(args.dev.name)] = count(); }
      fexit:dummy:dummy_xmit { @xmit[retval] = count(); }`,
    kernel: DESCRIPTION,
    script: `${STATISTICS} >/tmp/out\n`,
  },
  ambiguous: { text: 'fentry:$1 { @ = count(); }', parameters: 'max_retries_show' },
  named: { text: 'fentry:xfs:max_retries_show { @ = count(); }' },
  kernel: { text: 'fentry:xfs:vfs_read { @ = count(); }' },
} as const satisfies Readonly<Record<string, GuestScript>>;

describe.each(SUPPORTED)('On Linux %s', (series) => {
  const cache = join(import.meta.dirname, '../../.cache/kernels', series, 'modules');
  const present = isHere(`modules of Linux ${series}`);
  const of = scriptsInGuest(series, COMMANDS, {
    when: present,
    prepare(folder) {
      mkdirSync(join(folder, 'payload'), { recursive: true });
      for (const module of readdirSync(cache).filter((file) => MODULES.includes(parse(file).name)))
        copyFileSync(join(cache, module), join(folder, 'payload', module));
    },
  });

  const test = needs(`modules of Linux ${series}`).it;

  test('a function of a module is traced by the module, or by its name where no other has it', () => {
    expect(mapEntries(of('module').stdout, '@'), of('module').stderr).toEqual([
      ['fentry:dummy:dummy_get_stats64, dummy_get_stats64', 7],
    ]);
    expect(mapEntries(of('found').stdout, '@'), of('found').stderr).toEqual([
      ['fentry:dummy_get_stats64', 7],
    ]);
    const { stdout, stderr } = of('pattern');
    expect(mapValue(stdout, '@', 'fentry:dummy:dummy_get_stats64, dummy_get_stats64'), stderr).toBe(
      7,
    );
    expect(mapValue(stdout, '@exits')).toBe(7);
  });

  test('arguments of a function of a module have the types of its own BTF', () => {
    const { stdout, stderr } = of('typed');
    expect(mapEntries(stdout, '@'), stderr).toEqual([['dummy0', 7]]);
  });

  test('a function that several modules have wants the module [PRB-020]', () => {
    expect(of('ambiguous').stderr).toMatch(
      /ERROR: fentry:max_retries_show is in several modules, as (sd_mod|xfs) and (?:sd_mod|xfs)\. Name one of them: fentry:\1:max_retries_show\./,
    );
    expect(of('ambiguous').status).toBe(1);
    expect(of('named').stderr).toContain('Attached 1 probe');
    expect(of('named').status).toBe(0);
  });

  test('a function of the kernel is none of a module', () => {
    expect(of('kernel').stderr).toContain('No matches for fentry');
    expect(of('kernel').status).toBe(1);
  });
});
