import { describe, expect, it } from 'vitest';
import { R_BPF } from '../../linker/elf/elf.ts';
import { readElf } from '../../linker/elf/read.ts';
import { writeElf } from '../../linker/elf/write.ts';
import { imageOf } from '../../linker/image.ts';
import type { Site } from '../../linker/input.ts';
import { type PlacedSite, placeSites } from '../../linker/sites.ts';

/** `r0 = 7; exit`, and one record: site 0 is at the first instruction. The writer puts a null symbol before ours. */
function place(relocation: number | undefined, value: number): readonly PlacedSite[] {
  const record = { offset: 0, type: relocation ?? 0, symbol: 2 };
  const { bytes } = writeElf(
    [
      {
        name: 'uprobe',
        type: 1,
        flags: 6,
        align: 8,
        data: Uint8Array.of(0xb7, 0, 0, 0, 7, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0),
      },
      {
        name: '.bpfscript.sites',
        type: 1,
        flags: 0,
        align: 1,
        data: new Uint8Array(8),
        relocations: relocation === undefined ? [] : [record],
      },
    ],
    [
      { name: '', bind: 0, type: 3, section: 0, value: 0, size: 0 },
      { name: 'program', bind: 1, type: 2, section: 1, value: 0, size: 16 },
    ],
  );
  const elf = readElf(bytes);
  const site: Site = { kind: 'argument', parameter: 'sk', type: 1, value };
  return placeSites(elf, imageOf(elf), [site]);
}

describe('the place of a site', () => {
  it.each([
    ['abs32', R_BPF.abs32],
    ['nodyld32', R_BPF.nodyld32],
  ])('is where a relocation %s leads', (_name, type) => {
    expect(place(type, 7)).toMatchObject([{ section: 0, offset: 0, at: 'immediate' }]);
  });

  it.each([
    ['another relocation', R_BPF.ld64],
    ['no relocation', undefined],
  ])('is not known by %s', (_name, type) => {
    expect(() => place(type, 7)).toThrow('the place of site 0 has no relocation');
  });

  it('has the number that the compiler meant', () => {
    expect(() => place(R_BPF.abs32, 8)).toThrow('site 0 has 7 where the compiler meant 8');
  });
});
