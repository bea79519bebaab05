/** kprobes by pattern, module, offset and address: one link where the kernel has kprobe.multi, one each elsewhere. */

import { describe, expect } from 'vitest';
import { mapEntries, mapValue } from '../support/expect.ts';
import {
  type GuestScript,
  LOADER_PID,
  SUPPORTED,
  scriptsInGuest,
} from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

const READS = 'comm reader read 50 100 read 20 1000';
const COUNT_LINKS = `/workload ${READS}
loader=${LOADER_PID}
echo links: $(cat /proc/$loader/fdinfo/* | grep -c link_type)
echo parts: $(grep -c '\\.part\\.' /sys/kernel/tracing/available_filter_functions)
echo multi: $(cat /proc/$loader/fdinfo/* | grep -c kprobe_multi)
`;
/** A list of functions for --traceable-functions; the kernel has all but the second. */
const LIST = 'vfs_read\\nvfs_write [no_such_module]\\nvfs_statx\\n';
const WRITE_LIST = `--traceable-functions $(printf '${LIST}' >/tmp/list; echo /tmp/list)`;
/** Where a function stands in the guest. */
const ADDRESS = "0x$(grep ' vfs_read$' /proc/kallsyms | cut -d' ' -f1)";

const COMMANDS = {
  names: {
    text: 'kprobe:vfs_r* /comm == "reader"/ { @[probe, func] = count(); }',
    workload: READS,
  },
  links: { text: 'kprobe:vfs_* /comm == "reader"/ { @[func] = count(); }', script: COUNT_LINKS },
  single: {
    text: 'kprobe:vfs_* /comm == "reader"/ { @[func] = count(); }',
    script: COUNT_LINKS,
    flags: '--no-feature kprobe_multi',
  },
  filtered: {
    text: 'kprobe:vfs_*,kprobe:ksys_read /comm == "reader"/ { @[probe] = count(); }',
    script: COUNT_LINKS,
    flags: "--probe-filter '^kprobe:(vfs|ksys)_read$'",
  },
  listed: {
    text: 'kprobe:vfs_* /comm == "reader"/ { @[probe] = count(); }',
    workload: READS,
    flags: WRITE_LIST,
  },
  listedModule: {
    text: 'kprobe:vmlinux:vfs_* /comm == "reader"/ { @[probe] = count(); }',
    workload: READS,
    flags: WRITE_LIST,
  },
  returns: {
    text: 'kretprobe:vfs_rea* /comm == "reader"/ { @[probe, func, retval] = count(); }',
    workload: READS,
  },
  arguments: {
    text: 'kprobe:vfs_rea*,kprobe:no_such_function* /comm == "reader"/ { @[arg2] = count(); }',
    workload: READS,
  },
  alias: {
    text: 'mine=kprobe:vfs_rea* /comm == "reader"/ { @[probe, probetype] = count(); }',
    workload: READS,
  },
  kernel: {
    text: 'kprobe:vmlinux:vfs_rea* /comm == "reader"/ { @[probe, func] = count(); }',
    workload: READS,
  },
  parameter: {
    text: 'kprobe:$1 /comm == "reader"/ { @[probe, func] = count(); }',
    workload: READS,
    parameters: "'vfs_rea*'",
  },
  address: {
    text: 'kprobe:$1 /comm == "reader"/ { @[func] = count(); }',
    workload: READS,
    parameters: ADDRESS,
    flags: '--unsafe',
  },
  safe: { text: 'kprobe:$1 { @ = count(); }', parameters: ADDRESS, endsItself: true },
  inside: { text: 'kprobe:vfs_read+1 { @ = count(); }', endsItself: true },
  module: { text: 'kprobe:no_such_module:f { @ = count(); }', endsItself: true },
  error: { text: 'kprobe:no_such_function { @ = count(); }', endsItself: true },
  warn: {
    text: 'config = { missing_probes = "warn" } kprobe:no_such_function, kprobe:vfs_read /comm == "reader"/ { @ = count(); }',
    workload: READS,
  },
  ignore: {
    text: 'config = { missing_probes = "ignore" } kprobe:no_such_function, kprobe:vfs_read /comm == "reader"/ { @ = count(); }',
    workload: READS,
  },
  nothing: { text: 'kprobe:no_such_function* { @ = count(); }', endsItself: true },
  parts: { text: 'kprobe:*.part.* { @ = count(); }', endsItself: true },
  many: { text: 'kprobe:* { @ = count(); }', endsItself: true },
} satisfies Record<string, GuestScript>;

