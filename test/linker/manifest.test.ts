import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../linker/inspect.ts';
import { link } from '../../linker/link.ts';
import { encodeManifest } from '../../linker/manifest/encode.ts';
import type { Manifest } from '../../linker/manifest/manifest.ts';
import { scriptInput } from './fixtures.ts';
import { emptyManifest } from './support.ts';

const validate = new Ajv2020({ strict: false, allErrors: true }).compile(
  JSON.parse(readFileSync(new URL('../../docs/manifest.schema.json', import.meta.url), 'utf8')),
);

/** One of everything that a manifest can hold. */
const FULL: Manifest = {
  ...emptyManifest(),
  params: [
    { index: 1, as: 'int', offset: 0, size: 8 },
    { index: 2, as: 'string', offset: 8, size: 64 },
  ],
  options: [
    { name: 'quiet', as: 'bool', default: '0', description: 'say less', offset: 72, size: 8 },
    { name: 'least', as: 'int', signed: true, default: '-1', offset: 80, size: 8 },
    { name: 'who', as: 'string', default: 'all', offset: 88, size: 64 },
  ],
  lookups: [
    { kind: 'kernel-symbol', name: 'schedule', offset: 152 },
    { kind: 'cgroup', name: '/sys/fs/cgroup', offset: 160 },
    { kind: 'kernel-function', name: 'vfs_read', offset: 168 },
    { kind: 'kfunc', name: 'bpf_task_from_pid', program: 'p0', offset: 176 },
    { kind: 'executable', name: '/bin/sh', offset: 184 },
  ],
  probes: (
    [
      { provider: 'begin' },
      { provider: 'end' },
      { provider: 'tracepoint', category: 'syscalls', event: 'sys_enter_*' },
      { provider: 'rawtracepoint', event: 'sched_switch' },
      { provider: 'kprobe', function: 'vfs_read', offset: 0 },
      { provider: 'uretprobe', path: 'libc', function: 'malloc', offset: 0 },
      { provider: 'interval', period: '1000000000' },
      { provider: 'profile', frequency: '99' },
      { provider: 'kretprobe', function: 'vfs_read', offset: 0 },
      { provider: 'software', event: 'faults' },
      { provider: 'watchpoint', address: '4096', length: '4', mode: 'rw' },
      { provider: 'self', signal: 'SIGUSR1' },
      { provider: 'iter', object: 'task' },
      { provider: 'iter', object: 'task', pin: 'tasks' },
      { provider: 'test', name: 't' },
      { provider: 'bench', name: 'b' },
      { provider: 'hardware', event: 'cycles', count: '1000' },
    ] satisfies readonly Manifest['probes'][number]['target'][]
  ).map((target, index) => ({
    program: `p${index}`,
    name: target.provider,
    target,
    parameters: false,
    line: index + 1,
    ...(index === 0 ? { file: 'lib.bt' } : {}),
  })),
  maps: [
    {
      name: '@',
      value: { kind: 'stats', signed: true },
      stores: [{ kind: 'percpu-slot', map: 'AT_', valueSize: 24, present: 16 }],
    },
    {
      name: '@k',
      key: {
        kind: 'tuple',
        size: 40,
        fields: [
          { offset: 0, type: { kind: 'string', size: 16 } },
          { offset: 16, type: { kind: 'stack', space: 'user', mode: 'perf', limit: 127 } },
          { offset: 32, type: { kind: 'enum', size: 8, signed: false, enum: 0 } },
        ],
      },
      value: { kind: 'hist', bits: 0 },
      stores: [{ kind: 'hash', map: 'AT_k', keySize: 40, valueSize: 528 }],
    },
    {
      name: '@g',
      value: { kind: 'lhist', min: -10, max: 10, step: 5 },
      stores: [{ kind: 'global', offset: 0, valueSize: 48, present: 48 }],
    },
  ],
  lines: ['m', '1/$x'],
  events: [
    {
      kind: 'printf',
      size: 40,
      fields: [
        { offset: 8, type: { kind: 'int', size: 4, signed: true } },
        { offset: 16, type: { kind: 'buffer', size: 12 } },
        {
          offset: 32,
          type: {
            kind: 'record',
            size: 8,
            fields: [
              {
                offset: 0,
                name: 'low',
                type: { kind: 'int', size: 4, signed: false },
                bits: [0, 3],
              },
              {
                offset: 4,
                name: 'rest',
                type: {
                  kind: 'array',
                  element: { kind: 'bool' },
                  count: 4,
                  size: 4,
                },
              },
            ],
          },
        },
      ],
      format: '%d\u00c3\u00a9 %r\n',
    },
    { kind: 'print-map', size: 8, fields: [], map: 1, top: 3, div: 1000, control: 8 },
    {
      kind: 'exit',
      size: 16,
      fields: [{ offset: 8, type: { kind: 'int', size: 1, signed: false } }],
    },
    {
      kind: 'warning',
      size: 16,
      fields: [],
      message: 'Divide or modulo by 0 detected.',
      place: {
        line: 1,
        column: 2,
        endColumn: 5,
        text: 1,
        file: 'lib.bt',
        uses: [{ line: 1, column: 2, endColumn: 3, text: 0 }],
      },
    },
  ],
  formats: ['%H:%M:%S'],
  enums: [
    {
      name: 'color',
      values: [
        ['RED', '0'],
        ['FAR', '-1'],
      ],
    },
  ],
  sessions: [{ program: 'p4_session', entry: 4, exit: 8, insn: 1 }],
  fixups: [
    {
      program: 'p2',
      insn: 3,
      site: 'immediate',
      value: 24,
      tracepoint: {
        category: 'sched',
        event: 'sched_switch',
        field: 'prev_comm',
        size: 16,
        form: 'array',
        text: 'value',
      },
    },
    { program: 'p3', insn: 1, site: 'offset', value: 8, argument: { type: 3, name: 'file' } },
    { program: 'p3', insn: 2, site: 'shift', value: 32, argument: { type: 4 } },
  ],
  globals: { filterPid: 0, start: 8, sleeping: 64 },
  features: ['bpf_loop'],
};

