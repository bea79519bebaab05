import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '../../../compiler/kernel/capture.ts';
import { describeKernel } from '../../../compiler/kernel/description.ts';
import { KernelDescriptionError } from '../../../compiler/kernel/error.ts';
import { decodeKernelFile, encodeKernelFile } from '../../../compiler/kernel/file.ts';
import { type HostFiles, hostSources, imageFiles } from '../../../compiler/kernel/host.ts';
import { loadKernelDescription } from '../../../compiler/kernel/load.ts';
import { parseFormat } from '../../../compiler/kernel/tracepoints.ts';
import { BTF_KIND, BtfError } from '../../../linker/btf/btf.ts';
import { writeBtf } from '../../linker/synthetic.ts';

const FORMAT = `name: opened
ID: 3
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

\tfield:const char * name;\toffset:8;\tsize:8;\tsigned:0;
\tfield:u32 words[4];\toffset:16;\tsize:16;\tsigned:0;

print fmt: "%s", REC->name
`;

let folder = '';
let files: HostFiles;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bpfscript-kernel-'));
  for (const event of ['fs/opened', 'fs/closed', 'net/opened'])
    mkdirSync(join(folder, 'events', event), { recursive: true });
  writeFileSync(join(folder, 'events/fs/opened/format'), FORMAT);
  writeFileSync(join(folder, 'events/net/opened/format'), FORMAT.replace('u32 words', 'u64 words'));
  writeFileSync(
    join(folder, 'available_filter_functions'),
    'vfs_read\next4_sync [ext4]\nvfs_read\n',
  );
  writeFileSync(join(folder, 'vmlinux'), btf());
  writeFileSync(join(folder, 'unistd.h'), '#define __NR_read 0\n#define __NR_openat 257\n');
  files = {
    release: '6.99.0-test',
    arch: 'x86_64',
    btf: join(folder, 'vmlinux'),
    tracing: [join(folder, 'nowhere'), folder],
    syscalls: [join(folder, 'unistd.h')],
  };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function btf(): Buffer {
  return writeBtf([{ name: 'int', kind: BTF_KIND.int, sizeOrType: 4, words: [(1 << 24) | 32] }]);
}

function written(bytes: Uint8Array): string {
  const file = join(folder, `${Math.random()}.kernel`);
  writeFileSync(file, bytes);
  return file;
}

