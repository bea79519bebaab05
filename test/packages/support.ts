/** Fresh Debian 12 roots in which packages are installed and used, and the packages themselves. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Where `npm run package` writes them. */
export const PACKAGES = join(root, 'dist/packages');

export const VERSION: string = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CleanRoot {
  /** Runs a script of the shell, as root, with the packages at /packages; what it changes stays. */
  run(script: string): Promise<Ran>;
}

/** A root that nobody has changed. */
export function cleanRoot(
  options: { readonly node?: boolean; readonly network?: boolean; readonly packages?: string } = {},
): CleanRoot {
  const changes = mkdtempSync(join(tmpdir(), 'bpfscript-root-'));
  afterAll(() => rmSync(changes, { recursive: true, force: true }));
  return {
    run: (script) =>
      new Promise((done) => {
        const child = execFile(
          join(import.meta.dirname, 'clean-root.sh'),
          [
            ...(options.network ? ['--network'] : []),
            ...(options.node ? ['--node'] : []),
            changes,
            options.packages ?? PACKAGES,
            script,
          ],
          { encoding: 'utf8', maxBuffer: 64 << 20 },
          (_, stdout, stderr) => done({ status: child.exitCode, stdout, stderr }),
        );
      }),
  };
}
