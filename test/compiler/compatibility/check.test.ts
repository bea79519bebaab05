/** What is said of objects on kernels that differ from the one that they were built for. */
import { describe, expect, it } from 'vitest';
import { checkBytes, checkOn } from '../../../compiler/compatibility/check.ts';
import type { Finding } from '../../../compiler/compatibility/finding.ts';
import { openHost } from '../../../compiler/compatibility/host.ts';
import { openObject } from '../../../compiler/compatibility/object.ts';
import type { Kernel } from '../../../compiler/kernel/description.ts';
import { loadKernelDescription } from '../../../compiler/kernel/load.ts';
import { build } from '../../support/build.ts';
import { descriptionOf } from '../../support/machine.ts';
import { needs } from '../../support/needs.ts';
import { EMBEDDED, kernelWith, kernelWithout } from './kernels.ts';

/** What is not ok, without what the description does not say. */
function notOk(script: string, kernel: Kernel): readonly Finding[] {
  return checkBytes(build(script), kernel).findings.filter(
    ({ verdict }) => verdict !== 'ok' && verdict !== 'unknown',
  );
}

const COMM = { kind: 'string', size: 16 } as const;
const READS_SOCKETS = 'kprobe:tcp_close {\n  @[((struct sock *)arg0).sk_mark] = count();\n}';

describe('An object on the kernel that it was built for', () => {
  it('loads, and all that it asks for is ok', () => {
    const { loads, findings } = checkBytes(
      build(
        `${READS_SOCKETS} fexit:vfs_read { @r[retval] = count(); } tracepoint:sched:sched_switch { @s[args.next_comm] = count(); }
         rawtracepoint:sched_wakeup { @w[args.p.pid] = count(); } begin { print(sizeof(struct sock)); print(NR_VM_EVENT_ITEMS); }`,
      ),
      EMBEDDED,
    );
    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(loads).toBe(true);
    expect(new Set(findings.map(({ kind }) => kind))).toEqual(
      new Set([
        ...['architecture', 'probe', 'program type', 'map type', 'helper', 'feature'],
        ...['tracepoint field', 'argument', 'member', 'type', 'enumerator'],
      ]),
    );
  });
});