function failure(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof KernelDescriptionError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

describe('a description', () => {
  it('says after a capture what the kernel says itself', () => {
    const host = describeKernel(hostSources(files));
    const stored = loadKernelDescription(written(capture(files)));
    for (const kernel of [host, stored]) {
      expect(kernel.release).toBe('6.99.0-test');
      expect(kernel.matchTracepoints('*', '*')).toEqual(['fs:opened', 'net:opened']);
      expect(kernel.matchTracepoints('f*', 'open*')).toEqual(['fs:opened']);
      expect(kernel.tracepoint('fs', 'closed')).toBeUndefined();
      expect(kernel.matchFunctions('*')).toEqual(['ext4_sync', 'vfs_read']);
      expect(kernel.functionModules?.('vfs_read')).toEqual([]);
      expect([...kernel.syscalls()]).toEqual([
        ['openat', 257],
        ['read', 0],
      ]);
      expect(Buffer.from(kernel.btf).equals(btf())).toBe(true);
    }
    expect(host.functionModules?.('ext4_sync')).toEqual(['ext4']);
    const none = describeKernel(hostSources({ ...files, tracing: [join(folder, 'none')] }));
    expect(none.functionModules?.('ext4_sync')).toEqual([]);
    expect(stored.tracepoint('net', 'opened')).toEqual(host.tracepoint('net', 'opened'));
    expect(stored.tracepoint('fs', 'opened')).toMatchObject([
      {
        name: 'name',
        ctype: 'const char *',
        offset: 8,
        type: { kind: 'pointer', space: 'kernel' },
      },
      { name: 'words', ctype: 'u32[4]', size: 16, type: { kind: 'array', count: 4 } },
    ]);
  });

  it('is the same for the same kernel', () => {
    expect(Buffer.from(capture(files)).equals(Buffer.from(capture(files)))).toBe(true);
  });

  it('is made of the files of a kernel that does not run', () => {
    const file = join(folder, 'vmlinux');
    const known = { release: '7.0.1-other', arch: 'aarch64' };
    const kernel = loadKernelDescription(
      written(capture(imageFiles({ file, tracing: folder, ...known }))),
    );
    expect([kernel.release, kernel.arch]).toEqual(['7.0.1-other', 'aarch64']);
    expect(kernel.matchTracepoints('*', '*')).toEqual(['fs:opened', 'net:opened']);
    const without = loadKernelDescription(written(capture(imageFiles({ file, ...known }))));
    expect(Buffer.from(without.btf).equals(btf())).toBe(true);
    expect(failure(() => without.matchTracepoints('*', '*')).message).toContain(
      'has no tracepoints',
    );
  });

  it('wants to know which kernel raw BTF is of', () => {
    const file = join(folder, 'vmlinux');
    expect(failure(() => imageFiles({ file })).message).toBe(
      `${file} does not say which kernel it is of: name it with --release and --arch`,
    );
    expect(failure(() => imageFiles({ file, release: '7.0' })).message).toBe(
      `${file} does not say which kernel it is of: name it with --arch`,
    );
    expect(failure(() => imageFiles({ file: join(folder, 'none') })).message).toContain('none');
  });

  it('is not made of what is no BTF', () => {
    const file = join(folder, 'unistd.h');
    expect(() => capture(imageFiles({ file, release: '7.0', arch: 'x86_64' }))).toThrow(BtfError);
  });

  it('opens no BTF before a type is asked for', () => {
    const kernel = describeKernel({
      ...hostSources(files),
      btf: () => {
        throw new Error('nobody asked for types');
      },
    });
    const [name, words] = kernel.tracepoint('fs', 'opened') ?? [];
    expect([name?.type.kind, words?.type.kind]).toEqual(['pointer', 'array']);
    expect(() => kernel.types.struct('struct', 'page')).toThrow('nobody asked for types');
  });

  it('goes up and down the tree of events for no name', () => {
    const kernel = describeKernel(hostSources(files));
    expect(kernel.tracepoint('..', 'events')).toBeUndefined();
    expect(kernel.tracepoint('fs/..', 'net/opened')).toBeUndefined();
  });
});

describe('without tracefs', () => {
  it('types work, and events are an error that says what to mount', () => {
    const kernel = describeKernel(hostSources({ ...files, tracing: [join(folder, 'nowhere')] }));
    expect(kernel.types.typedef('none')).toBeUndefined();
    const unmounted =
      'as root, `mount -t tracefs tracefs /sys/kernel/tracing`, or name a kernel description';
    expect(failure(() => kernel.tracepoint('fs', 'opened')).message).toBe(
      `cannot read the kernel's tracepoints (${join(folder, 'nowhere')}: no such file or directory): ${unmounted}`,
    );
    expect(failure(() => capture({ ...files, tracing: [] })).message).toContain('tracepoints');
  });

  it('a kernel without BTF is an error that names the option', () => {
    const kernel = describeKernel(hostSources({ ...files, btf: join(folder, 'none') }));
    expect(failure(() => kernel.types.enum('e')).message).toContain('CONFIG_DEBUG_INFO_BTF');
  });

  it('a captured kernel that hid its functions says so when they are asked for', () => {
    const stored = encodeKernelFile(files, { btf: btf() });
    const kernel = loadKernelDescription(written(stored));
    expect(failure(() => kernel.matchFunctions('*')).message).toContain('no list of functions');
    expect(failure(() => kernel.matchTracepoints('*', '*')).message).toContain('no tracepoints');
    expect(kernel.syscalls().size).toBe(0);
  });
});

describe('a damaged file', () => {
  it('is an error that names the file', () => {
    const missing = join(folder, 'missing.kernel');
    expect(failure(() => loadKernelDescription(missing)).message).toBe(
      `cannot read the kernel description ${missing}: no such file or directory`,
    );
    const other = written(Buffer.from('#!/bin/sh\n'));
    expect(failure(() => loadKernelDescription(other)).message).toContain(
      `${other}: it is not a kernel description`,
    );
  });

  it('is found wherever it is cut off', () => {
    const whole = capture(files);
    for (const length of [0, 10, 18, 40, whole.length - 1]) {
      const read = () => {
        const file = decodeKernelFile(Buffer.from(whole.subarray(0, length)));
        for (const name of ['btf', 'tracepoints', 'functions', 'syscalls'] as const)
          file.section(name);
      };
      expect(failure(read).message).toMatch(/cut off|not a kernel description/);
    }
  });

  it('is found when a single byte of it has changed', () => {
    const whole = capture(files);
    const body = Buffer.from(whole);
    body.writeUInt8((body.at(-1) ?? 0) ^ 1, body.length - 1);
    expect(failure(() => loadKernelDescription(written(body)).syscalls()).message).toContain(
      'it is damaged (section syscalls)',
    );
    const header = Buffer.from(whole);
    header.write('[', 21);
    expect(failure(() => loadKernelDescription(written(header))).message).toContain(
      'its header is damaged',
    );
  });

  it('of a later format is refused by its version', () => {
    const later = Buffer.from(capture(files));
    later.write('9', later.indexOf('"version":1') + '"version":'.length);
    expect(failure(() => loadKernelDescription(written(later))).message).toContain('version 9');
  });
});

describe('tracefs formats', () => {
  it('are read with and without a sign, and with unusual declarations', () => {
    const fields = parseFormat(
      [
        '\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;',
        '\tfield:char\tcomm[ 16 ];\toffset:8;\tsize:16;',
        '\tfield:__data_loc u64[] list;\toffset:24;\tsize:4;\tsigned:0;',
        '\tfield:unsigned long args[6];\toffset:32;\tsize:48;\tsigned:0;',
      ].join('\n'),
    );
    expect(fields.map(({ declaration, offset, signed }) => [declaration, offset, signed])).toEqual([
      ['char\tcomm[ 16 ]', 8, false],
      ['__data_loc u64[] list', 24, false],
      ['unsigned long args[6]', 32, false],
    ]);
  });
});
