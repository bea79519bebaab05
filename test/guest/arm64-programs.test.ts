/**
 * Programs of arm64 in guests of it: USDT points, uprobes within functions and at lines, all arguments that come in
 * registers, results, and stacks whose return addresses are signed. What nothing ties to an architecture is built for
 * x86-64.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectObject } from '../../linker/inspect.ts';
import { build, temporaryFolder } from '../support/build.ts';
import { ARM64_SERIES, type GuestCommand, type GuestResult, runInGuest } from '../support/guest.ts';
import { descriptionOf } from '../support/machine.ts';
import { needs } from '../support/needs.ts';

/** The guest has the program where it is when scripts are compiled; its /tmp is its own. */
const folder = mkdtempSync('/var/tmp/bpfscript-test-');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const PROGRAM = join(folder, 'traced');
const SOURCE = join(import.meta.dirname, 'arm64-traced.c');
const LINE =
  readFileSync(SOURCE, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes('= innermost(')) + 1;

interface Case {
  readonly text: string;
  /** Built with the description of an arm64 kernel: something ties it. */
  readonly tied: boolean;
  readonly flags?: string;
  readonly expected: RegExp;
  readonly status?: number;
}

const free = (text: string, expected: RegExp): Case => ({ text, tied: false, expected });
const tied = (text: string, expected: RegExp): Case => ({ text, tied: true, expected });
const refused = (text: string, expected: RegExp, flags = ''): Case => ({
  ...{ text, tied: true, flags, expected, status: 1 },
});

const CASES: Readonly<Record<string, Case>> = {
  'reads operands of USDT points in registers': free(
    `usdt:${PROGRAM}:app:registers { printf("%lld %llu %llx %llx %lld %llx\\n", arg0, arg1, arg2, arg3, arg4, arg5); }`,
    /^-5 4294967291 123456789abcdef ef -2 1fffe$/m,
  ),
  'reads constant operands': free(
    `usdt:${PROGRAM}:app:constants { printf("%lld %lld %lld %lld\\n", arg0, arg1, arg2, arg3); }`,
    /^17 -3 -1 16$/m,
  ),
  'reads operands in memory': free(
    `usdt:${PROGRAM}:app:memory { printf("%lld %lld %lld %lld %lld %lld\\n", arg0, arg1, arg2, arg3, arg4, arg5); }`,
    /^-7 -20 200 -300 400 2$/m,
  ),
  'refuses more operands than a point has': {
    ...free(
      `usdt:${PROGRAM}:app:constants { print(arg4); }`,
      /ERROR: .*app:constants.* 4 arguments/,
    ),
    status: 1,
  },
  'names the frames of a stack in a system call': free(
    'tracepoint:syscalls:sys_enter_getppid /comm == "traced"/ { printf("%s\\n", ustack); }',
    /getppid\+\d+\n\s+middle\+\d+ .*\n\s+outermost\+\d+ .*\n\s+main\+\d+ .*\n/,
  ),
  'names frames whose return addresses are signed': free(
    'tracepoint:syscalls:sys_enter_getppid /comm == "traced"/ { printf("%s\\n", ustack); }',
    /(?:\s+deep\+\d+ .*){30}\n\s+main\+/,
  ),
  'names the frames of a stack at a return': free(
    `uretprobe:${PROGRAM}:innermost { printf("%s\\n", ustack); }`,
    /^\s+middle\+\d+ .*\n\s+outermost\+\d+ .*\n\s+main\+\d+ .*\n/m,
  ),
  'stops within a function': tied(
    `uprobe:${PROGRAM}:middle+12 { printf("%s %s\\n", func, usym(reg("pc"))); }`,
    /^middle middle$/m,
  ),
  'keeps the signature of a return address in its register': tied(
    `uprobe:${PROGRAM}:deep+4 { @signed[reg("r30") >> 48 != 0] = count(); }`,
    /^@signed\[true\]: \d+$/m,
  ),
  'stops at a line': free(`uprobe:${PROGRAM}@arm64-traced.c:${LINE} { @ = count(); }`, /^@: 1$/m),
  'reads eight arguments': tied(
    `uprobe:${PROGRAM}:eight { printf("%d %d %d %d %d %d %d %d\\n", arg0, (int32)arg1, arg2, arg3, arg4, arg5, arg6, (uint8)arg7); }`,
    /^1 -2 3 4 5 6 7 200$/m,
  ),
  'reads arguments by their names, and char as the program has it': tied(
    `uprobe:${PROGRAM}:eight { printf("%d %d %d %d\\n", args.a, args.b, args.g, args.h); }`,
    /^1 -2 7 200$/m,
  ),
  'reads results': tied(
    `uretprobe:${PROGRAM}:eight { printf("%d\\n", retval); } uretprobe:${PROGRAM}:outermost { printf("%d\\n", retval); }`,
    /^-226\n4$/m,
  ),
  'tells user code from the kernel': tied(
    `uprobe:${PROGRAM}:middle { printf("user %d\\n", usermode); } kprobe:vfs_read { @kernel[usermode] = 1; }`,
    /^user 1$[\s\S]*^@kernel\[0\]: 1$/m,
  ),
  'tells samples of user code from those of the kernel': tied(
    'profile:hz:999 { @[usermode] = count(); } interval:ms:900 { exit(); }',
    /^@\[[01]\]: \d+$/m,
  ),
  'refuses a place that is no instruction': refused(
    `uprobe:${PROGRAM}:middle+2 { @ = count(); }`,
    /middle\+2 is not the start of an instruction: those of arm64 are at multiples of 4\./,
  ),
  'refuses it with --unsafe, too': refused(
    `uprobe:${PROGRAM}:middle+2 { @ = count(); }`,
    /middle\+2 is not the start of an instruction: those of arm64 are at multiples of 4\./,
    '--unsafe',
  ),
  'refuses such an address': refused(
    `uprobe:${PROGRAM}:0x4007ae { @ = count(); }`,
    /:0x4007ae is not the start of an instruction: those of arm64 are at multiples of 4\./,
  ),
  'refuses a place within an instruction of the kernel': refused(
    'kprobe:vfs_read+2 { @ = count(); }',
    /ERROR: .*vfs_read\+2.*instruction/,
  ),
  'refuses a place behind the function': refused(
    `uprobe:${PROGRAM}:middle+4000 { @ = count(); }`,
    /middle\+4000 lies outside the function\./,
  ),
  'has char with a sign, as on x86-64': free(
    'tracepoint:syscalls:sys_enter_getppid /comm == "traced"/ { $c = curtask.comm; printf("%d %d\\n", curtask.comm[0], (char)200); }',
    /^116 -56$/m,
  ),
};

