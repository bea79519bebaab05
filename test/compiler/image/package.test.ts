/** What a description of a kernel's files says: functions, events, kfuncs and modules, of a kernel that is written here. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootableImage, capturePackages } from '../../../compiler/image/package.ts';
import { decodeKernelFile, type SectionName } from '../../../compiler/kernel/file.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { type SyntheticType, writeBtf } from '../../linker/synthetic.ts';
import { temporaryFolder } from '../../support/build.ts';
import { BASE, BEHIND, COUNT, type Entry, elf, entries, image } from './kernel-image.ts';

const folder = temporaryFolder();
let count = 0;

// ---- the kernel's types: of 8 bytes each, but for those that are said ----------------------------------------------

const struct = (
  name: string,
  sizeOrType: number,
  members: Readonly<Record<string, number>>,
): SyntheticType => ({
  ...{ name, kind: BTF_KIND.struct, length: Object.keys(members).length, sizeOrType },
  words: Object.entries(members).flatMap(([member, at]) => [member, 1, 8 * at]),
});
const TYPES = [
  { name: 'long', kind: BTF_KIND.int, sizeOrType: 8, words: [64] },
  struct('trace_event_call', 40, { class: 0, name: 8, flags: 16, data: 24 }),
  struct('trace_event_class', 16, { system: 0, fields_array: 8 }),
  struct('tracepoint', 8, { name: 0 }),
  struct('trace_event_fields', 40, { type: 0, name: 8, size: 16, align: 20, is_signed: 24 }),
  struct('syscall_metadata', 24, { nb_args: 0, types: 8, args: 16 }),
  ...[{ kind: BTF_KIND.enum, length: 1, sizeOrType: 4, words: ['TRACE_EVENT_FL_TRACEPOINT', 16] }],
  ...['bpf_first', 'bpf_second', 'bpf_unlisted'].map((name) => ({
    ...{ name, kind: BTF_KIND.function, sizeOrType: 0 },
  })),
] satisfies readonly SyntheticType[];
const KFUNC = TYPES.findIndex(({ name }) => name === 'bpf_first') + 1;

// ---- what stands in its memory behind the table of symbols ---------------------------------------------------------

const CODE = BASE + 0x202000n;
const TABLES = 0x300000;
const at = (place: number): bigint => BASE + BigInt(place);

interface Kernel {
  /** Besides those that all have. */
  readonly symbols?: readonly Entry[];
  /** Places that ftrace patches. */
  readonly patched?: readonly bigint[];
  /** Words of sets of kfuncs, each with the symbol of its place. */
  readonly kfuncs?: readonly (readonly number[])[];
  /** How many system calls lead to a function of their own. */
  readonly calls?: number;
  /** As `system:name`. */
  readonly events?: readonly string[];
  readonly banner?: boolean;
  readonly types?: Buffer;
}

