/** Scripts that read what two kernels hold differently, made of their descriptions, with what they have to print. */
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import { compileText } from '../support/build.ts';
import type { GuestCommand } from '../support/guest.ts';
import { createRandom, type Random } from '../support/random.ts';
import {
  type Difference,
  type Enumerator,
  enumeratorDifferences,
  type Leaf,
  leafDifferences,
} from './leaves.ts';
import { PATTERN_SIZE, patternAt } from './pattern.ts';

/** One value that a script reads. */
export interface Read {
  /** As messages name it. */
  readonly title: string;
  /** An expression of 64 bits without a sign. */
  readonly expression: string;
  /** What it is on the other kernel, and may be printed as; nothing where that kernel lacks it. */
  readonly expected: readonly bigint[];
  /** Whether the loader has to adapt it: others it may refuse. */
  readonly isAdapted: boolean;
}

/** A script that reads some of them, all of which are adapted, or one that may be refused. */
export interface Script {
  readonly text: string;
  readonly command: Omit<GuestCommand, 'object'>;
  readonly reads: readonly Read[];
}

/** So many reads in one object: more than any program may have of its instructions. */
const BATCH = 25;

/** Members that are words of the language cannot be named. */
const UNNAMEABLE =
  /\.(?:args|config|cpu|comm|let|fn|for|if|import|in|macro|offsetof|pid|sizeof|str|struct|union|while)\b/;

export function kernelBtf(kernel: string): Btf {
  return readBtf(loadKernelDescription(kernel).btf);
}

/**
 * A sample of what an object that was built for one kernel finds otherwise on another: `leaves` values in structs, and
 * `enumerators`. The same for the same seed.
 */
export function sampleReads(
  built: Btf,
  own: Btf,
  counts: { readonly leaves: number; readonly enumerators: number },
  seed: number,
): readonly Read[] {
  const random = createRandom(seed);
  const leaves = leafDifferences(built, own, PATTERN_SIZE).filter(
    ({ built: { path, struct } }) => !UNNAMEABLE.test(path) && /^\w+ \w+$/.test(struct),
  );
  return [
    ...pick(random, leaves, counts.leaves).map(readOfLeaf),
    ...pick(random, enumeratorDifferences(built, own), counts.enumerators).map(readOfEnumerator),
  ];
}

function pick<T>(random: Random, from: readonly T[], count: number): readonly T[] {
  const left = [...from];
  return Array.from({ length: Math.min(count, left.length) }, () =>
    left.splice(random.below(left.length), 1),
  ).flat();
}

function readOfLeaf({ built, own }: Difference<Leaf>): Read {
  const mine = built.place;
  const place = own?.place;
  return {
    title: `${built.struct}${built.path}`,
    expression: `(uint64)((${built.struct} *)arg0)${built.path}`,
    expected: place ? valuesAt(place) : [],
    isAdapted:
      place !== undefined &&
      place.kind === mine.kind &&
      place.bits <= mine.bits &&
      place.isSigned === mine.isSigned,
  };
}

/** A byte that is no truth value may be printed as one. */
function valuesAt(place: Leaf['place']): readonly bigint[] {
  const value = patternAt(place);
  return place.kind === 'bool' ? [value, value === 0n ? 0n : 1n] : [value];
}

function readOfEnumerator({ built, own }: Difference<Enumerator>): Read {
  return {
    title: built.name,
    expression: `(uint64)${built.name}`,
    expected: own ? [BigInt.asUintN(64, own.value)] : [],
    isAdapted: own?.of === built.of,
  };
}

/** The scripts of a sample, for the workload at that path; reads that the language cannot say are left out, and named. */
export function scriptsOf(
  reads: readonly Read[],
  workload: string,
): {
  readonly scripts: readonly Script[];
  readonly unsaid: readonly string[];
} {
  const unsaid: string[] = [];
  const said = reads.filter((read) => {
    const { diagnostics } = compileText(textOf([read], workload));
    const error = diagnostics.find(({ severity }) => severity === 'error');
    if (error) unsaid.push(`${read.title}: ${error.message}`);
    return !error;
  });
  const batches = (all: readonly Read[]): readonly (readonly Read[])[] =>
    Array.from({ length: Math.ceil(all.length / BATCH) }, (_, index) =>
      all.slice(index * BATCH, (index + 1) * BATCH),
    );
  const groups = [
    ...batches(said.filter((read) => read.isAdapted)),
    ...said.filter((read) => !read.isAdapted).map((read) => [read]),
  ];
  return {
    unsaid,
    scripts: groups.map((group) => ({
      text: textOf(group, workload),
      command: group.some(({ expected }) => expected.length > 0)
        ? { workload: 'pattern' }
        : { endsItself: true, flags: '--dry-run' },
      reads: group,
    })),
  };
}

function textOf(reads: readonly Read[], workload: string): string {
  const lines = reads.map(
    ({ expression }, index) => `  printf("${index} %llu\\n", ${expression});\n`,
  );
  return `uprobe:${workload}:workload_pattern {\n${lines.join('')}}\n`;
}

/** What a script printed, by the place of the read in it. */
export function printedBy(stdout: string): ReadonlyMap<number, bigint> {
  return new Map(
    [...stdout.matchAll(/^(\d+) (\d+)$/gm)].map(([, index, value]) => [
      Number(index),
      BigInt(value ?? ''),
    ]),
  );
}
