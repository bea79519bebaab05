/**
 * New elements of maps. A key is new once and found from then on, so programs share the code that makes its element and
 * says where that failed: a subprogram for all maps, that gets what differs.
 */
import { HELPERS } from '../../linker/contract/helpers.ts';
import { NAME_PREFIXES } from '../../linker/contract/names.ts';
import type { FunctionBuilder, IrPointer, IrValue } from '../llvm/ir.ts';
import type { Range } from '../source/source.ts';
import { tell } from './events.ts';
import { noteHelper } from './features.ts';
import { helperWarning } from './helper-warnings.ts';
import { atPlace, lookupByKey, type MapKey } from './map-keys.ts';
import { BPF_ANY, BPF_NOEXIST, lowerUpdate, MAP_FULL, updateElement, warnMapFull } from './maps.ts';
import type { FunctionState } from './state.ts';
import { type PlaceOfWarning, placeOfWarning, sharesSeldom } from './warnings.ts';

/** Inserts an element for a key that was not there; a failure becomes a warning with its place in the script. */
export function insertElement(
  fn: FunctionState,
  key: MapKey,
  value: IrPointer,
  range: Range,
): void {
  if (key.threads !== undefined || !sharesSeldom(fn)) {
    updateElement(fn, key, value, range);
    return;
  }
  atPlace(key, fn.ir.if_, ({ map, pointer }) => {
    callShared(fn, 'insert', { map, pointer, value, range }, (ir, { status, fail }) => {
      ir.if_(ir.compare('ne', status, ir.constant(0)), fail);
    });
  });
}

/**
 * The same for what all CPUs add to: whoever comes first inserts the value, and others find it. Gives the element, or null
 * where there is no room for one.
 */
export function insertOnce(
  fn: FunctionState,
  key: MapKey,
  value: IrPointer,
  range: Range,
): IrPointer {
  const { ir } = fn;
  if (key.threads !== undefined || !sharesSeldom(fn)) {
    const status = lowerUpdate(fn, key, value, BPF_NOEXIST);
    const inserted = lookupByKey(fn, key);
    ir.if_(ir.isNull(inserted), () => warnMapFull(fn, status, range));
    return inserted;
  }
  return atPlace(key, ir.ifPointer, ({ map, pointer }) =>
    ir.intToPointer(
      callShared(fn, 'insert_once', { map, pointer, value, range }, (inner, made) => {
        const element = inner.helperPointer(HELPERS.map_lookup_elem, [made.map, made.key]);
        inner.if_(inner.isNull(element), made.fail);
        inner.return_(inner.pointerToInt(element));
      }),
    ),
  );
}

interface Insertion {
  readonly map: string;
  /** To the key. */
  readonly pointer: IrPointer;
  readonly value: IrPointer;
  readonly range: Range;
}

/** In the subprogram, behind the helper. */
interface Made {
  readonly map: IrPointer;
  readonly key: IrPointer;
  readonly status: IrValue;
  /** Warns of the status. */
  fail(): void;
}

/** Calls one of the subprograms, which `body` completes. */
function callShared(
  fn: FunctionState,
  name: 'insert' | 'insert_once',
  { map, pointer, value, range }: Insertion,
  body: (ir: FunctionBuilder, made: Made) => void,
): IrValue {
  const { ir, lowering, unit } = fn;
  const symbol = `${NAME_PREFIXES.seldom}${name}`;
  const entry = unit.events.register(
    helperWarning('map_update_elem', { range, message: MAP_FULL }),
  );
  noteHelper(fn, 'map_update_elem');
  unit.subprogram(
    {
      symbol,
      role: 'subprogram',
      parameters: PARAMETERS.map((parameter) => ({ name: parameter, type: undefined })),
      returns: undefined,
    },
    PARAMETERS.map(() => 'ptr'),
    (inner, args) => {
      const [kernelMap, key, first, event, told] = args as readonly IrPointer[] as Arguments;
      const flags = inner.constant(name === 'insert' ? BPF_ANY : BPF_NOEXIST);
      const status = inner.helper(HELPERS.map_update_elem, [kernelMap, key, first, flags]);
      const place: PlaceOfWarning = { event, told };
      const fail = () => tell(fn, inner, entry, place, status);
      body(inner, { map: kernelMap, key, status, fail });
    },
  );
  const { event, told } = placeOfWarning(fn, entry);
  return ir.callFunction(symbol, [lowering.mapPointer(map), pointer, value, event, told]);
}

const PARAMETERS = ['map', 'key', 'value', 'event', 'told'] as const;
type Arguments = readonly [IrPointer, IrPointer, IrPointer, IrPointer, IrPointer];
