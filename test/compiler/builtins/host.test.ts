/** What built-ins ask the loader's host for: each question is in the manifest, with the place of its answer. */
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';
import { interpret } from '../../support/interpreter.ts';
import { firstOfKernel, hints } from './uses.ts';

function lookups(script: string): readonly unknown[] {
  const { lookups: found = [] } = inspectObject(build(script)).manifest as Manifest;
  return found.map(({ offset: _offset, ...rest }) => rest);
}

describe('a question to the host', () => {
  it.each([
    ['kaddr("schedule")', { kind: 'kernel-symbol', name: 'schedule', line: 2 }],
    ['kaddr(str($1))', { kind: 'kernel-symbol', name: '$1', param: 1, line: 2 }],
    ['cgroupid("/sys/x")', { kind: 'cgroup', name: '/sys/x' }],
    ['elf_is_exe("/bin/sh")', { kind: 'executable', name: '/bin/sh' }],
    ['kfunc_exist("some")', { kind: 'kernel-function', name: 'some' }],
    ['kfunc_allowed("some")', { kind: 'kfunc', name: 'some', program: 'kprobe_vfs_read_1' }],
  ])('is %s', (expression, wanted) => {
    expect(lookups(`kprobe:vfs_read {\n @ = ${expression}; }`)).toEqual([wanted]);
  });

  it.each([
    ['kaddr("schedule")', 0xffff_ffff_8100_0000n, 0xffff_ffff_8100_0000n],
    ['cgroupid("/sys/x")', 77n, 77n],
    ['elf_is_exe("/bin/sh")', 1n, true],
    ['elf_is_exe("/bin/ls")', 0n, false],
    ['kfunc_exist("some")', 1n, true],
    ['kfunc_allowed("some")', 1n, true],
  ])('is answered with what the loader found: %s', (expression, found, wanted) => {
    const object = build(`kprobe:vfs_read { @ = ${expression}; }`);
    const { lookups: [lookup] = [] } = inspectObject(object).manifest as Manifest;
    const machine = interpret(object);
    machine.memory.store(machine.at('.rodata', lookup?.offset ?? -1), 8, found);
    machine.run();
    expect(machine.value('@')).toBe(wanted);
  });

  it('is about what can be the name of a symbol', () => {
    for (const name of ['', 'a b', 'a:b', 'a\\tb'])
      expect(errors(`begin { print(kaddr("${name}")); }`)).toEqual([
        `kaddr() expects a string that is a valid symbol @ "${name}"`,
      ]);
    for (const name of ['a', '_a.b$1'])
      expect(errors(`begin { print(kaddr("${name}")); }`)).toEqual([]);
  });
});

describe('cgroup_path', () => {
  it('is the number of a cgroup with a pattern, which is all hierarchies where none is given', () => {
    const object = build(
      'begin { print((cgroup_path(0x1122334455667788, "unified"))); print(cgroup_path(3)); }',
    );
    expect((inspectObject(object).manifest as Manifest).formats).toEqual(['unified', '*']);
    const machine = interpret(object);
    machine.run();
    expect(machine.sent().map(({ values }) => values)).toEqual([
      [[0x1122334455667788n, 0n]],
      [[3n, 1n]],
    ]);
  });
});

describe('percpu_kaddr', () => {
  it('is a variable of the kernel that the script is compiled for', () => {
    const script = 'begin { print(percpu_kaddr("none_of_it")); }';
    expect(errors(script)).toEqual([
      'Could not resolve variable "none_of_it" from BTF @ "none_of_it"',
    ]);
    expect(hints(script)).toEqual([
      'It has to be a per-CPU variable of the kernel that the script is compiled for.',
    ]);
  });

  it('points to what the variable is, of this CPU or of another', () => {
    const pointer = (args: string) =>
      firstOfKernel(`begin { $x = percpu_kaddr(${args}); print($x); }`);
    expect(pointer('"runqueues"')).toMatchObject({
      type: { kind: 'pointer', to: { kind: 'struct', name: 'rq' }, space: 'kernel' },
      args: [],
      plan: { name: 'runqueues', id: expect.any(Number) },
    });
    expect(pointer('"runqueues", 3')).toMatchObject({
      args: [{ kind: 'cast', type: { size: 4 } }],
    });
  });
});

describe('config', () => {
  it('is a record of the settings, with their values', () => {
    const record = firstOfKernel(
      'config = { max_strlen = 64; missing_probes = warn } begin { $x = config; print($x); }',
    );
    if (record?.kind !== 'record') throw new Error(`config is a ${record?.kind}`);
    const of = (name: string) => record.fields.find((field) => field.name === name)?.value;
    expect(of('max_strlen')).toMatchObject({ kind: 'int', value: 64n });
    expect(of('missing_probes')).toMatchObject({ kind: 'string', value: 'warn' });
    expect(of('print_maps_on_exit')).toMatchObject({
      kind: 'int',
      value: 1n,
      type: { kind: 'bool' },
    });
    expect(of('lazy_symbolication')).toMatchObject({
      kind: 'int',
      value: 0n,
      type: { kind: 'bool' },
    });
    const { type } = record;
    expect(type.kind === 'record' && type.fields.map(({ name }) => name)).toEqual(
      record.fields.map(({ name }) => name),
    );
    expect(
      firstOfKernel('config = { max_strlen = 64 } begin { $x = default_str_length; print($x); }'),
    ).toMatchObject({
      kind: 'int',
      value: 64n,
    });
  });
});