describe.each(SUPPORTED)('On Linux %s kprobes', (series) => {
  const of = scriptsInGuest(series, COMMANDS);

  const test = needs(`Linux ${series}`).it;

  test('of a pattern tell which function they stand in [PRB-012] [PRB-068]', () => {
    const { stdout, stderr, status } = of('names');
    expect(mapValue(stdout, '@', 'kprobe:vfs_read, vfs_read'), stderr).toBe(70);
    for (const [key] of mapEntries(stdout, '@')) {
      const [probe, func] = key.split(', ');
      expect(probe).toBe(`kprobe:${func}`);
    }
    expect(status).toBe(0);
  });

  test('of a pattern are one link where the kernel has kprobe.multi, and count once [PRB-011]', () => {
    const { stdout, stderr } = of('links');
    expect(mapValue(stdout, '@', 'vfs_read'), stderr).toBe(70);
    const count = (what: string): number =>
      Number(new RegExp(`^${what}: (\\d+)$`, 'm').exec(stdout)?.[1]);
    if (series === '6.1') {
      expect(count('links')).toBeGreaterThan(30);
      expect(count('multi')).toBe(0);
    } else {
      expect(count('links')).toBe(1);
      expect(count('multi')).toBe(1);
    }
  });

  test('of a pattern are one each with --no-feature kprobe_multi [CLI-024] [AOT-014]', () => {
    const { stdout, stderr } = of('single');
    expect(mapValue(stdout, '@', 'vfs_read'), stderr).toBe(70);
    expect(Number(/^links: (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(30);
    expect(stdout).toMatch(/^multi: 0$/m);
  });

  test('can be filtered by name [CLI-025]', () => {
    const { stdout, stderr } = of('filtered');
    expect(mapEntries(stdout, '@')).toEqual([
      ['kprobe:ksys_read', 70],
      ['kprobe:vfs_read', 70],
    ]);
    expect(stderr).toContain('Attached 2 probes');
  });

  test('of a pattern are looked for in the list of --traceable-functions [CLI-026]', () => {
    // A link of many names has to know them all; with a module, those of that module are meant.
    const { stdout, stderr } = of('listed');
    expect(mapEntries(stdout, '@'), stderr).toEqual([['kprobe:vfs_read', 70]]);
    expect(stderr).toContain('Attached 3 probes');
    expect(mapEntries(of('listedModule').stdout, '@')).toEqual([['kprobe:vmlinux:vfs_read', 70]]);
    expect(of('listedModule').stderr).toContain('Attached 2 probes');
  });

  test('of a pattern leave out clones of parts of functions [PRB-017]', () => {
    expect(Number(/^parts: (\d+)$/m.exec(of('links').stdout)?.[1])).toBeGreaterThan(0);
    expect(of('parts').stderr).toContain('nothing matches kprobe:*.part.*.');
  });

  test('of a pattern see what functions return', () => {
    const { stdout, stderr } = of('returns');
    expect(mapValue(stdout, '@', 'kretprobe:vfs_read, vfs_read, 100'), stderr).toBe(50);
    expect(mapValue(stdout, '@', 'kretprobe:vfs_read, vfs_read, 1000')).toBe(20);
    expect(mapEntries(stdout, '@')).toHaveLength(2);
  });

  test('of a pattern see arguments; a pattern without matches is silent beside others [PRB-074]', () => {
    const { stdout, stderr } = of('arguments');
    expect(mapValue(stdout, '@', '100'), stderr).toBe(50);
    expect(mapValue(stdout, '@', '1000')).toBe(20);
    expect(stderr).not.toContain('no_such_function');
  });

  test('of a pattern keep an alias', () => {
    expect(mapValue(of('alias').stdout, '@', 'mine, kprobe')).toBe(70);
  });

  test('can be limited to the kernel itself or a module [PRB-008]', () => {
    expect(mapValue(of('kernel').stdout, '@', 'kprobe:vmlinux:vfs_read, vfs_read')).toBe(70);
    const { stderr, status } = of('module');
    expect(stderr).toContain(
      'specified module no_such_module in probe kprobe:no_such_module:f is not loaded.',
    );
    expect(status).toBe(1);
  });

  test('take a pattern from a parameter', () => {
    expect(mapValue(of('parameter').stdout, '@', 'kprobe:vfs_read, vfs_read')).toBe(70);
  });

  test('stand at an address with --unsafe only [PRB-010]', () => {
    expect(mapValue(of('address').stdout, '@', 'vfs_read'), of('address').stderr).toBe(70);
    expect(of('safe').stderr).toContain('is at an address, which needs --unsafe.');
    expect(of('safe').status).toBe(1);
  });

  test('refuse an offset where no instruction begins [PRB-009]', () => {
    expect(of('inside').stderr).toContain(
      'Cannot attach kprobe:vfs_read+1: no instruction begins there.',
    );
    expect(of('inside').status).toBe(1);
  });

  test('without a function are an error, a warning or nothing [PRB-015] [PRB-016]', () => {
    const why =
      'No matches for kprobe no_such_function. It is not traceable (either non-existing, inlined, or marked as "notrace").';
    expect(of('error').stderr).toContain(`ERROR: ${why}`);
    expect(of('error').status).toBe(1);
    expect(of('warn').stderr).toContain(`WARNING: ${why} Skipping.`);
    expect(of('ignore').stderr).not.toContain('no_such_function');
    for (const name of ['warn', 'ignore'] as const) {
      expect(mapValue(of(name).stdout, '@')).toBe(70);
      expect(of(name).status).toBe(0);
    }
  });

  test('are an error when no pattern of the block matches, or more than max_probes do', () => {
    expect(of('nothing').stderr).toContain('nothing matches kprobe:no_such_function*.');
    expect(of('nothing').status).toBe(1);
    expect(of('many').stderr).toContain('max_probes raises it.');
    expect(of('many').status).toBe(1);
  });
});
