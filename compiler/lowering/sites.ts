/** Numbers for instructions that the host decides about: equal sites share a number. */
import type { Site } from '../../linker/input.ts';

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
