/** percpu_kaddr: the address of a variable of which each CPU has its own. */
import type { TypedExpression } from '../analysis/typed.ts';
import { kindName } from '../types/names.ts';
import { UINT32 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { argument, intLiteral, isInteger, textLiteral, typedCall } from './use.ts';

/** The literals of a call are the variable's name and the id of its type in the kernel's BTF. */
export const percpuKaddr: Builtin = {
  name: 'percpu_kaddr',
  arity: [1, 2],
  summary:
    'Pointer to a per-CPU variable of the kernel: that of this CPU, or of another one, which is 0 if there is no such CPU.',
  analyse(use, scope): TypedExpression | undefined {
    const [first, second] = use.args;
    const name = scope.stringLiteral(first, use);
    const cpu = second === undefined ? undefined : scope.expression(second);
    if (name === undefined) return undefined;
    if (second && cpu && !isInteger(cpu.type)) {
      scope.error(
        `percpu_kaddr() only supports integer arguments for the CPU (${kindName(cpu.type)} provided)`,
        second.range,
      );
      return undefined;
    }
    const variable = scope.kernel.percpuVariable(name);
    if (variable === undefined) {
      scope.error(
        `Could not resolve variable "${name}" from BTF`,
        first?.range ?? use.range,
        'It has to be a per-CPU variable of the kernel that the script is compiled for.',
      );
      return undefined;
    }
    return typedCall(
      'percpu_kaddr',
      use,
      { kind: 'pointer', to: variable.type, space: 'kernel' },
      {
        args: cpu ? [{ kind: 'cast', type: UINT32, operand: cpu, range: cpu.range }] : [],
        literals: [name, BigInt(variable.id)],
      },
    );
  },
  lower(call, lowering) {
    const cpu = call.args.length > 0 ? lowering.value(argument(call, 0)) : undefined;
    return lowering.percpu(textLiteral(call, 0), Number(intLiteral(call, 1)), cpu);
  },
};
