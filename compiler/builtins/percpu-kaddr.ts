/** percpu_kaddr: the address of a variable of which each CPU has its own. */
import { integer, optional, text } from '../analysis/parameters.ts';
import { UINT32 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { cast } from './use.ts';

export const percpuKaddr: Builtin = defineBuiltin({
  name: 'percpu_kaddr',
  parameters: { variable: text, cpu: optional(integer) },
  summary:
    'Pointer to a per-CPU variable of the kernel: that of this CPU, or of another one, which is 0 if there is no such CPU.',
  analyse({ variable: { value: name, range }, cpu }, _use, scope) {
    const variable = scope.kernel.percpuVariable(name);
    if (variable === undefined) {
      scope.error(
        'kernel-lacks',
        `Could not resolve variable "${name}" from BTF`,
        range,
        'It has to be a per-CPU variable of the kernel that the script is compiled for.',
      );
      return undefined;
    }
    return typed(
      { kind: 'pointer', to: variable.type, space: 'kernel' },
      {
        args: cpu ? [cast(cpu, UINT32)] : [],
        // The id is that of its type in the kernel's BTF.
        plan: { name, id: variable.id },
      },
    );
  },
  lower({ args: [cpu], plan: { name, id } }, lowering) {
    return lowering.percpu(name, id, cpu && lowering.value(cpu));
  },
});
