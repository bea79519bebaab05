/**
 * When the rounds of the analysis end. A type may follow from others that follow from it: strings grow by what is put
 * behind them, tuples take themselves in, a map's key comes out of the map. Each map and variable may change so many
 * times; then strings get their largest size, and whatever changes on has no type.
 */
import { sameType } from '../types/equality.ts';
import type { Flow } from '../types/join.ts';
import type { Type } from '../types/type.ts';
import type { Facts, MapFlows, Round } from './state.ts';

/**
 * Widening has few steps: four integer sizes, a sign, the lengths of a few strings. Tuples have those of their elements,
 * so what grows is told from what takes long only by what comes after.
 */
const CHANGES_BEFORE_TOP = 24;
/** Beyond the top they need not take so long: two strings that take each other in double with each round. */
const CHANGES_BEYOND_TOP = 4;
const MOST_CHANGES = 96;
/** Parts of a type that takes itself in: it may double with each round. */
const LARGEST_TYPE = 4096;

export type Step =
  | { readonly kind: 'settled' }
  | { readonly kind: 'changed'; readonly known: Facts }
  /** Maps and variables (by key) that go on changing. */
  | {
      readonly kind: 'endless';
      readonly maps: readonly string[];
      readonly variables: readonly string[];
    };

export interface Settling {
  /** Compares what a round found with what it began with. Types of `round` that grow without end get their top. */
  step(round: Round): Step;
}

/** `top` is the size that growing strings get in the end. */
export function createSettling(top: number): Settling {
  const changes = new Map<string, number>();
  const count = (symbol: string): number => {
    const times = (changes.get(symbol) ?? 0) + 1;
    changes.set(symbol, times);
    return times;
  };
  const isEndless = (symbol: string, flow: Flow | undefined): boolean =>
    (changes.get(symbol) ?? 0) > MOST_CHANGES ||
    (flow !== undefined && partsOf(flow.type, LARGEST_TYPE) >= LARGEST_TYPE);
  /** The flow itself, or one with the largest strings where it has changed too often. */
  const bounded = (symbol: string, before: Flow | undefined, flow: Flow): Flow => {
    const times = changes.get(symbol) ?? 0;
    if (before === undefined || times < CHANGES_BEYOND_TOP) return flow;
    const longest = times < CHANGES_BEFORE_TOP ? top : 0;
    return { ...flow, type: withTop(before.type, flow.type, { top, longest }) };
  };

  return {
    step(round) {
      const { known, maps, variables } = round;
      for (const [name, use] of maps) {
        const before = known.maps.get(name);
        if (use.key) use.key = bounded(`key ${name}`, before?.key, use.key);
        if (use.value) use.value = bounded(`value ${name}`, before?.value, use.value);
      }
      for (const [key, flow] of variables)
        variables.set(key, bounded(`variable ${key}`, known.variables.get(key), flow));

      const found: Facts = {
        maps: new Map(
          [...maps].map(([name, { key, value }]): [string, MapFlows] => [name, { key, value }]),
        ),
        variables,
      };
      const endless = { maps: new Set<string>(), variables: new Set<string>() };
      let changed = false;
      const compare = (symbol: string, a: Flow | undefined, b: Flow | undefined): boolean => {
        if (sameFlow(a, b)) return false;
        changed = true;
        count(symbol);
        return isEndless(symbol, b);
      };
      for (const name of new Set([...known.maps.keys(), ...found.maps.keys()])) {
        const before = known.maps.get(name);
        const after = found.maps.get(name);
        if (before === undefined || after === undefined) changed = true;
        const key = compare(`key ${name}`, before?.key, after?.key);
        const value = compare(`value ${name}`, before?.value, after?.value);
        if (key || value) endless.maps.add(name);
      }
      for (const key of new Set([...known.variables.keys(), ...found.variables.keys()])) {
        if (compare(`variable ${key}`, known.variables.get(key), found.variables.get(key)))
          endless.variables.add(key);
      }
      if (!changed) return { kind: 'settled' };
      if (endless.maps.size + endless.variables.size > 0)
        return { kind: 'endless', maps: [...endless.maps], variables: [...endless.variables] };
      return { kind: 'changed', known: found };
    },
  };
}

function sameFlow(a: Flow | undefined, b: Flow | undefined): boolean {
  if (!a || !b) return a === b;
  return sameType(a.type, b.type) && JSON.stringify(a.flexible) === JSON.stringify(b.flexible);
}

/** `type` where its strings are longer than before, and than `longest`: they get the largest size, once. */
function withTop(
  before: Type,
  type: Type,
  bounds: { readonly top: number; readonly longest: number },
): Type {
  if (before.kind === 'string' && type.kind === 'string') {
    const grows = type.size > before.size && type.size > bounds.longest;
    return grows ? { ...type, size: Math.max(bounds.top, before.size) } : type;
  }
  if (before.kind === 'tuple' && type.kind === 'tuple') {
    const elements = type.elements.map((element, index) =>
      withTop(before.elements[index] ?? element, element, bounds),
    );
    return { ...type, elements };
  }
  if (before.kind === 'record' && type.kind === 'record') {
    const fields = type.fields.map((field, index) => ({
      ...field,
      type: withTop(before.fields[index]?.type ?? field.type, field.type, bounds),
    }));
    return { ...type, fields };
  }
  return type;
}

/** Parts of a type, counted up to `most`. */
function partsOf(type: Type, most: number): number {
  const inner =
    type.kind === 'tuple'
      ? type.elements
      : type.kind === 'record'
        ? type.fields.map((field) => field.type)
        : [];
  let parts = 1;
  for (const part of inner) {
    if (parts >= most) break;
    parts += partsOf(part, most - parts);
  }
  return parts;
}
