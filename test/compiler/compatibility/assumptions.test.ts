/** Numbers that a script was compiled with, beside those of a kernel. */
import { describe, expect, it } from 'vitest';
import { checkAssumptions } from '../../../compiler/compatibility/assumptions.ts';
import { type Host, openHost } from '../../../compiler/compatibility/host.ts';
import { type ObjectView, openObject } from '../../../compiler/compatibility/object.ts';
import { build } from '../../support/build.ts';
import { EMBEDDED, kernelWithout } from './kernels.ts';

const here = openHost(EMBEDDED);
const object = openObject(build('begin { exit(); }'));
const RELEASE = EMBEDDED.release;

function check(assumption: object, host: Host = here) {
  const manifest = {
    assumptions: [{ line: 4, ...assumption }],
  } as unknown as ObjectView['manifest'];
  const [finding] = checkAssumptions({ ...object, manifest }, host);
  return finding;
}

function layoutOf(name: string, member: string) {
  const struct = EMBEDDED.types.struct('struct', name);
  const found = struct && EMBEDDED.types.member(struct, member);
  if (!struct || !found) throw new Error(`no ${name}.${member}`);
  return { size: struct.size, offset: found.bitOffset / 8 };
}

const TASK = layoutOf('task_struct', 'comm');
const PLACE = { file: 'stdin', line: 4, column: 0 };
const LITERAL =
  'Write a number, or build the script with --kernel, against a description of this kernel.';

describe('a number that stands where a literal is needed', () => {
  it.each([
    [
      'an enumerator',
      { enum: 'pid_type', enumerator: 'PIDTYPE_PGID' },
      '2',
      'PIDTYPE_PGID',
      'enumerator',
    ],
    [
      'a size',
      { type: 'struct task_struct' },
      `${TASK.size}`,
      'sizeof(struct task_struct)',
      'type',
    ],
    [
      'a place',
      { type: 'struct task_struct', path: 'comm' },
      `${TASK.offset}`,
      'offsetof(struct task_struct, comm)',
      'type',
    ],
    [
      'the size of a member',
      { type: 'struct task_struct', path: 'comm', measured: true },
      '16',
      'sizeof(struct task_struct.comm)',
      'type',
    ],
    [
      'a place inside of another struct',
      { type: 'struct task_struct', path: 'se.vruntime' },
      `${layoutOf('task_struct', 'se').offset + layoutOf('sched_entity', 'vruntime').offset}`,
      'offsetof(struct task_struct, se.vruntime)',
      'type',
    ],
  ])('is %s: the same, or not', (_, what, value, name, kind) => {
    const about = { kind, name, place: PLACE };
    expect(check({ ...what, value })).toEqual({ ...about, verdict: 'ok' });
    const other = `${Number(value) + 1}`;
    expect(check({ ...what, value: other })).toEqual({
      ...{ ...about, verdict: 'other layout', hint: LITERAL },
      reason: `${name} is ${value} on this kernel, and the script was compiled with ${other}, that of Linux ${RELEASE}: it stands where a literal is needed.`,
    });
  });

  it('may be the size of what is behind a pointer or in an array, and is none of a bitfield', () => {
    const sized = (path: string, value: string) =>
      check({ type: 'struct task_struct', path, value, measured: true })?.verdict;
    for (const [path, size] of [
      ['signal', 8],
      ['signal.0', layoutOf('signal_struct', 'nr_threads').size],
      ['signal.0.nr_threads', 4],
      ['comm.0', 1],
    ] as const) {
      expect([path, sized(path, `${size}`)]).toEqual([path, 'ok']);
      expect([path, sized(path, `${size + 1}`)]).toEqual([path, 'other layout']);
    }
    for (const path of ['sched_contributes_to_load', 'signal.0.gone', 'pid.0'])
      expect([path, sized(path, '4')]).toEqual([path, 'missing']);
  });

  it('is missing where the kernel has nothing of the name', () => {
    const gone = openHost(kernelWithout('PIDTYPE_PGID', 'task_struct'));
    for (const [what, name] of [
      [{ enum: 'pid_type', enumerator: 'PIDTYPE_PGID' }, 'PIDTYPE_PGID'],
      [{ type: 'struct task_struct' }, 'sizeof(struct task_struct)'],
      [{ type: 'struct task_struct', path: 'comm' }, 'offsetof(struct task_struct, comm)'],
    ] as const)
      expect(check({ ...what, value: '7' }, gone)).toMatchObject({
        ...{ name, verdict: 'missing', hint: LITERAL },
        reason: `${name} is not there on this kernel, and the script was compiled with 7, that of Linux ${RELEASE}: it stands where a literal is needed.`,
      });
  });

  it('is not known without types', () => {
    expect(check({ type: 'struct task_struct', value: '7' }, { ...here, btfs: [] })).toEqual({
      ...{ kind: 'type', name: 'sizeof(struct task_struct)', place: PLACE, verdict: 'unknown' },
      reason: 'The description of the kernel has no BTF.',
    });
  });

  it('stands in the file that says so', () => {
    expect(check({ type: 'struct sock', value: '7', file: 'own.bt' })?.place).toEqual({
      ...PLACE,
      file: 'own.bt',
    });
  });
});

describe('a struct of the script that embeds one of the kernel', () => {
  it('was laid out with its size', () => {
    const embedded = { type: 'struct task_struct', embedded: 'struct own' };
    expect(check({ ...embedded, value: `${TASK.size}` })).toMatchObject({ verdict: 'ok' });
    expect(check({ ...embedded, value: '5' })).toMatchObject({
      verdict: 'other layout',
      reason: `sizeof(struct task_struct) is ${TASK.size} on this kernel, and the script's struct own was laid out with 5, that of Linux ${RELEASE}.`,
      hint: 'Build the script with --kernel, against a description of this kernel.',
    });
    expect(
      check({ ...embedded, value: '5' }, openHost(kernelWithout('task_struct'))),
    ).toMatchObject({
      verdict: 'missing',
      reason: `sizeof(struct task_struct) is not there on this kernel, and the script's struct own was laid out with 5, that of Linux ${RELEASE}.`,
    });
  });
});

describe('room for a struct that is copied whole', () => {
  it('is enough where the kernel’s is as large or smaller', () => {
    const room = (value: number, more = {}) =>
      check({ type: 'struct task_struct', most: true, value: `${value}`, ...more });
    for (const value of [TASK.size, TASK.size + 1])
      expect(room(value)).toMatchObject({ verdict: 'ok' });
    expect(room(TASK.size - 1)).toEqual({
      ...{
        kind: 'copied struct',
        name: 'struct task_struct',
        verdict: 'other layout',
        place: PLACE,
      },
      reason: `struct task_struct has ${TASK.size} bytes on this kernel, and the script, which copies it whole, has room for ${TASK.size - 1}, as on Linux ${RELEASE}.`,
      hint: 'Read the members that are needed, one by one, or build the script with --kernel, against a description of this kernel.',
    });
    expect(room(3, { path: 'comm', measured: true })).toMatchObject({
      name: 'struct task_struct.comm',
      verdict: 'other layout',
    });
    expect(room(16, { path: 'comm', measured: true })).toMatchObject({ verdict: 'ok' });
  });

  it('matters not where the kernel has none', () => {
    expect(
      check(
        { type: 'struct task_struct', most: true, value: '1' },
        openHost(kernelWithout('task_struct')),
      ),
    ).toMatchObject({ verdict: 'ok' });
  });
});
