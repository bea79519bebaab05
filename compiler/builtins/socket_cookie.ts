/** socket_cookie: a number that no other socket of this boot has. */
import { UINT64 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { inTracing, structPointer } from './tracing.ts';
import { argument, typedCall } from './use.ts';

export const socketCookie: Builtin = {
  name: 'socket_cookie',
  arity: [1, 1],
  needsProbe: true,
  summary: 'The cookie of a struct sock *, a number that no other socket has; 0 for NULL.',
  analyse(use, scope) {
    const sock = structPointer(use.args[0], 'sock', use, scope);
    if (sock === undefined || !inTracing(use, scope)) return undefined;
    return typedCall('socket_cookie', use, UINT64, { args: [sock] });
  },
  lower: (call, lowering) =>
    lowering.typedPointer(
      argument(call, 0),
      (sock) => lowering.call('get_socket_cookie', sock),
      () => lowering.ir.constant(0),
    ),
};
