/**
 * Recordings as the host would have written them (docs/recording.md), made by hand: of an object, of values that no
 * host has to have, and of what a host would answer.
 */
import { inspectObject } from '../../linker/inspect.ts';
import type {
  Manifest,
  ManifestEventKind,
  ManifestMap,
  ManifestType,
} from '../../linker/manifest/manifest.ts';

/** Of a type: a number; a text; its bytes; the 64-bit words that it is; or the values of its elements or fields. */
export type Value = number | bigint | boolean | string | Uint8Array | readonly Value[];

/** A part of a recording: its letter and what it holds. */
export type Part = readonly [letter: string, payload: Uint8Array];

const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

export function number(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

export const signed = (value: number | bigint): Buffer =>
  number(BigInt.asUintN(64, BigInt(value) < 0 ? ~(BigInt(value) << 1n) : BigInt(value) << 1n));

export function text(value: string | undefined): Buffer {
  if (value === undefined) return number(0);
  const bytes = Buffer.from(`${value}\0`);
  return join(number(bytes.length), bytes);
}

/** Words of 8 bytes without the zeros at their upper ends, two behind a byte that says how many are left of each. */
function memory(bytes: Uint8Array): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const words = [bytes.subarray(at, at + 8), bytes.subarray(at + 8, at + 16)].map((word) =>
      word.subarray(0, word.findLastIndex((byte) => byte !== 0) + 1),
    );
    const [first, second] = [words[0] ?? Buffer.of(), words[1] ?? Buffer.of()];
    parts.push(Buffer.of(first.length | (second.length << 4)), Buffer.from(first));
    parts.push(Buffer.from(second));
  }
  return join(...parts);
}

const little = (value: number | bigint, size: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes.subarray(0, size);
};

const words = (list: readonly Value[]): Buffer =>
  join(...list.map((word) => little(word as number, 8)));

/** A value as it stands in memory. */
export function inMemory(type: ManifestType, value: Value): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value);
  switch (type.kind) {
    case 'void':
      return Buffer.of();
    case 'bool':
      return little(Number(value), 1);
    case 'int':
    case 'enum':
      return little(value as number, type.size);
    case 'string': {
      const bytes = Buffer.alloc(type.size);
      bytes.write(value as string, 'latin1');
      return bytes;
    }
    case 'array':
      return join(...(value as readonly Value[]).map((each) => inMemory(type.element, each)));
    case 'tuple':
    case 'record': {
      const bytes = Buffer.alloc(type.size);
      type.fields.forEach((field, index) => {
        inMemory(field.type, (value as readonly Value[])[index] ?? 0).copy(bytes, field.offset);
      });
      return bytes;
    }
    case 'stack': {
      const [id = 0, pid = 0, count = 0] = value as readonly number[];
      return join(little(id, 8), little(pid, 4), little(count, 4));
    }
    default:
      return words(Array.isArray(value) ? value : [value as number]);
  }
}

const up = (size: number): number => (size + 7) & ~7;

function padded(bytes: Uint8Array, size: number): Buffer {
  const whole = Buffer.alloc(size);
  whole.set(bytes);
  return whole;
}

/** What a host answers; each is asked by a byte and two numbers. */
function answer(kind: number, first: number | bigint, second: number, ...known: Buffer[]): Part {
  const question = join(Buffer.of(kind), number(first), number(second));
  return ['a', join(number(question.length), question, ...known)];
}

export interface SymbolAnswer {
  readonly name?: string;
  readonly offset?: number;
  readonly module?: string;
  /** Function and place of each that is in one another there, innermost first. */
  readonly frames?: readonly (readonly [name: string | undefined, line: string | undefined])[];
}

function symbol({ name, offset = 0, module, frames = [] }: SymbolAnswer): Buffer {
  return join(
    ...[number(1), text(name), number(offset), text(module), number(frames.length)],
    ...frames.flatMap(([inner, line]) => [text(inner), text(line)]),
  );
}

export const answers = {
  kernel: (address: bigint, of: SymbolAnswer): Part => answer(1, address, 0, symbol(of)),
  user: (pid: number, address: bigint, way: 'name' | 'source' | 'call', of: SymbolAnswer): Part =>
    answer(2, (pid << 2) | ['name', 'source', 'call'].indexOf(way), address as never, symbol(of)),
  /** Path, offset in the file, address in the file's own space, build id. */
  place: (
    pid: number,
    address: bigint,
    path: string | undefined,
    offset: number,
    own: number | undefined,
    id: Uint8Array = Buffer.of(),
  ): Part =>
    answer(
      ...([3, pid, address as never, number(1), text(path), number(offset)] as const),
      ...[number(own === undefined ? 0 : 1), number(own ?? 0), number(id.length), Buffer.from(id)],
    ),
  stack: (id: number, frames: Uint8Array | readonly bigint[]): Part =>
    answer(4, id, 0, frames instanceof Uint8Array ? Buffer.from(frames) : words(frames)),
  name: (space: 'user' | 'syscall', of: number, name: string): Part =>
    answer(5, space === 'user' ? 0 : 3, of, text(name)),
  cgroup: (id: number, filter: number, path: string): Part => answer(6, id, filter, text(path)),
  probe: (index: number, name: string): Part => answer(7, index, 0, text(name)),
  zone: (quarter: number, offset: number, isSummer: boolean, name: string): Part =>
    answer(8, quarter, 0, signed(offset), number(isSummer ? 1 : 0), text(name)),
};

