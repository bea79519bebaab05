/** Bills of materials: of what they are made, and of which objects they are. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Facts, readSbom, sbomFor, sbomOf, sha256 } from '../../../compiler/sbom/sbom.ts';
import { SHF, SHT } from '../../../linker/elf/elf.ts';
import { writeElf } from '../../../linker/elf/write.ts';
import { signObject } from '../../../linker/signature.ts';
import { build } from '../../support/build.ts';

const FACTS: Facts = {
  ...{ name: 'tool.o', version: '1.2', llvm: '14.0.6' },
  kernel: { release: '6.12.0', arch: 'x86_64' },
  ingredients: [
    { name: 'tool.bt', sha256: '0a', use: 'compiled' },
    { name: 'code.o', sha256: '0b', use: 'linked' },
  ],
};

const object = (sections: Readonly<Record<string, string>>): Uint8Array =>
  writeElf(
    Object.entries(sections).map(([name, text]) => ({
      ...{ name, type: SHT.progbits, flags: SHF.alloc, align: 1, data: Buffer.from(text) },
    })),
    [],
  ).bytes;

const own = object({ code: 'abc', data: 'd' });

describe('a bill of materials', () => {
  it('names the object, what it was made of and by what, and the kernel that was looked at', () => {
    const bill = sbomOf(own, FACTS);
    expect(bill).toMatchObject({
      ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 },
      metadata: {
        tools: {
          components: [
            { 'bom-ref': 'tool-bpfscript', type: 'application', name: 'bpfscript', version: '1.2' },
            { 'bom-ref': 'tool-llvm', type: 'application', name: 'llvm', version: '14.0.6' },
          ],
        },
        component: {
          ...{ 'bom-ref': 'object', type: 'application', name: 'tool.o' },
          hashes: [{ alg: 'SHA-256', content: sha256(own) }],
        },
      },
      components: [
        {
          ...{ 'bom-ref': 'file-1', type: 'file', name: 'tool.bt' },
          hashes: [{ alg: 'SHA-256', content: '0a' }],
          properties: [{ name: 'bpfscript:use', value: 'compiled' }],
        },
        { 'bom-ref': 'file-2', name: 'code.o', properties: [{ value: 'linked' }] },
        {
          ...{ 'bom-ref': 'kernel', type: 'operating-system', name: 'linux', version: '6.12.0' },
          properties: [
            { name: 'bpfscript:use', value: 'looked at' },
            { name: 'bpfscript:arch', value: 'x86_64' },
          ],
        },
      ],
      dependencies: [{ ref: 'object', dependsOn: ['file-1', 'file-2', 'kernel'] }],
    });
    expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('has a number that is the same for the same, and another for anything else', () => {
    const numbers = [
      sbomOf(own, FACTS),
      sbomOf(object({ code: 'abd', data: 'd' }), FACTS),
      sbomOf(object({ codea: 'bc', data: 'd' }), FACTS),
      sbomOf(object({ code: 'abcd', data: '' }), FACTS),
      sbomOf(own, { ...FACTS, version: '1.3' }),
    ].map(({ serialNumber }) => serialNumber);
    expect(new Set(numbers).size).toBe(5);
    expect(sbomOf(own, FACTS).serialNumber).toBe(numbers[0]);
    for (const number of numbers)
      expect(number).toMatch(
        /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    // All digits but the two that say its kind are those of one hash, each in its place.
    const digits = (numbers[0] ?? '').replace('urn:uuid:', '').replaceAll('-', '');
    expect(digits).toHaveLength(32);
  });

  it('stays that of an object that was signed since, with the hash of what it is now', () => {
    const built = build('begin { exit(); }');
    const bill = sbomOf(built, FACTS);
    const signed = signObject(built, generateKeyPairSync('ed25519').privateKey, undefined);
    const now = sbomFor(bill, signed);
    expect(now?.metadata.component.hashes).toEqual([{ alg: 'SHA-256', content: sha256(signed) }]);
    expect(now).toEqual({
      ...bill,
      metadata: {
        ...bill.metadata,
        component: { ...bill.metadata.component, hashes: now?.metadata.component.hashes },
      },
    });
  });

  it('is of no other object', () => {
    const bill = sbomOf(own, FACTS);
    expect(sbomFor(bill, own)).toEqual(bill);
    for (const other of [{ code: 'abd', data: 'd' }, { code: 'abc' }, { code: 'abc', datum: 'd' }])
      expect(sbomFor(bill, object(other))).toBeUndefined();
    const { component } = bill.metadata;
    const without = {
      ...bill,
      metadata: { ...bill.metadata, component: { ...component, properties: [] } },
    };
    expect(sbomFor(without, own)).toBeUndefined();
    const [content] = component.properties ?? [];
    const properties = [{ name: 'of somebody else', value: 'x' }, ...(content ? [content] : [])];
    const more = {
      ...bill,
      metadata: { ...bill.metadata, component: { ...component, properties } },
    };
    expect(sbomFor(more, own)?.metadata.component.properties).toEqual(properties);
  });

  it('is read as it was written, and what is none is refused', () => {
    const bill = sbomOf(own, FACTS);
    expect(readSbom(JSON.stringify(bill))).toEqual(bill);
    const { component } = bill.metadata;
    const having = (properties: unknown) => ({
      ...bill,
      metadata: { ...bill.metadata, component: { ...component, properties } },
    });
    expect(readSbom(JSON.stringify(having([])))).toEqual(having([]));
    for (const wrong of [
      null,
      5,
      [],
      {},
      { ...bill, bomFormat: 'SPDX' },
      { ...bill, metadata: null },
      { ...bill, metadata: {} },
    ])
      expect(() => readSbom(JSON.stringify(wrong))).toThrow(
        'it is not what `bpfscript build --sbom` writes',
      );
    for (const properties of [undefined, {}, [1], [null], [{}, 'x']])
      expect(() => readSbom(JSON.stringify(having(properties)))).toThrow('it is not what');
    expect(() => readSbom('{')).toThrow(SyntaxError);
  });
});
