/**
 * Reading what pointers point to: members of structs, array elements, dereferences. Offsets in kernel structs are
 * CO-RE sites, so that they follow the kernel that the program is loaded on; those of the script's own are fixed.
 */
import { followsKernel } from '../analysis/conversion.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { KernelTypes, Member, StructWay } from '../kernel/types.ts';
import type { IrPointer, IrValue, Width } from '../llvm/ir.ts';
import { sizeInMemory } from '../types/layout.ts';
import type { AddressSpace, StructType, Type } from '../types/type.ts';
import { isFlavour, isScalar, isScriptType } from '../types/type.ts';
import { lowerElementOffset } from './arrays.ts';
import { contextArgumentAddress } from './context-arguments.ts';
import { holdEmbedded } from './embedded.ts';
import { describeLeaf, describePointer, namedNumber, namedPlace } from './existence.ts';
import { loadUnaligned, locate, lowerValue } from './expressions.ts';
import { coreSite } from './sites.ts';
import type { FunctionState } from './state.ts';
import { dynamicBounds } from './tracepoint.ts';
import { lowerTypedPointer } from './typed-pointers.ts';
import { holdUnnamed, lowerStructNumber, wayTo } from './unnamed.ts';

/** The way from the start of a struct to a member at any depth. */
export interface Access {
  readonly root: StructType;
  readonly struct: number;
  /** The same way by names, and the type at its end. */
  readonly names: readonly (string | number)[];
  readonly type: Type;
  readonly bits: number;
  /** It is known by its names alone: of a flavour, or undescribed. Then `offset` is 0. */
  readonly named: boolean;
  readonly indexes: readonly number[];
  /** In the kernel description or the script's own struct. */
  readonly offset: number;
  /** Where on the way the struct without a name stands that the script has. */
  readonly before?: StructWay;
  /** Only plain structs of the kernel on the way: the verifier follows it in a direct load. */
  readonly direct: boolean;
  /** It goes through an element of an array: the verifier's pointers do not. */
  readonly indexed?: true;
  /** The script casts the pointer at its end: what it leads to on the host does not matter. */
  readonly cast?: true;
}

/** Memory that a helper reads. */
export interface Remote {
  readonly where: 'remote';
  readonly address: IrValue;
  readonly space: 'kernel' | 'user';
  /** Where it ends, if the event says so: nothing behind it is a value. */
  readonly end?: IrValue;
}

/** Where an object stands. */
export interface Place {
  readonly root:
    | { readonly where: 'program'; readonly pointer: IrPointer; readonly align: Width }
    | Remote
    /** A pointer whose type the verifier knows: loads need no helper. */
    | { readonly where: 'btf'; readonly pointer: IrPointer; readonly nullable: boolean };
  readonly access: Access | undefined;
  /** An element that a variable numbers is as wide as the first. */
  readonly like?: Access | undefined;
}

/** Load and store instructions have a signed 16-bit offset. */
const LARGEST_OFFSET = 32767;

/** `none` means what the probe's own arguments are. */
export function spaceOf(fn: FunctionState, space: AddressSpace): 'kernel' | 'user' {
  const chosen = space === 'none' ? fn.program.probe.target.space : space;
  return chosen === 'user' ? 'user' : 'kernel';
}

/** Whether the expression names memory that a pointer leads to, rather than a value of the program's own. */
export function isRemote(expression: TypedExpression): boolean {
  switch (expression.kind) {
    case 'dereference':
      return true;
    case 'context-argument':
      return expression.type.kind === 'struct';
    case 'member':
    case 'index':
      return expression.base.type.kind === 'pointer' || isRemote(expression.base);
    default:
      return false;
  }
}

/**
 * Place of a `member`, `dereference` or `index`, or of a value in the program's own memory. `typed`: below a pointer that
 * the verifier knows the type of, also where it is one of an iterator's context: those may be NULL, and then nothing can be
 * added to them.
 */
