/** What the loader says of objects, many of them at a time: in one process, under sanitizers. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HANGS_MS } from '../../support/patience.ts';
import { LOADER_ASAN } from '../../support/run.ts';

export interface Verdicts {
  readonly ok: number;
  readonly refused: number;
  readonly messages: string;
}

/** Has the loader check all of these in a folder below `within`. Throws when it does not live to the end. */
export function checkObjects(within: string, objects: Iterable<Uint8Array>): Verdicts {
  const folder = join(within, 'hostile');
  mkdirSync(folder);
  const paths: string[] = [];
  for (const bytes of objects) {
    const path = join(folder, `${paths.length}.o`);
    writeFileSync(path, bytes);
    paths.push(path);
  }
  const result = spawnSync(LOADER_ASAN, ['--check', ...paths], {
    encoding: 'latin1',
    maxBuffer: 1 << 28,
    timeout: HANGS_MS,
    env: {
      ...process.env,
      ASAN_OPTIONS: 'detect_leaks=1:exitcode=99',
      UBSAN_OPTIONS: 'exitcode=99',
    },
  });
  rmSync(folder, { recursive: true });
  if (result.signal || (result.status !== 0 && result.status !== 5))
    throw new Error(`ended by ${result.signal ?? result.status}: ${result.stderr.slice(-5000)}`);
  return {
    ok: result.stdout.match(/: ok$/gm)?.length ?? 0,
    refused: result.stderr.match(/^ERROR: /gm)?.length ?? 0,
    messages: result.stderr,
  };
}

/** The same, one verdict for each: the message, or `ok`. */
export function verdictsOf(within: string, objects: readonly Uint8Array[]): readonly string[] {
  const { ok, refused, messages } = checkObjects(within, objects);
  if (ok + refused !== objects.length)
    throw new Error(`${ok + refused} verdicts of ${objects.length} objects: ${messages}`);
  const said = new Map(
    [...messages.matchAll(/^ERROR: \S*\/hostile\/(\d+)\.o: ([^\n]*)$/gm)].map(
      ([, index, message = '']) => [Number(index), message] as const,
    ),
  );
  if (said.size !== refused) {
    const others = messages.split('\n').filter((line) => !line.includes('/hostile/'));
    throw new Error(`messages without an object: ${others.join('\n')}`);
  }
  return objects.map((_bytes, index) => said.get(index) ?? 'ok');
}
