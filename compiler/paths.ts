import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The folder of the package: the same whether this runs from dist/ or from source. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'stdlib'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new InstallationError(
        `the standard library is missing (no folder stdlib above ${import.meta.dirname})`,
        'Install bpfscript again.',
      );
    folder = parent;
  }
  return folder;
}

/** A part of the command that is not where it was installed, or cannot be used on this machine. */
export class InstallationError extends Error {
  override readonly name = 'InstallationError';
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** What is compiled for one architecture, and where the clone builds it. */
const NATIVE = {
  'backend.node': 'compiler/llvm/backend',
  'process.node': 'compiler/llvm/backend',
  'disassembler.node': 'compiler/llvm/backend',
  bpfload: 'loader',
  'guest-init': 'loader',
} as const;

/** Architectures in Node's words. */
export type NativeArch = 'x64' | 'arm64';

/** The package that has what is compiled for an architecture. */
export const nativePackage = (arch: string): string => `bpfscript-linux-${arch}`;

/**
 * A file that is compiled for this machine's architecture, or for another one: in the clone where it is built, else in
 * the architecture's package beside or below this one. Throws InstallationError where there is none.
 */
export function nativeFile(
  name: keyof typeof NATIVE,
  arch: NativeArch | NodeJS.Architecture = process.arch,
): string {
  const root = packageRoot();
  const built = join(root, NATIVE[name], arch === 'arm64' ? BUILT_ARM64 : BUILT, name);
  if (existsSync(built)) return built;
  const pack = nativePackage(arch);
  const installed = join(packageFolder(root, pack) ?? '', name);
  if (existsSync(installed)) return installed;
  throw new InstallationError(
    `this installation has no ${name} for ${arch} (no package ${pack}, and no ${built})`,
    "`npm install` leaves that package out with --omit=optional or --no-optional; in a clone, `npm run build` builds this machine's, `npm run loader:arm64` the loader for arm64.",
  );
}

/** A clone on arm64 builds its own loader in `build`, too. */
const BUILT = 'build';
const BUILT_ARM64 = process.arch === 'arm64' ? BUILT : 'build-arm64';

function packageFolder(root: string, name: string): string | undefined {
  try {
    return dirname(createRequire(join(root, 'package.json')).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/** A folder for as long as a function uses it. */
export function withTemporaryFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'bpfscript-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether a file begins with these bytes, of which no other is read. Throws where it cannot be opened. */
export function beginsWith(path: string, text: string): boolean {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(text.length);
    return readSync(file, bytes) === text.length && bytes.toString('latin1') === text;
  } finally {
    closeSync(file);
  }
}
