/** Objects that were built for the kernel of the embedded description, on this one. */

import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import { inspectObject } from '../../linker/inspect.ts';
import { compileText } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const built = loadKernelDescription('default');
const seriesOf = (release: string) => /^\d+\.\d+/.exec(release)?.[0];
const once = { signal: 'none' } as const;

/** Enumerators that the two kernels number differently, on any pair of versions but neighbours. */
const MOVING = ['NR_VM_EVENT_ITEMS', 'SKB_DROP_REASON_MAX', 'NR_VM_NODE_STAT_ITEMS'];

describe('relocations of enumerators', () => {
  it('[AOT-002] are there for enums of the kernel that have a name', () => {
    const relocated = (script: string) => {
      const object = compileText(script).object?.();
      return inspectObject(object ?? new Uint8Array())
        .relocations.filter(({ kind }) => kind === 'enumval_value')
        .map(({ of }) => of);
    };
    expect(relocated('begin { printf("%d", NR_VM_EVENT_ITEMS); }')).toEqual([
      'vm_event_item.NR_VM_EVENT_ITEMS',
    ]);
    expect(relocated('begin { printf("%d", NR_VM_EVENT_ITEMS - 1); }')).toHaveLength(1);
    expect(relocated('enum mine { A = 3 }; begin { printf("%d", A); }')).toEqual([]);
    expect(relocated('begin { printf("%d", NR_VM_EVENT_ITEMS > 5); }')).toHaveLength(1);
    expect(relocated('begin { printf("%d", sizeof((NR_VM_EVENT_ITEMS))); }')).toEqual([]);
  });

  it('[AOT-018] objects keep the names of enumerators', () => {
    const manifest = inspectObject(
      compileText('begin { $r = SKB_DROP_REASON_NOT_SPECIFIED; print($r); }').object?.() ??
        new Uint8Array(),
    ).manifest as { enums: { name: string; values: [string, string][] }[] };
    expect(manifest.enums.map(({ name }) => name)).toEqual(['skb_drop_reason']);
    expect(manifest.enums[0]?.values).toContainEqual(['SKB_DROP_REASON_NOT_SPECIFIED', '2']);
  });
});