/** What is recorded of a script, by kinds of its events and names of its maps. */
export class Recorder {
  readonly manifest: Manifest;
  readonly #object: Uint8Array;
  readonly #parts: Part[] = [];
  #events = 0;

  constructor(object: Uint8Array) {
    this.#object = object;
    this.manifest = inspectObject(object).manifest as Manifest;
  }

  add(...parts: readonly Part[]): this {
    this.#parts.push(...parts);
    return this;
  }

  #index(kind: ManifestEventKind, which: number): number {
    const index = this.manifest.events.flatMap((event, at) => (event.kind === kind ? at : []))[
      which
    ];
    if (index === undefined) throw new Error(`the script has no ${kind} ${which}`);
    return index;
  }

  /** An event of a kind, the `which`th of the script from 0, so many nanoseconds after what was before it. */
  event(kind: ManifestEventKind, which: number, values: readonly Value[], after = 0): this {
    const index = this.#index(kind, which);
    const { fields = [], size = 8 } = this.manifest.events[index] ?? {};
    const record = Buffer.alloc(size - 8);
    fields.forEach((field, at) => {
      record.set(inMemory(field.type, values[at] ?? 0), field.offset - 8);
    });
    this.#events += 1;
    return this.add(['E', join(number(after), number(index), number(3), memory(record))]);
  }

  #map(name: string): { readonly index: number; readonly map: ManifestMap } {
    const index = this.manifest.maps.findIndex((map) => map.name === name);
    const map = this.manifest.maps[index];
    if (!map) throw new Error(`the script has no ${name}`);
    return { index, map };
  }

  /** Rows of a map for what follows; of a scalar, the key is left out of account. */
  rows(name: string, rows: readonly (readonly [key: Value, value: Value])[], store = 0): this {
    const { index, map } = this.#map(name);
    const key = map.key;
    const keySizes = map.stores.map((each) => ('keySize' in each ? each.keySize : 8));
    const stride = up(Math.max(8, ...keySizes));
    const keys = rows.map(([of]) =>
      padded(key ? inMemory(key, of).subarray(0, stride) : Buffer.of(), stride),
    );
    const values = rows.map(([, of]) => {
      const bytes = inMemory(map.value, of);
      return padded(bytes, up(Math.max(1, bytes.length)));
    });
    const ends = map.stores.map((_, at) => number(at < store ? 0 : rows.length));
    return this.add([
      'R',
      join(
        ...[number(index), number(rows.length), ...ends],
        ...[memory(join(...keys)), memory(join(...values))],
      ),
    ]);
  }

  /** A map is printed at the end. */
  map(name: string): this {
    return this.add(['M', join(number(0), number(this.#map(name).index))]);
  }

  /** Events were lost since the last such part (`L`), or in all (`l`). */
  lost(letter: 'L' | 'l', ...of: readonly (readonly [ManifestEventKind, number, number])[]): this {
    const counts = of.flatMap(([kind, which, count]) => [
      number(this.#index(kind, which)),
      number(count),
    ]);
    return this.add([letter, join(number(0), ...counts)]);
  }

  /** A warning came so many times more. */
  repeated(which: number, code: number, count: number): this {
    const index = number(this.#index('warning', which));
    return this.add(['w', join(number(0), index, signed(code), number(count))]);
  }

  /** The file. `clock` are the nanoseconds from the boot clock to the wall clock. */
  file(clock: bigint, { hasEnd = true, stackRoom = 1024 } = {}): Buffer {
    const begin = Buffer.from('bpfrec\r\n\x04\x03\x02\x01\x01\0\0\0', 'latin1');
    const session = join(...['0', '6.12', 'x86_64', '..'].map(text), number(stackRoom));
    const enums = this.manifest.enums.map(
      ({ name, values }): Part => [
        'e',
        join(
          ...[text(name), number(values.length)],
          ...values.flatMap(([each, of]) => [text(each), signed(BigInt(of))]),
        ),
      ],
    );
    const parts: readonly Part[] = [
      ['s', session],
      ['o', this.#object],
      ...enums,
      ['c', number(clock)],
      ...this.#parts,
      ...(hasEnd ? [['X', number(this.#events)] as const] : []),
    ];
    return join(
      begin,
      ...parts.flatMap(([letter, payload]) => [
        number(payload.length),
        Buffer.from(letter),
        Buffer.from(payload),
      ]),
    );
  }
}
