/** elf_is_exe: whether a program of the host stands at fixed addresses. */
import { text } from '../analysis/parameters.ts';
import { BOOL } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';

export const elfIsExe: Builtin = defineBuiltin({
  name: 'elf_is_exe',
  parameters: { path: text },
  summary: 'Whether the ELF file of a path is ET_EXEC, looked at when the program is loaded.',
  analyse: ({ path }) => typed(BOOL, { plan: { path: path.value } }),
  lower: ({ plan }, lowering) => lowering.hostValue({ kind: 'executable', name: plan.path }),
});
