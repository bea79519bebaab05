/**
 * Programs that are alike but for symbols, sites and places in the script: LLVM compiles the first of them, and the linker
 * copies its code for the others (linker/copies.ts). LLVM does not know what the differences are: the values of variables,
 * the numbers of sites and lines; so all of them would have become the same code.
 */
import type { ProgramPlace } from '../../linker/input.ts';
import type { Shaped } from './shapes.ts';
import type { GlobalDefinition, Place } from './text.ts';

const pairs = <T, U>(from: readonly T[], to: readonly U[]): Map<T, U> =>
  new Map(from.map((key, index) => [key, to[index] as U]));

/** Says of a program, when its body is made, whether it is a copy of one before it. What it refers to is defined by then. */
export function createSharing(
  globals: ReadonlyMap<string, GlobalDefinition>,
  places: readonly Place[],
): (symbol: string, section: string, body: Shaped) => ProgramPlace {
  const first = new Map<string, { readonly symbol: string; readonly body: Shaped }[]>();
  const placeAt = (index: number): Place => {
    const place = places[index];
    if (!place) throw new Error(`place ${index} is not one of the module's`);
    return place;
  };
  /** What LLVM knows of a variable or a map, or its name where that is all. */
  const known = (symbol: string): string => {
    const global = globals.get(symbol);
    return global ? `${global.section} ${global.size} ${global.align}` : `@${symbol}`;
  };
  const areAlike = (left: Shaped, right: Shaped): boolean =>
    left.symbols.every((symbol, index) => known(symbol) === known(right.symbols[index] ?? ''));
  return (symbol, section, body) => {
    const sameText = first.get(body.shape) ?? [];
    const of = sameText.find((other) => areAlike(other.body, body));
    if (!of) {
      first.set(body.shape, [...sameText, { symbol, body }]);
      return { symbol, section };
    }
    const copy = {
      of: of.symbol,
      symbols: pairs(of.body.symbols, body.symbols),
      sites: pairs(of.body.sites, body.sites),
      places: of.body.places.map((place, index) => {
        return { from: placeAt(place), to: placeAt(body.places[index] ?? -1) };
      }),
    };
    return { symbol, section, copy };
  };
}
