/**
 * Bodies without what they refer to: many that are alike otherwise are kept as one text, which has gaps for symbols, sites and
 * places in the script.
 */
import { nameOf, nameText, placeIndex, placeText } from './names.ts';

/** A body in two parts. */
export interface Shaped {
  /** Its text with gaps; the same reference has the same gap everywhere. */
  readonly shape: string;
  /** What is in the gaps: variables and maps, numbers of sites, indices of places. */
  readonly symbols: readonly string[];
  readonly sites: readonly number[];
  readonly places: readonly number[];
}

const REFERENCE = /!dbg !(\d+)|@(?:"([^"]*)"|([-\w$.]+))/g;
/** A primitive of a site, and what it does (primitives.ts). */
const SITE = /^bpfscript\.site\.(\d+)(\..*)$/;

/** LLVM's text has no such character: it begins a gap, and a letter says of which kind. */
const GAP = '\u0001';
const FILLED = new RegExp(`${GAP}([gsp])(\\d+);`, 'g');

/**
 * `dataNamed` gives the symbol of a variable or map, and nothing for functions, which stay in the text and are `onFunction`'s.
 * It is kept: a piece of `body` would keep all of it in V8's memory.
 */
export function takeShape(
  body: string,
  dataNamed: (symbol: string) => string | undefined,
  onFunction: (symbol: string) => void = () => undefined,
): Shaped {
  const [symbols, sites, places] = [ordinals<string>(), ordinals<number>(), ordinals<number>()];
  const shape = body.replace(REFERENCE, (whole, place, quoted, plain) => {
    if (place !== undefined) return `${GAP}p${places.of(placeIndex(Number(place)))};`;
    const symbol = nameOf(quoted, plain);
    const data = dataNamed(symbol);
    if (data !== undefined) return `${GAP}g${symbols.of(data)};`;
    onFunction(symbol);
    const site = SITE.exec(symbol);
    return site ? `${GAP}s${sites.of(Number(site[1]))};${site[2]}` : whole;
  });
  return { shape, symbols: symbols.all(), sites: sites.all(), places: places.all() };
}

/** The body again. */
export function fillShape({ shape, symbols, sites, places }: Shaped): string {
  return shape.replace(FILLED, (_, kind: string, ordinal: string) => {
    const index = Number(ordinal);
    if (kind === 'p') return `!dbg ${placeText(known(places, index))}`;
    if (kind === 's') return `@bpfscript.site.${known(sites, index)}`;
    return nameText(known(symbols, index));
  });
}

function known<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`a body has nothing for gap ${index}`);
  return found;
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