/** A vmlinux. */
function vmlinux({ symbols = [], patched, kfuncs = [], calls, events, banner, types }: Kernel) {
  const own: Entry[] = [...symbols];
  const tables: ((data: Buffer) => void)[] = [];
  let used = TABLES;
  const take = (size: number): number => {
    const place = used;
    used = Math.ceil((place + size) / 8) * 8;
    return place;
  };
  const words = (list: readonly bigint[]): number => {
    const place = take(8 * list.length);
    tables.push((data) => {
      for (const [index, word] of list.entries()) data.writeBigUInt64LE(word, place + 8 * index);
    });
    return place;
  };
  const text = (value: string): bigint => {
    const place = take(value.length + 1);
    tables.push((data) => void data.write(value, place, 'latin1'));
    return at(place);
  };
  const range = (start: string, stop: string, list: readonly bigint[]): void => {
    const place = words(list);
    own.push({ text: `D${start}`, address: at(place) });
    own.push({ text: `D${stop}`, address: at(place + 8 * list.length) });
  };
  const put = (bytes: Buffer): number => {
    const place = take(bytes.length);
    tables.push((data) => void bytes.copy(data, place));
    return place;
  };
  put(types ?? writeBtf(TYPES));
  if (patched) range('__start_mcount_loc', '__stop_mcount_loc', patched);
  for (const [index, set] of kfuncs.entries()) {
    const bytes = Buffer.alloc(4 * set.length);
    for (const [word, value] of set.entries()) bytes.writeUInt32LE(value, 4 * word);
    own.push({ text: `D__BTF_ID__set8__${index}`, address: at(put(bytes)) });
  }
  if (calls !== undefined) {
    const functions = Array.from({ length: calls }, (_, call) => {
      const address = CODE + 0x10000n + BigInt(16 * call);
      own.push({ text: `T__x64_sys_c${call}`, address });
      return address;
    });
    const nothing = CODE + 0x9000n;
    // What is configured away is another name of the one that does nothing.
    for (const name of ['ni_syscall', 'gone'])
      own.push({ text: `T__x64_sys_${name}`, address: nothing });
    own.push({ text: 'T__x64_sys_unused', address: CODE + 0x9100n });
    own.push({ text: 'Dsys_call_table', address: at(words([nothing, ...functions, nothing])) });
  }
  if (events) {
    const all = events.map((event) => {
      const [system = '', name = ''] = event.split(':');
      const type = words([text(system), 0n]);
      return at(words([at(type), text(name), 0n, 0n, 0n]));
    });
    range('__start_ftrace_events', '__stop_ftrace_events', all);
  }
  const known = entries(COUNT - own.length);
  const data = image({ ...BEHIND, banner: banner ?? true }, [...known, ...own]);
  for (const put of tables) put(data);
  return elf([[BASE, data]]);
}

interface Described {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly modules?: readonly string[];
}

/** Sections of the description of a folder, and what was said meanwhile. */
function described({ files, modules }: Described) {
  count += 1;
  const root = join(folder, `kernel${count}`);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), bytes);
  }
  const missing: string[] = [];
  const steps: string[] = [];
  const { release, arch, bytes } = capturePackages([root], {
    ...(modules ? { modules: new Set(modules) } : {}),
    onMissing: (what, why) => void missing.push(`${what}: ${why}`),
    onProgress: (what) => void steps.push(what),
  });
  const file = decodeKernelFile(Buffer.from(bytes));
  const section = (name: SectionName) => file.section(name)?.toString('utf8');
  return { release, arch, missing, steps, section, root };
}

const lines = (text: string | undefined): readonly string[] | undefined =>
  text?.split('\n').filter((line) => line !== '');

describe('functions', () => {
  const named = (text: string, place: number): Entry => ({ text, address: CODE + BigInt(place) });
  const symbols = [
    ...[named('Talpha', 0), named('tbeta', 0x100), named('Wgamma', 0x200), named('wdelta', 0x300)],
    ...[
      named('Tnear', 0x400),
      named('Tfar', 0x500),
      named('Tahead', 0x600),
      named('Tbehind', 0x700),
    ],
    ...[named('Ddata', 0x800), named('Tone', 0x900), named('ttwo', 0x900)],
    ...[named('t__pfx_one', 0x900), named('t__cfi_one', 0x900), named('Tnever', 0xa00)],
  ];
  const place = (offset: number): bigint => CODE + BigInt(offset);
  const functions = (patched: readonly bigint[]) =>
    lines(described({ files: { vmlinux: vmlinux({ symbols, patched }) } }).section('functions'));

  it('are those whose entry the kernel can patch, of any binding', () => {
    expect(functions([0, 0x100, 0x200, 0x300].map(place))).toEqual([
      'alpha',
      'beta',
      'delta',
      'gamma',
    ]);
  });

  it('have the place at their beginning, 16 bytes behind it at most or 8 before', () => {
    expect(functions([place(0x410), place(0x511)])).toEqual(['near']);
    expect(functions([place(0x600 - 8), place(0x700 - 9)])).toEqual(['ahead']);
  });

  it('are not what is no code, is padding, or has no place', () => {
    expect(functions([0n, place(0x800), place(0x900), 0n])).toEqual(['one', 'two']);
  });

  it('are not known without the table, which is said', () => {
    const { missing, section } = described({ files: { vmlinux: vmlinux({ symbols }) } });
    expect(section('functions')).toBeUndefined();
    expect(missing).toEqual([
      'the list of functions: the kernel does not say which functions can be traced',
    ]);
  });
});