export function placeOf(fn: FunctionState, expression: TypedExpression, typed = false): Place {
  const { ir } = fn;
  switch (expression.kind) {
    case 'dereference':
      return pointee(fn, expression.operand);
    case 'member': {
      const base =
        expression.base.type.kind === 'pointer'
          ? pointee(fn, expression.base, typed)
          : placeOf(fn, expression.base, typed);
      return memberPlace(fn, base, expression);
    }
    case 'index': {
      const step = sizeInMemory(expression.type);
      const base =
        expression.base.type.kind === 'pointer'
          ? pointee(fn, expression.base)
          : placeOf(fn, expression.base);
      const inside = elementAccess(base, expression);
      if (inside) return { root: base.root, access: inside };
      const first = firstElement(base, expression);
      const size = lowerStepSize(fn, expression, base, first);
      const bytes = first && base.access && lowerArraySize(fn, base.access);
      const offset = lowerElementOffset(fn, expression, size, bytes);
      const start = materialise(fn, first ? { root: base.root, access: first } : base);
      if (start.where === 'program') {
        const align = Math.min(start.align, lowestBit(step)) as Width;
        return {
          root: { where: 'program', pointer: ir.offset(start.pointer, offset), align },
          access: undefined,
          like: first,
        };
      }
      return {
        root: { ...start, address: ir.op('add', start.address, offset) },
        access: undefined,
        like: first,
      };
    }
    case 'context-argument': {
      const address = contextArgumentAddress(fn, expression);
      return { root: { where: 'remote', address, space: 'kernel' }, access: undefined };
    }
    default: {
      const { pointer, align } = locate(fn, expression, false);
      return { root: { where: 'program', pointer, align }, access: undefined };
    }
  }
}

/** A struct of the kernel in one of the script's own begins a way of its own, which follows the kernel. */
function memberPlace(
  fn: FunctionState,
  { root, access }: Place,
  { struct, member, range }: Extract<TypedExpression, { kind: 'member' }>,
): Place {
  if (isScriptType(struct) && !isFlavour(struct)) holdEmbedded(fn, struct, range);
  const { types } = fn.unit.kernel;
  if (access && (isScriptType(struct) || !isFixed(access)))
    return { root, access: extend(access, struct, member) };
  holdUnnamed(fn, struct);
  if (!access) return { root, access: begin(types, struct, member) };
  const start = materialise(fn, { root, access });
  return { root: start, access: begin(types, struct, member) };
}

type Index = Extract<TypedExpression, { kind: 'index' }>;

/** The way to an element that a literal numbers in an array of the kernel's: libbpf goes it by itself. */
function elementAccess(place: Place, expression: Index): Access | undefined {
  const { index, type } = expression;
  if (index.kind !== 'int' || followsKernel(index) || !firstElement(place, expression))
    return undefined;
  return place.access && numbered(place.access, Number(index.value), type);
}

/** The way to the first element of an array of the kernel's that says how many it has. */
function firstElement({ access }: Place, { base, type }: Index): Access | undefined {
  if (!access || isFixed(access)) return undefined;
  if (base.type.kind !== 'array' && base.type.kind !== 'string') return undefined;
  if (base.type.kind === 'array' && base.type.count === 0) return undefined;
  return numbered(access, 0, type);
}

/** How many bytes the array has on the host. */
function lowerArraySize(fn: FunctionState, array: Access): IrValue {
  return lowerImmediate(fn, array, 'byte-size', arraySize(array.type));
}

function arraySize(type: Type): number {
  if (type.kind === 'string') return type.size;
  return type.kind === 'array' ? type.count * arraySize(type.element) : sizeInMemory(type);
}

/** The script's own struct, as it declares it. */
function isFixed(access: Access): boolean {
  return isScriptType(access.root) && !access.named;
}

function numbered(access: Access, index: number, type: Type): Access {
  return {
    ...{ root: access.root, struct: access.struct, named: access.named },
    ...{ names: [...access.names, index], type, bits: 0 },
    indexes: [...access.indexes, index],
    offset: access.named ? 0 : access.offset + index * sizeInMemory(type),
    direct: false,
    indexed: true,
    ...(access.before ? { before: access.before } : {}),
  };
}

