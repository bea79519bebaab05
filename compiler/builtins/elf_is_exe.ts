/** elf_is_exe: whether a program of the host stands at fixed addresses. */
import { BOOL } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { textLiteral, typedCall } from './use.ts';

export const elfIsExe: Builtin = {
  name: 'elf_is_exe',
  arity: [1, 1],
  summary: 'Whether the ELF file of a path is ET_EXEC, looked at when the program is loaded.',
  analyse(use, scope) {
    const path = scope.stringLiteral(use.args[0], use);
    return path === undefined
      ? undefined
      : typedCall('elf_is_exe', use, BOOL, { literals: [path] });
  },
  lower: (call, lowering) => lowering.hostValue({ kind: 'executable', name: textLiteral(call, 0) }),
};
