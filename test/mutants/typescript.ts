/** Faults in the compiler and the linker, and which tests that need no kernel notice them. */
import { basename } from 'node:path';
import { COMPILING } from '../support/projects.ts';
import { isEquivalent } from './equivalent.ts';
import { type Fault, pickFaults } from './faults.ts';
import { mirrors, startsCommands } from './mirrors.ts';
import type { Outcome } from './report.ts';
import { refusedByTypes } from './types.ts';
import { cold, joined, type Noticed, type Pass, warm } from './warm.ts';

/** Others look at the sources themselves, or at what installing makes of them. */
const ABOUT_CODE = /^test\/(?:compiler|linker)\//;
/** Milliseconds of CPU time that tests of one fault may take, of its folder and of others. */
const BUDGET = { own: 20_000, other: 10_000 };
/** How many files of tests look at a fault that is there from the beginning. */
const COLD_FILES = 4;

/** `count` faults of each folder, against the tests that mirror it, then what is left against all. */
export async function typescriptMutants(
  files: readonly string[],
  count: number,
  seed: number,
  { ownOnly }: { readonly ownOnly: boolean },
): Promise<readonly Outcome[]> {
  const faults = await pickFaults(files, count, seed);
  const tests = COMPILING.filter((file) => ABOUT_CODE.test(file));
  const quick = tests.filter((file) => !startsCommands(file));
  const near = tests.filter((file) => faults.some((fault) => mirrors(file, fault)));
  const own = await ownPass();
  const left = faults.filter(({ id }) => !own.noticed.has(id));
  const other = await warm(left, ownOnly ? near : quick, { own: false, budget: BUDGET.other });
  const late = new Map<string, Noticed>();
  for (const fault of left.filter(wantsProcess)) {
    const nearest = nearestTo(fault);
    const noticed = nearest.length > 0 ? await cold(fault, nearest) : undefined;
    if (noticed !== undefined) late.set(fault.id, noticed);
  }
  const refused = refusedByTypes(left.filter(({ id }) => !other.noticed.has(id) && !late.has(id)));
  return faults.map((fault) => {
    const noticed = own.noticed.get(fault.id) ?? other.noticed.get(fault.id) ?? late.get(fault.id);
    return {
      place: `${fault.file}:${fault.start.line + 1}`,
      folder: fault.room,
      was: fault.was,
      became: fault.became,
      noticedBy: noticed
        ? own.noticed.has(fault.id)
          ? 'own'
          : 'other'
        : refused.has(fault)
          ? 'types'
          : undefined,
      hangs: noticed?.hangs === true,
      isEquivalent: isEquivalent(fault),
      isMet: isMet(fault),
    } satisfies Outcome;
  });

  /** Tests that start commands see what the others have left: a fault costs them a hundred times as much. */
  async function ownPass(): Promise<Pass> {
    const here = near.filter((file) => !startsCommands(file));
    const options = { own: true, budget: BUDGET.own };
    const first = await warm(faults, here, options);
    const rest = faults.filter(({ id }) => !first.noticed.has(id));
    return joined(first, await warm(rest, near.filter(startsCommands), options));
  }

  /** What is met at loading was there before the switch; what left something behind cannot be told apart. */
  function wantsProcess({ id }: Fault): boolean {
    const isLate = [own, other].some(({ atLoad, doubtful }) => atLoad.has(id) || doubtful.has(id));
    return isLate && !other.noticed.has(id);
  }

  function isMet({ id }: Fault): boolean {
    return [own, other].some(({ met, atLoad }) => met.has(id) || atLoad.has(id));
  }

  /**
   * Files of tests that meet a fault, that of its name, that of what the files of the folder say of themselves, and those of its own folder first; for
   * one that is met at loading, those that meet its neighbours.
   */
  function nearestTo(fault: Fault): readonly string[] {
    if (!isMet(fault)) return [];
    const meeting = filesThatMeet(fault);
    const chosen = [own, other].some(({ atLoad }) => atLoad.has(fault.id))
      ? [
          ...meeting,
          ...faults.filter(({ file }) => file === fault.file).flatMap(filesThatMeet),
          ...tests.filter((file) => mirrors(file, fault)),
        ]
      : meeting;
    const isOwn = (file: string) => mirrors(file, fault);
    const isNamesake = (file: string) =>
      isOwn(file) && basename(file, '.test.ts') === basename(fault.file, '.ts');
    const isTable = (file: string) => isOwn(file) && basename(file) === 'table.test.ts';
    // Commands have had the fault from the beginning.
    const unique = [...new Set(chosen)].filter((file) => !startsCommands(file));
    const near = [isNamesake, isTable, isOwn].flatMap((isNear) => unique.filter(isNear));
    return [...new Set([...near, ...unique])].slice(0, COLD_FILES);
  }

  function filesThatMeet({ id }: Fault): readonly string[] {
    return [own, other].flatMap(({ met }: Pass) => [...(met.get(id) ?? [])]);
  }
}
