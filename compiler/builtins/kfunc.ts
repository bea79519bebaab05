/** kfunc_exist and kfunc_allowed: what functions of the host's kernel a program may count on. */
import { text } from '../analysis/parameters.ts';
import { BOOL } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';

function question(
  name: 'kfunc_exist' | 'kfunc_allowed',
  kind: 'kernel-function' | 'kfunc',
  summary: string,
): Builtin {
  return defineBuiltin({
    ...{ name, summary },
    parameters: { function: text },
    needsProbe: kind === 'kfunc',
    analyse: ({ function: asked }) => typed(BOOL, { plan: { function: asked.value } }),
    lower: ({ plan }, lowering) => lowering.hostValue({ kind, name: plan.function }),
  });
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
