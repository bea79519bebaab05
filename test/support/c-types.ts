/** BTF of C, as clang makes it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readElf } from '../../linker/elf/read.ts';
import { withFolder } from './folders.ts';
import { CLANG } from './machine.ts';

/** Of what the functions and variables of the source use. */
export function typesOfC(source: string): Uint8Array {
  const object = withFolder((folder) => {
    const path = join(folder, 'types.o');
    const options = ['-target', 'bpf', '-O1', '-g', '-w', '-x', 'c', '-c', '-', '-o', path];
    execFileSync(CLANG ?? 'clang', options, { input: source });
    return readFileSync(path);
  });
  const found = readElf(object).sections.find(({ name }) => name === '.BTF');
  if (!found) throw new Error('clang made no types');
  return found.data;
}
