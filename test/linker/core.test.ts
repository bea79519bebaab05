import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { BtfBuilder } from '../../linker/btf/builder.ts';
import { addCoreTypes, CORE_KIND, coreValue } from '../../linker/btf/core.ts';
import type { CoreSite } from '../../linker/btf/definitions.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import { unsigned } from '../../linker/btf/types.ts';
import type { LinkInput, Site } from '../../linker/input.ts';
import { link } from '../../linker/link.ts';
import { attached } from '../support/kernel.ts';
import { linkInput, siteAsm } from './support.ts';

let hostBytes: Uint8Array;
let host: Btf;

beforeAll(() => {
  hostBytes = readFileSync('/sys/kernel/btf/vmlinux');
  host = readBtf(hostBytes);
});

function structId(btf: Btf, name: string): number {
  for (let id = 1; id < btf.count; id += 1) {
    const type = btf.type(id);
    if ((type.kind === 4 || type.kind === 5) && type.name === name) return id;
  }
  throw new Error(`no struct ${name}`);
}

/** Indexes of a direct member. */
function direct(btf: Btf, struct: number, name: string): number {
  return btf.members(struct).findIndex((member) => member.name === name);
}

/**
 * A kernel's BTF with two invented layouts: task_struct as on this host but with `tgid`, `comm`, `real_parent`
 * and the bitfield `in_execve` at wrong places, as if the description came from another kernel.
 */
function shifted(): { readonly bytes: Uint8Array; readonly task: number; readonly btf: Btf } {
  const builder = new BtfBuilder();
  const int = builder.signed(4);
  const unsigned = builder.unsigned(4);
  const credentials = builder.aggregate('struct', 'cred', 64, [
    { name: 'usage', type: builder.signed(8), bitOffset: 0 },
  ]);
  const task = builder.aggregate('struct', 'task_struct', 4096, [
    { name: 'unused', type: int, bitOffset: 0 },
    { name: 'comm', type: builder.array(builder.char(), 16), bitOffset: 40 * 8 },
    { name: 'in_execve', type: unsigned, bitOffset: 64 * 8 + 5, bitSize: 1 },
    { name: 'other', type: credentials, bitOffset: 80 * 8 },
    { name: 'tgid', type: builder.typedef('pid_t', int), bitOffset: 200 * 8 },
    { name: 'pid', type: builder.typedef('pid_t', int), bitOffset: 208 * 8 },
    { name: 'real_parent', type: builder.pointer(credentials), bitOffset: 216 * 8 },
  ]);
  const bytes = builder.finish();
  return { bytes, task, btf: readBtf(bytes) };
}

