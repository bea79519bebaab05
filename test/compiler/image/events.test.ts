/** Tables of tracepoints as a kernel has them in memory, written by hand at the places that real types say. */
import { describe, expect, it } from 'vitest';
import { eventLines } from '../../../compiler/image/events.ts';
import { createMemory } from '../../../compiler/image/memory.ts';
import { findMember } from '../../../compiler/kernel/members.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { readBtf } from '../../../linker/btf/read.ts';
import { kernelDescription } from '../../support/build.ts';

const types = readBtf(kernelDescription().btf);

function bitsTo(struct: string, member: string): number {
  const id = types.find(BTF_KIND.struct, struct);
  const found = id === undefined ? undefined : findMember(types, id, member);
  if (!found) throw new Error(`${struct} has no ${member}`);
  return found.bitOffset;
}
const offset = (struct: string, member: string): number => bitsTo(struct, member) / 8;
const sizeOf = (struct: string): number =>
  types.sizeOrType(types.find(BTF_KIND.struct, struct) ?? 0);

const BASE = 0xffffffff81000000n;
/** TRACE_EVENT_FL_TRACEPOINT of this kernel. */
const FL_TRACEPOINT = types
  .ofKind(BTF_KIND.enum)
  .flatMap((id) => types.enumerators(id))
  .find(([name]) => name === 'TRACE_EVENT_FL_TRACEPOINT');

interface Field {
  readonly type: string;
  readonly name?: string;
  readonly size?: number;
  readonly align?: number;
  readonly signed?: boolean;
  readonly length?: number;
}

/** Memory that grows, and what stands in it. */
function heap() {
  const data = Buffer.alloc(1 << 16);
  let used = 64;
  const take = (size: number): number => {
    const at = used;
    used = Math.ceil((at + size) / 8) * 8;
    return at;
  };
  const address = (at: number): bigint => BASE + BigInt(at);
  const pointer = (at: number, to: bigint): void => void data.writeBigUInt64LE(to, at);
  const text = (value: string): bigint => {
    const at = take(value.length + 1);
    data.write(value, at, 'latin1');
    return address(at);
  };
  const fieldsAt = (fields: readonly Field[], byFunction: boolean): bigint => {
    const stride = sizeOf('trace_event_fields');
    const table = take(stride * (fields.length + 2));
    for (const [index, field] of fields.entries()) {
      const at = table + stride * index;
      const { type, name = 'f', size = 4, align = 4, signed = false, length = 0 } = field;
      pointer(at + offset('trace_event_fields', 'type'), text(type));
      pointer(at + offset('trace_event_fields', 'name'), text(name));
      data.writeUInt32LE(size, at + offset('trace_event_fields', 'size'));
      data.writeUInt32LE(align, at + offset('trace_event_fields', 'align'));
      const bit = bitsTo('trace_event_fields', 'is_signed');
      data[at + (bit >> 3)] = Number(signed) << (bit & 7);
      data.writeUInt32LE(length, at + offset('trace_event_fields', 'len'));
    }
    const end = table + stride * fields.length;
    if (byFunction) pointer(end + offset('trace_event_fields', 'type'), 2n ** 64n - 1n);
    return address(table);
  };
  const event = (
    system: string,
    name: string,
    fields: readonly Field[] | bigint,
    more: { readonly isTracepoint?: boolean; readonly arguments?: readonly string[] } = {},
  ): bigint => {
    const type = take(sizeOf('trace_event_class'));
    pointer(type + offset('trace_event_class', 'system'), text(system));
    const call = take(sizeOf('trace_event_call'));
    const table =
      typeof fields === 'bigint' ? fields : fieldsAt(fields, more.arguments !== undefined);
    pointer(type + offset('trace_event_class', 'fields_array'), table);
    pointer(call + offset('trace_event_call', 'class'), address(type));
    if (more.isTracepoint) {
      const tracepoint = take(sizeOf('tracepoint'));
      pointer(tracepoint + offset('tracepoint', 'name'), text(name));
      pointer(call + offset('trace_event_call', 'name'), address(tracepoint));
      data.writeUInt32LE(Number(FL_TRACEPOINT?.[1]), call + offset('trace_event_call', 'flags'));
    } else pointer(call + offset('trace_event_call', 'name'), text(name));
    if (more.arguments) {
      const metadata = take(sizeOf('syscall_metadata'));
      const [kinds, names] = [take(64), take(64)];
      for (const [index, declared] of more.arguments.entries()) {
        const [, kind = '', own = ''] = /^(.*) (\w+)$/.exec(declared) ?? [];
        pointer(kinds + 8 * index, text(kind));
        pointer(names + 8 * index, text(own));
      }
      pointer(metadata + offset('syscall_metadata', 'types'), address(kinds));
      pointer(metadata + offset('syscall_metadata', 'args'), address(names));
      data[metadata + offset('syscall_metadata', 'nb_args')] = more.arguments.length;
      pointer(call + offset('trace_event_call', 'data'), address(metadata));
    }
    return address(call);
  };
  const lines = (...events: readonly bigint[]): readonly string[] => {
    const table = take(8 * events.length);
    for (const [index, each] of events.entries()) pointer(table + 8 * index, each);
    const memory = createMemory([{ start: BASE, data }]);
    const start = address(table);
    return eventLines(types, memory, start, start + BigInt(8 * events.length));
  };
  return { event, lines, data, text, address, take, pointer };
}

/** The columns of the only event. */
function columns(fields: readonly Field[]): readonly string[] {
  const made = heap();
  const [line = ''] = made.lines(made.event('s', 'e', fields));
  return line.trim().split('\t').slice(1);
}

