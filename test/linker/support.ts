/** Stand-ins for the compiler: LLVM text compiled by llc, and what the linker takes beside it, made by hand. */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LinkInput } from '../../linker/input.ts';
import type { Manifest } from '../../linker/manifest/manifest.ts';
import { withFolder } from '../support/build.ts';
import { DEFAULT_SETTINGS } from '../support/settings.ts';

/** The object that LLVM makes of IR text. */
export function assemble(ir: string): Uint8Array {
  return withFolder((folder) => {
    const object = join(folder, 'unit.o');
    execFileSync('llc-14', ['-march=bpf', '-mcpu=v3', '-filetype=obj', '-o', object, '-'], {
      input: `target triple = "bpf"\n${ir}`,
    });
    return readFileSync(object);
  });
}

/** Output of a program that reads the object from a file. */
export function onFile(object: Uint8Array, command: string, ...args: readonly string[]): string {
  return withFolder((folder) => {
    const file = join(folder, 'linked.o');
    writeFileSync(file, object);
    return execFileSync(command, [...args, file], { encoding: 'utf8' });
  });
}

/** One instruction whose number is that of a site, with its record in the site table. */
export function siteAsm(instruction: string, site: number): string {
  return (
    `11: ${instruction}\\0A.pushsection .bpfscript.sites,\\22\\22,@progbits\\0A` +
    `.long 11b\\0A.long ${site}\\0A.popsection`
  );
}

export function emptyManifest(): Omit<Manifest, 'fixups'> {
  return {
    version: 1,
    producer: 'bpfscript 0.1.0',
    script: 'test.bt',
    kernel: { release: '6.12.0', arch: 'x86_64' },
    config: DEFAULT_SETTINGS,
    unsafe: false,
    params: [],
    probes: [],
    maps: [],
    events: [],
    formats: [],
    enums: [],
    globals: {},
    features: [],
  };
}

/** What the linker takes, with an object of IR text; whoever gives no BTF of a kernel has nothing that asks for it. */
export function linkInput(ir: string, parts: Partial<LinkInput> = {}): LinkInput {
  return {
    objects: [assemble(ir)],
    texts: [{ name: 'scripts/test.bt', text: 'begin { }\n' }],
    kernelBtf: () => {
      throw new Error('nobody asked for types');
    },
    license: 'GPL',
    functions: [],
    imports: [],
    kernelSymbols: [],
    maps: [],
    variables: [],
    sites: [],
    manifest: emptyManifest,
    ...parts,
  };
}
