/** fentry and fexit: typed arguments, return values, and one program for each function of a pattern. */

import { describe, expect } from 'vitest';
import type { KernelFunction } from '../../compiler/kernel/types.ts';
import { kernelDescription } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { isBefore } from '../support/guest.ts';
import { type GuestScript, SUPPORTED, scriptsInGuest } from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

const READS = 'comm reader read 50 100 read 20 1000';
const OURS = '/comm == "reader"/';

/** `long` on 6.1 and 6.12, `int` since 6.17. */
const FAILING = 'fexit:do_sys_openat2 /comm == "cat" && retval < 0/ { @[retval] = count(); }';
const FAILS = 'cat /nowhere\n';

const COMMANDS = {
  arguments: {
    text: `fentry:vfs_read ${OURS} {
      @calls = count(); @bytes = sum(args.count);
      @name[str(args.file.f_path.dentry.d_name.name), func, probe, probetype] = count();
    }`,
    workload: READS,
  },
  returns: {
    text: `fexit:vfs_read ${OURS} { @[args.count, retval] = count(); }
      kretprobe:vfs_read ${OURS} { @k[retval] = count(); }
      uretprobe:/workload:workload_target { @u[retval] = count(); }`,
    workload: `${READS} call 3 7 8`,
  },
  whole: {
    text: `fentry:vfs_read ${OURS} { @[(*args).count] = count(); }`,
    workload: READS,
  },
  byValue: {
    text: `fentry:from_kuid_munged /comm == "id"/ { @[args.kuid.val] = count(); $id = args.kuid; @copy[$id.val, *args] = count(); }
      fexit:from_kuid_munged /comm == "id"/ { @returned[args.kuid.val, retval] = count(); }`,
    script: 'id -u >/tmp/id\n',
  },
  pattern: {
    text: `fentry:vfs_rea*,fentry:vfs_read ${OURS} { @[probe, func] = count(); for $i : 0..3 { @rounds = count(); } }
      fexit:vfs_rea* ${OURS} { @exits[probe] = count(); }`,
    workload: READS,
  },
  typed: {
    text: `fexit:vfs_rea* ${OURS} { @[probe, retval] = count(); }`,
    workload: READS,
  },
  parameter: {
    text: `fentry:$1 ${OURS} { @[probe, func] = count(); }`,
    workload: READS,
    parameters: 'vfs_read',
  },
  filtered: {
    text: `fentry:vfs_* ${OURS} { @[probe] = count(); }`,
    workload: READS,
    flags: "--probe-filter '^fentry:vfs_read$'",
  },
  many: { text: `fentry:vfs_* ${OURS} { @[func] = count(); }`, workload: READS },
  missing: { text: 'fentry:$1 { @ = count(); }', parameters: 'no_such_function' },
  skipped: {
    text: `config = { missing_probes = warn } fentry:$1 { @a = count(); } fentry:vfs_read ${OURS} { @b = count(); }`,
    parameters: 'no_such_function',
    workload: READS,
  },
  module: { text: 'fentry:no_such_module:f { @ = count(); }' },
  failing: { text: FAILING, script: FAILS },
  failingHere: { text: FAILING, script: FAILS, kernel: 'host' },
  movedHere: {
    text: 'fentry:proc_sys_revalidate { @[str(args.dentry.d_name.name)] = count(); }',
    script:
      'cat /proc/sys/kernel/ostype; cat /proc/sys/kernel/ostype; cat /proc/sys/kernel/ostype\n',
    kernel: 'host',
  },
} as const satisfies Readonly<Record<string, GuestScript>>;

