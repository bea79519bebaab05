/** test/workload/traced.c as compilers make it. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export const TRACED_SOURCE = join(import.meta.dirname, '../workload/traced.c');

export type Compiler = 'gcc' | 'clang-14';

/** Forms of debug information, by name. */
export const FORMS: readonly (readonly [string, Compiler, readonly string[]])[] = [
  ['gcc', 'gcc', ['-O2', '-g']],
  ['gcc-O0', 'gcc', ['-O0', '-g']],
  ['clang', 'clang-14', ['-O2', '-g']],
  ['dwarf4', 'gcc', ['-O2', '-gdwarf-4']],
  ['clang-dwarf4', 'clang-14', ['-O1', '-gdwarf-4']],
  ['dwarf2', 'gcc', ['-O2', '-gdwarf-2', '-gstrict-dwarf']],
  ['dwarf64', 'gcc', ['-O2', '-g', '-gdwarf64']],
  ['compressed', 'gcc', ['-O2', '-g', '-gz']],
  ['type-units', 'gcc', ['-O2', '-g', '-fdebug-types-section']],
  ['lto', 'gcc', ['-O2', '-g', '-flto', '-fno-pie', '-no-pie']],
];

/** Compiles it in a folder, and gives the program's path. */
export function compileTraced(
  folder: string,
  name: string,
  compiler: Compiler,
  flags: readonly string[],
): string {
  const path = join(folder, name);
  execFileSync(compiler, [...flags, '-o', path, TRACED_SOURCE], { cwd: folder });
  return path;
}