describe('An object on another kernel', () => {
  it('does not load without a member, and says where the script reads it', () => {
    const kernel = kernelWithout('sk_mark');
    expect(checkBytes(build(READS_SOCKETS), kernel).loads).toBe(false);
    expect(notOk(READS_SOCKETS, kernel)).toEqual([
      expect.objectContaining({
        kind: 'member',
        name: 'struct sock.sk_mark',
        verdict: 'missing',
        reason: `This kernel has no struct sock.sk_mark, which the script uses. It was built for Linux ${EMBEDDED.release}.`,
        place: expect.objectContaining({ file: 'stdin', line: 2 }),
      }),
    ]);
  });

  it('does not load with another number than code is made of', () => {
    const script =
      'begin {\n  @ = lhist(1, 0, sizeof(struct sock), 10); @a = hist(1, PIDTYPE_PGID); }';
    expect(notOk(script, EMBEDDED)).toEqual([]);
    expect(notOk(script, kernelWithout('sock'))).toMatchObject([
      { kind: 'type', name: 'sizeof(struct sock)', verdict: 'missing', place: { line: 2 } },
    ]);
  });

  it('loads with a member of another width that only a branch reads which is not taken', () => {
    const script = (condition: string) => `struct sock___narrow { short sk_mark; }
      kprobe:tcp_close { $s = (struct sock___narrow *)arg0; if (${condition}) { @[$s.sk_mark] = count(); } }`;
    expect(checkBytes(build(script('$1')), EMBEDDED).loads).toBe(true);
    expect(checkBytes(build(script('arg1')), EMBEDDED).loads).toBe(false);
  });

  it('loads without a member that only a branch reads which is not taken', () => {
    const script = `kprobe:tcp_close { if ($1) { @[((struct sock *)arg0).sk_mark] = count(); } }`;
    const kernel = kernelWithout('sk_mark');
    expect(checkBytes(build(script), kernel).loads).toBe(true);
    expect(notOk(script, kernel)).toMatchObject([
      {
        name: 'struct sock.sk_mark',
        verdict: 'left out',
        reason: expect.stringMatching(/ The script does not come to it on this kernel\.$/),
      },
    ]);
  });

  it('has a member that the script asks for where it is of one of the kinds that members are of', () => {
    const script = `rawtracepoint:sched_switch {
      $p = args.prev;
      @[field_exists($p.__state) ? $p.__state : $p.state] = count();
      @t[field_exists($p.stack) ? 1 : 2, field_exists($p.comm) ? 1 : 2, field_exists($p.se) ? 1 : 2] = count();
    }`;
    const name = 'struct task_struct.__state';
    const old = { name: 'struct task_struct.state', verdict: 'left out' };
    expect(notOk(script, EMBEDDED)).toMatchObject([old]);
    expect(checkBytes(build(script), EMBEDDED).findings).toContainEqual(
      expect.objectContaining({ name, verdict: 'ok' }),
    );
    const without = checkBytes(build(script), kernelWithout('__state')).findings;
    expect(without).toContainEqual(
      expect.objectContaining({
        name,
        verdict: 'left out',
        reason: `This kernel has no ${name}: the script asks whether it has, and goes on without.`,
      }),
    );
  });

  it('says where a member stands that only the script describes, and no place in the kernel it was built for', () => {
    const script = `struct sock___mine { unsigned int sk_mark; }
      kprobe:tcp_close { @[((struct sock___mine *)arg0).sk_mark] = count(); }`;
    expect(notOk(script, EMBEDDED)).toMatchObject([
      {
        name: 'struct sock___mine.sk_mark',
        verdict: 'adapted',
        reason: expect.stringMatching(/^It stands \d+ bytes from the start\.$/),
      },
    ]);
  });

  it('does not load without a type or an enumerator', () => {
    expect(notOk('begin { print(sizeof(struct sock)); }', kernelWithout('sock'))).toMatchObject([
      {
        kind: 'type',
        verdict: 'missing',
        reason: `This kernel has no struct sock, which the script uses. It was built for Linux ${EMBEDDED.release}.`,
      },
    ]);
    expect(
      notOk('begin { print((uint64)NR_VM_EVENT_ITEMS); }', kernelWithout('NR_VM_EVENT_ITEMS')),
    ).toMatchObject([{ name: 'enum vm_event_item::NR_VM_EVENT_ITEMS', verdict: 'missing' }]);
    expect(
      notOk('begin { print((uint64)REQ_F_FORCE_ASYNC); }', kernelWithout('REQ_F_FORCE_ASYNC')),
    ).toMatchObject([{ kind: 'enumerator', name: 'REQ_F_FORCE_ASYNC', verdict: 'missing' }]);
  });

  it('does not load without a helper, a type of maps or of programs', () => {
    expect(
      notOk('begin { for $i : 0..pid { @ = $i; } }', kernelWithout('BPF_FUNC_loop')),
    ).toMatchObject([
      {
        kind: 'helper',
        name: 'bpf_loop',
        reason: `This kernel (${EMBEDDED.release}) lacks bpf_loop, which the script needs and Linux 5.17 brings.`,
      },
    ]);
    expect(notOk('begin {\n  print(1); }', kernelWithout('BPF_MAP_TYPE_RINGBUF'))).toMatchObject([
      { kind: 'map type', name: 'ringbuf', verdict: 'missing', place: { line: 2, column: 3 } },
    ]);
    expect(
      notOk('fentry:vfs_read { @ = count(); }', kernelWithout('BPF_TRACE_FENTRY')),
    ).toMatchObject([
      { kind: 'program type', name: 'trace_fentry', verdict: 'missing' },
      { kind: 'feature', name: 'fentry', verdict: 'missing' },
    ]);
  });

  it('does without what keeps values with threads, as the loader does before Linux 6.4', () => {
    const script =
      'tracepoint:syscalls:sys_enter_read { @s[tid] = nsecs; delete(@s, tid); } end { clear(@s); }';
    const names = ['BPF_MAP_TYPE_TASK_STORAGE', 'BPF_FUNC_task_storage_get'];
    const old = { ...kernelWithout(...names, 'BPF_FUNC_get_current_task_btf'), release: '5.10.0' };
    expect(checkBytes(build(script), old).loads).toBe(true);
    expect(notOk(script, old)).toMatchObject([
      { kind: 'map type', name: 'task_storage', verdict: 'left out' },
      { kind: 'helper', name: 'bpf_get_current_task_btf', verdict: 'left out' },
      { kind: 'helper', name: 'bpf_task_storage_get', verdict: 'left out' },
    ]);
    expect(notOk(script, EMBEDDED)).toEqual([]);
    expect(notOk(script, kernelWithout('BPF_FUNC_task_storage_get'))).toMatchObject([
      { kind: 'helper', name: 'bpf_task_storage_get', verdict: 'missing' },
    ]);
  });

  it('does not load without its events and functions, unless the script says that they may be missing', () => {
    const script = 'rawtracepoint:sched_wakeup { @ = count(); }';
    const kernel = kernelWithout('btf_trace_sched_wakeup');
    expect(notOk(script, kernel)).toMatchObject([
      {
        kind: 'probe',
        verdict: 'missing',
        reason: 'No matches for rawtracepoint sched_wakeup.',
        place: { file: 'stdin', line: 1 },
      },
    ]);
    expect(notOk(`config = { missing_probes = warn } ${script} begin { }`, kernel)).toMatchObject([
      { kind: 'probe', verdict: 'left out' },
    ]);
    const none = kernelWith({ matchTracepoints: () => [], tracepoint: () => undefined });
    expect(notOk('tracepoint:sched:sched_switch { @ = count(); }', none)).toMatchObject([
      { verdict: 'missing', reason: 'No matches for tracepoint sched:sched_switch.' },
    ]);
  });

  it('does not load for another architecture', () => {
    const { loads, findings } = checkBytes(
      build('kprobe:vfs_read {\n  @ = arg2; }'),
      kernelWith({ arch: 'aarch64' }),
    );
    expect(loads).toBe(false);
    expect(findings).toMatchObject([
      {
        kind: 'architecture',
        name: 'x86_64',
        reason:
          'The object was built for x86_64, and this kernel is of aarch64: arg2 is in a register of x86_64.',
        place: { file: 'stdin', line: 2 },
      },
    ]);
  });

  it('says no place that the object does not have', () => {
    const object = openObject(build('kprobe:vfs_read {\n  @ = arg2; }'));
    const tied = (tie: object) =>
      checkOn(
        { ...object, manifest: { ...object.manifest, ties: [tie] } as typeof object.manifest },
        openHost(kernelWith({ arch: 'aarch64' })),
      ).findings[0];
    expect(tied({ reason: 'so it is', line: 0 })).not.toHaveProperty('place');
    expect(tied({ reason: 'so it is' })).not.toHaveProperty('place');
    expect(tied({ reason: 'so it is', line: 1 })).toMatchObject({
      reason: 'The object was built for x86_64, and this kernel is of aarch64: so it is.',
      place: { file: 'stdin', line: 1, column: 0 },
      hint: 'Build the script with --kernel, against a description of a kernel for aarch64.',
    });
    expect(tied({ reason: 'x', line: 1, file: 'own.bt' })?.place).toMatchObject({ file: 'own.bt' });
  });

  it('loads for another architecture where nothing ties it to its own', () => {
    const { loads, findings } = checkBytes(
      build('kprobe:vfs_read { @[comm, curtask.tgid] = count(); }'),
      kernelWith({ arch: 'aarch64' }),
    );
    expect(loads).toBe(true);
    expect(findings).toContainEqual({ kind: 'architecture', name: 'any', verdict: 'ok' });
  });

  it('does not load where the kernel was built without what a probe needs', () => {
    const config = new Map([...(EMBEDDED.config() ?? []), ['CONFIG_BPF_SYSCALL', 'y']]);
    const kernel = kernelWith({ config: () => config });
    const script = 'uprobe:/bin/sh:0 { @ = count(); }';
    config.set('CONFIG_BPF_EVENTS', 'y');
    config.delete('CONFIG_UPROBE_EVENTS');
    expect(notOk(script, kernel)).toMatchObject([
      {
        kind: 'config',
        name: 'CONFIG_UPROBE_EVENTS',
        reason: 'This kernel was built without CONFIG_UPROBE_EVENTS, which the script needs.',
      },
    ]);
    config.set('CONFIG_UPROBE_EVENTS', 'y');
    expect(notOk(script, kernel)).toEqual([]);
  });

  it('has the fields of tracepoints where they are there, as wide as they are', () => {
    const script = 'tracepoint:sched:sched_switch { @[args.next_prio] = count(); }';
    const changed = (change: Readonly<Record<string, unknown>>): Kernel =>
      kernelWith({
        tracepoint: (category, event) =>
          EMBEDDED.tracepoint(category, event)?.map((field) =>
            field.name === 'next_prio' ? { ...field, ...change } : field,
          ),
      });
    const name = 'sched:sched_switch.next_prio';
    expect(notOk(script, changed({ offset: 100 }))).toMatchObject([{ name, verdict: 'adapted' }]);
    // A text that stands in the record, and one whose place does.
    const text = 'tracepoint:sched:sched_process_exec { print(str(args.filename)); }';
    expect(notOk(text, EMBEDDED)).toEqual([]);
    const plain = kernelWith({
      tracepoint: (category, event) =>
        EMBEDDED.tracepoint(category, event)?.map((field) =>
          field.name === 'filename'
            ? { ...field, ctype: 'char[16]', size: 16, dataLoc: false, type: COMM }
            : field,
        ),
    });
    expect(notOk(text, plain)).toMatchObject([
      { name: 'sched:sched_process_exec.filename', verdict: 'adapted' },
    ]);
    expect(notOk(script, changed({ size: 2 }))).toMatchObject([{ name, verdict: 'adapted' }]);
    expect(notOk(script, changed({ size: 8 }))).toMatchObject([
      {
        name,
        verdict: 'other layout',
        reason:
          "Field 'next_prio' of tracepoint sched:sched_switch has 8 bytes on this kernel, and the script was built for 4.",
      },
    ]);
    expect(notOk(script, changed({ name: 'next_priority' }))).toMatchObject([
      {
        verdict: 'missing',
        reason: "Tracepoint sched:sched_switch has no field 'next_prio' on this kernel.",
      },
    ]);
  });
});

