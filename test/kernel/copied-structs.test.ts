/** Structs of the kernel that scripts copy whole, in objects that were built for another kernel. */
import { expect, it } from 'vitest';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

/** Any memory will do: what counts is where its members are taken from. */
const copying = (struct: string, use: string) =>
  `begin { $p = (struct ${struct} *)curtask; ${use} exit(); }`;
const once = { signal: 'none' } as const;
const USES: readonly (readonly [string, string])[] = [
  ['print', 'print(*$p);'],
  ['a value of a map', '@ = *$p;'],
  ['a key of a map', '@[*$p] = 1;'],
  ['an element of a tuple', 'print((1, *$p));'],
];

/** Whether this kernel has a struct of the name, and its member as the one that scripts are compiled for. */
function isSame(name: string, member?: string): boolean {
  const [built, here] = (['default', 'host'] as const).map((which) => {
    const { types } = loadKernelDescription(which);
    const struct = types.struct('struct', name);
    if (!struct) return undefined;
    const found = member === undefined ? undefined : types.member(struct, member);
    return `${struct.name} ${found?.bitOffset} ${JSON.stringify(found?.type)}`;
  });
  return built === here;
}

/** Whether what this kernel has is not larger than what scripts are compiled for. */
function fits(name: string): boolean {
  const [built = 0, here = 0] = (['default', 'host'] as const).map(
    (which) => loadKernelDescription(which).types.struct('struct', name)?.size,
  );
  return here <= built;
}

needs('root').describe('structs that are copied whole', () => {
  it.each(USES)('are refused where this kernel has a member otherwise: %s', async (_use, use) => {
    // Its read-ahead counts became narrower in Linux 6.18.
    const built = await run(copying('file_ra_state', use), once);
    if (isSame('file_ra_state', 'mmap_miss')) return expect(built.status).toBe(0);
    expect(built.stderr).toContain(
      'ERROR: struct file_ra_state has its member mmap_miss otherwise on this kernel, and the script copies it whole.\nHINT: Read the members',
    );
    expect([built.status, built.stdout]).toEqual([3, '']);
    const here = await run(copying('file_ra_state', use), { ...once, kernel: 'host' });
    return expect(here.status, here.stderr).toBe(0);
  });

  it.each(USES)('are copied where they are the same: %s', async (_use, use) => {
    const built = await run(copying('list_head', use), once);
    expect(built.status, built.stderr).toBe(0);
    expect(built.stdout).toMatch(/\.next = .*\.prev = /);
  });

  it('follow this kernel where they are only read, and fit into what is copied', async () => {
    const script = `begin { $s = curtask.se; $t = (1, *curtask.nsproxy);
      print(($s.load.weight, $s.on_rq, $s.load.weight == curtask.se.load.weight));
      print($t.1.uts_ns == curtask.nsproxy.uts_ns); exit(); }`;
    const [built, here] = [await run(script, once), await run(script, { ...once, kernel: 'host' })];
    expect(here.stdout).toMatch(/true\)\ntrue\n/);
    if (fits('sched_entity') && fits('nsproxy')) expect(built.stdout).toBe(here.stdout);
    else expect(built.status).toBe(3);
  });

  it('are refused where this kernel has more bytes than are copied', async () => {
    const script = 'begin {\n  $m = *curtask.mm; print($m.map_count > 0); exit(); }';
    const { status, stderr } = await run(script, once);
    if (fits('mm_struct')) return expect(status, stderr).toBe(0);
    expect(stderr).toMatch(
      /^stdin:2: ERROR: struct mm_struct has \d+ bytes on this kernel, and the script, which copies it whole, has room for \d+, as on Linux /,
    );
    return expect(status).toBe(3);
  });

  it('are refused where this kernel has none of the name', async () => {
    const { status, stderr } = await run(copying('pcpu_hot', 'print(*$p);'), once);
    if (isSame('pcpu_hot')) return expect(status).toBe(0);
    expect(status).toBe(3);
    return expect(stderr).toContain(
      'ERROR: This kernel has no struct pcpu_hot, which the script copies',
    );
  });
});
