/** Finding types of a kernel by the names that the manifest has for them. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import type { Host } from './host.ts';
import { findMember, type Leaf } from './type-match.ts';

/** Types that are called `struct NAME`, `union NAME` or, by a typedef, NAME. */
export function typesNamed(btf: Btf, called: string): readonly number[] {
  const [first = '', name] = called.split(' ');
  const kind =
    name === undefined ? BTF_KIND.typedef : first === 'union' ? BTF_KIND.union : BTF_KIND.struct;
  return btf.named(name ?? first).filter((id) => btf.kind(id) === kind);
}

/** The kernel's own types, or if none is called so those with the modules' that have one. */
export function withTypesNamed(kernel: Btf, host: Host, called: string): Btf {
  if (typesNamed(kernel, called).length > 0) return kernel;
  const [aggregate = '', name] = called.split(' ');
  const joined = host.withModules(({ types }) =>
    name === undefined
      ? types.typedef(aggregate)
      : types.struct(aggregate === 'union' ? 'union' : 'struct', name),
  );
  return joined ?? kernel;
}

/** Follows names from a type: members, or in an array and behind a pointer any, which is the first element. */
export function alongPath(btf: Btf, type: number, names: readonly string[]): Leaf | undefined {
  let leaf: Leaf | undefined = { btf, type, bitOffset: 0, bitSize: 0, name: '' };
  for (const name of names) leaf = leaf && enter(leaf, name);
  return leaf;
}

function enter(leaf: Leaf, name: string): Leaf | undefined {
  const { btf } = leaf;
  const { kind, id, sizeOrType } = btf.resolve(leaf.type);
  if (kind === BTF_KIND.array) return { ...leaf, type: btf.array(id).element };
  if (kind === BTF_KIND.pointer) return { ...leaf, type: sizeOrType };
  const found = findMember(leaf, name);
  return found && found.bitSize === 0 ? found : undefined;
}
