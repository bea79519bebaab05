/**
 * username, strerror, signal_name and syscall_name: numbers that the loader shows by name. The program handles the
 * number only, which is also all that a map's key takes.
 */
import { integer } from '../analysis/parameters.ts';
import type { NameSpace } from '../types/type.ts';
import { INT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { lowerUserId } from './uid.ts';
import { argument, cast, plainValue } from './use.ts';

export const username: Builtin = plainValue(
  'username',
  { kind: 'name', of: 'user' },
  "Name of the user, as /etc/passwd has it when it is printed; empty for one that isn't there.",
  lowerUserId,
);

function named(name: string, of: NameSpace, summary: string): Builtin {
  return defineBuiltin({
    ...{ name, summary },
    parameters: { number: integer },
    analyse: ({ number }) => typed({ kind: 'name', of }, { args: [cast(number, INT64)] }),
    lower: (call, lowering) => lowering.value(argument(call, 0)),
  });
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