describe('an event', () => {
  it('has a system and a name, its own or that of its tracepoint', () => {
    const { event, lines } = heap();
    expect(
      lines(event('sched', 'own_name', []), event('irq', 'of.its-tp', [], { isTracepoint: true })),
    ).toEqual(['sched:own_name\n', 'irq:of.its-tp\n']);
  });

  it('may have no array of fields', () => {
    const { event, lines } = heap();
    expect(lines(event('sched', 'empty', 0n))).toEqual(['sched:empty\n']);
  });

  it('is left out where something of it is nowhere, or is no name; the others stay', () => {
    const { event, lines } = heap();
    const nowhere = 0x10n;
    expect(
      lines(
        nowhere,
        event('sched', '', []),
        event('', 'name', []),
        event('sched', 'a b', []),
        event('a\tb', 'name', []),
        event('sched', 'lost', nowhere),
        event('sched', 'stays', []),
      ),
    ).toEqual(['sched:stays\n']);
  });

  it('ends the table where memory does', () => {
    const { event, data, lines } = heap();
    const made = event('s', 'e', []);
    expect(lines(made, made)).toHaveLength(2);
    const memory = createMemory([{ start: BASE, data }]);
    const last = BASE + BigInt(data.length) - 8n;
    data.writeBigUInt64LE(made, data.length - 8);
    expect(eventLines(types, memory, last, last + 800n)).toHaveLength(1);
    expect(eventLines(types, memory, last, last + 7n)).toEqual([]);
    expect(eventLines(types, memory, last, last)).toEqual([]);
  });
});

describe('fields', () => {
  it('stand behind the eight bytes that all events have, each as it is aligned', () => {
    expect(
      columns([
        { type: 'char', name: 'a', size: 1, align: 1 },
        { type: 'int', name: 'b', size: 4, align: 4, signed: true },
        { type: 'u64', name: 'c', size: 8, align: 8 },
        { type: 'short', name: 'd', size: 2, align: 2 },
      ]),
    ).toEqual(['char a;8;1;0', 'int b;12;4;1', 'u64 c;16;8;0', 'short d;24;2;0']);
  });

  it('have the brackets of an array behind their names, and those of records before them', () => {
    expect(
      columns([
        { type: 'u8[6]', name: 'mac', size: 6, align: 1 },
        { type: '__data_loc char[]', name: 'text', size: 4 },
        { type: '__rel_loc char[]', name: 'more', size: 4 },
      ]),
    ).toEqual(['u8 mac[6];8;6;0', '__data_loc char[] text;16;4;0', '__rel_loc char[] more;20;4;0']);
  });

  it('have numbers for lengths that have names', () => {
    expect(
      columns([
        { type: 'char[TASK_COMM_LEN]', name: 'a', size: 16, align: 1 },
        { type: 'u8[N]', name: 'b', size: 3, align: 1 },
        { type: 'u8[sizeof(struct x)]', name: 'c', size: 28, align: 1, length: 28 },
        { type: 'int[N]', name: 'd', size: 8, length: 2 },
        { type: '__data_loc char[]', name: 'e', size: 4, length: 7 },
        { type: 'int[M]', name: 'f', size: 8 },
      ]).map((column) => column.split(';')[0]),
    ).toEqual(['char a[16]', 'u8 b[3]', 'u8 c[28]', 'int d[2]', '__data_loc char[] e', 'int f[M]']);
  });

  it('are as many as 255, and the event is left out where they never end', () => {
    const many = (count: number) => {
      const made = heap();
      const fields = Array.from({ length: count }, () => ({ type: 'u8', size: 1, align: 1 }));
      return made.lines(made.event('s', 'e', fields)).length;
    };
    expect([255, 256].map(many)).toEqual([1, 0]);
  });

  it('have an alignment', () => {
    const made = heap();
    expect(made.lines(made.event('s', 'e', [{ type: 'int', align: 0 }]))).toEqual([]);
  });
});

describe('arguments of system calls', () => {
  const shown = (...list: readonly string[]): readonly string[] => {
    const made = heap();
    const fields = [{ type: 'int', name: '__syscall_nr', signed: true }];
    return made
      .lines(made.event('syscalls', 'sys_enter_x', fields, { arguments: list }))
      .map((line) => line.trim());
  };

  it('are eight bytes each, behind the number', () => {
    expect(shown('unsigned int fd', 'char * buf')).toEqual([
      'syscalls:sys_enter_x\tint __syscall_nr;8;4;1\tunsigned int fd;16;8;0\tchar * buf;24;8;0',
    ]);
    expect(shown()).toEqual(['syscalls:sys_enter_x\tint __syscall_nr;8;4;1']);
  });

  it('are six at most', () => {
    const list = (count: number) => Array.from({ length: count }, (_, index) => `int a${index}`);
    expect(shown(...list(6))).toHaveLength(1);
    expect(shown(...list(7))).toEqual([]);
  });
});

describe('a table', () => {
  it('holds 16,384 events, and not one more', () => {
    const { event, data, address } = heap();
    const made = event('s', 'e', []);
    const table = Buffer.alloc(8 * 16_385);
    for (let at = 0; at < table.length; at += 8) table.writeBigUInt64LE(made, at);
    const start = address(data.length);
    const memory = createMemory([
      { start: BASE, data },
      { start, data: table },
    ]);
    const read = (count: number) => eventLines(types, memory, start, start + BigInt(8 * count));
    expect(read(16_384)).toHaveLength(16_384);
    expect(() => read(16_385)).toThrow('table of tracepoints is damaged');
  });
});
