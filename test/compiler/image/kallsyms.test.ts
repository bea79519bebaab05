/** The table of symbols as the kernel's scripts/kallsyms.c lays it out, of each of its forms. */
import { describe, expect, it } from 'vitest';
import { readKallsyms } from '../../../compiler/image/kallsyms.ts';
import { createMemory } from '../../../compiler/image/memory.ts';

const BASE = 0xffffffff81000000n;

interface Form {
  /** Addresses are relative to a base that stands behind them, to it the other way round, or to their own places. */
  readonly addresses: 'relative' | 'percpu' | 'own place';
  /** Since 6.4 they stand behind the tokens, and before the names until then. */
  readonly behind: boolean;
  /** Of what stands behind each other. */
  readonly align: 4 | 8;
  readonly banner?: boolean;
}

/** A token for a whole word, besides one for each character: whatever is no character of a name. */
const WORDS: Readonly<Record<number, string>> = { 1: 'vfs_', 2: 'Tsys', 200: 'read' };
const TOKENS = Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  return WORDS[code] ?? (/[\w.$]/.test(character) ? character : `~${code}~`);
});

function packed(text: string): Buffer {
  const codes: number[] = [];
  for (let rest = text; rest !== ''; ) {
    const word = Object.entries(WORDS).find(([, each]) => rest.startsWith(each));
    codes.push(word ? Number(word[0]) : rest.charCodeAt(0));
    rest = rest.slice(word ? word[1].length : 1);
  }
  const { length } = codes;
  return Buffer.from([
    ...(length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7]),
    ...codes,
  ]);
}

interface Entry {
  readonly text: string;
  readonly address: bigint;
}

const LONG = `t${'long_name_'.repeat(30)}`;

function entries(count: number): readonly Entry[] {
  const own: readonly Entry[] = [
    { text: 'A__per_cpu_start', address: 0n },
    { text: 'T_stext', address: BASE + 0x1000n },
    { text: 'Tvfs_read', address: BASE + 0x1010n },
    { text: 'Tsys_x', address: BASE + 0x1020n },
    { text: LONG, address: BASE + 0x1030n },
    { text: 'T_etext', address: BASE + 0x201000n },
    { text: 'Dlinux_banner', address: BASE + 0x300n },
  ];
  const rest = Array.from({ length: count - own.length }, (_, index) => ({
    text: `tf${index}`,
    address: BASE + 0x2000n + BigInt(16 * index),
  }));
  return [...own, ...rest];
}

const COUNT = 10_003;
const SIZE = 0x400000;
const AT = 0x210000;

function image(
  form: Form,
  list: readonly Entry[] = entries(COUNT),
  damage: (data: Buffer, places: { readonly [part: string]: number }) => void = () => undefined,
): Buffer {
  const data = Buffer.alloc(SIZE);
  const { align } = form;
  const aligned = (at: number, to: number = align) => Math.ceil(at / to) * to;
  let at = AT;
  const places: Record<string, number> = {};
  const putAddresses = (): void => {
    const bytes = aligned(4 * list.length, 8);
    const origin = BASE;
    const start = at;
    for (const [index, { address }] of list.entries()) {
      const place = start + 4 * index;
      if (form.addresses === 'own place')
        data.writeInt32LE(Number(BigInt.asIntN(32, address - BASE)) - place, place);
      else if (form.addresses === 'percpu')
        data.writeInt32LE(address < BASE ? Number(address) : Number(origin - 1n - address), place);
      else data.writeUInt32LE(address < BASE ? 0 : Number(address - origin), place);
    }
    places.offsets = start;
    at = start + bytes;
    if (form.addresses !== 'own place') {
      data.writeBigUInt64LE(origin, at);
      at += 8;
    }
  };
  if (!form.behind) putAddresses();
  places.count = at;
  data.writeUInt32LE(list.length, at);
  at += align;
  const names = at;
  const markers: number[] = [];
  for (const [index, { text }] of list.entries()) {
    if (index % 256 === 0) markers.push(at - names);
    const bytes = packed(text);
    bytes.copy(data, at);
    at += bytes.length;
  }
  at = aligned(at);
  places.markers = at;
  for (const marker of markers) at = data.writeUInt32LE(marker, at);
  at = aligned(at);
  const tokens = at;
  const offsets: number[] = [];
  for (const token of TOKENS) {
    offsets.push(at - tokens);
    at += data.write(`${token}\0`, at, 'latin1');
  }
  at = aligned(at);
  places.index = at;
  for (const offset of offsets) at = data.writeUInt16LE(offset, at);
  if (form.behind) {
    at = aligned(at);
    putAddresses();
  }
  if (form.banner ?? true) data.write('Linux version 6.12.1 (x)', 0x300);
  damage(data, places);
  return data;
}

