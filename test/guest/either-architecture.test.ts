/**
 * Objects that nothing ties to an architecture, built for x86-64 and run in guests of arm64: each prints what it has to,
 * or is refused with the reason, as on a kernel of its own architecture. Those that are tied are refused with the place.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Compatibility, checkOn } from '../../compiler/compatibility/check.ts';
import { openHost } from '../../compiler/compatibility/host.ts';
import { openObject } from '../../compiler/compatibility/object.ts';
import { once } from '../../compiler/kernel/description.ts';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import { inspectObject } from '../../linker/inspect.ts';
import { build, compileText, temporaryFolder } from '../support/build.ts';
import { ARM64_SERIES, type GuestCommand, type GuestResult, runInGuest } from '../support/guest.ts';
import { descriptionOf } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { CASES } from './corpus.ts';
import { KINDS } from './kinds.ts';
import { verdictOf } from './verdict.ts';

interface Subject {
  readonly title: string;
  readonly text: string;
  readonly command: Omit<GuestCommand, 'object'>;
  /** Whether that is what it has to print; without it, what the object for the kernel prints. */
  readonly isRight?: (stdout: string) => boolean;
}

/** Of arm64's system calls, though no script with such a number is without a tie. */
const textOf = (text: string): string =>
  text.replaceAll('WORKLOAD', '/workload').replaceAll('GETPPID', '173');

const SUBJECTS: readonly Subject[] = [
  {
    title: 'counts system calls that return by one pattern',
    text: 'tracepoint:syscalls:sys_exit_get* /comm == "traced"/ { @[probe] = count(); } end { print(@, 1); clear(@); }',
    command: { endsItself: false, workload: 'comm traced getppid 40' },
    isRight: (stdout) => stdout.trim() === '@[tracepoint:syscalls:sys_exit_getppid]: 40',
  },
  ...CASES.map(
    ({ title, script, workload, parameters, expected }): Subject => ({
      title,
      text: textOf(script),
      command: {
        endsItself: workload === undefined,
        ...(workload === undefined ? {} : { workload }),
        ...(parameters === undefined ? {} : { parameters }),
      },
      isRight: (stdout) => stdout.trim() === expected,
    }),
  ),
  ...KINDS.map(
    ({ title, text, workload, script, expected }): Subject => ({
      title,
      text: textOf(text),
      command: {
        endsItself: text.includes('exit();'),
        ...(workload === undefined ? {} : { workload }),
        ...(script === undefined ? {} : { script }),
      },
      ...(expected ? { isRight: (stdout: string) => expected.test(stdout) } : {}),
    }),
  ),
];

/** Scripts that are tied, each in another way, and the place and reason that the loader gives. */
const TIED: Readonly<Record<string, readonly [text: string, reason: string]>> = {
  argument: [
    'kprobe:vfs_read\n{ @[comm] = count();\n@n[arg2] = count(); }',
    'stdin:3: ERROR: The object was built for x86_64, and this machine is aarch64: arg2 is in a register of x86_64.',
  ],
  register: ['kprobe:vfs_read { @[reg("bx")] = count(); }', 'reg("bx") is a register of x86_64.'],
  place: ['kprobe:vfs_read+4 { @ = count(); }', 'kprobe:vfs_read+4 is a place in code of x86_64.'],
  number: [
    'tracepoint:raw_syscalls:sys_enter /args.id == 0/ { @ = count(); }',
    'args.id is a number of system calls of x86_64.',
  ],
};

const isFree = (object: Uint8Array): boolean => inspectObject(object).ties?.length === 0;
const FREE: { readonly subject: Subject; readonly object: Uint8Array }[] = [];
for (const subject of SUBJECTS) {
  const object = build(subject.text);
  if (isFree(object)) FREE.push({ subject, object });
  // The test runner wants to hear of this process.
  await setImmediate();
}

describe('Scripts', () => {
  it('are mostly without a tie to an architecture', () => {
    expect(FREE.length).toBeGreaterThan(SUBJECTS.length / 2);
  });
});

describe.each(ARM64_SERIES)('On Linux %s an object of x86-64', (series) => {
  const outcome = new Map<string, { readonly result: GuestResult; readonly own?: GuestResult }>();
  const refusals = new Map<string, GuestResult>();

  beforeAll(async () => {
    const folder = temporaryFolder();
    const commands: GuestCommand[] = [];
    const add = (object: Uint8Array, command: Omit<GuestCommand, 'object'>): number => {
      const name = `${commands.length}.o`;
      writeFileSync(join(folder, name), object);
      return commands.push({ ...command, object: name }) - 1;
    };
    const jobs = [];
    for (const { subject, object } of FREE) {
      await setImmediate();
      const own = subject.isRight
        ? undefined
        : compileText(subject.text, { kernel: descriptionOf(series) }).object?.();
      jobs.push({
        title: subject.title,
        at: add(object, subject.command),
        own: own ? add(own, subject.command) : undefined,
      });
    }
    const tied = Object.entries(TIED).map(([name, [text]]) => ({
      name,
      at: add(build(text), { endsItself: true }),
    }));
    const results = await runInGuest(series, folder, commands);
    const resultAt = (at: number): GuestResult =>
      results[at] ?? { stdout: '', stderr: '', status: -1 };
    for (const { title, at, own } of jobs)
      outcome.set(title, {
        result: resultAt(at),
        ...(own === undefined ? {} : { own: resultAt(own) }),
      });
    for (const { name, at } of tied) refusals.set(name, resultAt(at));
  }, 3_000_000);

  const test = needs(`Linux ${series}`);
  const host = once(() => openHost(loadKernelDescription(descriptionOf(series))));
  const check = (object: Uint8Array): Compatibility => checkOn(openObject(object), host());

  test.it.each(FREE)('$subject.title', async ({ subject: { title, isRight }, object }) => {
    await setImmediate();
    const found = outcome.get(title);
    if (!found) throw new Error('it did not run');
    const { result, own } = found;
    const right = isRight ?? ((stdout) => own?.status === 0 && own.stdout === stdout);
    const verdict = verdictOf(result, right);
    expect(verdict).not.toMatchObject({ is: 'wrong' });
    expect(check(object).loads, result.stderr).toBe(verdict.is === 'right');
  });

  test.it.each(Object.entries(TIED))('is refused for its %s', (name, [text, reason]) => {
    expect(refusals.get(name)).toMatchObject({ status: 3, stdout: '' });
    expect(refusals.get(name)?.stderr).toContain(reason);
    const { loads, findings } = check(build(text));
    expect(loads).toBe(false);
    expect(findings).toMatchObject([
      { kind: 'architecture', name: 'x86_64', verdict: 'missing', place: { file: 'stdin' } },
    ]);
  });
});
