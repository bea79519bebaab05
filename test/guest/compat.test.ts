/** Processes of 32 bits beside those of 64: what is counted of them is right, what cannot be read is refused. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { build, temporaryFolder } from '../support/build.ts';
import { ELF32_ENTRY, elf32 } from '../support/elf32.ts';
import { ARM64_SERIES, type GuestResult, runInGuest, SERIES } from '../support/guest.ts';
import { descriptionOf } from '../support/machine.ts';
import { needs } from '../support/needs.ts';

interface Case {
  readonly text: string;
  readonly expected: RegExp;
  readonly status?: number;
}

const HERE = '/comm == "small"/';
const ENTRY = ELF32_ENTRY.toString(16);
const NO_FILE = /ERROR: .*'\/small' is not a 64-bit ELF file\./;

const CASES: Readonly<Record<string, Case>> = {
  'sees the numbers that the process calls by': {
    text: `tracepoint:raw_syscalls:sys_enter ${HERE} { @[args.id] = count(); }`,
    expected: /^@\[1\]: 1\n@\[64\]: 3$/m,
  },
  'counts no call of 32 bits as one of 64 by its number': {
    text: `tracepoint:syscalls:sys_enter_* ${HERE} { @[probe] = count(); } end { printf("%d\\n", len(@)); }`,
    expected: /^0$/m,
  },
  'counts none as its namesake': {
    text: `tracepoint:syscalls:sys_enter_getppid ${HERE} { @ = count(); } end { printf("%d\\n", @); }`,
    expected: /^0$/m,
  },
  'counts calls in the kernel': {
    text: 'kprobe:__task_pid_nr_ns /comm == "small"/ { @ = count(); } end { printf("%d\\n", @ >= 3); }',
    expected: /^1$/m,
  },
  'shows user stacks by address': {
    text: `tracepoint:raw_syscalls:sys_enter ${HERE} { printf("%s", ustack(1)); }`,
    expected: new RegExp(`^\\s+0x${ENTRY.slice(0, -2)}[0-9a-f]{2}$`, 'm'),
  },
  'refuses functions of the program': {
    text: 'uprobe:/small:main { @ = count(); }',
    expected: NO_FILE,
    status: 1,
  },
  'refuses patterns of them': {
    text: 'uprobe:/small:ma* { @ = count(); }',
    expected: /ERROR: .*\/small/,
    status: 1,
  },
  'refuses addresses in it': {
    text: `uprobe:/small:0x${ENTRY} { @ = count(); }`,
    expected: NO_FILE,
    status: 1,
  },
  'refuses its USDT points': {
    text: 'usdt:/small:a:b { @ = count(); }',
    expected: /ERROR: .*\/small/,
    status: 1,
  },
};

const ALL = [...SERIES.slice(-1), ...ARM64_SERIES];

describe.each(ALL)('On Linux %s, of a process of 32 bits, a script', (series) => {
  const results = new Map<string, GuestResult>();
  const isArm64 = ARM64_SERIES.includes(series);
  const test = needs(`Linux ${series}`);

  beforeAll(async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'payload'));
    writeFileSync(join(folder, 'payload/small'), elf32(isArm64 ? 'arm' : 'i386'), { mode: 0o755 });
    const commands = Object.values(CASES).map(({ text }, index) => {
      const object = `${index}.o`;
      writeFileSync(
        join(folder, object),
        build(text, isArm64 ? { kernel: descriptionOf(series) } : {}),
      );
      return { object, flags: '-c /small', endsItself: true };
    });
    for (const [index, result] of (await runInGuest(series, folder, commands)).entries())
      results.set(Object.keys(CASES)[index] ?? '', result);
  }, 600_000);

  test.it.each(Object.entries(CASES))('%s', (name, { expected, status = 0 }) => {
    const result = results.get(name);
    expect(`${result?.stdout}${result?.stderr}`).toMatch(expected);
    expect(result?.status).toBe(status);
  });
});