describe('CO-RE types', () => {
  it("hold only the members that sites use, at the description's offsets", () => {
    const { btf, task } = shifted();
    const builder = new BtfBuilder();
    const site = (name: string): CoreSite => ({
      kind: 'core',
      relocation: 'byte-offset',
      struct: task,
      indexes: [direct(btf, task, name)],
      value: 0,
    });
    const sites = [site('tgid'), site('comm')];
    const accesses = addCoreTypes(btf, builder, sites);
    const local = readBtf(builder.finish());
    const [first, second] = sites.map((one) => accesses.get(one));
    expect(first?.access).toBe('0:1');
    expect(second?.access).toBe('0:0');
    const copy = local.type(first?.type ?? 0);
    expect(copy).toMatchObject({ name: 'task_struct', sizeOrType: 4096, entries: 2 });
    expect(local.members(copy.id).map(({ name, bitOffset }) => [name, bitOffset / 8])).toEqual([
      ['comm', 40],
      ['tgid', 200],
    ]);
  });

  it("reach members of anonymous unions and structs by the kernel's own path", () => {
    const page = structId(host, 'page');
    const members = host.members(page);
    // page -> anonymous union -> anonymous struct -> mapping: found by walking, as descriptions differ.
    const paths: number[][] = [];
    const walk = (id: number, path: number[]): void => {
      host.members(host.skipModifiers(id)).forEach((member, index) => {
        if (member.name === 'mapping') paths.push([...path, index]);
        else if (member.name === '') walk(member.type, [...path, index]);
      });
    };
    walk(page, []);
    const indexes = paths[0] ?? [];
    expect(members.length).toBeGreaterThan(0);
    expect(indexes.length).toBeGreaterThan(1);
    const site: CoreSite = {
      kind: 'core',
      relocation: 'byte-offset',
      struct: page,
      indexes,
      value: 0,
    };
    const builder = new BtfBuilder();
    const access = addCoreTypes(host, builder, [site]).get(site);
    if (!access) throw new Error('page has no name');
    expect(access.access).toBe(`0${':0'.repeat(indexes.length)}`);
    expect(coreValue(readBtf(builder.finish()), access).value).toBe(
      coreValue(host, { type: page, access: ['0', ...indexes].join(':'), kind: 0 }).value,
    );
  });

  it('name unnamed structs by their typedef', () => {
    const kernel = new BtfBuilder();
    const inner = kernel.aggregate('struct', '', 4, [
      { name: 'counter', type: kernel.signed(4), bitOffset: 0 },
    ]);
    kernel.typedef('atomic_t', inner);
    const nameless = kernel.aggregate('struct', '', 8, [
      { name: 'lost', type: kernel.signed(8), bitOffset: 0 },
    ]);
    const site = (struct: number): CoreSite => ({
      kind: 'core',
      relocation: 'byte-size',
      struct,
      indexes: [0],
      value: 4,
    });
    const named = site(inner);
    const builder = new BtfBuilder();
    const accesses = addCoreTypes(readBtf(kernel.finish()), builder, [named, site(nameless)]);
    const local = readBtf(builder.finish());
    expect(local.type(accesses.get(named)?.type ?? 0)).toMatchObject({ kind: 8, name: 'atomic_t' });
    expect(accesses.size).toBe(1);
  });

  it('give the numbers that libbpf computes for bitfields', () => {
    const { btf, task } = shifted();
    const access = (kind: keyof typeof CORE_KIND) =>
      coreValue(btf, {
        type: task,
        access: `0:${direct(btf, task, 'in_execve')}`,
        kind: CORE_KIND[kind],
      });
    expect(access('byte-offset')).toEqual({ value: 64, binding: false });
    expect(access('byte-size')).toEqual({ value: 4, binding: false });
    expect(access('lshift')).toEqual({ value: 64 - 6, binding: false });
    expect(access('rshift')).toEqual({ value: 63, binding: true });
    expect(access('signed')).toEqual({ value: 0, binding: true });
  });
});

