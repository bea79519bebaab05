import { describe, expect, it } from 'vitest';
import { writeElf } from '../../linker/elf/write.ts';
import { renderInspection } from '../../linker/inspect/render.ts';
import { inspectObject, writtenPaths } from '../../linker/inspect.ts';
import { link } from '../../linker/link.ts';
import { build } from '../support/build.ts';
import { scriptInput } from './fixtures.ts';

const object = link(scriptInput());

describe('an inspection', () => {
  it('lists programs with their sections, sizes and probes', () => {
    const { programs, functions } = inspectObject(object);
    expect(programs.map(({ name, section, probes }) => [name, section, ...probes])).toEqual([
      ['switch_1', 'tracepoint/sched/sched_switch', 'tracepoint:sched:sched_switch'],
      ['uprobe_2', 'uprobe', 'uprobe:/bin/bash:readline'],
      ['uprobe_3', 'uprobe'],
    ]);
    expect(programs[1]?.instructions).toBe(2);
    expect(functions).toEqual([{ name: 'step', instructions: 5 }]);
  });

  it('lists what it takes capabilities for', () => {
    const names = (script: string): readonly string[] =>
      inspectObject(build(script, { unsafe: true })).capabilities.map(
        (use) => `${use.capability}${use.names ? ' for names' : ''}`,
      );
    const always = ['CAP_BPF', 'CAP_PERFMON'];
    expect(names('begin { }')).toEqual(always);
    expect(names('tracepoint:sched:sched_switch { }')).toEqual([...always, 'CAP_DAC_READ_SEARCH']);
    expect(names('kprobe:vfs_* { }')).toEqual([...always, 'CAP_DAC_READ_SEARCH']);
    expect(names('kprobe:vfs_read { }')).toEqual(always);
    expect(names('uprobe:/bin/true:main { write_user(arg0, 1, 1); }')).toEqual([
      ...always,
      'CAP_SYS_ADMIN',
      'CAP_SYS_ADMIN',
    ]);
    expect(names('begin { print(kaddr("schedule")); }')).toEqual([...always, 'CAP_SYSLOG']);
    expect(names('kprobe:vfs_read { @[kstack, (1, usym(arg0))] = count(); }')).toEqual([
      ...always,
      'CAP_SYSLOG for names',
      'CAP_SYS_PTRACE for names',
    ]);
    expect(names('kprobe:vfs_read { @[kstack(raw), ustack(raw)] = count(); }')).toEqual(always);
    const text = renderInspection(inspectObject(build('kprobe:vfs_read { print(kstack); }')));
    expect(text).toContain('CAP_SYSLOG   for names of kernel functions; without it, addresses');
  });

  it('names what keeps values with threads, which has no number of entries', () => {
    const times = 'tracepoint:syscalls:sys_enter_read { @s[tid] = nsecs; } end { clear(@s); }';
    const text = renderInspection(inspectObject(build(times)));
    expect(text).toMatch(
      /^ {2}@s +threads_AT_s +task_storage +an entry a thread +key 4 +value 16$/m,
    );
    expect(text).toMatch(/^ {2}@s +AT_s +hash +4096 entries +key 4 +value 8$/m);
  });

  it("lists kernel maps with the script's name, from BTF", () => {
    expect(inspectObject(object).maps).toEqual([
      {
        name: 'AT_',
        script: '@',
        type: 'percpu_array',
        maxEntries: 1,
        flags: 0,
        keySize: 4,
        valueSize: 16,
      },
      { name: 'AT_k', type: 'hash', maxEntries: 4096, flags: 1, keySize: 32, valueSize: 8 },
    ]);
  });

  it('lists what is adapted to the host', () => {
    expect(inspectObject(object).relocations).toEqual([
      {
        function: 'switch_1',
        instruction: expect.any(Number),
        by: 'tracepoint',
        kind: 'offset',
        of: 'sched:sched_switch.next_pid',
      },
    ]);
  });

  it('says of each field in which program it is read, and by which instruction', () => {
    const read = 'print(curtask.pid);';
    const { relocations, programs } = inspectObject(
      build(`begin { ${read} } end { print(1); ${read} } kprobe:vfs_read { ${read} }`),
    );
    const core = relocations.filter(({ by }) => by === 'core');
    expect(new Set(core.map(({ function: name }) => name))).toEqual(
      new Set(programs.map(({ name }) => name)),
    );
    for (const { function: name, instruction } of core) {
      const program = programs.find((one) => one.name === name);
      expect(instruction).toBeGreaterThan(0);
      expect(instruction).toBeLessThan(program?.instructions ?? 0);
    }
  });

  it('lists the paths at which it pins, and the files that it writes', () => {
    const pinned = build('iter:task:/sys/fs/bpf/tasks { printf("a\\n"); }');
    expect(writtenPaths(pinned)).toEqual(['/sys/fs/bpf/tasks']);
    expect(writtenPaths(build('begin { cat("/etc/hosts"); }', { unsafe: true }))).toEqual([]);
    expect(writtenPaths(build('begin { }'))).toEqual([]);
    expect(writtenPaths(writeElf([], []).bytes)).toEqual([]);
  });

  it('tells a changed file', () => {
    expect(inspectObject(object).digest).toBe('valid');
    const changed = Buffer.from(object);
    changed.write('GPX', changed.indexOf('GPL\0'));
    expect(inspectObject(changed).digest).toBe('wrong');
  });

  it('reads as text', () => {
    const text = renderInspection(inspectObject(object));
    expect(text).toContain('compiled for  6.12.0 x86_64\n');
    expect(text).toContain('digest        valid\n');
    expect(text).toMatch(/^ {2}switch_1 {2}tracepoint\/sched\/sched_switch {2}\d+ instructions$/m);
    expect(text).toMatch(/^ {4}tracepoint:sched:sched_switch$/m);
    expect(text).toMatch(/^ {2}@ {2}AT_ {3}percpu_array {2}1 entry {7}key 4 {3}value 16$/m);
    expect(text).toContain('sched:sched_switch.next_pid');
    expect(text).not.toContain('undefined');
  });

  it('shows BTF as text', () => {
    const { btfText } = inspectObject(object);
    expect(btfText).toMatch(/DATASEC '\.bss' size=16\n\t'AT_x' type=\d+ offset=0 size=8/);
    expect(btfText).toMatch(
      /STRUCT size=32\n\t'_0' type=\d+ offset=0\n\t'_1' type=\d+ offset=4\n\t'_2'/,
    );
  });
});
