/** Maps: shape (scalar or keyed), key and value types, reading and what flows in. */

import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { sameType } from '../types/equality.ts';
import { aggregateValue } from '../types/integers.ts';
import type { Flow } from '../types/join.ts';
import { join } from '../types/join.ts';
import { namesApart, typeName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import { isAggregate, isCastable } from '../types/type.ts';
import { convertStored, flowOf, storable } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { LOCKED } from './locks.ts';
import { warnOfSpaces } from './pointers.ts';
import type { MapUse, Typing } from './state.ts';
import { error, failed, isUnknown, UNKNOWN, undefinedMap, unknown } from './state.ts';
import type { MapSymbol, TypedExpression } from './typed.ts';

/** The round's record of a map, made at its first use. */
export function mapUse(typing: Typing, name: string): MapUse {
  const { maps } = typing.round;
  const existing = maps.get(name);
  if (existing) return existing;
  const use: MapUse = {
    name,
    keyed: undefined,
    key: undefined,
    value: undefined,
    deleted: false,
    lockedKey: undefined,
    lockedValue: undefined,
  };
  maps.set(name, use);
  return use;
}

/** Value type by the rounds before, else by this round so far, else UNKNOWN. */
export function mapValueType(typing: Typing, name: string): Type {
  const known = typing.round.known.maps.get(name)?.value;
  return (known ?? typing.round.maps.get(name)?.value)?.type ?? UNKNOWN;
}

/** Key type likewise. */
export function mapKeyType(typing: Typing, name: string): Type {
  const known = typing.round.known.maps.get(name)?.key;
  return (known ?? typing.round.maps.get(name)?.key)?.type ?? UNKNOWN;
}

/** Notes that a map is used with or without a key; false after an error. */
export function useShape(typing: Typing, name: string, keyed: boolean, range: Range): boolean {
  const use = mapUse(typing, name);
  use.keyed ??= keyed;
  if (use.keyed === keyed) return true;
  error(
    typing,
    'map-key-mismatch',
    keyed
      ? `${name} used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)`
      : `${name} used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)`,
    range,
  );
  return false;
}

/** Types a key, lets it widen the map's key, and converts it; undefined after an error. */
export function typeKey(
  typing: Typing,
  name: string,
  keys: readonly ast.Expression[],
  range: Range,
): TypedExpression | undefined {
  if (!useShape(typing, name, true, range)) return undefined;
  const elements = keys.map((key) => typeExpression(typing, key));
  const [only] = elements;
  const key: TypedExpression =
    elements.length === 1 && only
      ? only
      : {
          kind: 'tuple',
          type: { kind: 'tuple', elements: elements.map((element) => element.type) },
          elements,
          range: {
            start: elements[0]?.range.start ?? range.start,
            end: elements.at(-1)?.range.end ?? range.end,
          },
        };
  if (elements.some((element) => isUnknown(element.type))) return key;
  if (!elements.every((element) => storable(typing, element, 'used as a map key'))) {
    return undefined;
  }
  if (isEmpty(key.type)) {
    error(
      typing,
      'map-key-mismatch',
      `${name} has no key: ${typeName(key.type)} holds nothing`,
      key.range,
      `A map without keys is ${name} alone`,
    );
    return undefined;
  }
  const use = mapUse(typing, name);
  const flow = flowOf(key);
  const joined = use.key ? join(use.key, flow) : flow;
  if (!joined) {
    const [given, expected] = use.key
      ? namesApart(key.type, use.key.type)
      : [typeName(key.type), ''];
    error(
      typing,
      'map-key-mismatch',
      `Argument mismatch for ${name}: trying to access with arguments: '${given}' when map expects arguments: '${expected}'`,
      key.range,
    );
    return undefined;
  }
  checkLock(typing, use.lockedKey, joined.type, key.range);
  use.key = joined;
  return convertStored(typing, key, mapKeyType(typing, name));
}

/** Of a type without any value in it: the kernel makes no map with keys of no bytes. */
function isEmpty(type: Type): boolean {
  if (type.kind === 'tuple') return type.elements.every(isEmpty);
  return type.kind === 'record' && type.fields.every((field) => isEmpty(field.type));
}

/** `@m` or `@m[k]` as a value. Castable aggregates are read as integers, others cannot be. */
export function readMap(typing: Typing, map: ast.MapExpression): TypedExpression {
  const key = resolveKey(typing, map);
  if (key === 'failed') return unknown(map.range);
  const type = mapValueType(typing, map.name);
  if (isUnknown(type)) {
    undefinedMap(typing, map.name, map.range);
    return unknown(map.range);
  }
  const node = { kind: 'map', map: map.name, key, range: map.range } as const;
  if (!isAggregate(type)) return { ...node, type };
  if (isCastable(type)) return { ...node, type: aggregateValue(type) };
  return failed(
    typing,
    'map-value-use',
    `The value of a map of type ${typeName(type)} cannot be used in an expression`,
    map.range,
    `It can be printed as a whole: print(${map.name})`,
  );
}

/** The key of a map expression: undefined for a scalar. */
export function resolveKey(
  typing: Typing,
  map: ast.MapExpression,
): TypedExpression | undefined | 'failed' {
  if (!map.keys) return useShape(typing, map.name, false, map.range) ? undefined : 'failed';
  return typeKey(typing, map.name, map.keys, map.range) ?? 'failed';
}

/** A type flows into a map's value; false after an error. */
export function flowIntoMap(typing: Typing, name: string, flow: Flow, range: Range): boolean {
  if (isUnknown(flow.type)) return true;
  const use = mapUse(typing, name);
  const joined = use.value ? join(use.value, flow) : flow;
  if (!joined) {
    const [given, existing] = use.value
      ? namesApart(flow.type, use.value.type)
      : [typeName(flow.type), ''];
    error(
      typing,
      'type-mismatch',
      `Type mismatch for ${name}: trying to assign value of type '${given}' when map already has a type '${existing}'`,
      range,
    );
    return false;
  }
  if (use.value) warnOfSpaces(typing, use.value.type, flow.type, range);
  checkLock(typing, use.lockedValue, joined.type, range);
  use.value = joined;
  return true;
}

function checkLock(typing: Typing, locked: Type | undefined, joined: Type, range: Range): void {
  if (locked && !sameType(locked, joined)) {
    error(
      typing,
      'locked-type',
      `${LOCKED} It is '${typeName(locked)}', this needs '${typeName(joined)}'.`,
      range,
    );
  }
}

/** A map as built-in functions see it; undefined, after an error, when nothing is ever stored in it. */
export function mapSymbol(typing: Typing, name: string, range: Range): MapSymbol | undefined {
  const value = mapValueType(typing, name);
  const key = mapKeyType(typing, name);
  if (isUnknown(value)) {
    undefinedMap(typing, name, range);
    return undefined;
  }
  const known = typing.round.known.maps.get(name);
  const use = mapUse(typing, name);
  return {
    name,
    key: isUnknown(key) ? undefined : key,
    value,
    maxEntries: known?.key || use.key ? typing.round.config.maxMapKeys : 1,
    declared: undefined,
    deleted: use.deleted,
  };
}
