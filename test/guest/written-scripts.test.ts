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

  it('the control block of a packet is read through a cast of its array', () => {
    expect(results('controlBlock').stdout).toMatch(/@\[true, true, true\]: \d+/);
    expect(results('controlBlock').stdout).not.toContain('false');
  });
});
