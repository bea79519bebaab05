/**
 * Objects for tests of the loader that depend on nothing but it: script.bpf.c through clang, with a manifest and
 * a digest of this file's making.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest, ManifestProbe, ManifestTarget } from '../../../linker/manifest/manifest.ts';
import { DEFAULT_SETTINGS } from '../../support/settings.ts';

const SUM = '.bpfscript.sum';
const SUM_SIZE = 32;

const UINT8 = { kind: 'int', size: 1, signed: false } as const;
const INT64 = { kind: 'int', size: 8, signed: true } as const;

export interface Workshop {
  readonly folder: string;
  /** The compiled programs, without manifest and digest. */
  readonly plain: string;
  readonly symbols: ReadonlyMap<string, number>;
}

/** Compiles the programs into a new folder. */
export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'bpfload-test-'));
  const plain = join(folder, 'plain.o');
  const source = join(import.meta.dirname, 'script.bpf.c');
  const include = `/usr/include/${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu`;
  execFileSync('clang-14', [
    ...['-g', '-O2', '-target', 'bpf', '-mcpu=v3', '-I', include, '-c', source, '-o', plain],
  ]);
  execFileSync('llvm-strip-14', ['-g', plain]);
  const symbols = new Map(
    execFileSync('llvm-nm-14', [plain], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => {
        const [value = '', , name = ''] = line.split(/\s+/);
        return [name, Number.parseInt(value, 16)] as const;
      }),
  );
  return { folder, plain, symbols };
}

export function closeWorkshop(workshop: Workshop): void {
  rmSync(workshop.folder, { recursive: true, force: true });
}

export function probe(
  program: string,
  target: ManifestTarget,
  more: Partial<ManifestProbe> = {},
): ManifestProbe {
  return { program, name: target.provider, target, parameters: false, line: 1, ...more };
}

export const BEGIN = probe('begin', { provider: 'begin' });
export const END = probe('end', { provider: 'end' });
export const FLOOD = probe('flood', { provider: 'begin' });
export const TICK = probe('tick', { provider: 'interval', period: '20000000' });
export const SYSCALLS = probe(
  'syscalls',
  { provider: 'tracepoint', category: 'raw_syscalls', event: 'sys_enter' },
  { name: 'tracepoint:raw_syscalls:sys_enter', line: 3 },
);

export function uprobe(
  path: string,
  name: string,
  more: Partial<ManifestProbe> = {},
): ManifestProbe {
  return probe('called', { provider: 'uprobe', path, function: name, offset: 0 }, more);
}

/** The manifest of script.bpf.c with the given probes. */
export function manifestOf(
  workshop: Workshop,
  probes: readonly ManifestProbe[],
  more: Partial<Manifest> = {},
): Manifest {
  const at = (symbol: string): number => {
    const value = workshop.symbols.get(symbol);
    if (value === undefined) throw new Error(`no symbol ${symbol}`);
    return value;
  };
  return {
    version: 1,
    producer: 'test 1.0',
    script: 'script.bt',
    kernel: { release: '6.1', arch: 'x86_64' },
    config: DEFAULT_SETTINGS,
    unsafe: false,
    params: [
      { index: 1, as: 'int', offset: at('param1'), size: 8 },
      { index: 2, as: 'string', offset: at('param2'), size: 16 },
    ],
    options: [
      { name: 'switch', as: 'bool', default: '0', offset: at('param1'), size: 8 },
      { name: 'text', as: 'string', default: '', description: 'x', offset: at('param2'), size: 16 },
    ],
    lookups: [
      { kind: 'kernel-symbol', name: 'schedule', offset: at('param2') + 8 },
      { kind: 'kfunc', name: 'bpf_task_from_pid', program: 'x', offset: at('param2') + 8 },
    ],
    probes,
    maps: [
      {
        name: '@calls',
        value: INT64,
        stores: [
          {
            kind: 'global',
            offset: at('AT_calls'),
            valueSize: 8,
            present: at('AT_calls_present'),
          },
        ],
      },
      {
        name: '@seen',
        key: INT64,
        value: INT64,
        stores: [{ kind: 'hash', map: 'AT_seen', keySize: 8, valueSize: 8 }],
      },
    ],
    events: [
      { kind: 'printf', size: 16, fields: [{ offset: 8, type: INT64 }], format: 'n %ld\n' },
      { kind: 'exit', size: 16, fields: [{ offset: 8, type: UINT8 }], control: at('exit_mark') },
    ],
    formats: [],
    enums: [{ name: 'colour', values: [['red', '-1']] }],
    fixups: probes.some((one) => one.program === 'syscalls')
      ? [
          {
            program: 'syscalls',
            insn: 2,
            site: 'offset',
            value: 0x58,
            tracepoint: {
              category: 'raw_syscalls',
              event: 'sys_enter',
              field: 'id',
              size: 8,
              form: 'signed',
            },
          },
        ]
      : [],
    globals: {
      filterPid: at('filter_pid'),
      start: at('start'),
      cpus: at('cpus'),
      paramCount: at('param_count'),
      sleeping: at('sleeping'),
    },
    features: ['ringbuf', 'bpf_loop'],
    ...more,
  };
}

/** Writes an object with that manifest (or any text in its place), signed, and gives its path. */
export function writeScript(workshop: Workshop, name: string, manifest: Manifest | string): string {
  const path = join(workshop.folder, `${name}.o`);
  const section = join(workshop.folder, `${name}.json`);
  const sum = join(workshop.folder, 'sum');
  writeFileSync(section, typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  writeFileSync(sum, Buffer.alloc(SUM_SIZE));
  execFileSync('llvm-objcopy-14', [
    `--add-section=.bpfscript=${section}`,
    `--add-section=${SUM}=${sum}`,
    workshop.plain,
    path,
  ]);
  const bytes = readFileSync(path);
  sign(bytes, digestPlace(bytes));
  writeFileSync(path, bytes);
  return path;
}

/** Where the digest stands in the file, by its own section table. */
export function digestPlace(bytes: Buffer): number {
  const headers = Number(bytes.readBigUInt64LE(40));
  const count = bytes.readUInt16LE(60);
  const header = (index: number): number => headers + 64 * index;
  const names = Number(bytes.readBigUInt64LE(header(bytes.readUInt16LE(62)) + 24));
  for (let index = 0; index < count; index++) {
    const name = names + bytes.readUInt32LE(header(index));
    if (bytes.toString('latin1', name, name + SUM.length + 1) === `${SUM}\0`)
      return Number(bytes.readBigUInt64LE(header(index) + 24));
  }
  throw new Error('no digest section');
}

/** Puts the right digest at `place`, whatever the rest of the bytes says. */
export function sign(bytes: Buffer, place: number): void {
  if (place + SUM_SIZE > bytes.length) return;
  bytes.fill(0, place, place + SUM_SIZE);
  createHash('sha256').update(bytes).digest().copy(bytes, place);
}
