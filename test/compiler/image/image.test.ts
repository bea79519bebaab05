/** Kernels in files: what is read of them without booting, against the description that a guest of the same one made. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { eventLines } from '../../../compiler/image/events.ts';
import { btfOf, openImage, releaseOf } from '../../../compiler/image/image.ts';
import { readKallsyms } from '../../../compiler/image/kallsyms.ts';
import { unpackLz4 } from '../../../compiler/image/lz4.ts';
import { createMemory } from '../../../compiler/image/memory.ts';
import { readModule } from '../../../compiler/image/module.ts';
import { capturePackages } from '../../../compiler/image/package.ts';
import { KernelDescriptionError } from '../../../compiler/kernel/error.ts';
import { loadKernelDescription } from '../../../compiler/kernel/load.ts';
import type { KernelDescription } from '../../../compiler/kernel/types.ts';
import { readBtf } from '../../../linker/btf/read.ts';
import { needs } from '../../support/needs.ts';

const embedded = loadKernelDescription('default');
const boot = join(import.meta.dirname, '../../../.cache/kernels/6.12/boot');
const folder = mkdtempSync(join(tmpdir(), 'bpfscript-image-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const image = existsSync(boot)
  ? readdirSync(boot).find((name) => name.startsWith('vmlinuz'))
  : undefined;

needs('Linux 6.12').describe('The image of Linux 6.12', () => {
  if (image === undefined) return;
  const kernel = openImage(readFileSync(join(boot, image)));
  const symbols = readKallsyms(kernel.memory) ?? [];
  const addressOf = (name: string) => symbols.find((each) => each.name === name)?.address ?? 0n;

  it('has the BTF and the release of the kernel', () => {
    expect(kernel.arch).toBe('x86_64');
    expect(releaseOf(kernel)).toMatch(/^6\.12\./);
    expect(readBtf(btfOf(kernel)).named('task_struct').length).toBeGreaterThan(0);
  });

  it('has a table of symbols with names, types and addresses', () => {
    expect(symbols.find(({ name }) => name === 'vfs_read')).toMatchObject({ type: 'T' });
    expect(addressOf('vfs_read')).toBeGreaterThan(addressOf('_stext'));
    expect(addressOf('vfs_read')).toBeLessThan(addressOf('_etext'));
  });

  it('has each tracepoint that the booted kernel has, with the same fields', () => {
    const file = join(folder, 'image.kernel');
    const { release, bytes } = capturePackages([join(boot, image)]);
    writeFileSync(file, bytes);
    const found = loadKernelDescription(file);
    const names = found.matchTracepoints('*', '*');
    const known = embedded.matchTracepoints('*', '*');
    const fieldsOf = ({ tracepoint }: KernelDescription, event: string) =>
      (tracepoint(...(event.split(':') as [string, string])) ?? []).map(
        ({ ctype, name, offset, size, signed }) => [ctype, name, offset, size, signed].join(),
      );
    const others = [...new Set([...names, ...known])].filter(
      (name) => fieldsOf(found, name).join() !== fieldsOf(embedded, name).join(),
    );
    // A later patch of the series may have changed a few.
    const most = release === embedded.release ? 0 : 40;
    expect(others.length, others.join(' ')).toBeLessThanOrEqual(most);
    expect(Math.abs(names.length - known.length)).toBeLessThanOrEqual(most);
  });
});

// Its offsets of symbols are relative to their own places, so that those of others look alike.
const NEWER = join(import.meta.dirname, '../../../.cache/kernels/7.2/boot');

needs('Linux 7.2').describe('The image of Linux 7.2', () => {
  it('has each symbol at its own address, and the system calls that are called', () => {
    const [name = ''] = existsSync(NEWER) ? readdirSync(NEWER) : [];
    const { memory } = openImage(readFileSync(join(NEWER, name)));
    const banner = (readKallsyms(memory) ?? []).find((each) => each.name === 'linux_banner');
    expect(memory.text(banner?.address ?? 0n)).toMatch(/^Linux version 7\.2/);
    const file = join(folder, 'newer.kernel');
    writeFileSync(file, capturePackages([join(NEWER, name)]).bytes);
    const calls = loadKernelDescription(file).matchTracepoints('syscalls', 'sys_enter_*');
    expect(calls).toContain('syscalls:sys_enter_openat');
    expect(calls).not.toContain('syscalls:sys_enter_ni_syscall');
    expect(calls).not.toContain('syscalls:sys_enter_waitpid');
  });
});

describe('Damaged images', () => {
  it('are an error, wherever they are cut off', () => {
    expect(() => openImage(Buffer.alloc(0))).toThrow(KernelDescriptionError);
    expect(() => openImage(Buffer.from('#!/bin/sh\n'))).toThrow('no kernel of a known form');
    const head = Buffer.alloc(0x400);
    head.write('HdrS', 0x202);
    head.writeUInt32LE(0xffffffff, 0x24c);
    expect(() => openImage(head)).toThrow('cut off');
    const elf = Buffer.alloc(128);
    elf.writeUInt32BE(0x7f454c46);
    elf.writeBigUInt64LE(0xffffffffffn, 32);
    elf.writeUInt16LE(9, 56);
    expect(() => openImage(elf)).toThrow(KernelDescriptionError);
  });

  it('do not unpack to more than they may', () => {
    // One frame: a literal, then a match that repeats it.
    const long = Buffer.concat([
      Buffer.from([0x1f, 0x61, 1, 0]),
      Buffer.alloc(4000, 255),
      Buffer.from([0]),
    ]);
    const frame = Buffer.alloc(8 + long.length);
    frame.writeUInt32LE(0x184c2102, 0);
    frame.writeUInt32LE(long.length, 4);
    long.copy(frame, 8);
    expect(unpackLz4(frame, 1 << 24).length).toBe(1 + 4 + 15 + 4000 * 255);
    expect(() => unpackLz4(frame, 1000)).toThrow('too large');
    frame[10] = 9;
    expect(() => unpackLz4(frame, 1 << 24)).toThrow('beyond the block');
  });

  it('are a table of tracepoints that is not there, or never ends', () => {
    const types = readBtf(embedded.btf);
    const zeros = createMemory([{ start: 0n, data: Buffer.alloc(1 << 16) }]);
    expect(eventLines(types, zeros, 0n, 2n ** 64n - 1n)).toEqual([]);
    expect(eventLines(types, zeros, 1n << 40n, 2n ** 64n - 1n)).toEqual([]);
  });

  it('are folders with none, or with several', () => {
    const two = mkdtempSync(join(folder, 'two-'));
    expect(() => capturePackages([two])).toThrow('there is no vmlinuz');
    for (const release of ['6.1', '6.12'])
      writeFileSync(join(two, `vmlinuz-${release}`), `kernel ${release}`);
    expect(() => capturePackages([two])).toThrow(/several kernels: .*6\.1, .*6\.12/);
    expect(() => capturePackages([join(two, 'vmlinuz-6.1')])).toThrow('no kernel of a known form');
    expect(() => capturePackages([join(two, 'none')])).toThrow('there is no');
  });

  it('are modules too', () => {
    const none = readBtf(embedded.btf);
    expect(() => readModule(Buffer.from('nothing'), none)).toThrow('no ELF file');
    const module = Buffer.alloc(64);
    module.writeUInt32BE(0x7f454c46);
    module.writeBigUInt64LE(0xfffffffn, 0x28);
    module.writeUInt16LE(3, 0x3c);
    expect(() => readModule(module, none)).toThrow('damaged');
  });
});
