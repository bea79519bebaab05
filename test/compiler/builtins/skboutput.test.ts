import { describe, expect, it } from 'vitest';
import { errors } from '../../support/diagnostics.ts';

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
