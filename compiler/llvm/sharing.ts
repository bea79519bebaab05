/**
 * Programs that are alike but for symbols, sites and places in the script: LLVM compiles the first of them, and the linker
 * copies its code for the others (linker/copies.ts). LLVM does not know what the differences are: the values of variables,
 * the numbers of sites and lines; so all of them would have become the same code.
 */
import type { ProgramPlace } from '../../linker/input.ts';
import {
  type FunctionText,
  type GlobalDefinition,
  nameOf,
  type Place,
  placeIndex,
} from './text.ts';

const REFERENCE = /!dbg !(\d+)|@(?:"([^"]*)"|([-\w$.]+))/g;
/** A primitive of a site, and what it does (primitives.ts). */
const SITE = /^bpfscript\.site\.(\d+)(\..*)$/;

/** What a body refers to, in the order in which it does, and the body with ordinals instead. */
interface Shape {
  readonly text: string;
  readonly symbols: readonly string[];
  readonly sites: readonly number[];
  readonly places: readonly number[];
}

/** Things by their first appearance. */
function ordinals<T>(): { readonly all: () => readonly T[]; readonly of: (thing: T) => number } {
  const known = new Map<T, number>();
  return {
    all: () => [...known.keys()],
    of(thing) {
      const found = known.get(thing);
      if (found !== undefined) return found;
      known.set(thing, known.size);
      return known.size - 1;
    },
  };
}

function shapeOf(body: string, globals: ReadonlyMap<string, GlobalDefinition>): Shape {
  const [symbols, sites, places] = [ordinals<string>(), ordinals<number>(), ordinals<number>()];
  const text = body.replace(REFERENCE, (whole, place, quoted, plain) => {
    if (place !== undefined) return `!${places.of(placeIndex(Number(place)))}`;
    const symbol = nameOf(quoted, plain);
    const site = SITE.exec(symbol);
    if (site) return `@<site ${sites.of(Number(site[1]))}>${site[2]}`;
    const global = globals.get(symbol);
    if (!global) return whole;
    return `@<${symbols.of(symbol)} ${global.section} ${global.size} ${global.align}>`;
  });
  return { text, symbols: symbols.all(), sites: sites.all(), places: places.all() };
}

const pairs = <T, U>(from: readonly T[], to: readonly U[]): Map<T, U> =>
  new Map(from.map((key, index) => [key, to[index] as U]));

/** All programs of a module in their order. */
export function sharePrograms(
  functions: ReadonlyMap<string, FunctionText>,
  globals: ReadonlyMap<string, GlobalDefinition>,
  places: readonly Place[],
): readonly ProgramPlace[] {
  const first = new Map<string, { readonly symbol: string; readonly shape: Shape }>();
  const placeAt = (index: number): Place => {
    const place = places[index];
    if (!place) throw new Error(`place ${index} is not one of the module's`);
    return place;
  };
  return [...functions].flatMap(([symbol, { section, body }]): ProgramPlace[] => {
    if (section === undefined) return [];
    const shape = shapeOf(body, globals);
    const known = first.get(shape.text);
    if (!known) {
      first.set(shape.text, { symbol, shape });
      return [{ symbol, section }];
    }
    const of = known.shape;
    const copy = {
      of: known.symbol,
      symbols: pairs(of.symbols, shape.symbols),
      sites: pairs(of.sites, shape.sites),
      places: of.places.map((place, index) => {
        return { from: placeAt(place), to: placeAt(shape.places[index] ?? -1) };
      }),
    };
    return [{ symbol, section, copy }];
  });
}
