/** Strings and other bytes in memory: storing literals, copying, zeroing, reading from elsewhere. */
import type { IrPointer, IrValue, Width } from '../llvm/ir.ts';
import { layoutOf } from '../types/layout.ts';
import type { Type } from '../types/type.ts';
import { constantBytes } from './expressions.ts';
import type { Storage } from './lowering.ts';
import type { FunctionState } from './state.ts';

/** Above this, one call of a helper is shorter and faster than stores. */
const LARGEST_INLINE = 128;

/** A pointer and what is known of its alignment. */
export interface Aligned {
  readonly pointer: IrPointer;
  readonly align: Width;
}

/** The widths to cover `size` bytes from an address of alignment `align`: [offset, width] pairs. */
export function chunks(size: number, align: Width): readonly (readonly [number, Width])[] {
  const parts: (readonly [number, Width])[] = [];
  let offset = 0;
  while (offset < size) {
    let width = align;
    while (width > size - offset) width = (width / 2) as Width;
    parts.push([offset, width]);
    offset += width;
  }
  return parts;
}

/** `text` from `offset` as a little-endian number; bytes beyond its end are 0. */
export function chunkValue(text: string, offset: number, width: Width): bigint {
  let value = 0n;
  for (let i = width - 1; i >= 0; i--) {
    value = (value << 8n) | BigInt(offset + i < text.length ? text.charCodeAt(offset + i) : 0);
  }
  return value;
}

/** Stores a literal: only as far as its NUL where nobody looks further. */
export function storeString(fn: FunctionState, text: string, size: number, to: Storage): void {
  const { ir } = fn;
  const used = to.padded ? size : Math.min(size, text.length + 1);
  if (used > LARGEST_INLINE) {
    const from = ir.global(constantBytes(fn, text, used));
    copyByHelper(fn, to.pointer, from, used);
    return;
  }
  for (const [offset, width] of chunks(used, to.align)) {
    ir.store(to.pointer, offset, width, ir.constant(chunkValue(text, offset, width)));
  }
}

/** Copies a value of a type between places in the program's memory. */
export function copyBytes(fn: FunctionState, to: Storage, from: Aligned, type: Type): void {
  const { ir, lowering } = fn;
  const { size } = layoutOf(type);
  if (size <= LARGEST_INLINE) {
    const align = Math.min(to.align, from.align) as Width;
    ir.copy(to.pointer, from.pointer, size, align);
    return;
  }
  if (type.kind === 'string' && !to.padded) {
    lowering.probeReadString(to.pointer, size, ir.pointerToInt(from.pointer), 'kernel');
    return;
  }
  copyByHelper(fn, to.pointer, from.pointer, size);
}

/** bpf_probe_read_kernel as memcpy: it takes any address that the program can name. */
function copyByHelper(fn: FunctionState, to: IrPointer, from: IrPointer, size: number): void {
  fn.lowering.probeRead(to, size, fn.ir.pointerToInt(from), 'kernel');
}

export function zeroBytes(fn: FunctionState, to: IrPointer, size: number, align: Width): void {
  const { ir } = fn;
  if (size <= LARGEST_INLINE) {
    ir.zero(to, size, align);
    return;
  }
  copyByHelper(fn, to, zeros(fn, size), size);
}

/** Constant zero bytes, at least `size` of them. */
export function zeros(fn: FunctionState, size: number): IrPointer {
  return fn.ir.global(constantBytes(fn, '', Math.max(8, size)));
}

/**
 * Reads a char array of another memory as a clean string: what stands behind its NUL is zeroed. An array that
 * is full to the last byte keeps that byte, which the string helpers would give to the NUL.
 */
export function lowerRemoteString(
  fn: FunctionState,
  address: IrValue,
  space: 'kernel' | 'user',
  size: number,
  to: Storage,
): void {
  const { ir, lowering } = fn;
  zeroBytes(fn, to.pointer, size, to.align);
  const length = lowering.probeReadString(to.pointer, size, address, space);
  ir.if_(ir.compare('eq', length, ir.constant(size)), () => {
    lowering.probeRead(
      ir.offset(to.pointer, size - 1),
      1,
      ir.op('add', address, ir.constant(size - 1)),
      space,
    );
  });
}
