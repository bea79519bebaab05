/** Where elements of a script's map are kept; one map may have several, which partition its keys. */
import { type Forms, number, optional, reference, text, whole } from './shape.ts';

/** BPF_MAP_TYPE_HASH and its LRU form. */
const hash = {
  map: text(),
  keySize: whole(),
  valueSize: whole(),
  key: optional(reference('type', "This store's own key type, where it is narrower.")),
};

export const STORES = {
  hash: [hash],
  'percpu-hash': [hash],
  /** One slot: an element of a per-CPU array. */
  'percpu-slot': [
    {
      map: text(),
      valueSize: whole(),
      present: whole('Offset of a u64 that is not 0 once written.'),
      first: optional(whole('The element of the array; 0 without.')),
    },
  ],
  /** The slots of a series, in the elements of a per-CPU array, one after the other. */
  'percpu-slots': [
    {
      map: text(),
      valueSize: whole('Of each.'),
      entries: number(1),
      first: optional(whole('The first of these elements in the array; 0 without.')),
    },
  ],
  /** A variable in `.bss`. */
  global: [
    {
      offset: whole(),
      valueSize: whole(),
      present: whole('Offset of a u64 in `.bss` that is not 0 once written.'),
    },
  ],
} as const satisfies Forms;
