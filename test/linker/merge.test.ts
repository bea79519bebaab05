/** Imported objects in the linked one, as data: what moves where. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendBtf } from '../../linker/btf/append.ts';
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { BtfBuilder } from '../../linker/btf/builder.ts';
import { readExtension } from '../../linker/btf/extension.ts';
import { type Btf, type BtfType, readBtf } from '../../linker/btf/read.ts';
import { readElf } from '../../linker/elf/read.ts';
import { ImportError, readImported } from '../../linker/imported.ts';
import { inspectObject } from '../../linker/inspect.ts';
import { link } from '../../linker/link.ts';
import { mergeObjects } from '../../linker/merge.ts';
import { kernelDescription, withFolder } from '../support/build.ts';
import { CLANG } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { assemble, linkInput, onFile } from './support.ts';

const SOURCE = join(import.meta.dirname, 'imports/weigh.bpf.c');
const PROGRAM = `
  declare i64 @weigh(i64, i64)
  define dso_local i32 @p(i8* %ctx) nounwind section "raw_tp" {
    %v = call i64 @weigh(i64 1, i64 2)
    %r = trunc i64 %v to i32
    ret i32 %r
  }`;

function weigh(): Uint8Array {
  return withFolder((folder) => {
    const object = join(folder, 'weigh.bpf.o');
    const options = ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-c', SOURCE, '-o', object];
    const { status, stderr } = spawnSync(CLANG ?? '', options, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return readFileSync(object);
  });
}

function linked(): Uint8Array {
  return link({
    ...linkInput(PROGRAM),
    functions: [{ symbol: 'p', role: 'program' }],
    imports: [readImported('weigh.bpf.o', weigh())],
  });
}

needs('clang').describe('a merged object', () => {
  it('resolves calls, and has functions in one section', () => {
    const { elf, objects } = mergeObjects(readElf(assemble(PROGRAM)), [
      readImported('weigh.bpf.o', weigh()),
    ]);
    const text = elf.sections.findIndex(({ name }) => name === '.text');
    expect(elf.sections.filter(({ name }) => name === '.text')).toHaveLength(1);
    const places = elf.symbols.filter(({ name }) => name === 'weigh');
    expect(places.map(({ section }) => section)).toEqual([text, text]);
    expect(new Set(places.map(({ value }) => value)).size).toBe(1);
    expect(objects[0]?.text.start).toBe(0);
  });

  it('describes the variables and maps of imports in BTF', () => {
    const object = linked();
    expect(inspectObject(object).maps).toMatchObject([
      { name: 'weights', type: 'hash', maxEntries: 16, keySize: 4, valueSize: 8 },
    ]);
    const btf = readBtf(section(object, '.BTF'));
    const names = (name: string) => {
      const found = types(btf).find((type) => type.kind === BTF_KIND.section && type.name === name);
      return found ? btf.variables(found.id).map(({ variable }) => btf.type(variable).name) : [];
    };
    expect(names('.data')).toEqual(['counter']);
    expect(names('.bss')).toEqual(['total']);
    expect(names('.rodata')).toEqual(['scale']);
    expect(names('.maps')).toEqual(['weights']);
    expect(onFile(object, 'bpftool', 'btf', 'dump', 'file')).toContain("FUNC 'scaled'");
  });

  it('has function, line and CO-RE records of imported code at its new place', () => {
    const object = linked();
    const btf = readBtf(section(object, '.BTF'));
    const extension = readExtension(section(object, '.BTF.ext'));
    const ofText = <Kind>(sections: readonly { section: number; records: readonly Kind[] }[]) =>
      sections.flatMap((one) => (btf.string(one.section) === '.text' ? one.records : []));
    const elf = readElf(object);
    const functions = ofText(extension.functions).map(({ offset, type }) => [
      offset,
      btf.type(type).name,
    ]);
    const symbols = elf.symbols
      .filter(({ type, bind }) => type === 2 && bind === 0)
      .map(({ value, name }) => [value, name]);
    expect(functions).toEqual(symbols);
    const lines = ofText(extension.lines);
    expect(new Set(lines.map(({ file }) => btf.string(file)))).toEqual(new Set(['weigh.bpf.c']));
    expect(lines.map(({ text }) => btf.string(text).trim())).toContain('counter += x;');
    const [core] = ofText(extension.core);
    expect(core && btf.type(core.type).name).toBe('task_struct');
    expect(core && btf.string(core.access)).toBe('0:0');
  });

  it('is the same as before where nothing is imported', () => {
    const elf = readElf(assemble('define i32 @f() { ret i32 0 }'));
    expect(mergeObjects(elf, []).elf).toBe(elf);
  });
});

describe('reading an imported object', () => {
  it('refuses what was compiled without BTF', () => {
    const object = assemble('define i32 @f() nounwind { ret i32 0 }');
    expect(() => readImported('x.bpf.o', object)).toThrow(
      new ImportError("x.bpf.o has no .BTF section: compile it with clang's option -g"),
    );
  });

  needs('clang').it('takes any damage as an error of the file', () => {
    const bytes = weigh();
    let seed = 7;
    let refused = 0;
    for (let round = 0; round < 400; round += 1) {
      const damaged = Uint8Array.from(bytes);
      for (let change = 0; change < 4; change += 1) {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        damaged[(seed >>> 4) % damaged.length] = seed >>> 24;
      }
      try {
        readImported('x.bpf.o', damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(ImportError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});

describe('appended BTF', () => {
  it('is the same but for its ids, for all types of a kernel', () => {
    const from = readBtf(kernelDescription().btf);
    const builder = new BtfBuilder();
    builder.signed(4);
    const appended = appendBtf(builder, from);
    const made = readBtf(builder.finish());
    const differing = types(from).filter((type) => {
      if (type.kind === BTF_KIND.section) return false;
      const copy = made.type(appended.id(type.id));
      const refers = [BTF_KIND.pointer, BTF_KIND.typedef, BTF_KIND.const, BTF_KIND.prototype].some(
        (kind) => kind === type.kind,
      );
      const target = refers ? appended.id(type.sizeOrType) : type.sizeOrType;
      const same =
        copy.kind === type.kind && copy.name === type.name && copy.kindFlag === type.kindFlag;
      return (
        !same || (refers && copy.sizeOrType !== target) || !sameMembers(from, made, type, copy)
      );
    });
    expect(differing).toEqual([]);
    expect(made.count).toBeGreaterThan(50_000);
  });
});

function sameMembers(from: Btf, made: Btf, type: BtfType, copy: BtfType): boolean {
  if (type.kind !== BTF_KIND.struct && type.kind !== BTF_KIND.union) return true;
  const before = from.members(type.id);
  return made.members(copy.id).every((member, index) => {
    const old = before[index];
    return (
      old?.name === member.name &&
      old.bitOffset === member.bitOffset &&
      made.type(member.type).name === from.type(old.type).name
    );
  });
}

function types(btf: Btf): readonly BtfType[] {
  return Array.from({ length: btf.count - 1 }, (_, index) => btf.type(index + 1));
}

function section(object: Uint8Array, name: string): Uint8Array {
  return readElf(object).sections.find((one) => one.name === name)?.data ?? new Uint8Array();
}
