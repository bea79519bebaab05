/**
 * Tracepoints of a kernel or a module that does not run: what tracefs makes its `format` files of (struct
 * trace_event_call and trace_event_fields, include/linux/trace_events.h) stands in memory as constants. Where members
 * are, the kernel's own BTF says.
 */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { KernelDescriptionError } from '../kernel/error.ts';
import { findMember } from '../kernel/members.ts';
import { type RawField, tableLine } from '../kernel/tracepoints.ts';
import type { Memory } from './memory.ts';

/** sizeof(struct trace_entry): the fields that all events have. */
const COMMON = 8;
/** offsetof(struct syscall_trace_enter, args) (kernel/trace/trace.h). */
const SYSCALL_ARGUMENTS = 16;
/** TRACE_FUNCTION_TYPE: a function adds the rest of the fields. */
const BY_FUNCTION = 2n ** 64n - 1n;
/** No event has as many fields, no kernel or module as many events, and no table of them as many bytes. */
const MOST = { fields: 256, events: 16_384, bytes: 32 << 20 } as const;

/**
 * Lines of the table of tracepoints, of the events whose addresses stand from `start` to `stop`. Throws
 * KernelDescriptionError for what cannot be such a table.
 */
export function eventLines(
  btf: Btf,
  memory: Memory,
  start: bigint,
  stop: bigint,
): readonly string[] {
  const layout = layoutOf(btf);
  if (!layout) return [];
  const lines: string[] = [];
  let bytes = 0;
  for (let at = start; at + 8n <= stop; at += 8n) {
    const event = memory.u64(at);
    // Behind the end of what the file holds.
    if (event === undefined) break;
    const line = eventLine(layout, memory, event);
    if (line === undefined) continue;
    lines.push(line);
    bytes += line.length;
    if (bytes > MOST.bytes || lines.length > MOST.events)
      throw new KernelDescriptionError('its table of tracepoints is damaged');
  }
  return lines;
}

type Layout = NonNullable<ReturnType<typeof layoutOf>>;

/** undefined of a kernel whose events are described in another way. */
function layoutOf(btf: Btf) {
  const offset = (struct: string, member: string): bigint | undefined => {
    const id = btf.find(BTF_KIND.struct, struct);
    const found = id === undefined ? undefined : findMember(btf, id, member);
    return found && BigInt(found.bitOffset / 8);
  };
  const field = btf.find(BTF_KIND.struct, 'trace_event_fields');
  const signed = field === undefined ? undefined : findMember(btf, field, 'is_signed');
  const flags = offset('trace_event_call', 'flags');
  const places = {
    class: offset('trace_event_call', 'class'),
    name: offset('trace_event_call', 'name'),
    flags,
    data: offset('trace_event_call', 'data'),
    system: offset('trace_event_class', 'system'),
    fields: offset('trace_event_class', 'fields_array'),
    tracepointName: offset('tracepoint', 'name'),
    type: offset('trace_event_fields', 'type'),
    fieldName: offset('trace_event_fields', 'name'),
    size: offset('trace_event_fields', 'size'),
    align: offset('trace_event_fields', 'align'),
    arguments: offset('syscall_metadata', 'nb_args'),
    types: offset('syscall_metadata', 'types'),
    names: offset('syscall_metadata', 'args'),
  };
  const { tracepoint } = flagsOf(btf);
  const known = Object.fromEntries(
    Object.entries(places).flatMap(([name, place]) => (place === undefined ? [] : [[name, place]])),
  ) as { readonly [Name in keyof typeof places]: bigint };
  if (Object.keys(known).length < Object.keys(places).length) return undefined;
  if (field === undefined || signed === undefined || tracepoint === undefined) return undefined;
  return {
    ...known,
    stride: BigInt(btf.sizeOrType(field)),
    signedBit: signed.bitOffset,
    /** Elements of an array; kernels did not always keep their number. */
    length: offset('trace_event_fields', 'len'),
    tracepoint,
  };
}

function flagsOf(btf: Btf): { readonly tracepoint: number | undefined } {
  const name = 'TRACE_EVENT_FL_TRACEPOINT';
  const places = btf.offsetsOf(name);
  for (const id of btf.ofKind(BTF_KIND.enum))
    for (let index = 0; index < btf.length(id); index += 1)
      if (places.includes(btf.word(id, 2 * index)))
        return { tracepoint: btf.word(id, 2 * index + 1) };
  return { tracepoint: undefined };
}