describe('kfuncs', () => {
  const kfuncs = (...sets: readonly (readonly number[])[]) =>
    lines(described({ files: { vmlinux: vmlinux({ kfuncs: sets }) } }).section('kfuncs'));

  it('are those of all sets, by their ids', () => {
    expect(kfuncs([2, 0, KFUNC + 1, 0, KFUNC, 7], [1, 0, KFUNC, 0])).toEqual([
      'bpf_first',
      'bpf_second',
    ]);
  });

  it('are no ids beyond the types, nor what stands behind a set', () => {
    expect(kfuncs([3, 0, 0, 0, TYPES.length + 1, 0, KFUNC, 0, KFUNC + 1, 0])).toEqual([
      'bpf_first',
    ]);
    // The last type is one.
    expect(kfuncs([1, 0, TYPES.length, 0])).toEqual(['bpf_unlisted']);
  });

  it('are none of a set that claims more than there can be', () => {
    expect(kfuncs([65_537, 0, KFUNC, 0])).toBeUndefined();
    expect(kfuncs([1, 0, KFUNC, 0], [65_536, 0, KFUNC + 1, 0])).toEqual(['bpf_first']);
    expect(kfuncs()).toBeUndefined();
  });
});

describe('tracepoints', () => {
  const EVENTS = [
    ...['sched:go', 'syscalls:sys_enter_c5', 'syscalls:sys_exit_c5', 'syscalls:sys_enter_gone'],
    ...['syscalls:sys_exit_unused', 'syscalls:sys_exit_ni_syscall', 'syscalls:other', 'sched:go'],
  ];
  const found = (kernel: Kernel) =>
    lines(described({ files: { vmlinux: vmlinux(kernel) } }).section('tracepoints'))?.map(
      (line) => line.split('\t', 1)[0]?.split(' ', 1)[0],
    );

  it('of system calls are those that programs can call, and all others there are, each once', () => {
    expect(found({ events: EVENTS, calls: 100 })).toEqual([
      ...['sched:go', 'syscalls:other', 'syscalls:sys_enter_c5', 'syscalls:sys_exit_c5'],
    ]);
  });

  it('are all where the table of system calls is none', () => {
    const all = [...new Set(EVENTS)].sort();
    expect(found({ events: EVENTS, calls: 99 })).toEqual(all);
    expect(found({ events: EVENTS })).toEqual(all);
    expect(found({ calls: 100 })).toBeUndefined();
  });
});

/** A module as an assembler makes it, with a header of BTF and a type. */
function module(release: string, name: string): Buffer {
  const types = writeBtf([{ name, kind: BTF_KIND.forward, sizeOrType: 0 }]);
  const [source, object] = [join(folder, 'm.s'), join(folder, 'm.o')];
  writeFileSync(
    source,
    `.section .modinfo,"a"\n.asciz "vermagic=${release} SMP"\n.section .BTF\n.byte ${[...types].join(',')}\n`,
  );
  execFileSync('as', ['-o', object, source]);
  return execFileSync('cat', [object]);
}

