/**
 * What two kernels hold differently, by their descriptions: an object that was built for one either reads what the other
 * one holds, or is refused, and `check` says which. `npm run matrix` takes hundreds of values a kernel, `npm test` a few.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, describe, expect } from 'vitest';
import { type Compatibility, checkOn } from '../../compiler/compatibility/check.ts';
import { isFault } from '../../compiler/compatibility/finding.ts';
import { openHost } from '../../compiler/compatibility/host.ts';
import { openObject } from '../../compiler/compatibility/object.ts';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import { build, temporaryFolder } from '../support/build.ts';
import { DESCRIBED, type GuestResult, runInGuest, SERIES } from '../support/guest.ts';
import { descriptionOf, hasKernel } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { runObject, WORKLOAD } from '../support/run.ts';
import { type Counts, numbersOf, type Read, sampleReads, scriptsOf } from './generated.ts';
import { verdictOf } from './verdict.ts';
import { withoutLogs } from './verifier-log.ts';

const SEED = 20260;
const IS_WHOLE = process.env.BPFSCRIPT_KERNELS !== undefined;
/** At least 300 of each pair of kernels. */
const COUNTS: Counts = IS_WHOLE
  ? { leaves: 240, enumerators: 80, arguments: 50, parameters: 50, results: 40 }
  : { leaves: 30, enumerators: 10, arguments: 8, parameters: 7, results: 6 };
/** Nothing attaches to functions of this kernel. */
const COUNTS_HERE: Counts = { ...COUNTS, parameters: 0, results: 0 };

type Sample = Awaited<ReturnType<typeof scriptsOf>> & {
  /** So many were to be taken. */
  readonly wanted: number;
  readonly objects: readonly Uint8Array[];
  /** What `check` says of each object on the other kernel. */
  readonly checked: readonly Compatibility[];
};

const NONE: Sample = { wanted: 0, scripts: [], unsaid: [], objects: [], checked: [] };

async function sampleOf(kernel: string, workload: string, counts: Counts): Promise<Sample> {
  const reads = sampleReads(
    loadKernelDescription('default'),
    loadKernelDescription(kernel),
    counts,
    SEED,
  );
  const { scripts, unsaid } = await scriptsOf(reads, workload);
  const objects: Uint8Array[] = [];
  for (const { text } of scripts) {
    objects.push(build(text));
    await setImmediate();
  }
  const host = openHost(loadKernelDescription(kernel));
  return {
    wanted: Object.values(counts).reduce((sum, each) => sum + each, 0),
    scripts,
    unsaid,
    objects,
    checked: objects.map((each) => checkOn(openObject(each), host)),
  };
}

/** What is wrong with what became of the scripts. */
function faultsIn(
  { wanted, scripts, unsaid, checked }: Sample,
  results: readonly GuestResult[],
): readonly string[] {
  const count = scripts.flatMap(({ reads }) => reads).length;
  return [
    ...scripts.flatMap(({ reads }, index) => {
      const result = results[index];
      const said = checked[index];
      return result && said
        ? [...faultsOf(reads, result), ...disagreements(said, result)]
        : ['not run'];
    }),
    // Or nothing would be proven.
    ...(count + unsaid.length < wanted ? ['too few differ'] : []),
    ...(unsaid.length > count / 10 ? unsaid : []),
  ];
}

function faultsOf(reads: readonly Read[], result: GuestResult): readonly string[] {
  const verdict = verdictOf(result, () => true);
  if (verdict.is === 'refused') {
    const adapted = reads.filter(({ isAdapted }) => isAdapted);
    return adapted.length > 0 ? [`refused: ${verdict.reason}`] : [];
  }
  if (verdict.is === 'wrong')
    return [`${reads[0]?.title}...: ${result.status} ${withoutLogs(result.stderr)}`];
  const printed = numbersOf(result);
  return reads.flatMap(({ title, expected }, index) => {
    const value = printed.get(index);
    return value !== undefined && expected.includes(value)
      ? []
      : [`${title}: ${value}, not ${expected.join(' or ') || 'refused'}`];
  });
}

/** `check` without that kernel and the loader on it are to be of one mind. */
function disagreements({ loads, findings }: Compatibility, result: GuestResult): readonly string[] {
  const reasons = findings.filter(isFault).flatMap(({ reason }) => reason ?? []);
  const verdict = verdictOf(result, () => true);
  if (verdict.is === 'refused' ? !reasons.includes(verdict.reason) : !loads)
    return [
      `check says ${JSON.stringify(reasons)}, and the loader ${withoutLogs(result.stderr) || 'loads it'}`,
    ];
  return [];
}

needs('root').it('Objects read what this kernel holds, or are refused', async () => {
  const sample = await sampleOf('host', WORKLOAD, COUNTS_HERE);
  const results: GuestResult[] = [];
  const object = join(temporaryFolder(), 'script.o');
  for (const [index, { command }] of sample.scripts.entries()) {
    writeFileSync(object, sample.objects[index] ?? '');
    results.push(
      await runObject(object, {
        ...(command.workload === undefined ? {} : { workload: command.workload }),
        ...(command.flags === undefined ? {} : { flags: command.flags.split(' '), signal: 'none' }),
      } as const),
    );
  }
  expect(faultsIn(sample, results)).toEqual([]);
});

describe.each(SERIES.filter((series) => series !== DESCRIBED))('On Linux %s', (series) => {
  let sample: Sample = NONE;
  let results: readonly GuestResult[] = [];

  beforeAll(async () => {
    if (!hasKernel(series)) return;
    sample = await sampleOf(descriptionOf(series), '/workload', COUNTS);
    const folder = temporaryFolder();
    const commands = sample.scripts.map(({ command }, index) => {
      writeFileSync(join(folder, `${index}.o`), sample.objects[index] ?? '');
      return { ...command, object: `${index}.o` };
    });
    results = await runInGuest(series, folder, commands);
  }, 900_000);

  needs(`Linux ${series}`).it('objects read what this kernel holds, or are refused', () => {
    expect(faultsIn(sample, results)).toEqual([]);
  });
});
