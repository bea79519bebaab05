/** Formatting never changes what a script compiles to. */
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ElfSection, SHF } from '../../../linker/elf/elf.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { build } from '../../support/build.ts';
import { createRandom, rounds } from '../../support/random.ts';
import { spellOut, validProgram } from './programs.ts';
import { formatted } from './support.ts';

/** What the manifest has of the text: its lines, and of probes and events which of them, and where in it. */
const PLACES: ReadonlySet<string> = new Set([
  ...['line', 'lines', 'place', 'column', 'endColumn', 'text'],
]);

/** All of an object but what names lines of the script. */
function withoutPlaces(object: Uint8Array): unknown {
  const loaded = ({ flags }: ElfSection): boolean => (flags & (SHF.alloc | SHF.exec)) !== 0;
  const { manifest, btfText } = inspectObject(object);
  return {
    sections: readElf(object)
      .sections.filter(loaded)
      .map(({ name, data }) => ({ name, data: Buffer.from(data).toString('hex') })),
    manifest: JSON.parse(
      JSON.stringify(manifest, (key, value: unknown) => (PLACES.has(key) ? undefined : value)),
    ),
    btfText,
  };
}

function expectSameObject(script: string): void {
  expect(withoutPlaces(build(formatted(script))), script).toEqual(withoutPlaces(build(script)));
}

describe('the object of a formatted script', () => {
  it('is that of the script, for the examples [CLI-022]', async () => {
    const examples = readdirSync('examples').filter((name) => name.endsWith('.bt'));
    expect(examples.length).toBeGreaterThan(5);
    for (const name of examples) {
      const script = readFileSync(`examples/${name}`, 'utf8');
      expectSameObject(script.replaceAll(/[\t ]+/g, ' '));
      // The test runner has to hear from this process.
      await setImmediate();
    }
  });

  it('is that of the script, for generated scripts full of comments', () => {
    const random = createRandom(31);
    for (let count = 0; count < rounds(30); count += 1)
      expectSameObject(spellOut(validProgram(random), random, true));
  });
});
