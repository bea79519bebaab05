/**
 * The kernel's table of its symbols (kernel/kallsyms.c, and scripts/kallsyms of the kernel, which writes it), found in its memory by what it looks like:
 * a distribution's kernel has no other. Names are packed by a table of 256 tokens.
 */
import type { Memory, Segment } from './memory.ts';

export interface KernelSymbol {
  readonly name: string;
  /** As in /proc/kallsyms: `T`, `d`. */
  readonly type: string;
  readonly address: bigint;
}

/** Tokens of digits stand for themselves in any kernel. */
const DIGITS = Buffer.from(Array.from('0123456789', (digit) => `${digit}\0`).join(''));
/** Names between two markers. */
const STRIDE = 256;

/** What looks like the table and is none: a kernel has a few such places, and more are not looked at. */
const ATTEMPTS = { tables: 64, names: 256 } as const;
/** KSYM_NAME_LEN (include/linux/kallsyms.h). */
const LONGEST_NAME = 512;

/** linux_banner (init/version.c). */
const BANNER = Buffer.from('Linux version ');

function startsWith(data: Buffer, at: bigint, bytes: Buffer): boolean {
  if (at < 0n || at > BigInt(data.length)) return false;
  return data.subarray(Number(at), Number(at) + bytes.length).equals(bytes);
}

/** undefined where no table is found. */
export function readKallsyms(memory: Memory): readonly KernelSymbol[] | undefined {
  let attempts = 0;
  for (const segment of memory.segments)
    for (
      let at = segment.data.indexOf(DIGITS);
      at !== -1;
      at = segment.data.indexOf(DIGITS, at + 1)
    ) {
      const table = tokenTable(segment.data, at);
      const found = table && readAround(segment, table);
      if (found) return found;
      attempts += table ? 1 : 0;
      if (attempts === ATTEMPTS.tables) return undefined;
    }
  return undefined;
}

function readAround({ data, start: base }: Segment, table: TokenTable) {
  const names = findNames(data, table);
  if (!names) return undefined;
  const symbols = names.offsets.map((at) => nameAt(data, at, table.tokens));
  const places = addresses(data, base, names.countAt, table.end, symbols.length);
  const inImage = (address: bigint) => address >= base && address < base + BigInt(data.length);
  const find = (name: string) => symbols.findIndex((text) => text.slice(1) === name);
  const [stext, etext, banner] = [find('_stext'), find('_etext'), find('linux_banner')];
  for (const found of places) {
    const [from = 0n, to = 0n] = [found[stext], found[etext]];
    if (!inImage(from) || !inImage(to - 1n) || to - from < 1n << 20n) continue;
    // A table of offsets from their own places that is read an entry too early has others' addresses, all of them likely.
    const version = found[banner];
    if (version !== undefined && !startsWith(data, version - base, BANNER)) continue;
    return symbols.map((text, index) => ({
      name: text.slice(1),
      type: text.slice(0, 1),
      address: found[index] ?? 0n,
    }));
  }
  return undefined;
}

interface TokenTable {
  readonly start: number;
  /** Behind the index of the tokens. */
  readonly end: number;
  readonly tokens: readonly string[];
}

/** 256 texts, and behind them the offset of each as 16 bits. */
function tokenTable(data: Buffer, digits: number): TokenTable | undefined {
  let start = digits;
  for (let back = 0; back < 0x30; back += 1) {
    const end = start - 1;
    const before = data.lastIndexOf(0, end - 1);
    if (before === -1 || end - before > 64) return undefined;
    start = before + 1;
  }
  // The first has nothing but padding before it, which the loop took for the end of a text.
  const tokens: string[] = [];
  const offsets: number[] = [];
  let at = start;
  while (tokens.length < 256) {
    const end = data.indexOf(0, at);
    if (end === -1 || end - at > 64) return undefined;
    tokens.push(data.toString('latin1', at, end));
    offsets.push(at - start);
    at = end + 1;
  }
  for (const align of [4, 8]) {
    const index = Math.ceil(at / align) * align;
    if (offsets.every((offset, token) => data.readUInt16LE(index + 2 * token) === offset))
      return { start, end: index + 512, tokens };
  }
  return undefined;
}

/** How far before the tokens the names begin, at most, and how many there can be. */
const REACH = 16 << 20;
const COUNTS = { least: 10_000, most: 2_000_000 };

