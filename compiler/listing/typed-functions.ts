/** fentry and fexit: functions that BTF has a type of, and the kernel lets programs be attached to. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { parameterText } from '../kernel/c-text.ts';
import { UndescribedError } from '../kernel/error.ts';
import type { KernelDescription } from '../kernel/types.ts';
import { functionParameters, KERNEL, type ListContext, type Lister, matcher } from './lister.ts';

function lister(provider: 'fentry' | 'fexit'): Lister {
  return {
    provider,
    ...(provider === 'fentry' ? { group: 'kernel' } : {}),
    list(fields, { kernel, btf, joinedBtf }) {
      const pattern = fields.at(-1) ?? '*';
      const isMeant = matcher(fields.length > 1 ? (fields[0] ?? '') : KERNEL);
      const named = (module: string, found: readonly string[]) =>
        found.map((name) => `${provider}:${module}:${name}`);
      btf();
      return {
        names: [
          ...(isMeant(KERNEL) ? named(KERNEL, kernel.matchTypedFunctions(pattern)) : []),
          ...(kernel.modules?.() ?? [])
            .filter(isMeant)
            .flatMap((module) => named(module, typedOf(kernel, module, pattern))),
        ],
        arguments(name) {
          const [, module = '', own = ''] = name.split(':');
          if (module !== KERNEL) return ofModule(provider, module, own, { kernel, joinedBtf });
          const parameters = functionParameters(btf(), own);
          return provider === 'fexit' ? [...parameters, ...result(btf(), own)] : parameters;
        },
      };
    },
  };
}

/** Functions of a module that have a type and can be traced; where that is hidden, all that have a type. */
function typedOf(kernel: KernelDescription, module: string, pattern: string): readonly string[] {
  const typed = kernel.matchTypedFunctions(pattern, module);
  try {
    const traceable = new Set(kernel.matchModuleFunctions?.(module, pattern));
    return kernel.matchModuleFunctions
      ? typed.filter((name) => traceable.has(`${module}:${name}`))
      : typed;
  } catch (error) {
    if (error instanceof UndescribedError) return typed;
    throw error;
  }
}

/** Types of a module are behind those of the kernel once they were asked for. */
function ofModule(
  provider: 'fentry' | 'fexit',
  module: string,
  name: string,
  { kernel, joinedBtf }: Pick<ListContext, 'kernel' | 'joinedBtf'>,
): readonly string[] {
  const found = kernel.function(name, module);
  if (found === undefined || typeof found === 'string') return [];
  const result = provider === 'fexit' && found.result;
  return [...found.parameters, ...(result ? [{ ...result, name: 'retval' }] : [])].map(
    (parameter) => parameterText(joinedBtf(), parameter.typeId, parameter.name),
  );
}

export const fentries = lister('fentry');
export const fexits = lister('fexit');

/** `TYPE retval`; nothing of a function that returns nothing. */
function result(btf: Btf, name: string): readonly string[] {
  const id = btf.find(BTF_KIND.function, name);
  const type = id === undefined ? 0 : btf.sizeOrType(btf.sizeOrType(id));
  return type === 0 ? [] : [parameterText(btf, type, 'retval')];
}
