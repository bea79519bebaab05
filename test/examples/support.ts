/** The tools of the folder `examples`, run against commands whose effects are known. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunOptions, type RunResult, run, WORKLOAD } from '../support/run.ts';

const root = join(import.meta.dirname, '../..');
export const EXAMPLES = join(root, 'examples');
export const PAGES = join(root, 'docs/tools');

/** Names of all examples. */
export const names: readonly string[] = readdirSync(EXAMPLES)
  .filter((file) => file.endsWith('.bt'))
  .map((file) => file.slice(0, -'.bt'.length))
  .sort();

export function text(name: string): string {
  return readFileSync(join(EXAMPLES, `${name}.bt`), 'utf8');
}

/** Runs an example while a shell command does what it should see. */
export function tool(name: string, command: string, options: RunOptions = {}): Promise<RunResult> {
  return run(text(name), { workload: () => shell(command), ...options });
}

/** A shell command to its end; $WORKLOAD is the workload program. How it ends is part of what it shows. */
export function shell(command: string): Promise<void> {
  const child = spawn('sh', ['-c', command], {
    stdio: 'ignore',
    env: { ...process.env, WORKLOAD },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
}

/** The lines of a text that a pattern matches. */
export function linesLike(output: string, pattern: RegExp): readonly string[] {
  return output.split('\n').filter((line) => pattern.test(line));
}