/** How far it is from one element to the next. */
function lowerStepSize(
  fn: FunctionState,
  { type, range }: Index,
  { access }: Place,
  first: Access | undefined,
): IrValue {
  const { ir } = fn;
  const size = sizeInMemory(type);
  if (first)
    return type.kind === 'pointer'
      ? ir.constant(size)
      : lowerImmediate(fn, first, 'byte-size', size);
  if (type.kind !== 'struct' || (isScriptType(type) && !access?.named)) {
    holdEmbedded(fn, type, range);
    return ir.constant(size);
  }
  return lowerStructNumber(fn, 'type-size', type, [], size);
}

function pointee(fn: FunctionState, pointer: TypedExpression, typed = false): Place {
  const space = pointer.type.kind === 'pointer' ? pointer.type.space : 'none';
  const known = typed ? lowerTypedPointer(fn, pointer) : lowerBtfPointer(fn, pointer);
  if (known) return { root: { where: 'btf', ...known }, access: undefined };
  const bounds = dynamicBounds(fn, pointer);
  if (bounds) {
    const { start: address, end } = bounds;
    return { root: { where: 'remote', address, space: 'kernel', end }, access: undefined };
  }
  return {
    root: { where: 'remote', address: lowerValue(fn, pointer), space: spaceOf(fn, space) },
    access: undefined,
  };
}

/** A struct without a name is found in the one around it. */
export function begin(types: KernelTypes, struct: StructType, member: Member): Access {
  const way = wayTo(types, struct);
  if (!way) return extend(undefined, struct, member);
  const { root, indexes, names, offset } = way;
  const whole = { struct: root.id, root, names, type: struct, bits: 0, named: false };
  const access = { ...whole, indexes, offset, before: way, direct: false };
  return extend(access, struct, member);
}

function extend(base: Access | undefined, struct: StructType, member: Member): Access {
  const root = base?.root ?? struct;
  const named = base?.named || isFlavour(root) || member.undescribed !== undefined;
  const offset = named ? 0 : Math.floor(member.bitOffset / 8);
  const direct =
    !named && struct.aggregate === 'struct' && member.indexes.length === 1 && !isScriptType(struct);
  const end = {
    ...{ root, named, names: [...(base?.names ?? []), member.name] },
    ...{ type: member.type, bits: member.bitSize },
  };
  if (!base) return { ...end, struct: struct.id, indexes: member.indexes, offset, direct };
  return {
    ...end,
    struct: base.struct,
    indexes: [...base.indexes, ...member.indexes],
    offset: named ? 0 : base.offset + offset,
    direct: base.direct && direct,
    ...(base.indexed ? { indexed: true } : {}),
    ...(base.before ? { before: base.before } : {}),
  };
}

/**
 * The pointer as one that the verifier knows the type of, where it is one: the current task, an argument of a
 * typed raw tracepoint, a pointer member of one of these, or a variable that only ever holds such a pointer.
 */
export function lowerBtfPointer(
  fn: FunctionState,
  expression: TypedExpression,
): { readonly pointer: IrPointer; readonly nullable: boolean } | undefined {
  if (!isBtfPointer(fn, expression)) return undefined;
  const { ir, lowering } = fn;
  if (expression.kind === 'call') {
    return { pointer: lowering.callPointer('get_current_task_btf'), nullable: false };
  }
  return { pointer: ir.intToPointer(lowerValue(fn, expression)), nullable: true };
}

export function isBtfPointer(fn: FunctionState, expression: TypedExpression): boolean {
  const { type } = expression;
  if (type.kind !== 'pointer' || type.to.kind !== 'struct' || type.space === 'user') return false;
  switch (expression.kind) {
    case 'call':
      return expression.traits.btfPointer === true;
    case 'context-argument':
      return fn.program.probe.target.context === 'btf-arguments';
    case 'member': {
      const { tag } = expression.member;
      return (tag === undefined || tag === 'rcu') && isDirect(fn, expression);
    }
    case 'variable': {
      const plan = fn.program.plan.variables.get(expression.variable.id);
      if (!plan?.onlyValue || plan.captured) return false;
      return isBtfPointer(fn, plan.onlyValue);
    }
    default:
      return false;
  }
}

