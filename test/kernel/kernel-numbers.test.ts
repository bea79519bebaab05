/** Names, values, sizes and places of the kernel's types in objects that were built for another kernel. */

import { expect, it } from 'vitest';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, type RunResult, run } from '../support/run.ts';

const built = loadKernelDescription('default');
const sizeOf = (struct: string) => built.types.struct('struct', struct)?.size;
const once = { signal: 'none' } as const;

needs('root').describe('numbers of another kernel', () => {
  const here = loadKernelDescription('host');

  /** What an object prints that was built for another kernel, and what it would have to. */
  async function both(script: string, options: RunOptions = {}): Promise<[RunResult, RunResult]> {
    const wanted = await run(script, { ...once, ...options, kernel: 'host' });
    return [await run(script, { ...once, ...options }), wanted];
  }

  it.each([
    'print(SKB_DROP_REASON_UDP_CSUM); print((SKB_DROP_REASON_TCP_FLAGS, NR_VM_EVENT_ITEMS));',
    'printf("%s %s %d\\n", SKB_DROP_REASON_NOMEM, SKB_DROP_REASON_MAX, SKB_DROP_REASON_MAX);',
    '@[SKB_DROP_REASON_NOMEM] = SKB_DROP_REASON_SKB_CSUM; @b = NR_VM_NODE_STAT_ITEMS;',
    'print((enum skb_drop_reason)SKB_DROP_REASON_TCP_RFC7323_PAWS);',
  ])('[AOT-018] enumerators go by the names of this kernel: %s', async (script) => {
    for (const flags of [[], ['-f', 'json']]) {
      const [result, wanted] = await both(`begin { ${script} exit(); }`, { flags });
      expect(result).toMatchObject({ stdout: wanted.stdout, status: 0 });
      if (flags.length === 0) expect(result.stdout).toMatch(/SKB_|NR_/);
    }
  });

  it('[AOT-002] enumerators of enums without a name have the values of this kernel', async () => {
    const [result, wanted] = await both(
      'begin { printf("%d %d %d\\n", (uint64)REQ_F_APOLL_MULTISHOT, BIO_QOS_MERGED, BIO_CHAIN | REQ_F_FORCE_ASYNC); print(REQ_F_APOLL_MULTISHOT); exit(); }',
    );
    expect(result.stdout).toBe(wanted.stdout);
    expect(result.stdout).toContain(
      `${here.types.enumerator('REQ_F_APOLL_MULTISHOT')?.value} ${here.types.enumerator('BIO_QOS_MERGED')?.value} `,
    );
    expect(result.stdout).toContain('\nREQ_F_APOLL_MULTISHOT\n');
  });

  it('[AOT-002] those that this kernel lacks are named, with their place', async () => {
    const name = 'EVENT_FILE_FL_SOFT_MODE';
    const known = here.types.enumerator(name);
    const script = `begin {\n  print((uint64)${name}); exit(); }`;
    const { stdout, stderr, status } = await run(script, once);
    if (known) return expect(stdout).toContain(`${known.value}\n`);
    expect(stderr).toContain(
      `stdin:2: ERROR: This kernel has no enumerator ${name}, which the script uses. It was built for Linux ${built.release}.\n`,
    );
    expect(status).toBe(3);
    const asked = [
      `if (enum_exists(${name})) { print((uint64)${name}); } print("gone on");`,
      `if ($1) { print((uint64)${name}); } print("gone on");`,
    ];
    for (const script of asked)
      expect((await run(`begin { ${script} exit(); }`, once)).stdout).toContain('gone on\n');
  });

  it.each([
    '-NR_VM_EVENT_ITEMS, ~SKB_DROP_REASON_MAX, (uint8)NR_VM_EVENT_ITEMS',
    `SKB_DROP_REASON_MAX == ${built.types.enumerator('SKB_DROP_REASON_MAX')?.value}, NR_VM_EVENT_ITEMS > ${built.types.enumerator('NR_VM_EVENT_ITEMS')?.value}`,
    '10000 / NR_VM_EVENT_ITEMS, 10000 % SKB_DROP_REASON_MAX, 1 << (SKB_DROP_REASON_MAX & 31)',
    `SKB_DROP_REASON_MAX - ${built.types.enumerator('SKB_DROP_REASON_MAX')?.value} ? 1 : 2`,
    'sizeof(struct task_struct), sizeof(struct pglist_data), sizeof(struct task_struct) / 8 + 1',
    'offsetof(struct task_struct, pid), offsetof(struct task_struct, se.run_node), -offsetof(struct sock, sk_mark)',
    `sizeof(struct task_struct) > ${sizeOf('task_struct')}, sizeof(struct zone) == ${sizeOf('zone')}`,
    'sizeof(curtask.cpus_mask.bits), sizeof(curtask.cpus_mask.bits[0]), sizeof(curtask.mm.saved_auxv), sizeof(curtask.comm)',
    'sizeof(((struct pglist_data *)0).node_zones), sizeof(((struct sock *)0).sk_backlog), sizeof(struct zone[3])',
    '(uint64)((struct task_struct *)4096 + 1), (uint64)((struct task_struct *)4096 - 1)',
    '(uint64)((struct pglist_data *)4096 + NR_VM_EVENT_ITEMS), (uint64)((int8 *)4096 + NR_VM_EVENT_ITEMS)',
  ])('[AOT-001] %s follows this kernel', async (values) => {
    const [result, wanted] = await both(`begin { print((${values})); exit(); }`);
    expect(result).toMatchObject({ stdout: wanted.stdout, status: 0 });
  });

  const numbers = Array.from({ length: 60 }, (_, index) => index).join(', ');
  const events = built.types.enumerator('NR_VM_EVENT_ITEMS')?.value ?? 0n;

  it.each([
    `for $i : 0..(NR_VM_EVENT_ITEMS - ${events - 2n}) { print($i); }`,
    `print(str("abcdefghijklmnopqrstuvwxyz", NR_VM_EVENT_ITEMS - ${events - 4n}));`,
    `print(buf("abcdefghijklmnopqrstuvwxyz", NR_VM_EVENT_ITEMS - ${events - 4n}));`,
  ])('[AOT-001] %s takes the number of this kernel', async (script) => {
    const [result, wanted] = await both(`begin { ${script} exit(); }`);
    expect(result).toMatchObject({ stdout: wanted.stdout, status: 0 });
  });

  it.each([
    ['@ = lhist(1, 0, NR_VM_EVENT_ITEMS, 10);', 'NR_VM_EVENT_ITEMS'],
    [`unroll(NR_VM_EVENT_ITEMS - ${events - 20n}) { print(1); }`, 'NR_VM_EVENT_ITEMS'],
    [`print((${numbers})[NR_VM_EVENT_ITEMS - ${events - 20n}]);`, 'NR_VM_EVENT_ITEMS'],
    ['print(getopt("x", sizeof(struct task_struct)));', 'sizeof(struct task_struct)'],
    [
      '@ = lhist(1, 0, offsetof(struct task_struct, pid), 100);',
      'offsetof(struct task_struct, pid)',
    ],
  ])('[AOT-001] %s is refused where its number is another', async (script, name) => {
    const text = `begin {\n  ${script} exit(); }`;
    const value = /^\d+$/m.exec(
      (await run(`begin { printf("%d\\n", ${name}); exit(); }`, once)).stdout,
    );
    const { stderr, status } = await run(text, once);
    expect(stderr).toContain(
      `stdin:2: ERROR: ${name} is ${value?.[0]} on this kernel, and the script was compiled with `,
    );
    expect(status).toBe(3);
    expect((await run(text, { ...once, kernel: 'host' })).status).toBe(0);
  });

  it('[AOT-001] a number that is the same here does no harm where a literal is needed', async () => {
    const { stdout, stderr } = await run(
      'begin { @ = lhist(2, 0, PIDTYPE_MAX, 1); exit(); }',
      once,
    );
    expect(stdout, stderr).toContain('[2]                    1 ');
  });

  it('[AOT-001] the size of a member is compared where a literal is needed', async () => {
    const text = 'begin {\n  @ = lhist(1, 0, sizeof(curtask.cpus_mask.bits), 1024); exit(); }';
    const [result, wanted] = await both(text);
    const size = /^\d+/.exec(
      (await run('begin { print(sizeof(curtask.cpus_mask.bits)); exit(); }', once)).stdout,
    )?.[0];
    expect(wanted.status, wanted.stderr).toBe(0);
    if (size === '1024') expect(result.status).toBe(0);
    else
      expect(result).toMatchObject({
        stderr: expect.stringContaining(
          `stdin:2: ERROR: sizeof(struct cpumask.bits) is ${size} on this kernel, and the script was compiled with 1024, that of `,
        ),
        status: 3,
      });
  });

  it('[AOT-001] arrays have as many elements as this kernel gives them', async () => {
    const [result, wanted] = await both(
      `begin { $i = (uint64)5; print((curtask.cpus_mask.bits[0] > 0, curtask.cpus_mask.bits[$i] > 0));
         for $j : 0..40 { printf("%d ", curtask.mm.saved_auxv[$j * 2]); }
         print((curtask.comm[$i - 4], curtask.signal.rlim[$i].rlim_max)); exit(); }`,
    );
    expect(result).toMatchObject({ stdout: wanted.stdout, status: 0 });
    const warned = 'WARNING: Array access out of bounds.';
    expect(result.stderr).toContain(warned);
    expect(result.stderr.split(warned).length).toBe(wanted.stderr.split(warned).length);
  });

  it('[AOT-001] an element beyond the end of the array that this kernel has is missing', async () => {
    const here = (await run('begin { print(sizeof(curtask.cpus_mask.bits)); exit(); }', once))
      .stdout;
    const { stderr, status } = await run(
      'begin {\n  print(curtask.cpus_mask.bits[127]); exit(); }',
      once,
    );
    if (Number.parseInt(here, 10) === 1024) return expect(status).toBe(0);
    expect(stderr).toContain(
      'stdin:2: ERROR: This kernel has no struct task_struct.cpus_mask.bits[127], which the script uses.',
    );
    return expect(status).toBe(3);
  });

  it('[AOT-001] the size of a struct that this kernel lacks is none, and its place is named', async () => {
    const known = here.types.struct('struct', 'pcpu_hot');
    const script = 'begin {\n  print(sizeof(struct pcpu_hot)); exit(); }';
    const { stdout, stderr, status } = await run(script, once);
    if (known) return expect(stdout).toContain(`${known.size}\n`);
    expect(stderr).toContain(
      `stdin:2: ERROR: This kernel has no struct pcpu_hot, which the script uses. It was built for Linux ${built.release}.\n`,
    );
    expect(status).toBe(3);
  });

  it('[AOT-001] ++ and -- step by the size that a struct has here', async () => {
    const [result, wanted] = await both(
      'begin { $p = (struct task_struct *)1048576; $p++; @p = $p; print(((uint64)$p, (uint64)$p--, (uint64)--$p)); @p++; print((uint64)@p); exit(); }',
    );
    expect(result.stdout).toBe(wanted.stdout);
    const size = here.types.struct('struct', 'task_struct')?.size ?? 0;
    expect(result.stdout).toContain(`(${1048576 + size}, ${1048576 + size}, ${1048576 - size})\n`);
  });

  it('[FUN-047] container_of() keeps its pointer in the memory that it leads to', async () => {
    const { stdout } = await run(
      `tracepoint:syscalls:sys_enter_getppid {
         $comm = (uint64)curtask + offsetof(struct task_struct, comm);
         $t = container_of(kptr((int8 *)$comm), typeof(struct task_struct), comm);
         print(($t.pid == tid, $t.tgid == pid)); exit(); }`,
      { ...once, workload: 'getppid 1' },
    );
    expect(stdout).toMatch(/^\(true, true\)\n/);
  });
});