const IR = `
@bad = dso_local global i64 0, section ".bss", align 8
@good = dso_local global i64 0, section ".bss", align 8
@bits = dso_local global i64 0, section ".bss", align 8

define dso_local i32 @enter(i8* %ctx) nounwind section "raw_tp/sys_enter" {
  %buffer = alloca [2 x i64], align 8
  %b = bitcast [2 x i64]* %buffer to i8*
  %mine = alloca [2 x i64], align 8
  %m = bitcast [2 x i64]* %mine to i8*
  %ids = call i64 inttoptr (i64 14 to i64 ()*)()
  %tgid = lshr i64 %ids, 32
  %task = call i64 inttoptr (i64 35 to i64 ()*)()
  %tgid.off = call i64 asm "${siteAsm('$0 = 200', 0)}", "=r"()
  %tgid.at = add i64 %task, %tgid.off
  %r0 = call i64 inttoptr (i64 113 to i64 (i8*, i32, i64)*)(i8* %b, i32 4, i64 %tgid.at)
  %b32 = bitcast i8* %b to i32*
  %read32 = load i32, i32* %b32
  %read = zext i32 %read32 to i64
  %same = icmp eq i64 %read, %tgid
  br i1 %same, label %direct, label %wrong
direct:
  %btf = call i8* inttoptr (i64 158 to i8* ()*)()
  %tgid2 = call i64 asm "${siteAsm('$0 = *(u32 *)($1 + 200)', 0)}", "=r,r"(i8* %btf)
  %same2 = icmp eq i64 %tgid2, %tgid
  br i1 %same2, label %comm, label %wrong
comm:
  %comm.off = call i64 asm "${siteAsm('$0 = 40', 1)}", "=r"()
  %comm.at = add i64 %task, %comm.off
  %r1 = call i64 inttoptr (i64 113 to i64 (i8*, i32, i64)*)(i8* %b, i32 16, i64 %comm.at)
  %r2 = call i64 inttoptr (i64 16 to i64 (i8*, i32)*)(i8* %m, i32 16)
  %b64 = bitcast i8* %b to i64*
  %m64 = bitcast i8* %m to i64*
  %bv = load i64, i64* %b64
  %mv = load i64, i64* %m64
  %same3 = icmp eq i64 %bv, %mv
  br i1 %same3, label %exists, label %wrong
exists:
  %has = call i64 asm "${siteAsm('$0 = 1', 2)}", "=r"()
  %size = call i64 asm "${siteAsm('$0 = 16', 3)}", "=r"()
  %has4 = shl i64 %has, 8
  %rs = call i64 asm "${siteAsm('$0 = 63', 4)}", "=r"()
  %mix = or i64 %has4, %size
  %rs16 = shl i64 %rs, 16
  %mix2 = or i64 %mix, %rs16
  store volatile i64 %mix2, i64* @bits
  %g = atomicrmw add i64* @good, i64 1 seq_cst
  ret i32 0
wrong:
  %w = atomicrmw add i64* @bad, i64 1 seq_cst
  ret i32 0
}
`;

function coreInput(
  sites: (
    site: (relocation: CoreSite['relocation'], name: string, value: number) => Site,
  ) => Site[],
): LinkInput {
  const { bytes, btf, task } = shifted();
  return linkInput(IR, {
    kernelBtf: () => bytes,
    functions: [{ symbol: 'enter', role: 'program' }],
    variables: ['bad', 'good', 'bits'].map((symbol) => ({
      symbol,
      section: '.bss' as const,
      type: unsigned(8),
    })),
    sites: sites((relocation, name, value) => ({
      kind: 'core',
      relocation,
      struct: task,
      indexes: [direct(btf, task, name)],
      value,
    })),
  });
}

const SITES: Parameters<typeof coreInput>[0] = (site) => [
  site('byte-offset', 'tgid', 200),
  site('byte-offset', 'comm', 40),
  site('exists', 'other', 1),
  site('byte-size', 'comm', 16),
  site('rshift', 'in_execve', 63),
];

describe('CO-RE sites', () => {
  it('[AOT-001] read the right members of the running kernel from a description with wrong offsets', () => {
    // `other` is no member of the real struct, so that FIELD_EXISTS becomes 0.
    const bss = attached(link(coreInput(SITES)), '.bss');
    const [bad, good, bits] = [0, 8, 16].map((offset) => bss.readBigUInt64LE(offset));
    expect(bad).toBe(0n);
    expect(good).toBeGreaterThan(9n);
    expect(bits).toBe((63n << 16n) | 16n);
  });

  it('are refused when the instruction does not hold what the compiler meant', () => {
    expect(() =>
      link(coreInput((site) => [site('byte-offset', 'tgid', 208), ...SITES(site).slice(1)])),
    ).toThrow('site 0 has 200 where the compiler meant 208');
  });

  it('are refused when the compiler meant what the local types do not give', () => {
    expect(() =>
      link(coreInput((site) => [site('byte-offset', 'pid', 200), ...SITES(site).slice(1)])),
    ).toThrow('byte-offset of task_struct 0:3 is 208, but the compiler wrote 200');
  });
});
