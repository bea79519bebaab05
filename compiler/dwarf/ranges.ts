/** Which addresses a unit or function covers: DW_AT_low_pc and DW_AT_high_pc, or a list of ranges. */
import { AT, FORM } from './constants.ts';
import { Cursor } from './cursor.ts';
import type { Entries, Entry } from './entries.ts';

/** Whether the entry of a unit covers an address; undefined where it does not say. */
export function covers(entries: Entries, root: Entry, address: number): boolean | undefined {
  const low = entries.address(root, AT.lowPc);
  if (root.attributes.has(AT.ranges)) {
    const list = root.unit.version >= 5 ? rangeList : oldRangeList;
    for (const [from, to] of list(root, low ?? 0)) if (address >= from && address < to) return true;
    return false;
  }
  if (low === undefined) return undefined;
  const end = entries.number(root, AT.highPc);
  const high = entries.address(root, AT.highPc) ?? (end === undefined ? undefined : low + end);
  return high === undefined ? undefined : address >= low && address < high;
}

/** .debug_ranges of DWARF 4 and before: pairs of addresses, from the base of the unit. */
function* oldRangeList(root: Entry, start: number): Generator<readonly [number, number]> {
  const at = root.attributes.get(AT.ranges)?.value ?? 0;
  const size = root.unit.addressSize;
  const cursor = new Cursor(root.unit.part.sections.ranges, at);
  let base = start;
  for (;;) {
    const from = size === 8 ? cursor.u64Exact() : BigInt(cursor.u32());
    const to = size === 8 ? cursor.u64Exact() : BigInt(cursor.u32());
    if (from === 0n && to === 0n) return;
    if (from === (size === 8 ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn)) base = Number(to);
    else yield [base + Number(from), base + Number(to)];
  }
}

/** DW_RLE_*. */
const RLE = {
  end: 0,
  baseAddressx: 1,
  startxEndx: 2,
  startxLength: 3,
  offsetPair: 4,
  baseAddress: 5,
  startEnd: 6,
  startLength: 7,
} as const;

/** .debug_rnglists of DWARF 5. */
function* rangeList(root: Entry, start: number): Generator<readonly [number, number]> {
  const { unit, attributes } = root;
  const { rnglists, addr } = unit.part.sections;
  const ranges = attributes.get(AT.ranges);
  let at = ranges?.value ?? 0;
  if (ranges?.form === FORM.rnglistx) {
    const lists = attributes.get(AT.rnglistsBase)?.value ?? 0;
    at = lists + new Cursor(rnglists, lists + at * unit.offsetSize).unsigned(unit.offsetSize);
  }
  const cursor = new Cursor(rnglists, at);
  const addresses = attributes.get(AT.addrBase)?.value ?? 0;
  const plain = (): number => cursor.unsigned(unit.addressSize);
  const indexed = (): number =>
    new Cursor(addr, addresses + cursor.uleb() * unit.addressSize).unsigned(unit.addressSize);
  let base = start;
  for (;;) {
    switch (cursor.u8()) {
      case RLE.baseAddressx:
        base = indexed();
        break;
      case RLE.baseAddress:
        base = plain();
        break;
      case RLE.startxEndx:
        yield [indexed(), indexed()];
        break;
      case RLE.startEnd:
        yield [plain(), plain()];
        break;
      case RLE.startxLength: {
        const from = indexed();
        yield [from, from + cursor.uleb()];
        break;
      }
      case RLE.startLength: {
        const from = plain();
        yield [from, from + cursor.uleb()];
        break;
      }
      case RLE.offsetPair: {
        const from = base + cursor.uleb();
        yield [from, base + cursor.uleb()];
        break;
      }
      default:
        // RLE.end, or what no version has.
        return;
    }
  }
}