const read = (data: Buffer) => readKallsyms(createMemory([{ start: BASE, data }]));
const BEHIND: Form = { addresses: 'relative', behind: true, align: 8 };

describe('a table of symbols', () => {
  it.each<[string, Form]>([
    ['with addresses behind the tokens', BEHIND],
    ['with addresses before the names', { addresses: 'relative', behind: false, align: 8 }],
    ['with less between its parts', { addresses: 'relative', behind: false, align: 4 }],
    ['with addresses by themselves for each CPU', { addresses: 'percpu', behind: false, align: 8 }],
    ['of the same behind the tokens', { addresses: 'percpu', behind: true, align: 8 }],
    ['whose offsets are from their own places', { addresses: 'own place', behind: true, align: 4 }],
  ])('%s has each name with its type and address', (_, form) => {
    const list = entries(COUNT);
    const found = read(image(form, list));
    const shown = list.map(({ text, address }) => ({
      type: text.slice(0, 1),
      name: text.slice(1),
      // What is relative to the base alone cannot say less.
      address: address === 0n && form.addresses === 'relative' ? BASE : address,
    }));
    expect(found?.length).toBe(COUNT);
    expect(found?.slice(0, 12)).toEqual(shown.slice(0, 12));
    expect(found?.at(-1)).toEqual(shown.at(-1));
    expect(found?.findIndex(({ name }, index) => name !== shown[index]?.name)).toBe(-1);
  });

  it('is one of 10,000 names at least', () => {
    expect(read(image(BEHIND, entries(10_000)))).toHaveLength(10_000);
    expect(read(image(BEHIND, entries(9999)))).toBeUndefined();
  });

  it('may lack the banner, and has it where it says', () => {
    const without = entries(COUNT).map(({ text, address }) => ({
      text: text.replace('Dlinux_banner', 'Dother'),
      address,
    }));
    expect(read(image({ ...BEHIND, banner: false }, without))).toHaveLength(COUNT);
    expect(read(image({ ...BEHIND, banner: false }))).toBeUndefined();
  });

  it('begins behind what only looks like it', () => {
    const digits = Buffer.from(Array.from('0123456789', (digit) => `${digit}\0`).join(''));
    expect(read(image(BEHIND, undefined, (data) => void digits.copy(data, 0x800)))).toHaveLength(
      COUNT,
    );
    expect(read(digits)).toBeUndefined();
    expect(read(Buffer.alloc(1 << 16))).toBeUndefined();
  });

  it.each<[string, Parameters<typeof image>[2]]>([
    ['the index of its tokens', (data, { index = 0 }) => void data.writeUInt8(99, index + 2)],
    ['the first of its markers', (data, { markers = 0 }) => void data.writeUInt8(1, markers)],
    [
      'the last of its markers',
      (data, { markers = 0 }) => void data.writeUInt8(99, markers + 4 * 39),
    ],
    ['its number of names', (data, { count = 0 }) => void data.writeUInt32LE(COUNT + 300, count)],
  ])('is none where %s is wrong', (_, damage) => {
    expect(read(image(BEHIND, undefined, damage))).toBeUndefined();
  });

  it('is none where the code is no megabyte, or elsewhere', () => {
    const moved = (etext: bigint) =>
      entries(COUNT).map(({ text, address }) => ({
        text,
        address: text === 'T_etext' ? etext : address,
      }));
    const start = BASE + 0x1000n;
    expect(read(image(BEHIND, moved(start + (1n << 20n))))).toHaveLength(COUNT);
    expect(read(image(BEHIND, moved(start + (1n << 20n) - 1n)))).toBeUndefined();
    expect(read(image(BEHIND, moved(BASE + BigInt(SIZE))))).toHaveLength(COUNT);
    expect(read(image(BEHIND, moved(BASE + BigInt(SIZE) + 1n)))).toBeUndefined();
  });
});
