/** socket_cookie: a number that no other socket of this boot has. */
import { value } from '../analysis/parameters.ts';
import { UINT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument, inTracing } from './use.ts';

export const socketCookie: Builtin = defineBuiltin({
  name: 'socket_cookie',
  parameters: { sock: value('struct sock *') },
  needsProbe: true,
  summary: 'The cookie of a struct sock *, a number that no other socket has; 0 for NULL.',
  analyse({ sock }, use, scope) {
    return inTracing(use, scope) ? typed(UINT64, { args: [sock] }) : undefined;
  },
  lower: (call, lowering) =>
    lowering.typedPointer(
      argument(call, 0),
      (sock) => lowering.call('get_socket_cookie', sock),
      () => lowering.ir.constant(0),
    ),
});
