/** Functions of tracing programs on this kernel: skboutput and socket_cookie, against datagrams that the test sends. */

import { createSocket } from 'node:dgram';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const folder = temporaryFolder();
const WRITES = ['--allow-write', folder];
const AF_INET = 2;
/** Of IPv4 and UDP. */
const UDP_HEADERS = 28;

/** Sends datagrams over the loopback, one after the other, from each of `sockets` sockets. */
async function send(datagrams: readonly string[], sockets = 1): Promise<void> {
  const sink = createSocket('udp4');
  await new Promise<void>((resolve) => sink.bind(0, '127.0.0.1', resolve));
  const { port } = sink.address();
  for (let each = 0; each < sockets; each += 1) {
    const socket = createSocket('udp4');
    for (const text of datagrams)
      await new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve));
    socket.close();
  }
  sink.close();
}

interface Packet {
  /** ns since 1970. */
  readonly time: number;
  readonly length: number;
  readonly data: Buffer;
}

/** The packets of a pcap file, whose times are in nanoseconds and whose packets are raw IP. */
function packetsOf(file: string): readonly Packet[] {
  const bytes = readFileSync(file);
  expect(bytes.readUInt32LE(0)).toBe(0xa1b23c4d);
  expect([bytes.readUInt16LE(4), bytes.readUInt16LE(6)]).toEqual([2, 4]);
  expect(bytes.readUInt32LE(20)).toBe(101);
  const packets: Packet[] = [];
  for (let at = 24; at < bytes.length; ) {
    const captured = bytes.readUInt32LE(at + 8);
    packets.push({
      time: bytes.readUInt32LE(at) * 1e9 + bytes.readUInt32LE(at + 4),
      length: bytes.readUInt32LE(at + 12),
      data: bytes.subarray(at + 16, at + 16 + captured),
    });
    at += 16 + captured;
  }
  return packets;
}

const DATAGRAMS = Array.from({ length: 50 }, (_, index) => `datagram ${index} `.repeat(1 + index));
/** What the queue of a device takes begins with the header of Ethernet. */
const QUEUED = 'rawtracepoint:net_dev_queue /pid == $1/';

