/** The tables of layers.ts, asked about one reference. */
import { dirname } from 'node:path';
import { OWNERS } from './layers.ts';
import type { Reference } from './references.ts';

const OURS = /^(compiler|linker|loader|stdlib|test|bench)\//;

function within(file: string, entry: string): boolean {
  if (entry.endsWith('/*')) return dirname(file) === dirname(entry);
  return file.startsWith(`${entry}/`) || file.replace(/\.\w+$/, '') === entry;
}

/** The entry of the order that a file belongs to: the longest that names it or a folder around it. */
export function placeOf(file: string, order: readonly string[]): string | undefined {
  return order.filter((entry) => within(file, entry)).sort((a, b) => b.length - a.length)[0];
}

/** What is wrong with a reference, as a line that an editor can follow; nothing if it is as the tables say. */
export function offence(
  { from, line, to }: Reference,
  order: readonly string[],
): string | undefined {
  const own = placeOf(from, order);
  if (own === undefined) return `${from}: its folder is not in test/architecture/layers.ts`;
  const at = `${from}:${line}: uses ${to}`;
  const owner = OWNERS[to];
  if (owner !== undefined && !within(from, owner)) return `${at}, which only ${owner} may`;
  if (!OURS.test(to)) return undefined;
  const other = placeOf(to, order);
  if (other === undefined) return `${at}, which is not of the product`;
  if (order.indexOf(other) > order.indexOf(own)) return `${at}, but ${other} stands above ${own}`;
  return undefined;
}
