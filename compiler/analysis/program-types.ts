/** Types by name in a probe: those of the script, then those of the traced program, then the kernel's. */
import type { TracedProgram } from '../dwarf/program.ts';
import type { Unreadable } from '../dwarf/programs.ts';
import { type KernelTypes, ownTypes } from '../kernel/types.ts';
import type { ProbeTarget } from '../probes/probe.ts';
import { sameType } from '../types/equality.ts';
import { isScriptType } from '../types/type.ts';
import type { Typing } from './state.ts';

/** The types that names mean at a place. */
export function typesAt(typing: Typing): KernelTypes {
  const { kernel } = typing.round;
  const { types } = kernel;
  const found = programAt(typing);
  if (!found || 'reason' in found) return types;
  const program = found.types;
  return {
    ...types,
    struct(aggregate, name) {
      const own = types.struct(aggregate, name);
      return own && isScriptType(own) ? own : (program.struct(aggregate, name) ?? own);
    },
    enum(name) {
      const own = types.enum(name);
      return own?.kind === 'enum' && isScriptType(own) ? own : (program.enum(name) ?? own);
    },
    typedef(name) {
      const own = types.typedef(name);
      const kernels = ownTypes(kernel).typedef(name);
      const isScripts = own && !(kernels && sameType(own, kernels));
      return isScripts ? own : (program.typedef(name) ?? own);
    },
    enumerator(name) {
      const own = types.enumerator(name);
      const isScripts = own?.type.kind === 'enum' && isScriptType(own.type);
      return isScripts ? own : (program.enumerator(name) ?? own);
    },
  };
}

/** Why names of types are only those of the script and the kernel; empty where the program's are known too. */
export function typeHints(typing: Typing): readonly string[] {
  const found = programAt(typing);
  return found && 'reason' in found
    ? [`Types of the traced program are not known: ${found.reason}.`, ...found.hints]
    : [];
}

function programAt(typing: Typing): TracedProgram | Unreadable | undefined {
  if (typing.routine) return undefined;
  const path = pathOf(typing.probe);
  return path === undefined ? undefined : typing.round.programs.open(path);
}

/** The one file that a probe of programs is in; undefined where it depends on the host. */
export function pathOf({ target, parameterised }: ProbeTarget): string | undefined {
  if (parameterised || !('path' in target) || target.path === '') return undefined;
  return target.path.includes('*') ? undefined : target.path;
}
