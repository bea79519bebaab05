/** Where C headers are looked for. */
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

const SYSTEM: readonly string[] = ['/usr/local/include', '/usr/include'];
/** Headers that C compilers bring themselves. */
const COMPILERS_OWN: ReadonlySet<string> = new Set(
  ['stdarg', 'stdbool', 'stddef', 'stdint', 'limits', 'float', 'stdalign', 'stdnoreturn'].map(
    (name) => `${name}.h`,
  ),
);

/** Headers of the machine's own kind, as Debian and its relatives place them. */
export function archIncludes(arch: string): string {
  return `/usr/include/${arch}-linux-gnu`;
}

/** Whether `<name>` or `"name"` leads to a file. */
export function headerFinder(
  includeFolders: readonly string[],
  arch: string,
): (header: string) => boolean {
  return (header) => {
    const name = header.slice(1, -1);
    if (isAbsolute(name)) return existsSync(name);
    if (COMPILERS_OWN.has(name)) return true;
    const folders = [...includeFolders, ...SYSTEM, archIncludes(arch)];
    return folders.some((candidate) => existsSync(join(candidate, name)));
  };
}
