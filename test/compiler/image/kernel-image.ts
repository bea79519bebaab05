/** The memory of a kernel with a table of symbols, as the kernel's scripts/kallsyms.c lays it out, in each of its forms. */

export const BASE = 0xffffffff81000000n;

export interface Form {
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

export interface Entry {
  readonly text: string;
  readonly address: bigint;
}

const LONG = `t${'long_name_'.repeat(30)}`;

export function entries(count: number): readonly Entry[] {
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

export const COUNT = 10_003;
export const SIZE = 0x400000;
const AT = 0x210000;

export function image(
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

export const BEHIND: Form = { addresses: 'relative', behind: true, align: 8 };

/** An ELF file whose segments of these sizes stand behind each other. */
export function elf(segments: readonly (readonly [address: bigint, data: Buffer])[], machine = 62) {
  const head = Buffer.alloc(64 + 56 * segments.length);
  head.writeUInt32BE(0x7f454c46);
  head.writeUInt8(2, 4);
  head.writeUInt8(1, 5);
  head.writeUInt16LE(machine, 18);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(segments.length, 56);
  let at = head.length;
  for (const [index, [address, data]] of segments.entries()) {
    const header = 64 + 56 * index;
    head.writeUInt32LE(1, header);
    head.writeBigUInt64LE(BigInt(at), header + 8);
    head.writeBigUInt64LE(address, header + 16);
    head.writeBigUInt64LE(BigInt(data.length), header + 32);
    at += data.length;
  }
  return Buffer.concat([head, ...segments.map(([, data]) => data)]);
}
