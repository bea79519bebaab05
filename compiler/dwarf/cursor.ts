/** Reading the encodings of DWARF one after the other. */
import { viewOf } from '../../linker/elf/elf.ts';

/** The debug information contradicts itself, or ends too soon. */
export class DwarfError extends Error {}

export class Cursor {
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.at = at;
  }

  private advance(count: number): number {
    const { at } = this;
    if (count < 0 || at + count > this.bytes.length)
      throw new DwarfError('the debug information ends within a value');
    this.at = at + count;
    return at;
  }

  skip(count: number): void {
    this.advance(count);
  }

  u8(): number {
    return this.view.getUint8(this.advance(1));
  }

  u16(): number {
    return this.view.getUint16(this.advance(2), true);
  }

  u24(): number {
    return this.u16() + this.u8() * 0x10000;
  }

  u32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  /** Offsets, sizes and addresses of user space: exact below 2^53. */
  u64(): number {
    return Number(this.view.getBigUint64(this.advance(8), true));
  }

  u64Exact(): bigint {
    return this.view.getBigUint64(this.advance(8), true);
  }

  unsigned(size: number): number {
    switch (size) {
      case 1:
        return this.u8();
      case 2:
        return this.u16();
      case 4:
        return this.u32();
      case 8:
        return this.u64();
      default:
        throw new DwarfError(`numbers of ${size} bytes are not known`);
    }
  }

  uleb(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    return Number(this.lebExact(first, false));
  }

  ulebExact(): bigint {
    return this.lebExact(this.u8(), false);
  }

  slebExact(): bigint {
    return this.lebExact(this.u8(), true);
  }

  private lebExact(first: number, signed: boolean): bigint {
    let byte = first;
    let value = BigInt(byte & 0x7f);
    let shift = 7n;
    while (byte & 0x80) {
      if (shift > 63n) throw new DwarfError('a number has more than 64 bits');
      byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
    }
    if (signed && byte & 0x40) value -= 1n << shift;
    return signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
  }

  /** Up to its NUL. */
  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end === -1) throw new DwarfError('a name has no end');
    const { at } = this;
    this.at = end + 1;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, end - at).toString();
  }
}