const before = process.env.VMRUN_CPU;
afterAll(() => {
  if (before === undefined) delete process.env.VMRUN_CPU;
  else process.env.VMRUN_CPU = before;
});

describe('Scripts of points, lines and stacks', () => {
  it('have no tie to an architecture', () => {
    for (const { text, tied: isTied } of Object.values(CASES))
      if (!isTied) expect(inspectObject(build(text)).ties, text).toEqual([]);
  });
});

describe.each(ARM64_SERIES)('On Linux %s a script', (series) => {
  const results = new Map<string, GuestResult>();
  const test = needs(`Linux ${series}`);

  beforeAll(async () => {
    execFileSync(
      'aarch64-linux-gnu-gcc',
      [
        ...['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O1', '-g', '-static'],
        ...['-fno-omit-frame-pointer', '-fno-shrink-wrap', '-mbranch-protection=standard'],
        ...['-o', PROGRAM, SOURCE],
      ],
      { stdio: 'pipe' },
    );
    // Processors that sign return addresses; by a fast algorithm, where they are emulated.
    process.env.VMRUN_CPU = 'max,pauth-impdef=on';
    const root = temporaryFolder();
    const payload = join(root, 'payload');
    mkdirSync(join(payload, folder), { recursive: true });
    copyFileSync(PROGRAM, join(payload, PROGRAM));
    const commands = Object.values(CASES).map(
      ({ text, tied: isTied, flags = '' }, index): GuestCommand => {
        const object = `${index}.o`;
        const bytes = build(text, isTied ? { kernel: descriptionOf(series), unsafe: true } : {});
        expect(inspectObject(bytes).ties?.length === 0, text).toBe(!isTied);
        writeFileSync(join(root, object), bytes);
        return { object, flags: `${flags} -c ${PROGRAM}`, endsItself: true };
      },
    );
    for (const [index, result] of (await runInGuest(series, root, commands)).entries())
      results.set(Object.keys(CASES)[index] ?? '', result);
  }, 600_000);

  test.it.each(Object.entries(CASES))('%s', (name, { expected, status = 0 }) => {
    const result = results.get(name);
    expect(`${result?.stdout}${result?.stderr}`).toMatch(expected);
    expect(result?.status).toBe(status);
  });
});