/** The number of symbols, then their names, then markers with the offset of each 256th name. */
function findNames(data: Buffer, { start: tokens, tokens: texts }: TokenTable) {
  const lowest = Math.max(0, tokens - REACH);
  let attempts = 0;
  for (let at = tokens - (tokens % 4) - 8; at >= lowest; at -= 4) {
    const count = data.readUInt32LE(at);
    if (count < COUNTS.least || count > COUNTS.most) continue;
    for (const start of [at + 4, at + 8]) {
      if (!beginsLikeNames(data, start, texts)) continue;
      const offsets = namesFrom(data, start, count, tokens);
      if (offsets) return { countAt: at, offsets };
      attempts += 1;
      if (attempts === ATTEMPTS.names) return undefined;
    }
  }
  return undefined;
}

/** The first character of a name is its type. */
function beginsLikeNames(data: Buffer, start: number, tokens: readonly string[]): boolean {
  let at = start;
  for (let index = 0; index < 16; index += 1) {
    const { length, from } = lengthAt(data, at);
    if (length === 0 || length > 512 || from + length > data.length) return false;
    if (!/^[abdnrtuvw]/i.test(tokens[data[from] ?? 0] ?? '')) return false;
    at = from + length;
  }
  return true;
}

/** Where each name begins, if the markers behind them say so too. */
function namesFrom(
  data: Buffer,
  start: number,
  count: number,
  limit: number,
): readonly number[] | undefined {
  const offsets: number[] = [];
  let at = start;
  for (let index = 0; index < count; index += 1) {
    offsets.push(at);
    const { length, from } = lengthAt(data, at);
    at = from + length;
    if (at > limit || length === 0) return undefined;
  }
  const markers = Math.ceil(count / STRIDE);
  const agree = [4, 8].some((align) => {
    const first = Math.ceil(at / align) * align;
    if (first + 4 * markers > limit) return false;
    return Array.from({ length: markers }, (_, index) => index).every(
      (index) => data.readUInt32LE(first + 4 * index) === (offsets[index * STRIDE] ?? 0) - start,
    );
  });
  return agree ? offsets : undefined;
}

/** Since 6.1 a length of more than 127 takes two bytes. */
function lengthAt(data: Buffer, at: number): { readonly length: number; readonly from: number } {
  const low = data[at] ?? 0;
  if (low < 0x80) return { length: low, from: at + 1 };
  return { length: (low & 0x7f) | ((data[at + 1] ?? 0) << 7), from: at + 2 };
}

function nameAt(data: Buffer, at: number, tokens: readonly string[]): string {
  const { length, from } = lengthAt(data, at);
  let name = '';
  for (let index = from; index < from + length && name.length < LONGEST_NAME; index += 1)
    name += tokens[data[index] ?? 0] ?? '';
  return name;
}

/** Candidates of the addresses: their table stood before the names, and stands behind the tokens since 6.4. */
function addresses(
  data: Buffer,
  start: bigint,
  countAt: number,
  tokensEnd: number,
  count: number,
): readonly (readonly bigint[])[] {
  const bytes = Math.ceil(count / 2) * 8;
  const after = Math.ceil(tokensEnd / 8) * 8;
  const tables = [
    { offsets: countAt - 8 - bytes, base: countAt - 8 },
    { offsets: countAt - 4 - 8 - bytes, base: countAt - 4 - 8 },
    { offsets: after, base: after + bytes },
    { offsets: after + 4, base: after + 4 + bytes },
    { offsets: tokensEnd, base: tokensEnd + Math.ceil((4 * count) / 8) * 8 },
  ];
  return tables.flatMap(({ offsets, base }) => {
    if (offsets < 0 || base + 8 > data.length) return [];
    const named = data.readBigUInt64LE(base);
    const isNamed = named >> 47n === 0x1ffffn;
    const origin = isNamed ? named : start;
    const relative = Array.from({ length: count }, (_, index) =>
      data.readInt32LE(offsets + 4 * index),
    );
    // CONFIG_KALLSYMS_ABSOLUTE_PERCPU: positive ones are values by themselves.
    const negative = relative.filter((offset) => offset < 0).length;
    const absolute = negative > count / 2;
    // Since 7.0 there is no base: each is relative to its own place.
    if (!isNamed)
      return [
        relative.map((offset, index) =>
          BigInt.asUintN(64, start + BigInt(offsets + 4 * index) + BigInt(offset)),
        ),
      ];
    return [
      relative.map((offset) => {
        if (!absolute) return origin + BigInt(offset >>> 0);
        return offset >= 0 ? BigInt(offset) : origin - 1n - BigInt(offset);
      }),
    ];
  });
}
