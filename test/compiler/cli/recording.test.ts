/** Texts and recordings that commands read, by calls: a program in the loader's place says what it was asked for. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { UserError } from '../../../compiler/cli/errors.ts';
import { readOutput } from '../../../compiler/cli/recording.ts';
import { temporaryFolder } from '../../support/build.ts';

const folder = temporaryFolder();
const loader = join(folder, 'loader');
const text = join(folder, 'text.json');
const recording = join(folder, 'tool.rec');
writeFileSync(text, '{"type":"time"}\n');
writeFileSync(recording, 'bpfrec\r\nand more');

/** What it does, as lines of a shell. */
const loads = (...lines: readonly string[]): void => {
  writeFileSync(loader, `#!/bin/sh\n${lines.join('\n')}\n`);
  chmodSync(loader, 0o755);
};

const told: string[] = [];
beforeEach(() => {
  vi.stubEnv('BPFSCRIPT_LOADER', loader);
  told.length = 0;
  vi.spyOn(process.stderr, 'write').mockImplementation((piece) => {
    told.push(String(piece));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const statuses: number[] = [];
function read(
  input: string,
  debuginfo?: string,
  form: 'json' | 'json2' = 'json',
): readonly [string, ...number[]] {
  statuses.length = 0;
  const report = (status: number): void => {
    statuses.push(status);
  };
  return [Buffer.from(readOutput(input, { form, debuginfo, report })).toString(), ...statuses];
}

function refused(input: string): string {
  try {
    read(input);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

it('A text is what stands in it, and is handed to the loader where names are wanted', () => {
  loads('echo "$@"');
  expect(read(text)).toEqual(['{"type":"time"}\n']);
  expect(read(text, 'one:two')).toEqual([`symbolize ${text} --debuginfo one:two\n`]);
  expect(refused(join(folder, 'missing'))).toBe(
    `cannot read ${join(folder, 'missing')}: no such file or directory`,
  );
});

it('A file that begins as recordings do, and no shorter one, is printed by the loader in the form', () => {
  loads('echo "$@"');
  expect(read(recording)).toEqual([`report ${recording} -q -f json\n`]);
  expect(read(recording, 'one', 'json2')).toEqual([
    `report ${recording} -q -f json2 --debuginfo one\n`,
  ]);
  for (const [index, beginning] of ['bpfrec', 'bpfrec\r', 'Bpfrec\r\nand more', ''].entries()) {
    const path = join(folder, `short${index}`);
    writeFileSync(path, beginning);
    expect(read(path)).toEqual([beginning]);
  }
});

it('What is damaged is taken as far as it goes, with a warning and the status of the loader', () => {
  loads('echo first', 'echo "ERROR: it is cut" >&2', 'exit 5');
  expect(read(recording)).toEqual(['first\n', 5]);
  expect(told.join('')).toBe('WARNING: it is cut\n');
  loads('echo first', 'kill -9 $$');
  expect(read(recording)).toEqual(['first\n', 1]);
});

it('What nothing can be read of is refused in the words of the loader, and what holds nothing is empty', () => {
  loads('echo "ERROR: it is cut" >&2', 'exit 5');
  expect(refused(recording)).toBe('it is cut');
  loads('exit 0');
  expect(read(recording)).toEqual(['']);
  expect(told).toEqual([]);
});

it('More than 64 MiB, and a loader that is not there, are refused', () => {
  loads('head -c 67108865 /dev/zero');
  expect(refused(recording)).toBe(`${recording}: what is read of it has more than 64 MiB`);
  vi.stubEnv('BPFSCRIPT_LOADER', join(folder, 'missing'));
  expect(refused(recording)).toBe('cannot start the loader: no such file or directory');
});
