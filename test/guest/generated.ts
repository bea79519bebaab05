/** Scripts that read what two kernels hold differently, made of their descriptions, with what they have to print. */
import { setImmediate } from 'node:timers/promises';
import type { Kernel } from '../../compiler/kernel/description.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import { compileText } from '../support/build.ts';
import type { GuestCommand, GuestResult } from '../support/guest.ts';
import { createRandom, type Random } from '../support/random.ts';
import { type CallValue, callDifferences, eventsOf, type Form, functionsOf } from './calls.ts';
import {
  type Difference,
  type Enumerator,
  enumeratorDifferences,
  type Leaf,
  leafDifferences,
} from './leaves.ts';
import { PATTERN_SIZE, patternAt } from './pattern.ts';
import { storedNumbers } from './verifier-log.ts';

/** One value that a script reads. */
export interface Read {
  /** As messages name it. */
  readonly title: string;
  /** An expression of 64 bits without a sign. */
  readonly expression: string;
  /** The probe whose context it is read from; values in memory are read by one of the workload. */
  readonly probe?: string;
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

/** So many of each kind are taken, if there are as many. */
export type Counts = Readonly<Record<'leaves' | 'enumerators' | Form, number>>;

/** Of so many calls one is of what the other kernel lacks: there are thousands, and all are refused alike. */
const LACKING = 6;

/** A sample of what an object that was built for one kernel finds otherwise on another. The same for the same seed. */
export function sampleReads(
  built: Kernel,
  own: Kernel,
  counts: Counts,
  seed: number,
): readonly Read[] {
  const random = createRandom(seed);
  const [mine, theirs] = [readBtf(built.btf), readBtf(own.btf)];
  const leaves = leafDifferences(mine, theirs, PATTERN_SIZE).filter(
    ({ built: { path, struct } }) => !UNNAMEABLE.test(path) && /^\w+ \w+$/.test(struct),
  );
  const calls = callDifferences(mine, theirs);
  const canAttach = attachable(built, own, theirs);
  const callsOf = (form: Form): readonly Difference<CallValue>[] => {
    const take = (isThere: boolean, count: number): readonly Difference<CallValue>[] =>
      pick(
        random,
        calls[form].filter((each) => (each.own !== undefined) === isThere),
        count,
        ({ built: { probe, name } }) => !UNNAMEABLE.test(`.${name ?? ''}`) && canAttach(probe),
      );
    const there = take(true, counts[form] - Math.floor(counts[form] / LACKING));
    return [...there, ...take(false, counts[form] - there.length)];
  };
  return [
    ...pick(random, leaves, counts.leaves).map(readOfLeaf),
    ...pick(random, enumeratorDifferences(mine, theirs), counts.enumerators).map(readOfEnumerator),
    ...(['arguments', 'parameters', 'results'] as const).flatMap(callsOf).map(readOfCall),
  ];
}

/**
 * Whether both kernels can attach there, as far as their descriptions say. What only a module of the other one has is left
 * out: no guest has it loaded.
 */
function attachable(built: Kernel, own: Kernel, ownTypes: Btf): (probe: string) => boolean {
  const typed = [built, own].map((kernel) => new Set(kernel.matchTypedFunctions('*')));
  const [events, functions] = [eventsOf(ownTypes), functionsOf(ownTypes)];
  return (probe) => {
    const [provider, name = ''] = probe.split(':');
    if (provider === 'rawtracepoint')
      return events.has(name) || own.rawTracepoint(name) === undefined;
    if (functions.has(name)) return typed.every((names) => names.has(name));
    if (own.function(name) !== undefined) return false;
    return typed[0]?.has(name) === true && !own.functionModules?.(name).length;
  };
}

function pick<T>(
  random: Random,
  from: readonly T[],
  count: number,
  isFit: (value: T) => boolean = () => true,
): readonly T[] {
  const left = [...from];
  const taken: T[] = [];
  while (taken.length < count && left.length > 0)
    taken.push(...left.splice(random.below(left.length), 1).filter(isFit));
  return taken;
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

/** Functions whose arguments are more u64 than this have no fentry before Linux 6.6. */
const MOST_WORDS = 6;

function readOfCall({ built, own }: Difference<CallValue>): Read {
  const { probe, name, place: mine } = built;
  const place = own?.place;
  const isOtherStruct =
    own !== undefined && built.pointee !== own.pointee && mine.kind === 'pointer';
  return {
    title: `${probe} ${name ?? 'result'}`,
    expression: `(uint64)${name === undefined ? 'retval' : `args.${name}`}`,
    probe,
    expected: place ? valuesAt(place) : [],
    isAdapted:
      place !== undefined &&
      own !== undefined &&
      (probe.startsWith('rawtracepoint:') || (own.words <= MOST_WORDS && !own.takesStructs)) &&
      !isOtherStruct &&
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
export async function scriptsOf(
  reads: readonly Read[],
  workload: string,
): Promise<{
  readonly scripts: readonly Script[];
  readonly unsaid: readonly string[];
}> {
  const unsaid: string[] = [];
  const said: Read[] = [];
  for (const read of reads) {
    const { diagnostics } = compileText(textOf([read], workload));
    const error = diagnostics.find(({ severity }) => severity === 'error');
    if (error) unsaid.push(`${read.title}: ${error.message}`);
    else said.push(read);
    // The test runner has to hear from this process.
    await setImmediate();
  }
  const batches = (all: readonly Read[]): readonly (readonly Read[])[] =>
    Array.from({ length: Math.ceil(all.length / BATCH) }, (_, index) =>
      all.slice(index * BATCH, (index + 1) * BATCH),
    );
  const isMemory = ({ probe }: Read): boolean => probe === undefined;
  const adapted = said.filter((read) => read.isAdapted);
  const groups = [
    ...batches(adapted.filter(isMemory)),
    ...batches(adapted.filter((read) => !isMemory(read))),
    ...said.filter((read) => !read.isAdapted).map((read) => [read]),
  ];
  return {
    unsaid,
    scripts: groups.map((group) => ({
      text: textOf(group, workload),
      command: commandOf(group),
      reads: group,
    })),
  };
}

function commandOf(reads: readonly Read[]): Script['command'] {
  if (reads.every(({ expected }) => expected.length === 0))
    return { endsItself: true, flags: '--dry-run' };
  // Nobody can make the kernel call what is called: that is read off the code that it has been given.
  return reads.some(({ probe }) => probe !== undefined)
    ? { endsItself: true, flags: '--dry-run -d verifier' }
    : { workload: 'pattern' };
}

function textOf(reads: readonly Read[], workload: string): string {
  const calls = reads.flatMap(({ probe, expression }, index) =>
    probe === undefined ? [] : `${probe} { @v${index} = ${expression}; }\n`,
  );
  if (calls.length > 0) return calls.join('');
  const lines = reads.map(
    ({ expression }, index) => `  printf("${index} %llu\\n", ${expression});\n`,
  );
  return `uprobe:${workload}:workload_pattern {\n${lines.join('')}}\n`;
}

/** What a script printed, or stored where it was not run, by the place of the read in it. */
export function numbersOf({ stdout, stderr }: GuestResult): ReadonlyMap<number, bigint> {
  return new Map([
    ...[...stdout.matchAll(/^(\d+) (\d+)$/gm)].map(
      ([, index, value]) => [Number(index), BigInt(value ?? '')] as const,
    ),
    ...[...storedNumbers(stderr)].map(([block, value]) => [block - 1, value] as const),
  ]);
}