function eventLine(layout: Layout, memory: Memory, event: bigint): string | undefined {
  const type = memory.u64(event + layout.class);
  const named = memory.u64(event + layout.name);
  const flags = memory.u32(event + layout.flags);
  if (type === undefined || named === undefined || flags === undefined) return undefined;
  const textAt =
    (flags & layout.tracepoint) === 0 ? named : memory.u64(named + layout.tracepointName);
  const name = textAt === undefined ? undefined : memory.text(textAt);
  const system = textOf(memory, type + layout.system);
  const fields = fieldsOf(layout, memory, type, event);
  if (!name || !system || !fields || !/^[\w.-]+$/.test(name) || !/^[\w.-]+$/.test(system))
    return undefined;
  return tableLine(`${system}:${name}`, fields);
}

function textOf(memory: Memory, pointer: bigint): string | undefined {
  const at = memory.u64(pointer);
  return at === undefined ? undefined : memory.text(at);
}

/** As trace_event_define_fields places them (kernel/trace/trace_events.c). */
function fieldsOf(
  layout: Layout,
  memory: Memory,
  type: bigint,
  event: bigint,
): readonly RawField[] | undefined {
  const table = memory.u64(type + layout.fields);
  if (table === undefined) return undefined;
  // An event with nothing of its own has an array that is empty.
  if (table === 0n) return [];
  const fields: RawField[] = [];
  let offset = COMMON;
  for (let index = 0; index < MOST.fields; index += 1) {
    const at = table + layout.stride * BigInt(index);
    const ctype = memory.u64(at + layout.type);
    if (ctype === undefined) return undefined;
    if (ctype === 0n) return fields;
    if (ctype === BY_FUNCTION) {
      const own = syscallArguments(layout, memory, event);
      return own && [...fields, ...own];
    }
    const text = memory.text(ctype);
    const name = textOf(memory, at + layout.fieldName);
    const size = memory.u32(at + layout.size);
    const align = memory.u32(at + layout.align);
    const length = layout.length === undefined ? 0 : memory.u32(at + layout.length);
    const flags = memory.at(at + BigInt(layout.signedBit >>> 3), 1)?.[0];
    if (text === undefined || name === undefined || size === undefined) return undefined;
    if (!align || flags === undefined) return undefined;
    offset = Math.ceil(offset / align) * align;
    fields.push({
      declaration: declarationOf(lengthened(text, size, length ?? 0), name),
      offset,
      size,
      signed: ((flags >>> (layout.signedBit & 7)) & 1) === 1,
    });
    offset += size;
  }
  return undefined;
}

/** tracefs has numbers for the names of lengths: `char[TASK_COMM_LEN]`, `u8[sizeof(struct sockaddr_in6)]`. */
function lengthened(type: string, size: number, length: number): string {
  if (length > 0 && !/^__(?:data|rel)_loc\b/.test(type))
    return type.replace(/\[[^\]]*\]$/, `[${length}]`);
  return type.replace(/^(char|u8)\[[A-Za-z_]\w*\]$/, `$1[${size}]`);
}

/** An array's brackets stand behind the name, except where the type says that its place is in the record. */
function declarationOf(type: string, name: string): string {
  const bracket =
    type.startsWith('__data_loc') || type.startsWith('__rel_loc') ? -1 : type.indexOf('[');
  return bracket === -1
    ? `${type} ${name}`
    : `${type.slice(0, bracket)} ${name}${type.slice(bracket)}`;
}

/** struct syscall_metadata (include/trace/syscall.h): each argument is kept in 8 bytes. */
function syscallArguments(
  layout: Layout,
  memory: Memory,
  event: bigint,
): readonly RawField[] | undefined {
  const metadata = memory.u64(event + layout.data);
  const count = metadata === undefined ? undefined : memory.u32(metadata + layout.arguments);
  if (metadata === undefined || count === undefined) return undefined;
  const types = memory.u64(metadata + layout.types);
  const names = memory.u64(metadata + layout.names);
  // nb_args has become seven bits, with other members behind them.
  const length = count & 0x7f;
  if (types === undefined || names === undefined || length > 6) return undefined;
  const fields: RawField[] = [];
  for (let index = 0; index < length; index += 1) {
    const type = textOf(memory, types + BigInt(8 * index));
    const name = textOf(memory, names + BigInt(8 * index));
    if (type === undefined || name === undefined) return undefined;
    fields.push({
      declaration: declarationOf(type, name),
      offset: SYSCALL_ARGUMENTS + 8 * index,
      size: 8,
      signed: false,
    });
  }
  return fields;
}
