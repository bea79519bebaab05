/** Questions that the loader answers before it loads: the same answers of a kernel that only a description knows. */
import { describe, expect, it } from 'vitest';
import { type Host, openHost } from '../../../compiler/compatibility/host.ts';
import { answers, enumeratorOf, missingAnswer } from '../../../compiler/compatibility/lookups.ts';
import { openObject } from '../../../compiler/compatibility/object.ts';
import { MISSING_CALL } from '../../../linker/contract/lookups.ts';
import { build } from '../../support/build.ts';
import { EMBEDDED, kernelWith, kernelWithout } from './kernels.ts';

const object = openObject(build('begin { exit(); }'));
const here = openHost(EMBEDDED);
/** Neither the kernel nor a module has it. */
const none = kernelWithout('PIDTYPE_PGID');
const without = openHost({ ...none, types: { ...none.types, enumerator: () => undefined } });
const NO_BTF: Host = { ...here, btfs: [] };

/** Of lookups as a manifest has them. */
const asked = (lookups: readonly object[], host: Host = here) =>
  answers({ ...object, manifest: JSON.parse(JSON.stringify({ lookups })) }, host);

describe('Whether a kernel has an enumerator', () => {
  const exists = (name: string) => [{ kind: 'enumerator-exists', offset: 8, name }];

  it('is known of any enum', () => {
    expect(asked(exists('PIDTYPE_PGID'))).toMatchObject([
      {
        offset: 8,
        value: 1n,
        finding: { kind: 'enumerator', name: 'PIDTYPE_PGID', verdict: 'ok' },
      },
    ]);
    expect(asked(exists('PIDTYPE_PGID'), without)).toMatchObject([
      {
        value: 0n,
        finding: {
          ...{ kind: 'enumerator', name: 'PIDTYPE_PGID', verdict: 'left out' },
          reason:
            'This kernel has no PIDTYPE_PGID: the script asks whether it has, and goes on without.',
        },
      },
    ]);
  });

  it('is no for what has the name and is something else', () => {
    for (const name of ['task_struct', 'sk_mark', 'vfs_read', 'pid_t'])
      expect([name, asked(exists(name))[0]?.value]).toEqual([name, 0n]);
    for (const name of ['PIDTYPE_TGID', 'NR_VM_EVENT_ITEMS', 'BPF_MAP_TYPE_HASH'])
      expect([name, asked(exists(name))[0]?.value]).toEqual([name, 1n]);
  });
});

