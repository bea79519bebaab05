/** Loaders that answer over HTTP, and what stands in their answers. */
import { spawn } from 'node:child_process';
import { LOADER_ASAN, runWorkload } from './run.ts';

export interface Answering {
  readonly url: string;
  readonly pid: number;
  /** The text of the metrics, in OpenMetrics or with `form` in the older format. */
  scrape(form?: 'classic'): Promise<string>;
  workload(words: string): Promise<string>;
  stderr(): string;
}

/**
 * Runs an object with --metrics at a free port, while `use` lasts; then it has to end well. `before` are words before the
 * loader's command, of a program that becomes it.
 */
export async function answering(
  object: string,
  flags: readonly string[],
  use: (loader: Answering) => Promise<void>,
  before: readonly string[] = [],
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const [command = LOADER_ASAN, ...words] = [...before, LOADER_ASAN];
  const child = spawn(command, [...words, '--metrics', '127.0.0.1:0', ...flags, object], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('latin1');
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('latin1');
      const found = /^Metrics at (\S+)$/m.exec(stderr)?.[1];
      if (found) resolve(found);
    });
    void ended.then(() => reject(new Error(`it ended: ${stderr}`)));
  });
  try {
    // It answers once everything is attached.
    await fetch(url);
    await use({
      url,
      pid: child.pid ?? 0,
      scrape: (form) => scrape(url, form),
      workload: runWorkload,
      stderr: () => stderr,
    });
  } finally {
    child.kill('SIGINT');
  }
  const status = await ended;
  if (status !== 0) throw new Error(`it ended with ${status}: ${stderr}`);
  return { stdout, stderr };
}

async function scrape(url: string, form: 'classic' | undefined): Promise<string> {
  const answer = await fetch(url, {
    headers: { accept: form ? 'text/plain' : 'application/openmetrics-text;version=1.0.0' },
  });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  return await answer.text();
}

/** The number of a sample, by its name with its labels as they are written; undefined where there is none. */
export function sample(text: string, name: string): string | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return line?.slice(name.length + 1);
}

/** All samples of a name, as they are written. */
export function samples(text: string, name: string): readonly string[] {
  return text
    .split('\n')
    .filter((each) => each.startsWith(`${name}{`) || each.startsWith(`${name} `));
}