needs('Linux 6.1').describe('An object on Linux 6.1', () => {
  const kernel = () => loadKernelDescription(descriptionOf('6.1'));

  it('has members elsewhere, and does not take a wider number for a narrower one', () => {
    expect(notOk(READS_SOCKETS, kernel())).toMatchObject([{ verdict: 'adapted' }]);
    const own = build('kprobe:tcp_close { @[((struct sock *)arg0).sk_tsflags] = count(); }', {
      kernel: descriptionOf('6.1'),
    });
    expect(
      checkBytes(own, EMBEDDED).findings.filter(({ verdict }) => verdict === 'other layout'),
    ).toMatchObject([
      {
        name: 'struct sock.sk_tsflags',
        reason: expect.stringMatching(
          /^sk_tsflags of struct sock has 32 bits on this kernel, and the script was built for 16\.$/,
        ),
      },
    ]);
  });

  it('has no trampoline for functions whose arguments are more than six words', () => {
    expect(
      notOk('fentry:__cgroup_bpf_run_filter_getsockopt { @ = count(); }', kernel()),
    ).toMatchObject([
      {
        kind: 'probe',
        verdict: 'missing',
        reason:
          'Cannot attach fentry:__cgroup_bpf_run_filter_getsockopt: its arguments are 7 words, and trampolines of this kernel pass on 6; Linux 6.6 brings more.',
      },
    ]);
  });

  it('has other numbers than those that code was made of', () => {
    const script = 'begin {\n  @ = lhist(5, 0, NR_VM_EVENT_ITEMS, 10);\n}';
    expect(notOk(script, kernel())).toMatchObject([
      {
        name: 'NR_VM_EVENT_ITEMS',
        verdict: 'other layout',
        reason: expect.stringMatching(
          /^NR_VM_EVENT_ITEMS is \d+ on this kernel, and the script was compiled with \d+, that of Linux \S+: it stands where a literal is needed\.$/,
        ),
        place: { file: 'stdin', line: 2 },
      },
    ]);
    const layouts =
      'begin { @ = lhist(1, 0, offsetof(struct task_struct, pid), 100); @s = lhist(1, 0, sizeof(struct task_struct), 100); }';
    expect(notOk(layouts, kernel()).map(({ name }) => name)).toEqual([
      'offsetof(struct task_struct, pid)',
      'sizeof(struct task_struct)',
    ]);
    expect(notOk(layouts, EMBEDDED)).toEqual([]);
  });

  it("has structs of another size in the script's own", () => {
    const script = (value: string) =>
      `struct all { struct hlist_node n; struct task_struct t; atomic_t a; int end; }\nbegin {\n  print(${value});\n}`;
    for (const value of [
      'sizeof(struct all)',
      'offsetof(struct all, end)',
      '(struct all *)1 + 1',
    ]) {
      expect(notOk(script(value), kernel())).toMatchObject([
        {
          name: 'sizeof(struct task_struct)',
          verdict: 'other layout',
          reason: expect.stringMatching(
            /^sizeof\(struct task_struct\) is \d+ on this kernel, and the script's struct all was laid out with \d+, that of Linux \S+\.$/,
          ),
          place: { file: 'stdin', line: 3 },
        },
      ]);
      expect(notOk(script(value), EMBEDDED)).toEqual([]);
    }
    expect(notOk(script('offsetof(struct all, t)'), kernel())).toEqual([]);
  });

  it('has pointers to other structs and numbers, which may not be followed as those of before', () => {
    const read = (value: string) =>
      `begin {\n  $k = (struct kvm_stat_data *)1;\n  print(${value});\n}`;
    const why =
      'desc of struct kvm_stat_data is a pointer to struct _kvm_stats_desc on this kernel, and the script was built for a pointer to struct kvm_stats_desc.';
    expect(notOk(read('$k.desc.name[0]'), kernel())).toMatchObject([
      { verdict: 'other layout', reason: why, place: { line: 3 } },
    ]);
    for (const value of ['(uint64)$k.desc', '((struct kvm_stat_data *)$k.desc).kvm'])
      expect(notOk(read(value), kernel())).toMatchObject([]);
    const number = 'begin { $i = (struct inode *)1; print(*((struct task_struct *)1).ret_stack); }';
    expect(notOk(number, kernel())).toMatchObject([
      {
        reason:
          'ret_stack of struct task_struct is a pointer to struct ftrace_ret_stack on this kernel, and the script was built for a pointer to long unsigned int.',
      },
    ]);
    const flavour = `struct kvm_stat_data___old { struct kvm_stats_desc *desc; }\n${read('$k.desc.name[0]').replace('data', 'data___old')}`;
    expect(notOk(flavour, kernel()).map(({ reason }) => reason)).toContain(
      why.replace('struct kvm_stat_data', 'struct kvm_stat_data___old'),
    );
  });

  it('has its structs otherwise where they are copied whole', () => {
    const script = 'rawtracepoint:sched_wakeup { @m[1] = *args.p.signal; }';
    expect(notOk(script, kernel())).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'copied struct', verdict: 'other layout' }),
      ]),
    );
    const kinds = (struct: string) =>
      notOk(`begin { print(*(struct ${struct} *)1); }`, kernel()).map(({ reason }) => reason);
    // As many bytes, but a truth that became a number, and numbers that became pointers.
    for (const [struct, member] of [
      ['mtrr_state_type', 'have_fixed'],
      ['pp_alloc_cache', 'cache'],
    ] as const)
      expect(kinds(struct)).toEqual([
        `struct ${struct} has its member ${member} otherwise on this kernel, and the script copies it whole.`,
      ]);
    // A counter in another struct is the same number.
    expect(kinds('nsproxy')).toEqual([]);
  });
});