/** Whether a member is read by a load with a CO-RE offset, known without lowering it. */
function isDirect(fn: FunctionState, expression: TypedExpression): boolean {
  const access = accessOf(fn, expression);
  return access !== undefined && loadsDirectly(access, expression);
}

/** The access path of a member below a BTF pointer. */
function accessOf(fn: FunctionState, expression: TypedExpression): Access | undefined {
  if (expression.kind !== 'member') return undefined;
  if (expression.base.type.kind === 'pointer') {
    if (!isBtfPointer(fn, expression.base)) return undefined;
    return begin(fn.unit.kernel.types, expression.struct, expression.member);
  }
  const base = accessOf(fn, expression.base);
  return base && extend(base, expression.struct, expression.member);
}

function loadsDirectly(access: Access, expression: TypedExpression): boolean {
  const bitfield = expression.kind === 'member' && expression.member.bitSize > 0;
  return access.direct && !bitfield && isScalar(expression.type) && access.offset <= LARGEST_OFFSET;
}

/** Reads a scalar `member`, `dereference` or `index`. A pointer that is `cast` may lead to anything on the host. */
export function lowerRead(fn: FunctionState, expression: TypedExpression, cast = false): IrValue {
  const { ir, unit } = fn;
  const found = placeOf(fn, expression);
  const place: Place =
    cast && found.access ? { ...found, access: { ...found.access, cast: true } } : found;
  if (expression.kind === 'member' && expression.member.bitSize > 0) {
    return lowerBitfield(fn, place, expression.member);
  }
  const width = memoryWidth(expression.type);
  const signed = isSigned(expression.type);
  const { root, access } = place;
  if (root.where === 'btf' && access && loadsDirectly(access, expression)) {
    const site = unit.sites.number(coreSite(access, 'byte-offset', access.offset));
    const load = () => ir.siteLoad(site, root.pointer, access.offset, width, signed);
    if (!root.nullable) return load();
    return ir.ifValue(ir.isNull(root.pointer), () => ir.constant(0), load);
  }
  const start = materialise(fn, place);
  const { type } = expression;
  const isOpen = expression.kind === 'member' && expression.member.undescribed === 'open';
  const way = access ?? place.like;
  const adapts = way && !isFixed(way) && type.kind !== 'pointer';
  if (start.where === 'program') {
    if (!adapts) return loadUnaligned(fn, start.pointer, start.align, width, signed);
    const address = ir.pointerToInt(start.pointer);
    return readAdapting(fn, way, { address, space: 'kernel' }, type, isOpen);
  }
  const from = { ...start, address: addressWithin(fn, start, ir.constant(width)) };
  if (adapts) return readAdapting(fn, way, from, type, isOpen);
  return readRemote(fn, from.address, from.space, width, signed);
}

/** The address of what has to end where its memory does, or NULL: what cannot be read is zero. */
export function addressWithin(fn: FunctionState, { address, end }: Remote, size: IrValue): IrValue {
  const { ir } = fn;
  if (!end) return address;
  return ir.ifValue(
    ir.compare('ule', ir.op('add', address, size), end),
    () => address,
    () => ir.constant(0),
  );
}

/**
 * Reads a number of a kernel struct with the width that it has on the host, into eight zeroed bytes. What does not fit
 * into the script's type, wider numbers and other signs, the loader refuses; of an open type the sign is the host's, too.
 *
 *   int f;  =>  v = 0; read(&v, SIZE(f)); v <<= LSHIFT(f); v >>= RSHIFT(f)
 */
