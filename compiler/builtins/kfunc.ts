/** kfunc_exist and kfunc_allowed: what functions of the host's kernel a program may count on. */
import { BOOL } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { textLiteral, typedCall } from './use.ts';

function question(
  name: 'kfunc_exist' | 'kfunc_allowed',
  kind: 'kernel-function' | 'kfunc',
  summary: string,
): Builtin {
  return {
    name,
    arity: [1, 1],
    ...(kind === 'kfunc' ? { needsProbe: true } : {}),
    summary,
    analyse(use, scope) {
      const found = scope.stringLiteral(use.args[0], use);
      return found === undefined ? undefined : typedCall(name, use, BOOL, { literals: [found] });
    },
    lower: (call, lowering) => lowering.hostValue({ kind, name: textLiteral(call, 0) }),
  };
}

export const kfuncExist: Builtin = question(
  'kfunc_exist',
  'kernel-function',
  "Whether the host's kernel has a function of that name in its BTF. The branch that it rules out is not loaded.",
);

export const kfuncAllowed: Builtin = question(
  'kfunc_allowed',
  'kfunc',
  'Whether programs of this probe may call that function of the kernel.',
);