describe.each(SUPPORTED)('On Linux %s', (series) => {
  const of = scriptsInGuest(series, COMMANDS);

  const test = needs(`Linux ${series}`).it;

  test('fentry has the arguments of the function by their names [PRB-018]', () => {
    const { stdout, stderr } = of('arguments');
    expect(mapValue(stdout, '@calls'), stderr).toBe(70);
    expect(mapValue(stdout, '@bytes')).toBe(50 * 100 + 20 * 1000);
    expect(mapEntries(stdout, '@name')).toEqual([['zero, vfs_read, fentry:vfs_read, fentry', 70]]);
    expect(mapEntries(of('whole').stdout, '@')).toEqual([
      ['1000', 20],
      ['100', 50],
    ]);
  });

  test('fexit, kretprobe and uretprobe have what was returned [PRB-019] [BLT-020]', () => {
    const { stdout, stderr } = of('returns');
    expect(mapEntries(stdout, '@'), stderr).toEqual([
      ['1000, 1000', 20],
      ['100, 100', 50],
    ]);
    expect(mapEntries(stdout, '@k')).toEqual([
      ['1000', 20],
      ['100', 50],
    ]);
    expect(mapEntries(stdout, '@u')).toEqual([
      ['15', 1],
      ['16', 1],
      ['17', 1],
    ]);
  });

  test('structs that are passed by value have members, and can be copied', () => {
    const { stdout, stderr } = of('byValue');
    const calls = mapValue(stdout, '@', '0') ?? 0;
    expect(calls, stderr).toBeGreaterThan(0);
    expect(mapEntries(stdout, '@')).toHaveLength(1);
    expect(stdout).toMatch(
      new RegExp(
        `@copy\\[0, \\{ \\.targ = 0x\\w+, \\.kuid = \\{ \\.val = 0 \\} \\}\\]: ${calls}\n`,
      ),
    );
    expect(mapEntries(stdout, '@returned')).toEqual([['0, 0', calls]]);
  });

  test('a pattern is one program a function, and each counts its own calls [PRB-022]', () => {
    const { stdout, stderr, status } = of('pattern');
    expect(mapValue(stdout, '@', 'fentry:vfs_read, vfs_read'), stderr).toBe(140);
    expect(mapValue(stdout, '@rounds')).toBe(420);
    expect(mapEntries(stdout, '@exits')).toEqual([['fexit:vfs_read', 70]]);
    expect(Number(/^Attached (\d+) probes$/m.exec(stderr)?.[1])).toBeGreaterThan(3);
    expect(status).toBe(0);
    expect(mapEntries(of('typed').stdout, '@')).toEqual([
      ['fexit:vfs_read, 1000', 20],
      ['fexit:vfs_read, 100', 50],
    ]);
    expect(mapValue(of('many').stdout, '@', 'vfs_read'), of('many').stderr).toBe(70);
    expect(mapEntries(of('filtered').stdout, '@')).toEqual([['fentry:vfs_read', 70]]);
  });

  test('a parameter names the function when the object is loaded', () => {
    expect(mapEntries(of('parameter').stdout, '@'), of('parameter').stderr).toEqual([
      ['fentry:vfs_read, vfs_read', 70],
    ]);
  });

  test('results have their sign, and are refused where they would not fit', () => {
    const { stdout, stderr } = of('failing');
    expect(
      mapEntries(stdout, '@').map(([key]) => key),
      stderr,
    ).toContain('-2');
    const built = hostDescription('do_sys_openat2');
    const size = built?.result?.type.kind === 'int' ? built.result.type.size : 8;
    const other = of('failingHere');
    // An int since Linux 6.15.
    const its = isBefore(series, '6.15') ? 8 : 4;
    if (size === its) expect(other.stdout).toContain('@[-2]: ');
    else
      expect(other).toMatchObject({
        status: 3,
        stderr: expect.stringContaining(
          `retval of fexit:do_sys_openat2 has ${its} bytes on this kernel, and the script was built for ${size}.`,
        ),
      });
  });

  test('parameters are found by their names, where kernels have others before them', () => {
    const { stdout, stderr } = of('movedHere');
    expect(mapValue(stdout, '@', 'ostype'), stderr).toBeGreaterThan(0);
  });

  test('what is missing is said, and left out where the script allows it [PRB-015]', () => {
    expect(of('missing')).toMatchObject({ status: 1, stdout: '' });
    expect(of('missing').stderr).toContain(
      "stdin:1:1: ERROR: No matches for fentry no_such_function. The kernel's BTF has no such function",
    );
    expect(of('module').stderr).toContain(
      'specified module no_such_module in probe fentry:no_such_module:f is not loaded.',
    );
    expect(mapValue(of('skipped').stdout, '@b'), of('skipped').stderr).toBe(70);
    expect(of('skipped').stderr).toContain('Skipping.');
  });
});

function hostDescription(name: string): KernelFunction | undefined {
  const found = kernelDescription('host').function(name);
  return typeof found === 'object' ? found : undefined;
}