needs('root').describe('skboutput', () => {
  it('writes packets to a pcap file [FUN-018]', async () => {
    const file = join(folder, 'packets.pcap');
    const before = Date.now() * 1e6;
    const result = await run(
      `${QUEUED} { @[skboutput("${file}", args.skb, args.skb.len, 14)] = count(); }`,
      { parameters: [String(process.pid)], flags: WRITES, workload: () => send(DATAGRAMS) },
    );
    expect(mapEntries(result.stdout, '@'), result.stderr).toEqual([['0', DATAGRAMS.length]]);
    const packets = packetsOf(file);
    expect(packets.map(({ data }) => data.toString('latin1', UDP_HEADERS))).toEqual(DATAGRAMS);
    for (const { time, length, data } of packets) {
      expect(data[0]).toBe(0x45);
      expect(length).toBe(data.length);
      expect(time).toBeGreaterThan(before - 1e9);
      expect(time).toBeLessThan(Date.now() * 1e6 + 1e9);
    }
  });

  it('writes as much as is asked for, and says how long the packet was', async () => {
    const file = join(folder, 'short.pcap');
    const other = join(folder, 'other.pcap');
    const result = await run(
      `${QUEUED} { $skb = args.skb; skboutput("${file}", $skb, 20, 14); skboutput("${other}", $skb, 8, 42);
         @[(int32)skboutput("${file}", $skb, 100, 100000)] = count(); }`,
      {
        parameters: [String(process.pid)],
        flags: WRITES,
        workload: () => send(DATAGRAMS.slice(0, 3)),
      },
    );
    // Behind the end of a packet there is nothing: EINVAL.
    expect(mapEntries(result.stdout, '@'), result.stderr).toEqual([['-22', 3]]);
    const packets = packetsOf(file);
    expect(packets.map(({ data }) => data.length)).toEqual([20, 20, 20]);
    expect(packets.map(({ length }) => length)).toEqual(
      DATAGRAMS.slice(0, 3).map((text) => UDP_HEADERS + text.length),
    );
    expect(packetsOf(other).map(({ data }) => data.toString())).toEqual(Array(3).fill('datagram'));
  });

  it('takes a numbered argument that is cast', async () => {
    const file = join(folder, 'numbered.pcap');
    const result = await run(
      `${QUEUED} { $skb = (struct sk_buff *)arg0; @[skboutput("${file}", (struct sk_buff *)arg0, 20, 14)] = count();
         @[skboutput("${file}", $skb, 20, 14)] = count(); }`,
      {
        parameters: [String(process.pid)],
        flags: WRITES,
        workload: () => send(DATAGRAMS.slice(0, 3)),
      },
    );
    expect(mapEntries(result.stdout, '@'), result.stderr).toEqual([['0', 6]]);
    expect(packetsOf(file).map(({ data }) => data.length)).toEqual(Array(6).fill(20));
  });

  it('counts packets that find their buffer full, and says so to the script', async () => {
    const file = join(folder, 'storm.pcap');
    const storm = Array(200).fill('x'.repeat(1000));
    const result = await run(
      `config = { perf_rb_pages = 4 }
       ${QUEUED} { if ((int32)skboutput("${file}", args.skb, args.skb.len, 14) < 0) { @failed = count(); } else { @sent = count(); } }`,
      {
        parameters: [String(process.pid)],
        flags: WRITES,
        async workload(pid) {
          process.kill(pid, 'SIGSTOP');
          await send(storm);
          process.kill(pid, 'SIGCONT');
        },
        settle: 300,
      },
    );
    const failed = mapValue(result.stdout, '@failed') ?? 0;
    const sent = mapValue(result.stdout, '@sent') ?? 0;
    expect(failed, result.stderr).toBeGreaterThan(0);
    expect(sent + failed).toBe(storm.length);
    expect(packetsOf(file)).toHaveLength(sent);
    const told = [...result.stderr.matchAll(/^Lost (\d+) events$/gm)];
    expect(told.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(failed);
  });

  it('makes the file when tracing begins, and none in a dry run', async () => {
    const file = join(folder, 'empty.pcap');
    const script = `${QUEUED} { skboutput("${file}", args.skb, 10, 0); }`;
    const parameters = ['1'];
    expect(
      (await run(script, { parameters, flags: [...WRITES, '--dry-run'], signal: 'none' })).status,
    ).toBe(0);
    expect(existsSync(file)).toBe(false);
    expect((await run(script, { parameters, flags: WRITES })).status).toBe(0);
    expect(packetsOf(file)).toEqual([]);
  });

  it('ends with an error where the file cannot be made', async () => {
    const result = await run(`${QUEUED} { skboutput("${folder}/none/x.pcap", args.skb, 10, 0); }`, {
      parameters: ['1'],
      flags: WRITES,
      signal: 'none',
    });
    expect(result.stderr).toContain(`cannot open ${folder}/none/x.pcap for writing`);
    expect(result.status).toBe(1);
  });
});

needs('root').describe('socket_cookie', () => {
  it('tells sockets apart, with the number that the kernel keeps in them', async () => {
    const result = await run(
      `rawtracepoint:sock_send_length /pid == $1 && args.sk.__sk_common.skc_family == ${AF_INET}/ {
         $sk = args.sk;
         $cookie = socket_cookie($sk);
         @[$cookie] = count();
         @same[$cookie == (uint64)$sk.__sk_common.skc_cookie.counter] = count();
       }`,
      { parameters: [String(process.pid)], workload: () => send(DATAGRAMS.slice(0, 7), 3) },
    );
    const cookies = mapEntries(result.stdout, '@');
    expect(cookies.map(([, count]) => count)).toEqual([7, 7, 7]);
    expect(cookies.map(([cookie]) => cookie)).not.toContain('0');
    expect(mapValue(result.stdout, '@same', 'true'), result.stderr).toBe(21);
  });
});
