/** What `check` says of an object on another kernel is what the loader does there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { type Compatibility, checkBytes } from '../../compiler/compatibility/check.ts';
import { isFault } from '../../compiler/compatibility/finding.ts';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { type GuestResult, runInGuest, SERIES } from '../support/guest.ts';
import { descriptionOf, hasKernel } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { CASES } from './corpus.ts';
import { KINDS } from './kinds.ts';

const SCRIPTS = [
  ...CASES.map(({ title, script, parameters }) => ({
    title,
    text: script.replaceAll('WORKLOAD', '/workload').replaceAll('GETPPID', '110'),
    parameters,
  })),
  ...KINDS.map(({ title, text }) => ({
    title,
    text: text.replaceAll('GETPPID', '110'),
    parameters: undefined,
  })),
];

/** Whether the object was loaded, and why not: the sentence without its place. */
interface Answer {
  readonly loads: boolean;
  readonly reasons: readonly string[];
}

function loaded({ status, stderr }: GuestResult): Answer {
  const [, reason] = /^(?:\S+:\d+(?::[\d-]+)?: )?ERROR: (.*)$/m.exec(stderr) ?? [];
  return { loads: status === 0, reasons: reason === undefined ? [] : [reason] };
}

function checked({ findings, loads }: Compatibility): Answer {
  return { loads, reasons: findings.filter(isFault).flatMap(({ reason }) => reason ?? []) };
}

describe.each(SERIES)(
  'Of Linux %s check says what the loader does with a script that',
  (series) => {
    const folder = temporaryFolder();
    let results: readonly GuestResult[] = [];

    beforeAll(async () => {
      if (!hasKernel(series)) return;
      for (const [index, { text }] of SCRIPTS.entries()) {
        writeObject(folder, `s${index}`, text);
        // The test runner has to hear from this process.
        await new Promise(setImmediate);
      }
      results = await runInGuest(
        series,
        folder,
        SCRIPTS.map(({ parameters }, index) => ({
          object: `s${index}.o`,
          flags: '--dry-run',
          endsItself: true,
          ...(parameters === undefined ? {} : { parameters }),
        })),
      );
    }, 400_000);

    const kernel = () => loadKernelDescription(descriptionOf(series));
    needs(`Linux ${series}`).it.each(SCRIPTS.map(({ title }, index) => ({ title, index })))(
      '$title',
      ({ index }) => {
        const result = results[index];
        expect(result).toBeDefined();
        if (!result) return;
        const is = loaded(result);
        const said = checked(checkBytes(readFileSync(join(folder, `s${index}.o`)), kernel()));
        expect({ ...said, reasons: said.reasons.slice(0, 9) }, result.stderr).toMatchObject({
          loads: is.loads,
        });
        for (const reason of is.reasons) expect(said.reasons).toContain(reason);
      },
    );
  },
);
