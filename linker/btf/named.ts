/** Local types of CO-RE records that are made of names alone: one for each path, which has nothing beside it. */
import type { BtfBuilder } from './builder.ts';
import { CORE_KIND, type CoreAccess } from './core.ts';
import type { NamedSite } from './definitions.ts';
import { addType, sizeOf } from './types.ts';

interface Part {
  readonly id: number;
  readonly size: number;
}

/** Where the end of the path stands in the local type: elements before it are as large as it is. */
export function namedOffset(path: NamedSite['path'], leafSize: number): number {
  return partsOf(path, leafSize).offset;
}

/** Size of what stands at the start of the path, and how far its end is from there. */
function partsOf(
  path: NamedSite['path'],
  leafSize: number,
): { readonly size: number; readonly offset: number } {
  const [head, ...rest] = path;
  if (head === undefined) return { size: leafSize, offset: 0 };
  const inner = partsOf(rest, leafSize);
  if (typeof head === 'string') return inner;
  return { size: inner.size * (head + 1), offset: inner.size * head + inner.offset };
}

export function addNamedType(builder: BtfBuilder, site: NamedSite): CoreAccess {
  const { root, path, leaf, bits } = site;
  const kind = CORE_KIND[site.relocation];
  if (root.kind === 'enum') {
    const values = path.map((name) => [String(name), 1n] as const);
    return { type: builder.enum(root.name, 4, false, values), access: '0', kind };
  }
  const { kind: aggregate, name } = root;
  // Types of questions are no types of reads: the loader renames a member that is read and is otherwise on its kernel, so
  // that it is missing, and the question whether the kernel has it is asked for itself.
  const apart = site.relocation === 'exists' ? 1 : 0;
  const build = (at: number, label: string): Part => {
    const head = path[at];
    if (head === undefined && at > 0) return { id: addType(builder, leaf), size: sizeOf(leaf) };
    if (typeof head === 'number') {
      const inner = build(at + 1, '');
      return { id: builder.array(inner.id, head + 1), size: inner.size * (head + 1) };
    }
    const inner = head === undefined ? undefined : build(at + 1, '');
    const size = (inner?.size ?? sizeOf(leaf)) + apart;
    const last = at === path.length - 1;
    const members =
      inner && head !== undefined
        ? [{ name: head, type: inner.id, bitOffset: 0, ...(last && bits ? { bitSize: bits } : {}) }]
        : [];
    return { id: builder.aggregate(at === 0 ? aggregate : 'struct', label, size, members), size };
  };
  return {
    type: build(0, name).id,
    access: ['0', ...path.map((step) => (typeof step === 'number' ? step : 0))].join(':'),
    kind,
  };
}
