/** Numbers for instructions that the host decides about: equal sites share a number. */
import type { CoreSite } from '../../linker/btf/definitions.ts';
import type { Site } from '../../linker/input.ts';
import type { Type } from '../types/type.ts';

export interface SiteTable {
  readonly sites: readonly Site[];
  number(site: Site): number;
}

export function createSiteTable(): SiteTable {
  const sites: Site[] = [];
  const numbers = new Map<string, number>();
  return {
    sites,
    number(site) {
      const key = JSON.stringify(site);
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, sites.length);
      sites.push(site);
      return sites.length - 1;
    },
  };
}

/**
 * A number about what a way in a struct of the kernel leads to. A pointer is read to be followed, unless it is cast.
 */
export function coreSite(
  way: Pick<CoreSite, 'struct' | 'indexes'> & { readonly type?: Type; readonly cast?: true },
  relocation: CoreSite['relocation'],
  value: number,
): CoreSite {
  const { struct, indexes } = way;
  const site = { kind: 'core', relocation, struct, indexes, value } as const;
  const follows = way.type?.kind === 'pointer' && relocation === 'byte-offset' && !way.cast;
  return follows ? { ...site, follows } : site;
}
