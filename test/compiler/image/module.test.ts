/** Files of modules, as an assembler makes them. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModule } from '../../../compiler/image/module.ts';
import { findMember } from '../../../compiler/kernel/members.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { readBtf } from '../../../linker/btf/read.ts';
import { kernelDescription, withFolder } from '../../support/build.ts';

const kernel = readBtf(kernelDescription().btf);

function offset(struct: string, member: string): number {
  const id = kernel.find(BTF_KIND.struct, struct);
  const found = id === undefined ? undefined : findMember(kernel, id, member);
  if (!found) throw new Error(`${struct} has no ${member}`);
  return found.bitOffset / 8;
}

function assembled(source: string): Buffer {
  return withFolder((folder) => {
    const [text, object] = [join(folder, 'm.s'), join(folder, 'm.ko')];
    writeFileSync(text, source);
    execFileSync('as', ['-o', object, text]);
    return readFileSync(object);
  });
}

/** Words of an object, all zero but for the pointers. */
const object = (name: string, pointers: readonly (readonly [at: number, to: string])[]): string =>
  Array.from({ length: 64 }, (_, index) => {
    const [, to = '0'] = pointers.find(([at]) => at === 8 * index) ?? [];
    return `${index === 0 ? `${name}: ` : ''}.quad ${to}\n`;
  }).join('');

/** An event whose pointers are relocations: of a global symbol, and of what stands in sections. */
const EVENT = `
.section _ftrace_events,"aw"
.quad event
.data
.quad 0
.globl event
${object('event', [
  [offset('trace_event_call', 'class'), 'class'],
  [offset('trace_event_call', 'name'), 'name'],
])}
${object('class', [[offset('trace_event_class', 'system'), 'system']])}
.section .rodata.str1.1,"aMS",%progbits,1
.asciz "other"
system: .asciz "mine"
name: .asciz "first"
`;

const INFO = '.section .modinfo,"a"\n.asciz "license=GPL"\n.asciz "vermagic=6.12.1-x SMP mod"\n';
const TYPES = (bytes: number) => `.section .BTF\n.zero ${bytes}, 7\n`;

const read = (...parts: readonly string[]) => readModule(assembled(parts.join('')), kernel);

describe('a module', () => {
  it('says for which kernel it is', () => {
    expect(read(INFO).release).toBe('6.12.1-x');
    expect(read('.section .modinfo,"a"\n.asciz "vermagic=6.1 x"\n').release).toBe('6.1');
    expect(read('.section .modinfo,"a"\n.asciz "xvermagic=6.1 x"\n').release).toBeUndefined();
    expect(read('.text\n').release).toBeUndefined();
  });

  it('has types on top of the kernel’s', () => {
    expect(read(TYPES(40)).btf).toEqual(Buffer.alloc(40, 7));
    // A header alone has none, and those on a base of their own are not the kernel's.
    expect(read(TYPES(24)).btf).toBeUndefined();
    expect(read(TYPES(25)).btf).toHaveLength(25);
    expect(read(TYPES(40), '.section .BTF.base\n.zero 40\n').btf).toBeUndefined();
    expect(read('.text\n').btf).toBeUndefined();
  });

  it('has its events where their pointers will lead', () => {
    expect(read(EVENT, INFO)).toMatchObject({
      release: '6.12.1-x',
      btf: undefined,
      events: ['mine:first\n'],
    });
    expect(read(INFO).events).toEqual([]);
  });

  it('has no names in its code, nor in what is not loaded', () => {
    const events = (flags: string) =>
      read(EVENT.replace('.section .rodata.str1.1,"aMS",%progbits,1', `.section .other,"${flags}"`))
        .events;
    expect(events('a')).toEqual(['mine:first\n']);
    expect(events('aw')).toEqual(['mine:first\n']);
    expect(events('ax')).toEqual([]);
    expect(events('')).toEqual([]);
  });

  it('has none of events that another one brings', () => {
    expect(read('.section _ftrace_events,"aw"\n.quad elsewhere\n').events).toEqual([]);
    expect(read('.section _ftrace_events,"aw"\n.quad 0x1000\n').events).toEqual([]);
  });

  it('is damaged where its sections lie over each other', () => {
    const bytes = assembled(`${EVENT}.section .a,"aw"\n.zero 8\n.section .b,"aw"\n.zero 8\n`);
    expect(readModule(bytes, kernel).events).toHaveLength(1);
    const headers = Number(bytes.readBigUInt64LE(0x28));
    const count = bytes.readUInt16LE(0x3c);
    for (let index = count - 5; index < count - 3; index += 1) {
      bytes.writeBigUInt64LE(0n, headers + 64 * index + 24);
      bytes.writeBigUInt64LE(BigInt(bytes.length), headers + 64 * index + 32);
    }
    expect(() => readModule(bytes, kernel)).toThrow('the module is damaged');
  });

  it('is an ELF file with sections', () => {
    expect(() => readModule(Buffer.alloc(63), kernel)).toThrow('no ELF file');
    expect(() => readModule(Buffer.alloc(64), kernel)).toThrow('no ELF file');
    const bytes = assembled(INFO);
    expect(() => readModule(bytes.subarray(0, bytes.length - 8), kernel)).toThrow('damaged');
  });
});