function readAdapting(
  fn: FunctionState,
  access: Access,
  from: { readonly address: IrValue; readonly space: 'kernel' | 'user' },
  type: Type,
  isOpen: boolean,
): IrValue {
  const { ir, lowering } = fn;
  const width = memoryWidth(type);
  const unused = 64 - 8 * width;
  return fn.memory.scope(() => {
    const buffer = fn.memory.take(8);
    ir.store(buffer, 0, 8, ir.constant(0));
    const size = lowerImmediate(fn, access, 'byte-size', width);
    lowering.probeRead(buffer, size, from.address, from.space);
    const value = ir.load(buffer, 0, 8);
    if (!isSigned(type)) return value;
    // libbpf knows no shifts for elements of arrays.
    if (typeof access.names.at(-1) === 'number') {
      const rest = ir.op('sub', ir.constant(64), ir.op('mul', size, ir.constant(8)));
      return ir.op('ashr', ir.op('shl', value, rest), rest);
    }
    const raised = ir.op('shl', value, lowerImmediate(fn, access, 'lshift', unused));
    const back = lowerImmediate(fn, access, 'rshift', unused);
    if (!isOpen) return ir.op('ashr', raised, back);
    const hasSign = ir.toBool(lowerImmediate(fn, access, 'signed', 1));
    return ir.ifValue(
      hasSign,
      () => ir.op('ashr', raised, back),
      () => ir.op('lshr', raised, back),
    );
  });
}

/** Reads 1 to 8 bytes of kernel or user memory; 0 where they cannot be read (the helpers zero their buffer). */
export function readRemote(
  fn: FunctionState,
  address: IrValue,
  space: 'kernel' | 'user',
  width: Width,
  signed: boolean,
): IrValue {
  return fn.memory.scope(() => {
    const buffer = fn.memory.take(8);
    fn.lowering.probeRead(buffer, width, address, space);
    return fn.ir.load(buffer, 0, width, signed);
  });
}

/** Turns the access path into an address. */
export function materialise(
  fn: FunctionState,
  place: Place,
): { readonly where: 'program'; readonly pointer: IrPointer; readonly align: Width } | Remote {
  const { ir } = fn;
  const { root, access } = place;
  const offset = access && lowerOffset(fn, access, access.offset);
  if (root.where === 'program') {
    if (!access || !offset) return root;
    const align = isFixed(access)
      ? (Math.min(root.align, lowestBit(access.offset)) as Width)
      : root.align;
    return { where: 'program', pointer: ir.offset(root.pointer, offset), align };
  }
  const address = root.where === 'btf' ? ir.pointerToInt(root.pointer) : root.address;
  return {
    where: 'remote',
    address: offset ? ir.op('add', address, offset) : address,
    space: root.where === 'btf' ? 'kernel' : root.space,
    ...(root.where === 'remote' && root.end ? { end: root.end } : {}),
  };
}

/**
 * Loads the bytes around a bitfield and cuts it out by two shifts, as libbpf's BPF_CORE_READ_BITFIELD_PROBED
 * does; the numbers are computed as in bpf_core_calc_field_relo (libbpf, relo_core.c).
 */
function lowerBitfield(fn: FunctionState, place: Place, member: Member): IrValue {
  const { ir, lowering } = fn;
  const { access, root } = place;
  if (!access) throw new Error(`bitfield ${member.name} has no access path`);
  if (isFixed(access)) return lowerFixedBitfield(fn, place, access, member);
  let size = memoryWidth(member.type) as number;
  const inner = access.offset * 8 + (member.bitOffset % 8);
  let start = Math.floor(inner / 8 / size) * size;
  while (inner + member.bitSize - start * 8 > size * 8) {
    size *= 2;
    start = Math.floor(inner / 8 / size) * size;
  }
  const immediate = (relocation: 'byte-size' | 'lshift' | 'rshift', value: number): IrValue =>
    lowerImmediate(fn, access, relocation, value);

  const offset = lowerOffset(fn, access, start);
  const left = immediate('lshift', 64 - (inner + member.bitSize - start * 8));
  const right = immediate('rshift', 64 - member.bitSize);
  return fn.memory.scope(() => {
    const buffer = fn.memory.take(8);
    ir.store(buffer, 0, 8, ir.constant(0));
    const from =
      root.where === 'remote'
        ? ir.op('add', root.address, offset)
        : ir.op('add', ir.pointerToInt(root.pointer), offset);
    lowering.probeRead(
      buffer,
      immediate('byte-size', size),
      from,
      root.where === 'remote' ? root.space : 'kernel',
    );
    const raised = ir.op('shl', ir.load(buffer, 0, 8), left);
    return ir.op(isSigned(member.type) ? 'ashr' : 'lshr', raised, right);
  });
}

