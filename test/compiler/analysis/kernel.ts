/** A small kernel description: enough types and events to type scripts against. */
import type {
  KernelDescription,
  KernelTypes,
  Member,
  TracepointField,
} from '../../../compiler/kernel/types.ts';
import { layoutOf } from '../../../compiler/types/layout.ts';
import type { EnumType, PointerType, StructType, Type } from '../../../compiler/types/type.ts';
import { INT64, int, UINT32, UINT64 } from '../../../compiler/types/type.ts';

const ENTITY: StructType = {
  kind: 'struct',
  aggregate: 'struct',
  name: 'sched_entity',
  size: 16,
  align: 8,
  id: 2,
};
const TASK: StructType = {
  kind: 'struct',
  aggregate: 'struct',
  name: 'task_struct',
  size: 9792,
  align: 8,
  id: 1,
};
const FORWARD: StructType = { ...TASK, size: 0, id: 7 };
const FRUIT: EnumType = { kind: 'enum', name: 'fruit', size: 4, signed: false, id: 3 };

function to(type: Type, space: PointerType['space'] = 'kernel'): PointerType {
  return { kind: 'pointer', to: type, space };
}

interface Field {
  readonly name: string;
  readonly type: Type;
  readonly tag?: string;
  readonly bits?: readonly [number, number];
  readonly indexes?: readonly number[];
}

function members(fields: readonly Field[]): readonly Member[] {
  let offset = 0;
  return fields.map((field, index) => {
    const bitOffset = field.bits?.[0] ?? 8 * offset;
    if (!field.bits) offset += layoutOf(field.type).size;
    return {
      name: field.name,
      type: field.type,
      bitOffset,
      bitSize: field.bits?.[1] ?? 0,
      indexes: field.indexes ?? [index],
      tag: field.tag,
    };
  });
}

const MEMBERS: ReadonlyMap<number, readonly Member[]> = new Map([
  [
    TASK.id,
    members([
      { name: 'pid', type: int(4, true) },
      { name: 'tgid', type: int(4, true) },
      { name: 'flags', type: UINT32 },
      { name: 'comm', type: { kind: 'string', size: 16 } },
      { name: 'real_parent', type: to(FORWARD) },
      { name: 'parent_link', type: to(to(TASK)) },
      { name: 'se', type: ENTITY },
      { name: 'bytes', type: { kind: 'array', element: int(1, false), count: 4 } },
      { name: 'words', type: { kind: 'array', element: int(2, false), count: 4 } },
      { name: 'user_text', type: to(int(1, true), 'user'), tag: 'user' },
      { name: 'per_cpu', type: to(INT64), tag: 'percpu' },
      { name: 'fruit', type: FRUIT },
      { name: 'in_anonymous', type: UINT64, indexes: [12, 0] },
      { name: 'flag_bit', type: UINT32, bits: [800, 1] },
    ]),
  ],
  [
    ENTITY.id,
    members([
      { name: 'vruntime', type: UINT64 },
      { name: 'task', type: to(TASK) },
    ]),
  ],
]);

const TYPES: KernelTypes = {
  struct: (aggregate, name) =>
    [TASK, ENTITY].find((type) => type.aggregate === aggregate && type.name === name),
  enum: (name) => (name === 'fruit' ? FRUIT : undefined),
  typedef: (name) => (({ pid_t: int(4, true), u32: UINT32 }) as Record<string, Type>)[name],
  member: (struct, name) => MEMBERS.get(struct.id)?.find((member) => member.name === name),
  members: (struct) => MEMBERS.get(struct.id) ?? [],
  ways: () => [],
  enumerator: (name) => {
    const value = new Map([
      ['APPLE', 1n],
      ['PEAR', 2n],
    ]).get(name);
    return value === undefined ? undefined : { value, type: FRUIT };
  },
  enumerators: (id) =>
    id === FRUIT.id
      ? [
          ['APPLE', 1n],
          ['PEAR', 2n],
        ]
      : [],
};

function field(name: string, type: Type, ctype: string, offset: number): TracepointField {
  const size = layoutOf(type).size;
  const signed = type.kind === 'int' && type.signed;
  return { name, ctype, type, offset, size, signed, dataLoc: false };
}

const EVENTS: ReadonlyMap<string, readonly TracepointField[]> = new Map([
  [
    'sched:sched_switch',
    [
      field('prev_comm', { kind: 'string', size: 16 }, 'char', 8),
      field('prev_pid', int(4, true), 'pid_t', 24),
      field('next_pid', int(4, true), 'pid_t', 56),
    ],
  ],
  ['syscalls:sys_enter_openat', [field('filename', to(int(1, true)), 'const char *', 24)]],
  ['syscalls:sys_exit_openat', [field('ret', INT64, 'long', 16)]],
  ['syscalls:sys_exit_read', [field('ret', INT64, 'long', 16)]],
  [
    'test:bytes',
    [
      field('mac', { kind: 'array', element: int(1, false), count: 6 }, 'u8', 8),
      field('user', to(UINT32, 'user'), 'u32 *', 16),
    ],
  ],
]);

export const KERNEL: KernelDescription = {
  release: '6.0.0-test',
  arch: 'x86_64',
  types: TYPES,
  matchFunctions: (pattern) => [pattern],
  matchTracepoints: (category, event) => {
    const pattern = `${category}:${event}`.split('*').map((part) => part.replace(/\W/g, '\\$&'));
    const expression = new RegExp(`^${pattern.join('.*')}$`);
    return [...EVENTS.keys()].filter((name) => expression.test(name)).sort();
  },
  tracepoint: (category, event) => EVENTS.get(`${category}:${event}`),
  percpuVariable: () => undefined,
  rawTracepoint: (event) =>
    event === 'sched_switch'
      ? [
          { name: 'preempt', type: { kind: 'bool' }, typeId: 1, slot: 0 },
          { name: 'prev', type: to(TASK), typeId: 2, slot: 1 },
        ]
      : undefined,
  function: () => undefined,
  matchTypedFunctions: () => [],
  btf: new Uint8Array(),
};
