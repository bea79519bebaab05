/** Types of modules, and of several kernels, as one stock of types. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeKernelFile } from '../../../compiler/kernel/file.ts';
import { loadKernelDescription } from '../../../compiler/kernel/load.ts';
import { decodedModules, encodeModules } from '../../../compiler/kernel/modules.ts';
import { BTF_KIND, BtfError } from '../../../linker/btf/btf.ts';
import { joinModule, placeOf } from '../../../linker/btf/join.ts';
import { readBtf } from '../../../linker/btf/read.ts';
import { writeBtf } from '../../linker/synthetic.ts';
import { INT, KERNEL, moduleBtf, struct } from './module-btf.ts';

const folder = mkdtempSync(join(tmpdir(), 'bpfscript-modules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** struct fs_inode { int number; struct task *owner; } */
const MODULE = moduleBtf('fs_inode', 'number', 1, 0, 'owner', 3, 64);

function description(
  name: string,
  btf: Uint8Array,
  more: Parameters<typeof encodeKernelFile>[1] = {},
  arch = 'x86_64',
): string {
  const path = join(folder, `${name}.kernel`);
  writeFileSync(path, encodeKernelFile({ release: name, arch }, { btf, ...more }));
  return path;
}

const withModule = () =>
  description(
    '6.1',
    KERNEL,
    encodeModules([{ name: 'fs', btf: MODULE }], placeOf(KERNEL).textSize),
  );

describe('A description with modules', () => {
  it('has the types of a module where the kernel has none of that name', () => {
    const kernel = loadKernelDescription(withModule());
    const inode = kernel.types.struct('struct', 'fs_inode');
    expect(inode).toMatchObject({ size: 16, name: 'fs_inode' });
    const owner = inode && kernel.types.member(inode, 'owner');
    expect(owner).toMatchObject({
      bitOffset: 64,
      type: { kind: 'pointer', to: { name: 'task', id: 2 } },
    });
    expect(kernel.modules()).toEqual(['fs']);
    expect(kernel.types.struct('struct', 'fs_other')).toBeUndefined();
  });

  it('keeps the ids of what was known before', () => {
    const kernel = loadKernelDescription(withModule());
    const before = kernel.types.struct('struct', 'task');
    kernel.types.struct('struct', 'fs_inode');
    const whole = readBtf(kernel.btf);
    expect(before?.id).toBe(2);
    expect(whole.name(2)).toBe('task');
    expect(whole.find(BTF_KIND.struct, 'fs_inode')).toBe(4);
  });

  it('says which module is damaged by refusing its types', () => {
    const cut = description('cut', KERNEL, {
      ...encodeModules([{ name: 'fs', btf: MODULE }], placeOf(KERNEL).textSize),
      'modules/0': Buffer.alloc(8),
    });
    const { types } = loadKernelDescription(cut);
    expect(() => types.struct('struct', 'fs_inode')).toThrow('the BTF of module fs is not there');
  });

  it('refuses BTF whose parts reach beyond its end', () => {
    for (let at = 8; at < 24; at += 4) {
      const hostile = Buffer.from(MODULE);
      hostile.writeUInt32LE(0xfffffff0, at);
      expect(() => readBtf(joinModule(KERNEL, hostile, placeOf(KERNEL)))).toThrow(BtfError);
    }
  });
});

describe('An index of names that is large', () => {
  const many = Array.from({ length: 6000 }, (_, index) => ({
    name: `driver_${index}`,
    btf: moduleBtf(`driver_${index}_state_of_a_device`, 'number', 1, 0),
  }));
  const sections = encodeModules(many, placeOf(KERNEL).textSize);

  it('is in parts, of which a name needs one', () => {
    const asked: string[] = [];
    const modules = decodedModules((name) => {
      asked.push(name);
      const bytes = (sections as unknown as Readonly<Record<string, Uint8Array | undefined>>)[name];
      return bytes && Buffer.from(bytes);
    });
    for (const index of [0, 17, 5999])
      expect(modules.having(`driver_${index}_state_of_a_device`)).toEqual([`driver_${index}`]);
    expect(modules.having('driver_6000_state_of_a_device')).toEqual([]);
    const parts = new Set(asked.filter((name) => name.startsWith('module-names/')));
    expect(parts.size).toBeLessThanOrEqual(4);
    const read = [...parts].reduce((sum, name) => sum + (sectionSize(name) ?? 0), 0);
    expect(read).toBeLessThan(2 ** 15);
  });

  function sectionSize(name: string): number | undefined {
    return (sections as unknown as Readonly<Record<string, Uint8Array | undefined>>)[name]?.length;
  }
});

describe('Several descriptions', () => {
  const other = () =>
    description(
      '6.12',
      writeBtf([
        INT,
        struct('task', 8, 'state', 1, 0, 'pid', 1, 32),
        struct('queue', 8, 'head', 4, 0),
        { kind: BTF_KIND.pointer, sizeOrType: 2 },
      ]),
    );

  it('have what any of them has, as the first that has it describes it', () => {
    const { types, release } = loadKernelDescription(withModule(), other());
    expect(release).toBe('6.1');
    const task = types.struct('struct', 'task');
    expect(task?.size).toBe(4);
    const queue = types.struct('struct', 'queue');
    expect(queue?.size).toBe(8);
    // A pointer of the other kernel leads to the struct that the script already knows by this name.
    expect(queue && types.member(queue, 'head')?.type).toMatchObject({ to: { id: task?.id } });
    expect(types.struct('struct', 'fs_inode')?.size).toBe(16);
  });

  it('are of one architecture', () => {
    const arm = description('arm', KERNEL, {}, 'aarch64');
    expect(() => loadKernelDescription(withModule(), arm)).toThrow(
      'are of x86_64 and aarch64: an object is for one of them',
    );
  });
});

describe('A description with more than types', () => {
  it('tells configuration, symbols and kernel functions that programs can call', () => {
    const kernel = loadKernelDescription(
      description('full', KERNEL, {
        config: Buffer.from('# text\nCONFIG_BPF=y\nCONFIG_HZ=250\nCONFIG_NAME="(none)"\n'),
        symbols: Buffer.from('jiffies\nvfs_read\n'),
        kfuncs: Buffer.from('bpf_rdonly_cast\n'),
      }),
    );
    expect(Object.fromEntries(kernel.config() ?? [])).toEqual({
      CONFIG_BPF: 'y',
      CONFIG_HZ: '250',
      CONFIG_NAME: '(none)',
    });
    expect(kernel.symbols()?.has('jiffies')).toBe(true);
    expect(kernel.callableFunctions()?.has('bpf_rdonly_cast')).toBe(true);
  });

  it('says of what it does not have that it is not known', () => {
    const kernel = loadKernelDescription(description('bare', KERNEL));
    expect(kernel.config()).toBeUndefined();
    expect(kernel.symbols()).toBeUndefined();
    expect(kernel.callableFunctions()).toBeUndefined();
    expect(kernel.modules()).toEqual([]);
  });
});
