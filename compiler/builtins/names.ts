/**
 * username, strerror, signal_name and syscall_name: numbers that the loader shows by name. The program handles the
 * number only, which is also all that a map's key takes.
 */
import { kindName } from '../types/names.ts';
import type { NameSpace } from '../types/type.ts';
import { INT64 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { lowerUserId } from './uid.ts';
import { argument, isInteger, plainValue, typedCall } from './use.ts';

export const username: Builtin = plainValue(
  'username',
  { kind: 'name', of: 'user' },
  "Name of the user, as /etc/passwd has it when it is printed; empty for one that isn't there.",
  lowerUserId,
);

function named(name: string, of: NameSpace, summary: string): Builtin {
  return {
    name,
    arity: [1, 1],
    summary,
    analyse(use, scope) {
      const [given] = use.args;
      if (given === undefined) return undefined;
      const number = scope.expression(given);
      if (!isInteger(number.type)) {
        scope.error(
          `${name}() only supports integer arguments (${kindName(number.type)} provided)`,
          given.range,
        );
        return undefined;
      }
      return typedCall(
        name,
        use,
        { kind: 'name', of },
        { args: [{ kind: 'cast', type: INT64, operand: number, range: number.range }] },
      );
    },
    lower: (call, lowering) => lowering.value(argument(call, 0)),
  };
}

export const strerror: Builtin = named(
  'strerror',
  'errno',
  'Text of an error number of either sign.',
);

export const signalName: Builtin = named(
  'signal_name',
  'signal',
  'What a signal number means (1: Hangup); N/A for others.',
);

export const syscallName: Builtin = named(
  'syscall_name',
  'syscall',
  'Name of a system call by its number.',
);
