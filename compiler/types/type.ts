/**
 * The types of BpfScript values. Immutable data; equal types are structurally equal.
 *
 * How a value of a type is represented in a program (registers or memory) and in memory (maps, events):
 * see `isScalar` and layout.ts. The same memory layout is what the manifest describes to the loader.
 */

import type {
  AGGREGATIONS,
  NAME_SPACES,
  STACK_MODES,
  STACK_SPACES,
} from '../../linker/contract/types.ts';

export type IntSize = 1 | 2 | 4 | 8;
export type AddressSpace = 'none' | 'kernel' | 'user';
export type NameSpace = (typeof NAME_SPACES)[number];
export type StackMode = (typeof STACK_MODES)[number];

export interface VoidType {
  readonly kind: 'void';
  /** What a plain address leads to that kptr() or uptr() gave a space: read as an integer's would be. */
  readonly addressed?: true;
}
export interface BoolType {
  readonly kind: 'bool';
}
export interface IntType {
  readonly kind: 'int';
  readonly size: IntSize;
  readonly signed: boolean;
}
/** NUL-padded bytes; `size` has room for the NUL. */
export interface StringType {
  readonly kind: 'string';
  readonly size: number;
}
/** u32 length, then `size` bytes of data. */
export interface BufferType {
  readonly kind: 'buffer';
  readonly size: number;
}
export interface PointerType {
  readonly kind: 'pointer';
  readonly to: Type;
  readonly space: AddressSpace;
}
export interface ArrayType {
  readonly kind: 'array';
  readonly element: Type;
  readonly count: number;
}
export interface TupleType {
  readonly kind: 'tuple';
  readonly elements: readonly Type[];
}
export interface RecordType {
  readonly kind: 'record';
  readonly fields: readonly { readonly name: string; readonly type: Type }[];
}
/** A C struct or union. Its members are looked up on demand by id (kernel/types.ts): never copied into the type. */
export interface StructType {
  readonly kind: 'struct';
  readonly aggregate: 'struct' | 'union';
  /** Empty for anonymous ones. */
  readonly name: string;
  readonly size: number;
  /** As C aligns it: found out when it is asked for. */
  readonly align: number;
  /** BTF type id in the kernel description; see `SCRIPT_TYPES`. */
  readonly id: number;
  /** Of a value, the memory that it was copied from, into which its pointers lead. No part of what it is. */
  readonly from?: Exclude<AddressSpace, 'none'>;
}
/** A C enum; 8 bytes wide as a script value, whatever its size in memory. */
export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly size: IntSize;
  readonly signed: boolean;
  readonly id: number;
}
/** A number of a type: known to the compiler, or that of a positional parameter, N of `$N`, which the loader knows. */
export type TypeNumber = number | FromParameter;
export interface FromParameter {
  readonly parameter: number;
}

/** A token of 16 bytes {u64 stack id, u32 pid, u32 frame count}; the frames stand in the map `stacks`. */
export interface StackType {
  readonly kind: 'stack';
  readonly space: (typeof STACK_SPACES)[number];
  readonly mode: StackMode;
  readonly limit: TypeNumber;
}
/** u64 address. */
export interface KsymType {
  readonly kind: 'ksym';
}
/** {u64 address, u32 pid, u32 unused}. */
export interface UsymType {
  readonly kind: 'usym';
}
/** {u64 nanoseconds since boot, u32 index into the manifest's formats, u32 unused}. */
export interface TimestampType {
  readonly kind: 'timestamp';
}
/** u64: index into the manifest's or the loader's table of probe names; printed as text. */
export interface ProbeNameType {
  readonly kind: 'probe';
}
/** A number that is shown by its name: a user id, an errno, a signal, a system call. The loader knows the names. */
export interface NameType {
  readonly kind: 'name';
  readonly of: NameSpace;
}
/** {u32 address family (AF_INET, AF_INET6), u8 address[16]}: in the order of the network, IPv4 in the first four. */
export interface InetType {
  readonly kind: 'inet';
}
/** 6 bytes. */
export interface MacaddrType {
  readonly kind: 'macaddr';
}
/** {u64 cgroup id, u32 index into the manifest's formats, u32 unused}: the format is a pattern of hierarchies. */
export interface CgroupPathType {
  readonly kind: 'cgroup_path';
}
/** The raw context of a probe: `ctx`, and `args` before a field is taken. Never stored. */
export interface ContextType {
  readonly kind: 'context';
}

/**
 * Ids from here up are those of C types that the script itself defines, less this number. The kernel's stay below
 * (BTF_MAX_TYPE of include/uapi/linux/btf.h).
 */
export const SCRIPT_TYPES = 0x100000;

/** `char *` */
export function isTextPointer(type: Type): boolean {
  return type.kind === 'pointer' && type.to.kind === 'int' && type.to.size === 1 && type.to.signed;
}

