import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build, kernelDescription } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';
import { interpret } from '../../support/interpreter.ts';
import { hints } from './uses.ts';

const RAW = 'rawtracepoint:net_dev_queue';

describe('skboutput', () => {
  it('takes a path, a packet and two numbers', () => {
    expect(errors(`${RAW} { skboutput(comm, args.skb, 1, 0); }`)).toHaveLength(1);
    expect(errors(`${RAW} { skboutput("", args.skb, 1, 0); }`)[0]).toContain('the path of a file');
    expect(errors(`${RAW} { skboutput("x", args.skb.dev, 1, 0); }`)[0]).toContain(
      'skboutput() expects a struct sk_buff * as skb (struct net_device * provided)',
    );
    expect(errors(`${RAW} { skboutput("x", args.skb, comm, 0); }`)[0]).toContain(
      'skboutput() expects an integer as length',
    );
    expect(errors(`${RAW} { skboutput("x", args.skb, 1); }`)[0]).toContain('requires 4 arguments');
    expect(errors('interval:s:1 { skboutput("x", (struct sk_buff *)1, 1, 0); }')[0]).toContain(
      'skboutput can not be used with "interval" probes',
    );
  });
});

describe('skboutput, as it runs', () => {
  const { types } = kernelDescription();
  const struct = types.struct('struct', 'sk_buff');
  const member = struct && types.member(struct, 'len');
  const EINVAL = 2n ** 32n - 22n;
  const EFAULT = 2n ** 32n - 14n;

  /** What is sent for a packet of so many bytes; what the helper was told, and the result. */
  function ran(length: bigint, offset: bigint, total: number, fails?: bigint) {
    const object = build(
      `rawtracepoint:netif_receive_skb { @ = skboutput("/x.pcap", args.skb, ${length}, ${offset}); }`,
    );
    const told: (readonly (bigint | undefined)[])[] = [];
    const machine = interpret(object, {
      clock: () => 99n,
      fails: (helper, args) => {
        if (helper !== 'skb_output') return undefined;
        told.push(args);
        return fails;
      },
    });
    const packet = new Uint8Array(1024);
    new DataView(packet.buffer).setUint32((member?.bitOffset ?? 0) / 8, total, true);
    const address = machine.memory.add(packet);
    machine.run(undefined, new Uint8Array(new BigUint64Array([address, 0n]).buffer));
    const [sent] = machine.sent();
    return {
      result: machine.value('@'),
      sent: sent?.values,
      flags: told.map(([first, , flags]) => [first === address, flags]),
    };
  }

  it('sends the bytes from an offset on, of no more than there are', () => {
    const CPU = 0xffff_ffffn;
    for (const [length, offset, total, end] of [
      [64n, 14n, 100, 78n],
      [64n, 0n, 64, 64n],
      [500n, 14n, 100, 100n],
      [86n, 14n, 100, 100n],
      [87n, 14n, 100, 100n],
      [1n, 14n, 15, 15n],
      [1_000_000n, 0n, 70_000, 65_024n],
      [100n, 64_990n, 70_000, 65_024n],
    ] as const)
      expect([length, offset, total, ran(length, offset, total)]).toEqual([
        ...[length, offset, total],
        {
          result: 0n,
          sent: [99n, end, offset, BigInt(total)],
          flags: [[true, (end << 32n) | CPU]],
        },
      ]);
  });

  it('is an error where nothing is left behind the offset', () => {
    for (const [length, offset, total] of [
      [64n, 100n, 100],
      [64n, 101n, 100],
      [0n, 0n, 100],
      [0n, 14n, 100],
      [64n, 0n, 0],
      [64n, 1_000_000n, 70_000],
    ] as const)
      expect([length, offset, total, ran(length, offset, total)]).toEqual([
        ...[length, offset, total],
        { result: EINVAL, sent: undefined, flags: [] },
      ]);
  });

  it('gives what the helper says where it refuses', () => {
    expect(ran(64n, 0n, 100, -28n)).toMatchObject({ result: 2n ** 32n - 28n, sent: undefined });
  });

  it('has no packet at NULL', () => {
    const machine = interpret(
      build('rawtracepoint:netif_receive_skb { @ = skboutput("/x", args.skb, 1, 0); }'),
    );
    machine.run(undefined, new Uint8Array(16));
    expect([machine.value('@'), machine.sent()]).toEqual([EFAULT, []]);
  });

  it('names the file in the manifest, which is a path', () => {
    const { events } = inspectObject(
      build('rawtracepoint:netif_receive_skb { skboutput("/x.pcap", args.skb, 1, 0); }'),
    ).manifest as Manifest;
    expect(events.map(({ kind, format }) => [kind, format])).toContainEqual(['packet', '/x.pcap']);
    const nul = `${RAW} { skboutput("a\\0b", args.skb, 1, 0); }`;
    expect(errors(nul)[0]).toContain('skboutput() expects the path of a file');
    expect(hints('interval:s:1 { skboutput("x", (struct sk_buff *)1, 1, 0); }')).toEqual([
      'It needs fentry, fexit or rawtracepoint.',
    ]);
  });
});
