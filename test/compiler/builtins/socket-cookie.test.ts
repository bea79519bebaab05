import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';
import { interpret } from '../../support/interpreter.ts';

const RAW = 'rawtracepoint:net_dev_queue';

describe('socket_cookie', () => {
  it('takes a pointer to struct sock alone [FUN-038]', () => {
    expect(errors(`${RAW} { print(socket_cookie(args.skb)); }`)).toEqual([
      'socket_cookie() expects a struct sock * (struct sk_buff * provided) @ args.skb',
    ]);
    expect(errors(`${RAW} { print(socket_cookie(1)); }`)[0]).toContain('(integer provided) @ 1');
    expect(errors('rawtracepoint:inet_sock_set_state { print(socket_cookie(args.sk)); }')).toEqual(
      [],
    );
  });

  it('needs a tracing program, and a pointer whose type the kernel knows', () => {
    expect(errors('kprobe:vfs_read { print(socket_cookie((struct sock *)arg0)); }')[0]).toContain(
      'socket_cookie can not be used with "kprobe" probes',
    );
    expect(errors(`${RAW} { print(socket_cookie((struct sock *)pid)); }`)).toEqual([
      'the kernel takes a pointer here only where it can tell its type @ (struct sock *)pid',
    ]);
  });
});

it('socket_cookie asks for a socket, and for none at NULL [FUN-038]', () => {
  const machine = interpret(build('fentry:tcp_sendmsg { @ = socket_cookie(args.sk); }'));
  for (const [socket, wanted] of [
    [0x5_0000_0040n, 0x5_0000_0040n],
    [0n, 0n],
  ] as const) {
    machine.run(undefined, new Uint8Array(new BigUint64Array([socket, 0n, 0n, 0n]).buffer));
    expect(machine.value('@')).toBe(wanted);
  }
  expect(machine.calls.get('get_socket_cookie')).toBe(1);
});
