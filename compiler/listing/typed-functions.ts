/** fentry and fexit: functions that BTF has a type of, and the kernel lets programs be attached to. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { parameterText } from '../kernel/c-text.ts';
import { functionParameters, type Lister, matcher, NOTHING } from './lister.ts';

function lister(provider: 'fentry' | 'fexit'): Lister {
  const prefix = `${provider}:vmlinux:`;
  return {
    provider,
    ...(provider === 'fentry' ? { group: 'kernel' } : {}),
    list(fields, { kernel, btf }) {
      const module = matcher(fields.length > 1 ? (fields[0] ?? '') : '*');
      if (!module('vmlinux')) return NOTHING;
      return {
        names: kernel.matchTypedFunctions(fields.at(-1) ?? '*').map((name) => `${prefix}${name}`),
        arguments(name) {
          const own = name.slice(prefix.length);
          const parameters = functionParameters(btf(), own);
          return provider === 'fexit' ? [...parameters, ...result(btf(), own)] : parameters;
        },
      };
    },
  };
}

export const fentries = lister('fentry');
export const fexits = lister('fexit');

/** `TYPE retval`; nothing of a function that returns nothing. */
function result(btf: Btf, name: string): readonly string[] {
  const id = btf.find(BTF_KIND.function, name);
  const type = id === undefined ? 0 : btf.sizeOrType(btf.sizeOrType(id));
  return type === 0 ? [] : [parameterText(btf, type, 'retval')];
}
