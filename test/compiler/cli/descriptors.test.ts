/** What commands open is closed: one that watches, or a process that compiles many scripts, would run out of descriptors. */
import { closeSync, openSync, readdirSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openCache } from '../../../compiler/cli/cache.ts';
import { isObject } from '../../../compiler/cli/check-objects.ts';
import { readWhole } from '../../../compiler/cli/input.ts';
import { writeWhole } from '../../../compiler/cli/output.ts';
import { readOutput } from '../../../compiler/cli/recording.ts';
import { readReports } from '../../../compiler/cli/reports.ts';
import { openElfFile } from '../../../linker/elf/file.ts';
import { build, compileText, temporaryFolder } from '../../support/build.ts';
import { runHere } from '../../support/command-here.ts';
import { HANGS_MS } from '../../support/patience.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
writeFileSync(at('text'), '{}\n');
writeFileSync(at('x.o'), build('begin { exit(); }'));
writeFileSync(at('x.bt'), 'begin { exit(); }');
const open = (): number => readdirSync('/proc/self/fd').length;

const made = {
  source: { name: 'stdin', text: 'begin { exit(); }' },
  ...{
    kernels: ['default'],
    unsafe: false,
    allowRun: false,
    reportsHelpers: false,
    arch: undefined,
  },
};
const cache = openCache(made, at('kept'));
cache.keep({ object: build(made.source.text), writes: [] }, compileText(made.source.text));

/** Fails as often as it likes. */
const tried = async (work: () => unknown): Promise<void> => {
  try {
    await work();
  } catch {
    // What is open is what counts.
  }
};

it.each<[string, () => unknown]>([
  ['a file that is read', () => readWhole(at('text'))],
  ['a file without an end', () => readWhole('/dev/zero')],
  ['a folder in the place of a file', () => readWhole(folder)],
  [
    'a text of which it is asked whether it is a recording',
    () => readOutput(at('text'), { form: 'json', report: () => undefined }),
  ],
  ['an object by its beginning', () => isObject(at('x.o'))],
  ['an ELF file', () => openElfFile(at('x.o')).sections.length],
  ['an object that is kept', () => expect(cache.find()).toBeDefined()],
  ['a file that is written', () => writeWhole(at('out'), 'x')],
  ['a file that cannot be written', () => writeWhole(folder, 'x')],
  ['reports, and what is none', () => readReports([at('text'), folder])],
  ['keys, new and refused', () => runHere(['keygen', at('pair')])],
  ['a command', () => runHere(['fmt', at('x.bt')])],
])('%s leaves no descriptor', async (_what, work) => {
  await tried(work);
  const before = open();
  for (let round = 0; round < 4; round++) await tried(work);
  // Streams are closed a little after their end.
  await vi.waitFor(() => expect(open()).toBeLessThanOrEqual(before), { timeout: HANGS_MS });
});

it('A descriptor that is given stays with who gave it', () => {
  const descriptor = openSync(at('text'), 'r');
  try {
    expect(readWhole(descriptor).toString()).toBe('{}\n');
    expect(readSync(descriptor, Buffer.alloc(1), 0, 1, 0)).toBe(1);
  } finally {
    closeSync(descriptor);
  }
});
