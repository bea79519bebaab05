/** fentry and fexit: functions that BTF has a type of, and the kernel lets programs be attached to. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { parameterText } from '../kernel/c-text.ts';
import { functionParameters, KERNEL, type ListContext, type Lister, matcher } from './lister.ts';

function lister(provider: 'fentry' | 'fexit'): Lister {
  return {
    provider,
    ...(provider === 'fentry' ? { group: 'kernel' } : {}),
    list(fields, { kernel, btf }) {
      const pattern = fields.at(-1) ?? '*';
      const isMeant = matcher(fields.length > 1 ? (fields[0] ?? '') : KERNEL);
      const named = (module: string, found: readonly string[]) =>
        found.map((name) => `${provider}:${module}:${name}`);
      return {
        names: [
          ...(isMeant(KERNEL) ? named(KERNEL, kernel.matchTypedFunctions(pattern)) : []),
          ...(kernel.modules?.() ?? [])
            .filter(isMeant)
            .flatMap((module) => named(module, kernel.matchTypedFunctions(pattern, module))),
        ],
        arguments(name) {
          const [, module = '', own = ''] = name.split(':');
          if (module !== KERNEL) return ofModule(provider, module, own, { kernel, btf });
          const parameters = functionParameters(btf(), own);
          return provider === 'fexit' ? [...parameters, ...result(btf(), own)] : parameters;
        },
      };
    },
  };
}

/** Types of a module are behind those of the kernel once they were asked for. */
function ofModule(
  provider: 'fentry' | 'fexit',
  module: string,
  name: string,
  { kernel, btf }: Pick<ListContext, 'kernel' | 'btf'>,
): readonly string[] {
  const found = kernel.function(name, module);
  if (found === undefined || typeof found === 'string') return [];
  const result = provider === 'fexit' && found.result;
  return [...found.parameters, ...(result ? [{ ...result, name: 'retval' }] : [])].map(
    (parameter) => parameterText(btf(), parameter.typeId, parameter.name),
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
