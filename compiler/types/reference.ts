/** The names of the language's own types. */
import type { Type } from './type.ts';
import { BOOL, int, VOID } from './type.ts';

/** A string or buffer without a size: takes that of the value. Sizes of 0 occur nowhere else. */
export const UNSIZED = 0;

const OWN: ReadonlyMap<string, Type> = new Map<string, Type>([
  ['void', VOID],
  ['bool', BOOL],
  ['int8', int(1, true)],
  ['int16', int(2, true)],
  ['int32', int(4, true)],
  ['int64', int(8, true)],
  ['uint8', int(1, false)],
  ['uint16', int(2, false)],
  ['uint32', int(4, false)],
  ['uint64', int(8, false)],
  ['string', { kind: 'string', size: UNSIZED }],
  ['buffer', { kind: 'buffer', size: UNSIZED }],
  ['timestamp', { kind: 'timestamp' }],
  ['count_t', { kind: 'count' }],
  ['sum_t', { kind: 'sum', signed: true }],
  ['usum_t', { kind: 'sum', signed: false }],
  ['min_t', { kind: 'min', signed: true }],
  ['umin_t', { kind: 'min', signed: false }],
  ['max_t', { kind: 'max', signed: true }],
  ['umax_t', { kind: 'max', signed: false }],
  ['avg_t', { kind: 'avg', signed: true }],
  ['uavg_t', { kind: 'avg', signed: false }],
  ['stats_t', { kind: 'stats', signed: true }],
  ['ustats_t', { kind: 'stats', signed: false }],
]);

/**
 * C's own names, for descriptions whose BTF lacks the typedef. `long` is 64 bits on every architecture that
 * is supported.
 */
const C: ReadonlyMap<string, Type> = new Map<string, Type>([
  ['char', int(1, true)],
  ['short', int(2, true)],
  ['int', int(4, true)],
  ['long', int(8, true)],
  ['unsigned', int(4, false)],
  ['int8_t', int(1, true)],
  ['int16_t', int(2, true)],
  ['int32_t', int(4, true)],
  ['int64_t', int(8, true)],
  ['uint8_t', int(1, false)],
  ['uint16_t', int(2, false)],
  ['uint32_t', int(4, false)],
  ['uint64_t', int(8, false)],
  ['size_t', int(8, false)],
  ['uintptr_t', int(8, false)],
]);

/** Types of the language that this version does not have; they get a message of their own. */
const LATER: ReadonlySet<string> = new Set(['inet', 'macaddr_t', 'cgroup_path_t', 'username_t']);

export function ownType(name: string): Type | undefined {
  return OWN.get(name);
}

export function commonCType(name: string): Type | undefined {
  return C.get(name);
}

export function isLaterType(name: string): boolean {
  return LATER.has(name);
}

export function ownTypeNames(): Iterable<string> {
  return OWN.keys();
}
