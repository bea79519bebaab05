/** `struct NAME`, `union NAME` and `enum NAME`, with patterns. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { definitionText } from '../kernel/c-text.ts';
import { matcher } from './lister.ts';

const KINDS: Readonly<Record<string, readonly number[]>> = {
  struct: [BTF_KIND.struct],
  union: [BTF_KIND.union],
  enum: [BTF_KIND.enum, BTF_KIND.enum64],
};

export interface TypePattern {
  readonly keyword: string;
  readonly name: string;
}

/** undefined for what names no type. */
export function readTypePattern(text: string): TypePattern | undefined {
  const match = /^(struct|union|enum)\s+([\w*]+)$/.exec(text.trim());
  return match ? { keyword: match[1] ?? '', name: match[2] ?? '' } : undefined;
}

/** The names, one a line, or with `verbose` the definitions, in the order of the names. */
export function listTypes(btf: Btf, { keyword, name }: TypePattern, verbose: boolean): string {
  const matches = matcher(name);
  const found = new Map<string, number>();
  for (let id = 1; id < btf.count; id += 1) {
    if (!KINDS[keyword]?.includes(btf.kind(id))) continue;
    const own = btf.name(id);
    // Types of one name, which separate files of the kernel may have: the first is the one that scripts get.
    if (own !== '' && matches(own) && !found.has(own)) found.set(own, id);
  }
  return [...found]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([own, id]) => (verbose ? definitionText(btf, id) : `${keyword} ${own}\n`))
    .join('');
}
