/** Scripts as people write them, about functions of the kernel. */
import { expect, it } from 'vitest';
import { scriptsInGuest } from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

const READS = 'comm reader read 50 100 read 20 1000';
/** A connection that ends. */
const CONNECTED = `nc -l -p 4242 >/dev/null &
usleep 200000
echo hello | nc -w 1 127.0.0.1 4242
wait
exit 0
`;

needs('Linux 6.12').describe('on Linux 6.12', () => {
  const results = scriptsInGuest('6.12', {
    addresses: {
      text: 'begin { $a = kaddr("avenrun"); $l = *$a; $m = *($a + 8); $p = (uint64 *)$a; printf("%d %d %s\\n", $l == *$p, $m == $p[1], str(kaddr("linux_banner"), 14)); exit(); }',
      endsItself: true,
    },
    symbols: {
      text: 'kprobe:vfs_read /comm == "reader"/ { @[func] = count(); @[ksym(kaddr("vfs_write"))] = count(); if (func == "vfs_read" && strcontains(func, "read") && strcontains(probe, "kprobe:")) { @named = count(); } }',
      workload: READS,
    },
    values: {
      text: 'fentry:vfs_read /comm == "reader" && args.count == 100/ { @seen[args.count] = count(); $copy = args; @same[$copy.count, $copy.buf == args.buf] = count(); print(args); }',
      workload: READS,
    },
    registers: {
      text: 'struct regs { uint64_t r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di; } kprobe:vfs_read /comm == "reader"/ { $r = (struct regs *)ctx; @[$r->dx == arg2, $r->si == arg1] = count(); }',
      workload: READS,
    },
    controlBlock: {
      text: 'kprobe:tcp_rcv_established { $skb = (struct sk_buff *)arg1; $th = (struct tcphdr *)$skb->data; $cb = ((struct tcp_skb_cb *)$skb->cb); $same = (struct tcp_skb_cb *)&$skb->cb; @[bswap($th->seq) == $cb->seq, $cb->seq == $same->seq, ((struct tcp_skb_cb *)&($skb->cb[0]))->end_seq == $cb->end_seq] = count(); }',
      script: CONNECTED,
    },
  });

  it('the address of data is dereferenced', () => {
    expect(results('addresses').stdout).toContain('1 1 Linux version');
  });

  it('func and ksym() are keys of one map', () => {
    const { stdout } = results('symbols');
    expect(stdout).toContain('@[vfs_read]: 70');
    expect(stdout).toContain('@[vfs_write]: 70');
    expect(stdout).toContain('@named: 70');
  });

  it('args is a value', () => {
    const { stdout } = results('values');
    expect(stdout).toContain('@same[100, true]: 50');
    expect(stdout).toMatch(/^\{ \.file = 0x[0-9a-f]+, \.buf = 0x[0-9a-f]+, \.count = 100, /m);
  });

  it('ctx is a pointer to what the script says it is', () => {
    expect(results('registers').stdout).toContain('@[true, true]: 70');
  });

  it('the control block of a packet is read through a cast of its array', () => {
    expect(results('controlBlock').stdout).toMatch(/@\[true, true, true\]: \d+/);
    expect(results('controlBlock').stdout).not.toContain('false');
  });
});