describe('the manifest', () => {
  it('fits its schema in all its forms', () => {
    const ok = validate(JSON.parse(Buffer.from(encodeManifest(FULL)).toString()));
    expect(validate.errors ?? []).toEqual([]);
    expect(ok).toBe(true);
  });

  it('of a linked object fits the schema', () => {
    validate(inspectObject(link(scriptInput())).manifest);
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each([
    ['another version', { version: 2 }],
    ['an unknown member', { extra: true }],
    ['a missing one', { fixups: undefined }],
    ['an unknown event', { events: [{ kind: 'jump', size: 8, fields: [] }] }],
    ['a session without its call', { sessions: [{ program: 'p', entry: 0, exit: 1 }] }],
    [
      'a probe with both forms of time',
      {
        probes: [
          {
            program: 'p',
            name: 'x',
            parameters: false,
            line: 1,
            target: { provider: 'profile', period: '1', frequency: '2' },
          },
        ],
      },
    ],
  ])('is refused by the schema with %s', (_what, change) => {
    expect(validate(JSON.parse(JSON.stringify({ ...FULL, ...change })))).toBe(false);
  });

  it('is written the same however its parts were put together', () => {
    const { version, ...rest } = FULL;
    const reversed = Object.fromEntries(
      Object.entries({
        ...rest,
        version,
        config: Object.fromEntries(Object.entries(FULL.config).reverse()),
      }).reverse(),
    ) as unknown as Manifest;
    expect(Buffer.from(encodeManifest(reversed)).toString()).toBe(
      Buffer.from(encodeManifest(FULL)).toString(),
    );
  });

  it('lists tracepoint fields with the instruction that holds their offset', () => {
    const { manifest } = inspectObject(link(scriptInput()));
    expect(manifest).toMatchObject({
      fixups: [
        {
          program: 'switch_1',
          site: 'offset',
          value: 56,
          tracepoint: { category: 'sched', event: 'sched_switch', field: 'next_pid', size: 4 },
        },
      ],
    });
  });
});