needs('root').describe('on this kernel', () => {
  const here = loadKernelDescription('host');

  it('[AOT-002] enumerators have the values of this kernel', async () => {
    for (const name of MOVING) {
      const value = here.types.enumerator(name)?.value ?? 0n;
      const { stdout } = await run(
        `begin { $x = ${name}; printf("%d %d %d %d\\n", ${name}, ${name} - 1, $x, $x == ${value}); @[${name} + 1] = 1; }`,
        once,
      );
      expect(stdout).toContain(`${value} ${value - 1n} ${value} 1\n`);
      expect(stdout).toContain(`@[${value + 1n}]: 1\n`);
    }
    // Or nothing would be proven.
    expect(
      MOVING.some(
        (name) => here.types.enumerator(name)?.value !== built.types.enumerator(name)?.value,
      ),
    ).toBe(here.release !== built.release);
  });

  it('[AOT-003] what this kernel lacks is named, and does no harm where it is not reached', async () => {
    const missing = missingMember();
    // Kernels of one series may have the same members.
    if (!missing) return expect(seriesOf(here.release)).toBe(seriesOf(built.release));
    const { stderr, status } = await run(`begin { print(curtask.${missing}); }`, once);
    expect(stderr).toBe(
      `stdin:1: ERROR: This kernel has no struct task_struct.${missing}, which the script uses. It was built for Linux ${built.release}.\n` +
        'HINT: Behind a parameter, as in `if ($1) { ... }`, or a question, as in `if (field_exists($p.f)) { ... }`, it is not loaded where that is 0.\n',
    );
    expect(status).toBe(3);
    for (const guard of ['getopt("old")', '$1']) {
      const guarded = await run(
        `begin { if (${guard}) { print(curtask.${missing}); } print(curtask.comm); }`,
        { ...once, flags: ['--no-warnings'] },
      );
      expect(guarded.stdout).toBe('bpfload\n\n\n');
    }
  });

  it('[AOT-011] casts to types of the kernel follow it', async () => {
    const { stdout } = await run(
      'begin { $a = (uint64)curtask; $t = (struct task_struct *)$a; print(($t.pid == tid, ((struct task_struct *)$a)->group_leader.tgid == pid, (uint8)$t.pid == (uint8)tid)); }',
      once,
    );
    expect(stdout).toMatch(/^\(true, true, true\)\n/);
  });

  it('[AOT-018] enums print their names', async () => {
    const { stdout } = await run(
      'begin { $r = SKB_DROP_REASON_NOT_SPECIFIED; print($r); printf("%s %d\\n", $r, $r); @[$r] = 1; }',
      once,
    );
    expect(stdout).toBe(
      'SKB_DROP_REASON_NOT_SPECIFIED\nSKB_DROP_REASON_NOT_SPECIFIED 2\n\n\n@[SKB_DROP_REASON_NOT_SPECIFIED]: 1\n',
    );
  });

  it('arguments of raw tracepoints are found by their names', async () => {
    // The lock is taken for writing by mmap(2) and for reading by page faults.
    const { stdout, stderr } = await run(
      `rawtracepoint:mmap_lock_acquire_returned /comm == "ls"/ { @acquired[args.write, args.success] = count(); }
       rawtracepoint:mmap_lock_released /comm == "ls"/ { @released[args.write] = count(); }`,
      { workload: () => void execFileSync('ls') },
    );
    const keys = (map: string) => mapEntries(stdout, map).map(([key]) => key);
    expect(keys('@acquired').sort(), stderr).toEqual(['false, true', 'true, true']);
    expect(keys('@released').sort()).toEqual(['false', 'true']);
  });

  it('an argument that this kernel does not have is named, with its place', async () => {
    const event = 'mmap_lock_released';
    const script = `rawtracepoint:${event} {\n  print((uint64)args.mm);\n  print((uint64)args.memcg_path); }`;
    if (here.rawTracepoint(event)?.some(({ name }) => name === 'memcg_path'))
      return expect((await run(script, { ...once, flags: ['--dry-run'] })).status).toBe(0);
    const { stderr, status } = await run(script, once);
    expect(stderr).toBe(
      `stdin:3: ERROR: rawtracepoint:${event} has no argument 'memcg_path' on this kernel. It has: mm, write.\n` +
        'HINT: Build the script with --kernel, against a description of this kernel.\n',
    );
    expect(status).toBe(3);
  });

  it('text of tracepoints is read from fixed and from dynamic arrays', async () => {
    const { stdout, stderr } = await run(
      `tracepoint:sched:sched_process_fork { @fork[args.parent_comm == comm] = count(); @named[args.child_comm] = count(); }
       tracepoint:sched:sched_stat_runtime /args.pid == tid/ { @runtime[args.comm == comm] = count(); }`,
      { workload: () => void execFileSync('sh', ['-c', 'ls >/dev/null; ls >/dev/null']) },
    );
    expect(
      mapEntries(stdout, '@fork').map(([key]) => key),
      stderr,
    ).toEqual(['true']);
    expect(mapValue(stdout, '@named', 'sh')).toBeGreaterThan(0);
    expect(mapEntries(stdout, '@runtime').map(([key]) => key)).toEqual(['true']);
  });

  it('copies of tracepoint fields have the text of dynamic arrays', async () => {
    const { stdout } = await run(
      `tracepoint:sched:sched_process_exec /str(args.filename) == "/bin/true"/ { print(*args); }`,
      { workload: () => void execFileSync('/bin/true') },
    );
    expect(stdout).toMatch(/^\{ \.filename = \/bin\/true, \.pid = \d+, \.old_pid = \d+ \}\n/);
  });

  /** A number in struct task_struct that the description has and this kernel does not. */
  function missingMember(): string | undefined {
    const task = built.types.struct('struct', 'task_struct');
    const other = here.types.struct('struct', 'task_struct');
    if (!task || !other) return undefined;
    return built.types
      .members(task)
      .find(
        ({ name, type, bitSize }) =>
          type.kind === 'int' && bitSize === 0 && !here.types.member(other, name),
      )?.name;
  }
});