/** Whether a struct or enum is the script's own: the same on every host, and unknown to CO-RE. */
export function isScriptType(type: { readonly id: number }): boolean {
  return type.id >= SCRIPT_TYPES;
}

/**
 * Whether a struct of the script stands for one of the kernel, by its name before `___`, with the members that the
 * script wants of it (bpf_core_essential_name_len of libbpf's relo_core.c).
 */
export function isFlavour(type: Type): boolean {
  return type.kind === 'struct' && isScriptType(type) && /[^_]___[^_]/.test(type.name);
}

/** What the kernel calls a struct: of flavours, the name before `___`. */
export function kernelName(type: StructType): string {
  return isFlavour(type) ? type.name.replace(/^(.*[^_])___[^_].*$/, '$1') : type.name;
}

/** Among them, from here up: those that the debug information of a traced program describes. */
export const DEBUG_TYPES = 0x40000000;

export function isDebugType(type: { readonly id: number }): boolean {
  return type.id >= DEBUG_TYPES;
}

/** log2 buckets with 2^bits sub-buckets. */
export interface HistType {
  readonly kind: 'hist';
  readonly bits: TypeNumber;
}
export interface LinearHistType {
  readonly kind: 'lhist';
  readonly min: TypeNumber;
  readonly max: TypeNumber;
  readonly step: TypeNumber;
}

/** What a slot of a `tseries` keeps of the values of its interval. */
export type SeriesAggregation = (typeof AGGREGATIONS)[number];

/** Slots of the last `count` intervals of `interval` nanoseconds; layout.ts says what each holds. */
export interface SeriesType {
  readonly kind: 'tseries';
  readonly signed: boolean;
  readonly aggregation: SeriesAggregation;
  readonly interval: number;
  readonly count: number;
}

/** Kinds of aggregation; only a map's value can have one of these types. */
export type AggregateType =
  | { readonly kind: 'count' }
  | { readonly kind: 'sum' | 'min' | 'max' | 'avg' | 'stats'; readonly signed: boolean }
  | HistType
  | LinearHistType
  | SeriesType;

export type Type =
  | VoidType
  | BoolType
  | IntType
  | StringType
  | BufferType
  | PointerType
  | ArrayType
  | TupleType
  | RecordType
  | StructType
  | EnumType
  | StackType
  | KsymType
  | UsymType
  | TimestampType
  | ProbeNameType
  | NameType
  | InetType
  | MacaddrType
  | CgroupPathType
  | ContextType
  | AggregateType;

export const VOID: VoidType = { kind: 'void' };
export const ADDRESSED: VoidType = { kind: 'void', addressed: true };
/** `probe`, `func` and symbols of the kernel as text: the longest that fits in a value of the loader's map. */
export const NAME_TEXT = { kind: 'string', size: 256 } as const satisfies Type;
export const BOOL: BoolType = { kind: 'bool' };
export const INT64: IntType = { kind: 'int', size: 8, signed: true };
export const UINT64: IntType = { kind: 'int', size: 8, signed: false };
export const UINT32: IntType = { kind: 'int', size: 4, signed: false };
export const INT8: IntType = { kind: 'int', size: 1, signed: true };

export function int(size: IntSize, signed: boolean): IntType {
  return { kind: 'int', size, signed };
}

const AGGREGATES: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'min',
  'max',
  'avg',
  'stats',
  'hist',
  'lhist',
  'tseries',
]);

export function isAggregate(type: Type): type is AggregateType {
  return AGGREGATES.has(type.kind);
}

/** Aggregates of many numbers, which print as pictures. */
export function hasBuckets(type: Type): boolean {
  return type.kind === 'hist' || type.kind === 'lhist' || type.kind === 'tseries';
}

/** Positional parameters decide how many buckets it has: the loader gives it as many. */
export function isSizedAtLoad(type: Type): boolean {
  if (type.kind === 'hist') return typeof type.bits !== 'number';
  return type.kind === 'lhist' && !isKnown(type);
}

/** Of a linear histogram, all numbers. */
export function isKnown(
  type: LinearHistType,
): type is LinearHistType & Record<'min' | 'max' | 'step', number> {
  return [type.min, type.max, type.step].every((bound) => typeof bound === 'number');
}

/** Aggregates whose combined value an expression can read. */
export function isCastable(type: AggregateType): boolean {
  return type.kind !== 'stats' && !hasBuckets(type);
}

/**
 * Scalars live in a 64-bit register, sign- or zero-extended by their type; everything else lives in memory.
 */
export function isScalar(type: Type): boolean {
  switch (type.kind) {
    case 'bool':
    case 'int':
    case 'pointer':
    case 'enum':
    case 'ksym':
    case 'probe':
    case 'name':
    case 'context':
      return true;
    default:
      return false;
  }
}
