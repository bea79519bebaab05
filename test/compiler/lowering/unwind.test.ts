/** dw_ustack goes from frame to frame by the loader's tables: here by tables and a stack that the test has made. */
import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';

const FAILURE = (1n << 64n) - 1n;
const [UNKNOWN, STACK_POINTER, FRAME_POINTER, END] = [0, 1, 2, 3];

type Row = readonly [address: number, distance: number, base: number, savedFrame: number];
interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
  /** What the addresses of rows count from. */
  readonly base: bigint;
  readonly rows: readonly Row[];
}

const key = (index: number): Uint8Array => new Uint8Array(Uint32Array.of(index).buffer);

/** The tables as the loader lays them out: behind those of another process. */
function tables(
  put: (map: string, at: number, value: Uint8Array) => void,
  all: readonly Mapping[],
) {
  const [firstMapping, firstRow] = [2, 3];
  put('unwind_processes', 1234, new Uint8Array(Uint32Array.of(firstMapping, all.length).buffer));
  let row = firstRow;
  // What stands before is nothing of this process, and would fit.
  for (let at = 0; at < firstMapping; at += 1) put('unwind_mappings', at, new Uint8Array(32));
  for (let at = 0; at < firstRow; at += 1)
    put('unwind_rows', at, Uint8Array.of(0, 0, 0, 0, 1, 0, END, 0));
  for (const [index, { start, end, base, rows }] of all.entries()) {
    const bytes = Buffer.alloc(32);
    for (const [at, word] of [start, end, base].entries()) bytes.writeBigUInt64LE(word, at * 8);
    bytes.writeUInt32LE(row, 24);
    bytes.writeUInt32LE(rows.length, 28);
    put('unwind_mappings', firstMapping + index, new Uint8Array(bytes));
    for (const [address, distance, of, saved] of rows) {
      const own = Buffer.alloc(8);
      own.writeUInt32LE(address, 0);
      own.writeInt16LE(distance, 4);
      own.writeUInt8(of, 6);
      own.writeInt8(saved, 7);
      put('unwind_rows', row, new Uint8Array(own));
      row += 1;
    }
  }
}

const CODE: readonly Mapping[] = [
  {
    ...{ start: 0x1000n, end: 0x2000n, base: 0x1000n },
    rows: [
      [0x0, 2, STACK_POINTER, 0],
      [0x100, 4, STACK_POINTER, -2],
      [0x200, 2, FRAME_POINTER, -2],
      [0x300, 2, END, 0],
      [0x400, 2, UNKNOWN, 0],
      [0x500, 3, STACK_POINTER, 0],
    ],
  },
  {
    ...{ start: 0x5000n, end: 0x6000n, base: 0x4000n },
    rows: [
      [0x1000, 2, STACK_POINTER, 0],
      [0x1080, 2, FRAME_POINTER, -2],
    ],
  },
];

/** The frames of a stack whose words are these, from where the stack pointer is; `bp` is a word's index. */
function frames(
  ip: bigint,
  stack: readonly bigint[],
  { limit = 8, bp = 0 }: { readonly limit?: number; readonly bp?: number } = {},
): readonly bigint[] {
  const registers = Buffer.alloc(256);
  const script = `uprobe:/x:f { @[dw_ustack(${limit})] = count(); }`;
  const machine = interpret(build(script), { registers: new Uint8Array(registers.buffer) });
  const address = machine.memory.add(new Uint8Array(8 * stack.length), 'user');
  // Words that are small and odd are indexes of words: frame pointers that are saved.
  for (const [at, word] of stack.entries())
    machine.memory.store(
      address + BigInt(at * 8),
      8,
      word < 0x100n && word > 0n ? address + word * 8n : word,
    );
  const view = new DataView(registers.buffer);
  view.setBigUint64(128, ip, true);
  view.setBigUint64(152, address, true);
  view.setBigUint64(32, address + BigInt(bp * 8), true);
  tables((map, at, value) => machine.put(map, key(at), value), CODE);
  machine.run();
  const [[token, bytes] = [], ...others] = machine.elements('stacks');
  expect(others).toEqual([]);
  if (!token || !bytes) return [];
  const [counted] = machine.elements('AT_')[0] ?? [];
  const count = new DataView(counted?.buffer ?? new ArrayBuffer(16), counted?.byteOffset).getUint32(
    12,
    true,
  );
  return Array.from({ length: count }, (_, at) =>
    new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at * 8, true),
  );
}

