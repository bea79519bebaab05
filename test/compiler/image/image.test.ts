/** Kernels in files: what is read of them without booting, against the description that a guest of the same one made. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventLines } from '../../../compiler/image/events.ts';
import { btfOf, openImage, releaseOf } from '../../../compiler/image/image.ts';
import { readKallsyms } from '../../../compiler/image/kallsyms.ts';
import { unpackLz4 } from '../../../compiler/image/lz4.ts';
import { readModule } from '../../../compiler/image/module.ts';
import { KernelDescriptionError } from '../../../compiler/kernel/error.ts';
import { loadKernelDescription } from '../../../compiler/kernel/load.ts';
import { readBtf } from '../../../linker/btf/read.ts';
import { needs } from '../../support/needs.ts';

const embedded = loadKernelDescription('default');
const folder = join(import.meta.dirname, '../../../.cache/kernels/6.12');
const boot = join(folder, 'boot');
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
    const [start, stop] = [addressOf('__start_ftrace_events'), addressOf('__stop_ftrace_events')];
    const lines = eventLines(readBtf(btfOf(kernel)), kernel.memory, start, stop);
    const byName = new Map(lines.map((line) => [line.slice(0, line.search(/[\t\n]/)), line]));
    const others = embedded.matchTracepoints('*', '*').filter((name) => {
      const [category = '', event = ''] = name.split(':');
      const fields = embedded.tracepoint(category, event) ?? [];
      const found = (byName.get(name) ?? '').trimEnd().split('\t').slice(1);
      const places = found.map((column) => column.split(';').slice(1).join());
      const expected = fields.map(({ offset, size, signed }) =>
        [offset, size, signed ? 1 : 0].join(),
      );
      return !byName.has(name) || places.join(' ') !== expected.join(' ');
    });
    // A later patch of the series may have changed a few.
    expect(others.length).toBeLessThanOrEqual(releaseOf(kernel) === embedded.release ? 0 : 40);
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