describe('files of a kernel', () => {
  it('say its release, machine, configuration and symbols', () => {
    const { release, arch, section, steps, missing } = described({
      files: {
        'boot/vmlinuz-6.12.1': vmlinux({
          patched: [CODE],
          symbols: [{ text: 'Ta', address: CODE }],
        }),
        'boot/config-6.12.1': 'CONFIG_BPF=y\n',
        'boot/System.map-6.12.1': `${'0 T in_map\n'.repeat(500)}`,
      },
    });
    expect([release, arch, missing]).toEqual(['6.12.1', 'x86_64', []]);
    expect(section('config')).toBe('CONFIG_BPF=y\n');
    expect(lines(section('symbols'))).toEqual(expect.arrayContaining(['vfs_read', 'a', 'f9']));
    // The file has its own, which are better.
    expect(section('symbols')).not.toContain('in_map');
    expect(steps).toEqual(['reading the kernel', 'compressing']);
  });

  it('have symbols in a file of them where the kernel has no table, unless that is a stub', () => {
    const plain = Buffer.alloc(1 << 16);
    plain.write('Linux version 6.1.9 (x)');
    writeBtf(TYPES).copy(plain, 0x1000);
    const kernel = elf([[BASE, plain]], 183);
    const map = '0 T in_map\n';
    const whole = described({ files: { vmlinux: kernel, 'System.map-6.1.9': map.repeat(373) } });
    expect([whole.release, whole.arch]).toEqual(['6.1.9', 'aarch64']);
    expect(whole.missing).toEqual([
      'tracepoints, functions and symbols: no table of symbols was found in it',
    ]);
    expect(lines(whole.section('symbols'))).toEqual(['in_map']);
    for (const part of ['functions', 'kfuncs', 'tracepoints'] as const)
      expect(whole.section(part)).toBeUndefined();
    // 4,096 bytes: what Debian has in its place is short.
    const stub = `${map.repeat(372)}\n\n\n\n`;
    expect(stub).toHaveLength(4096);
    const short = described({ files: { vmlinux: kernel, 'System.map-6.1.9': stub } });
    expect(short.section('symbols')).toBeUndefined();
    expect(
      described({ files: { vmlinux: kernel, 'my-System.map': map.repeat(999) } }).section(
        'symbols',
      ),
    ).toBeUndefined();
  });

  it('have modules of its own release, and of those the ones that are wanted', () => {
    const kernel = vmlinux({ patched: [CODE], symbols: [{ text: 'Ta', address: CODE }] });
    const files = {
      'vmlinux-6.12.1': kernel,
      'lib/modules/a-one.ko': module('6.12.1', 'in_one'),
      'lib/modules/two.ko': module('6.12.1', 'in_two'),
      'lib/modules/old.ko': module('6.12.0', 'in_old'),
      'lib/modules/older.ko': module('6.11.9', 'in_older'),
    };
    const all = described({ files });
    expect(all.missing).toEqual(['2 modules: they are of another kernel than 6.12.1']);
    expect(all.steps).toEqual([
      ...['reading the kernel', 'reading modules: 0 of 4', 'compressing'],
    ]);
    const names = ({ section }: ReturnType<typeof described>) =>
      ['a_one', 'two', 'old', 'older'].filter((name) => section('modules')?.includes(name));
    expect(names(all)).toEqual(['a_one', 'two']);
    const some = described({ files, modules: ['two', 'old'] });
    expect(names(some)).toEqual(['two']);
    expect(some.missing).toEqual(['1 modules: they are of another kernel than 6.12.1']);
    const none = described({ files: { 'vmlinux-6.12.1': kernel } });
    expect(none.section('modules')).toBeUndefined();
  });

  it('that are damaged are named', () => {
    const kernel = vmlinux({});
    const fails = (files: Described['files']) => () => described({ files });
    expect(fails({ vmlinux: vmlinux({ types: Buffer.alloc(8) }) })).toThrow(
      /kernel\d+\/vmlinux: the kernel was built without BTF/,
    );
    expect(fails({ vmlinux: vmlinux({ banner: false }) })).toThrow(
      /kernel\d+\/vmlinux does not say which kernel it is/,
    );
    expect(fails({ vmlinux: kernel, 'm.ko': 'no module' })).toThrow(
      /^\S*m(?:\.ko)?: it is no ELF file/,
    );
    expect(fails({ vmlinux: kernel.subarray(0, 100) })).toThrow(/vmlinux/);
  });

  it('have one that boots', () => {
    const root = join(folder, 'boots');
    mkdirSync(root);
    expect(() => bootableImage(root)).toThrow(`there is no vmlinuz in ${root}`);
    writeFileSync(join(root, 'config-1'), 'x');
    expect(Buffer.from(bootableImage(join(root, 'config-1'))).toString()).toBe('x');
    writeFileSync(join(root, 'my-vmlinuz'), 'y');
    expect(() => bootableImage(root)).toThrow('there is no vmlinuz');
    writeFileSync(join(root, 'vmlinuz-1'), 'z');
    expect(Buffer.from(bootableImage(root)).toString()).toBe('z');
  });
});
