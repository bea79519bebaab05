import { BTF_KIND } from '../../linker/btf/btf.ts';
import { functionParameters, type Lister, matcher, namesOfKind } from './lister.ts';

/** A function of this name stands for an iterator that has a context of the other (include/linux/bpf.h). */
const FUNCTION = 'bpf_iter_';
const CONTEXT = 'bpf_iter__';

const PREFIX = 'iter:';

export const iterators: Lister = {
  provider: 'iter',
  group: 'kernel',
  list([pattern = '*'], { btf }) {
    const matches = matcher(pattern);
    return {
      names: namesOfKind(btf(), BTF_KIND.struct)
        .filter((name) => name.startsWith(CONTEXT))
        .map((name) => name.slice(CONTEXT.length))
        .filter(matches)
        .filter((name) => btf().find(BTF_KIND.function, `${FUNCTION}${name}`) !== undefined)
        .map((name) => `${PREFIX}${name}`),
      arguments: (name) => functionParameters(btf(), `${FUNCTION}${name.slice(PREFIX.length)}`),
    };
  },
};