/** A bitfield of the script's own struct: in a packed one it may reach over nine bytes, at any offset. */
function lowerFixedBitfield(
  fn: FunctionState,
  place: Place,
  access: Access,
  member: Member,
): IrValue {
  const { ir, lowering } = fn;
  const first = member.bitOffset % 8;
  const size = Math.ceil((first + member.bitSize) / 8);
  const start = materialise(fn, { root: place.root, access });
  return fn.memory.scope(() => {
    const buffer = fn.memory.take(16);
    ir.store(buffer, 0, 8, ir.constant(0));
    ir.store(buffer, 8, 8, ir.constant(0));
    const [address, space] =
      start.where === 'program'
        ? ([ir.pointerToInt(start.pointer), 'kernel'] as const)
        : ([start.address, start.space] as const);
    lowering.probeRead(buffer, size, address, space);
    let value = ir.op('lshr', ir.load(buffer, 0, 8), ir.constant(first));
    if (size > 8) {
      const rest = ir.op('shl', ir.load(buffer, 8, 8), ir.constant(64 - first));
      value = ir.op('or', value, rest);
    }
    const unused = ir.constant(64 - member.bitSize);
    return ir.op(isSigned(member.type) ? 'ashr' : 'lshr', ir.op('shl', value, unused), unused);
  });
}

/** How far it is to what the way leads to, from the struct that the script has; `value` counts from the way's root. */
export function lowerOffset(fn: FunctionState, access: Access, value: number): IrValue {
  const offset = lowerImmediate(fn, access, 'byte-offset', value);
  const { before } = access;
  if (!before) return offset;
  const { indexes } = before;
  const site = coreSite({ struct: access.struct, indexes }, 'byte-offset', before.offset);
  const start = fn.ir.siteImmediate(fn.unit.sites.number(site), before.offset);
  return fn.ir.op('sub', offset, start);
}

/** A number that CO-RE adapts to the host where the struct is the kernel's. */
function lowerImmediate(
  fn: FunctionState,
  access: Access,
  relocation: 'byte-offset' | 'byte-size' | 'lshift' | 'rshift' | 'signed',
  value: number,
): IrValue {
  const { ir, unit } = fn;
  if (isFixed(access)) return ir.constant(value);
  if (access.named) {
    const isPlace = relocation === 'byte-offset' && access.bits === 0;
    const follows = isPlace && access.type.kind === 'pointer' && !access.cast;
    const leaf = follows ? describePointer(access.type) : describeLeaf(access.type);
    return namedNumber(fn, {
      ...{ relocation, root: { kind: access.root.aggregate, name: access.root.name } },
      ...{ path: access.names, leaf, ...(access.bits > 0 ? { bits: access.bits } : {}) },
      value: isPlace ? namedPlace(access.names, leaf) : value,
    });
  }
  if (relocation === 'signed') throw new Error('signs of described members are known');
  return ir.siteImmediate(unit.sites.number(coreSite(access, relocation, value)), value);
}

/** Bytes that a scalar of the type has in kernel and user memory. */
export function memoryWidth(type: Type): Width {
  if (type.kind === 'int' || type.kind === 'enum') return type.size;
  if (type.kind === 'bool') return 1;
  return 8;
}

export function isSigned(type: Type): boolean {
  return (type.kind === 'int' || type.kind === 'enum') && type.signed;
}

/** The largest power of two that divides `value`; 8 at most. */
export function lowestBit(value: number): Width {
  if (value % 8 === 0) return 8;
  if (value % 4 === 0) return 4;
  return value % 2 === 0 ? 2 : 1;
}