describe('a walk', () => {
  it('goes by the stack pointer and by frame pointers, over mappings, to the outermost frame', () => {
    // Two words; four with a saved frame pointer, twice, since a return address belongs to the call before it; by
    // the frame pointer in the other mapping; and the end.
    const stack = [
      ...[0n, 0x1150n],
      ...[0n, 0n, 8n, 0x1200n],
      ...[0n, 0n, 12n, 0x50a0n],
      ...[0n, 0n, 3n, 0x1301n, 0n, 0n],
    ];
    expect(frames(0x1050n, stack)).toEqual([0x1050n, 0x1150n, 0x1200n, 0x50a0n, 0x1301n]);
  });

  it('takes the row of the instruction itself in the innermost frame, and of the call before it in others', () => {
    expect(frames(0x1500n, [0n, 0n, 0x1300n + 1n])).toEqual([0x1500n, 0x1301n]);
    // The last byte of the row before.
    expect(frames(0x14ffn, [0n])).toEqual([0x14ffn, FAILURE]);
    expect(frames(0x1000n, [0n, 0x1301n])).toEqual([0x1000n, 0x1301n]);
    expect(frames(0x1fffn, [0n, 0n, 0x1301n])).toEqual([0x1fffn, 0x1301n]);
  });

  it('goes on by the frame pointer that the process had', () => {
    const stack = [0n, 0n, 0n, 5n, 0x1210n, 0n, 0x1301n, 0n];
    expect(frames(0x1210n, stack, { bp: 3 })).toEqual([0x1210n, 0x1210n, 0x1301n]);
  });

  it.each([
    ['no mapping has it', 0x3000n],
    ['it is before all mappings', 0xfffn],
    ['it is the end of a mapping', 0x2000n],
    ['it is behind all mappings', 0x6000n],
    ['its row says that nothing is known', 0x1400n],
  ])('is marked as not complete where %s', (_, ip) => {
    expect(frames(ip, [0n, 0x1301n])).toEqual([ip, FAILURE]);
    expect(frames(0x1050n, [0n, ip + 1n])).toEqual([0x1050n, ip + 1n, FAILURE]);
  });

  it('is marked where the stack cannot be read, and ends where nothing called', () => {
    expect(frames(0x1050n, [0n])).toEqual([0x1050n, FAILURE]);
    expect(frames(0x1150n, [0n, 0n, 0n])).toEqual([0x1150n, FAILURE]);
    expect(frames(0x1050n, [0n, 0n])).toEqual([0x1050n]);
    expect(frames(0x1300n, [0n])).toEqual([0x1300n]);
  });

  it('has as many frames as it is asked for, and no mark behind them', () => {
    const stack = Array.from({ length: 20 }, (_, at) => (at % 2 ? 0x1051n : 0n));
    expect(frames(0x1050n, stack, { limit: 3 })).toEqual([0x1050n, 0x1051n, 0x1051n]);
    expect(frames(0x1050n, [0n], { limit: 1 })).toEqual([0x1050n]);
    expect(frames(0x1050n, [0n], { limit: 2 })).toEqual([0x1050n, FAILURE]);
  });
});

describe('a process without tables', () => {
  it('has no frames, which is told', () => {
    const machine = interpret(build('uprobe:/x:f { @[dw_ustack(8)] = count(); @after = 1; }'));
    machine.run();
    expect(machine.sent().map(({ kind }) => kind)).toEqual(['warning']);
    expect(machine.elements('stacks')).toEqual([]);
    expect(machine.value('@after')).toBe(1n);
  });
});