describe('The number of an enumerator', () => {
  const USES = { kind: 'enumerator', offset: 16, enum: 'pid_type', name: 'PIDTYPE_PGID' };

  it('is that of its enum, and missing where the kernel lacks it, with its place', () => {
    expect(asked([USES])).toEqual([
      {
        ...{ offset: 16, value: 2n },
        finding: { kind: 'enumerator', name: 'PIDTYPE_PGID', verdict: 'ok', place: undefined },
      },
    ]);
    expect(asked([{ ...USES, line: 2 }], without)).toMatchObject([
      {
        value: undefined,
        finding: {
          ...{ kind: 'enumerator', verdict: 'missing' },
          place: { file: object.script, line: 2, column: 0 },
          reason: `This kernel has no enumerator PIDTYPE_PGID, which the script uses. It was built for Linux ${EMBEDDED.release}.`,
        },
      },
    ]);
  });

  it('stands in the file that says so, or in the script', () => {
    const place = (more: object) => asked([{ ...USES, ...more }])[0]?.finding?.place;
    expect(place({ file: 'imported.bt', line: 9 })).toEqual({
      ...{ file: 'imported.bt', line: 9, column: 0 },
    });
    expect(place({ line: 9 })).toMatchObject({ file: object.script, line: 9 });
    expect(place({})).toBeUndefined();
    expect(object.script).not.toBe('');
  });

  it('that the code asks for first is no reason to refuse, unless the call is met that stands for it', () => {
    const found = { ...USES, kind: 'enumerator-found', offset: 24 };
    expect(asked([{ ...USES, line: 2 }, found])).toMatchObject([
      { value: 2n, finding: { verdict: 'ok' } },
      { offset: 24, value: 1n, finding: undefined },
    ]);
    expect(asked([{ ...USES, line: 2 }, found], without)).toMatchObject([
      { value: 0n, finding: undefined },
      { value: 0n, finding: undefined },
    ]);
    for (const other of [
      { ...found, name: 'PIDTYPE_TGID' },
      { ...found, enum: 'other' },
      { ...found, kind: 'enumerator-exists' },
    ])
      expect(asked([USES, other], without)[0]).toMatchObject({
        value: undefined,
        finding: { verdict: 'missing' },
      });
    expect(asked([found], NO_BTF)[0]?.value).toBeUndefined();
    const missing = (call: number, host: Host) =>
      missingAnswer(
        {
          ...object,
          manifest: JSON.parse(JSON.stringify({ lookups: [found, { ...USES, line: 3 }] })),
        },
        host,
        call,
      );
    expect(missing(MISSING_CALL + 1, without)).toMatchObject({
      verdict: 'missing',
      place: { file: object.script, line: 3, column: 0 },
    });
    expect(missing(MISSING_CALL + 1, here)).toBeUndefined();
    expect(missing(MISSING_CALL + 1, NO_BTF)).toBeUndefined();
    expect(missing(MISSING_CALL + 2, without)).toBeUndefined();
  });

  it('is not known without types', () => {
    expect(asked([USES], NO_BTF)[0]).toMatchObject({
      value: undefined,
      finding: { verdict: 'unknown', reason: 'The description of the kernel has no BTF.' },
    });
  });

  it('of an enum of the kernel is taken from that enum alone', () => {
    expect(enumeratorOf(here, 'pid_type', 'PIDTYPE_PGID')).toBe(2n);
    expect(enumeratorOf(here, 'vm_event_item', 'PIDTYPE_PGID')).toBeUndefined();
    expect(enumeratorOf(here, '', 'PIDTYPE_PGID')).toBeUndefined();
    expect(enumeratorOf(NO_BTF, 'pid_type', 'PIDTYPE_PGID')).toBeUndefined();
  });
});

describe('Whether a kernel has a function', () => {
  const of = (name: string, kind = 'kfunc') => [{ kind, offset: 0, name }];
  const left = (name: string) => ({
    value: 0n,
    finding: {
      ...{ kind: 'kernel function', name, verdict: 'left out' },
      reason: `This kernel has no function ${name}: the script goes on without.`,
    },
  });

  it('is known by its types, and by what programs may call', () => {
    const name = 'bpf_task_from_pid';
    expect(asked(of(name))).toMatchObject([
      { value: 1n, finding: { kind: 'kernel function', name, verdict: 'ok' } },
    ]);
    expect(asked(of(name), openHost(kernelWithout(name)))).toMatchObject([left(name)]);
    const callable = (...names: readonly string[]) =>
      openHost(kernelWith({ callableFunctions: () => new Set(names) }));
    expect(asked(of(name), callable())).toMatchObject([left(name)]);
    expect(asked(of(name), callable(name))).toMatchObject([{ value: 1n }]);
  });

  it('that programs do not call is also one of a module', () => {
    const modules = (...names: readonly string[]) =>
      openHost(kernelWith({ functionModules: () => names }));
    expect(asked(of('vfs_read', 'kernel-function'))).toMatchObject([{ value: 1n }]);
    expect(asked(of('of_a_module', 'kernel-function'), modules('nf'))).toMatchObject([
      { value: 1n },
    ]);
    expect(asked(of('of_a_module', 'kernel-function'), modules())).toMatchObject([
      left('of_a_module'),
    ]);
    expect(asked(of('of_a_module'), modules('nf'))).toMatchObject([left('of_a_module')]);
  });

  it('that nobody knows the kind of is left to the loader', () => {
    expect(asked(of('vfs_read', 'new'))).toEqual([
      { offset: 0, value: undefined, finding: undefined },
    ]);
  });
});
