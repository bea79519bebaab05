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

/** The same of what a member holds, whose struct has no name. */
function isSameInside(name: string, member: string): boolean {
  const [built, here] = (['default', 'host'] as const).map((which) => {
    const { types } = loadKernelDescription(which);
    const struct = types.struct('struct', name);
    const inner = struct && types.member(struct, member)?.type;
    if (inner?.kind !== 'struct') return undefined;
    return types.members(inner).map((each) => [each.name, each.bitOffset, each.bitSize]);
  });
  return JSON.stringify(built) === JSON.stringify(here);
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
    expect(built.stderr).toMatch(
      /^stdin:1:(\d+:)? ERROR: struct file_ra_state has its member mmap_miss otherwise on this kernel, and the script copies it whole\.\n(.*\n *~+\n)?HINT: Read the members/,
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

  it('follow this kernel where they have no name, through the struct that they are in', async () => {
    // A member before these was taken away in Linux 6.18.
    const script = `begin {
      $i = (struct inet_connection_sock *)curtask; $copy = $i.icsk_ack; $p = &$i.icsk_ack;
      print(($copy.rcv_mss == $i.icsk_ack.rcv_mss, $copy.lrcvtime == $i.icsk_ack.lrcvtime));
      print(($p.rcv_mss == $i.icsk_ack.rcv_mss, $p.lrcv_flowlabel == $i.icsk_ack.lrcv_flowlabel));
      print((uint64)&$p.rcv_mss - (uint64)$p == offsetof(struct inet_connection_sock, icsk_ack.rcv_mss) - offsetof(struct inet_connection_sock, icsk_ack));
      print((uint64)&$p.rcv_mss - (uint64)$p);
      print(((uint64)($p + 1) - (uint64)$p, sizeof($copy), (uint64)&$p[1].rcv_mss - (uint64)$p));
      exit(); }`;
    const [built, here] = [await run(script, once), await run(script, { ...once, kernel: 'host' })];
    expect(here.stdout, here.stderr).toMatch(/^\(true, true\)\n\(true, true\)\ntrue\n\d+\n/);
    expect(built.stdout, built.stderr).toBe(here.stdout);
  });

  it.each([
    ['print', 'print($i.icsk_ack);'],
    ['a value of a map', '@ = $i.icsk_ack;'],
    ['a key of a map', '@[$i.icsk_ack] = 1;'],
    ['an element of a tuple', 'print((1, $i.icsk_ack));'],
  ])('are refused where they have no name, and other members here: %s', async (_use, use) => {
    const script = `begin { $i = (struct inet_connection_sock *)curtask; ${use} exit(); }`;
    const { status, stderr } = await run(script, once);
    if (isSameInside('inet_connection_sock', 'icsk_ack')) return expect(status, stderr).toBe(0);
    expect(stderr).toMatch(
      /^stdin:1:(\d+:)? ERROR: struct inet_connection_sock\.icsk_ack has its member \w+ otherwise on this kernel/,
    );
    expect(status).toBe(3);
    const here = await run(script, { ...once, kernel: 'host' });
    return expect(here.status, here.stderr).toBe(0);
  });

  it('are compared where a pointer alone leads to one without a name', async () => {
    const script = `begin { $p = (struct parsed_partitions *)curtask;
      print((uint64)&$p.parts[1].size - (uint64)$p.parts == sizeof($p.parts[0]) + 8); exit(); }`;
    const { stdout, stderr, status } = await run(script, once);
    if (status === 0) expect(stdout).toMatch(/^true\n/);
    else {
      expect(status).toBe(3);
      expect(stderr).toContain('parsed_partitions.parts.0');
    }
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
