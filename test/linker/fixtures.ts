/** What the compiler would make of a script with a map, variables, constants and a loop. */

import {
  arrayOf,
  bytes,
  signed,
  type TypeDescription,
  unsigned,
  VOID_POINTER,
} from '../../linker/btf/types.ts';
import type { LinkInput } from '../../linker/input.ts';
import { emptyManifest, linkInput, siteAsm } from './support.ts';

export const HASH = 1;
export const PERCPU_ARRAY = 6;

export const SCRIPT_IR = `
@AT_ = dso_local global [5 x i8*] zeroinitializer, section ".maps", align 8
@AT_k = dso_local global [2 x i8*] zeroinitializer, section ".maps", align 8
@AT_x = dso_local global i64 0, section ".bss", align 8
@AT_x_present = dso_local global i64 0, section ".bss", align 8
@limit = dso_local global i64 5, section ".rodata", align 8
@LICENSE = dso_local global [4 x i8] c"GPL\\00", section "license"
@table = private unnamed_addr constant [4 x i64] [i64 1, i64 2, i64 3, i64 9]

define internal i64 @step(i32 %index, i8* %frame) nounwind {
  %sum = bitcast i8* %frame to i64*
  %old = load i64, i64* %sum
  %new = add i64 %old, 3
  store i64 %new, i64* %sum
  ret i64 0
}
define dso_local i32 @switch_1(i8* %ctx) nounwind section "tracepoint/sched/sched_switch" {
  %sum = alloca i64, align 8
  %key = alloca i32, align 4
  store i64 0, i64* %sum
  store i32 0, i32* %key
  %frame = bitcast i64* %sum to i8*
  %done = call i64 inttoptr (i64 181 to i64 (i32, i8*, i8*, i64)*)(i32 4, i8* bitcast (i64 (i32, i8*)* @step to i8*), i8* %frame, i64 0)
  %max = load volatile i64, i64* @limit
  %next = call i64 asm "${siteAsm('$0 = *(u32 *)($1 + 56)', 0)}", "=r,r"(i8* %ctx)
  %total = load i64, i64* %sum
  %low = and i64 %next, 3
  %entry = getelementptr [4 x i64], [4 x i64]* @table, i64 0, i64 %low
  %weight = load i64, i64* %entry
  store volatile i64 %weight, i64* @AT_x
  %all = add i64 %total, %max
  store volatile i64 %all, i64* @AT_x_present
  %k = bitcast i32* %key to i8*
  %slot = call i8* inttoptr (i64 1 to i8* (i8*, i8*)*)(i8* bitcast ([5 x i8*]* @AT_ to i8*), i8* %k)
  %none = icmp eq i8* %slot, null
  br i1 %none, label %end, label %count
count:
  %value = bitcast i8* %slot to i64*
  %before = load i64, i64* %value
  %after = add i64 %before, 1
  store i64 %after, i64* %value
  br label %end
end:
  ret i32 0
}
define dso_local i32 @uprobe_2(i8* %ctx) nounwind section "uprobe" {
  ret i32 0
}
define dso_local i32 @uprobe_3(i8* %ctx) nounwind section "uprobe" {
  %key = alloca [4 x i64], align 8
  %w0 = getelementptr [4 x i64], [4 x i64]* %key, i64 0, i64 0
  %w1 = getelementptr [4 x i64], [4 x i64]* %key, i64 0, i64 1
  %w2 = getelementptr [4 x i64], [4 x i64]* %key, i64 0, i64 2
  %w3 = getelementptr [4 x i64], [4 x i64]* %key, i64 0, i64 3
  store i64 0, i64* %w0
  store i64 0, i64* %w1
  store i64 0, i64* %w2
  store i64 0, i64* %w3
  %k = bitcast [4 x i64]* %key to i8*
  %slot = call i8* inttoptr (i64 1 to i8* (i8*, i8*)*)(i8* bitcast ([2 x i8*]* @AT_k to i8*), i8* %k)
  ret i32 0
}
`;

export function scriptInput(): LinkInput {
  return linkInput(SCRIPT_IR, {
    functions: [
      { symbol: 'switch_1', role: 'program' },
      { symbol: 'uprobe_2', role: 'program' },
      { symbol: 'uprobe_3', role: 'program' },
      { symbol: 'step', role: 'loop-callback' },
    ],
    maps: [
      {
        symbol: 'AT_',
        type: PERCPU_ARRAY,
        maxEntries: 1,
        flags: 0,
        key: unsigned(4),
        value: bytes(16),
      },
      {
        symbol: 'AT_k',
        type: HASH,
        maxEntries: 4096,
        flags: 1,
        key: {
          kind: 'struct',
          name: '',
          size: 32,
          members: [
            { name: '_0', type: signed(4), offset: 0 },
            { name: '_1', type: arrayOf({ kind: 'char' }, 16), offset: 4 },
            { name: '_2', type: unsigned(8), offset: 24 },
          ],
        },
        value: signed(8),
      },
    ],
    variables: [
      { symbol: 'limit', section: '.rodata', type: unsigned(8) },
      { symbol: 'AT_x', section: '.bss', type: signed(8) },
      { symbol: 'AT_x_present', section: '.bss', type: unsigned(8) },
    ],
    sites: [
      {
        kind: 'tracepoint',
        category: 'sched',
        event: 'sched_switch',
        field: 'next_pid',
        size: 4,
        form: 'unsigned',
        value: 56,
      },
    ],
    manifest: (offsetOf) => ({
      ...emptyManifest(),
      probes: [
        {
          program: 'switch_1',
          name: 'tracepoint:sched:sched_switch',
          target: { provider: 'tracepoint', category: 'sched', event: 'sched_switch' },
          parameters: false,
          line: 1,
        },
        {
          program: 'uprobe_2',
          name: 'uprobe:/bin/bash:readline',
          target: { provider: 'uprobe', path: '/bin/bash', function: 'readline', offset: 0 },
          parameters: false,
          line: 2,
        },
      ],
      maps: [
        {
          name: '@',
          value: { kind: 'count' },
          stores: [{ kind: 'percpu-slot', map: 'AT_', valueSize: 16, present: 8 }],
        },
        {
          name: '@x',
          value: { kind: 'int', size: 8, signed: true },
          stores: [
            {
              kind: 'global',
              offset: offsetOf('AT_x'),
              valueSize: 8,
              present: offsetOf('AT_x_present'),
            },
          ],
        },
      ],
      params: [{ index: 1, as: 'int', offset: offsetOf('limit'), size: 8 }],
      features: ['bpf_loop'],
    }),
  });
}

/** One of each kind that values of maps have. */
export const VALUE_TYPES: readonly TypeDescription[] = [
  { kind: 'bool' },
  signed(2),
  arrayOf({ kind: 'char' }, 64),
  VOID_POINTER,
  arrayOf(unsigned(4), 6),
  {
    kind: 'struct',
    name: '',
    size: 16,
    members: [
      { name: 'pid', type: unsigned(4), offset: 0 },
      { name: 'inner', type: arrayOf({ kind: 'bool' }, 8), offset: 8 },
    ],
  },
  {
    kind: 'enum',
    name: 'color',
    size: 8,
    signed: true,
    values: [
      ['RED', 0n],
      ['LOUD', -5n],
    ],
  },
  { kind: 'enum', name: 'amount', size: 8, signed: false, values: [['HUGE', 1n << 40n]] },
  bytes(16),
];
