/** CO-RE relocations: what libbpf makes of each on a kernel, and what the loader has against it. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { coreValue, memberValue } from '../../linker/btf/core.ts';
import { describeAccess } from '../../linker/btf/path.ts';
import { type Btf, bitfieldOf } from '../../linker/btf/read.ts';
import type { FeatureKind, Finding } from './finding.ts';
import type { Host } from './host.ts';
import type { CoreRelocation, ObjectFunction, ObjectView } from './object.ts';
import {
  candidates,
  describeType,
  essentialName,
  hostLeaf,
  type Leaf,
  localLeaf,
  relocates,
  type Use,
  valueDiffers,
} from './type-match.ts';

/** enum bpf_core_relo_kind (include/uapi/linux/bpf.h). */
const KIND = {
  byteOffset: 0,
  byteSize: 1,
  fieldExists: 2,
  signed: 3,
  lshift: 4,
  rshift: 5,
  localType: 6,
  targetType: 7,
  typeExists: 8,
  typeSize: 9,
  enumeratorExists: 10,
  enumeratorValue: 11,
  typeMatches: 12,
} as const;

const WORDS: Readonly<Record<number, 'struct' | 'union' | 'enum'>> = {
  [BTF_KIND.struct]: 'struct',
  [BTF_KIND.union]: 'union',
  [BTF_KIND.enum]: 'enum',
  [BTF_KIND.enum64]: 'enum',
};

/** What becomes of one relocation. */
export interface Resolution {
  readonly relocation: CoreRelocation;
  /** What libbpf writes; undefined: nothing, so that the program must not get there. */
  readonly value: number | undefined;
  /** Of use whether or not the instruction is reached. */
  readonly finding: Finding;
}

export interface RelocationContext {
  readonly object: ObjectView;
  readonly host: Host;
  /** How numbers are taken that have relocations of width or sign, by `TYPE ACCESS`. */
  readonly widths: ReadonlyMap<string, Use>;
  /** Results by relocation, since many instructions ask the same. */
  readonly known: Map<string, Omit<Resolution, 'relocation'>>;
}

/** Whether the kernel has a member of one kind, such as a number, a pointer or an array. */
export function isMemberQuestion({ kind }: CoreRelocation): boolean {
  return kind === KIND.fieldExists;
}

export function relocationContext(object: ObjectView, host: Host): RelocationContext {
  const widths = new Map<string, Use>();
  for (const { kind, type, access } of object.functions.flatMap(({ relocations }) => relocations)) {
    const place = `${type} ${access}`;
    if (kind === KIND.signed) widths.set(place, 'open');
    else if (kind === KIND.byteSize && !widths.has(place)) widths.set(place, 'adapts');
  }
  return { object, host, widths, known: new Map() };
}

export function resolveRelocation(
  context: RelocationContext,
  fn: ObjectFunction,
  relocation: CoreRelocation,
): Resolution {
  const use = useOf(context, fn, relocation);
  const key = `${relocation.kind} ${relocation.type} ${relocation.access} ${use}`;
  const known = context.known.get(key) ?? resolve(context, relocation, use);
  context.known.set(key, known);
  const place = context.object.placeOf(fn, relocation.insn);
  return { ...known, finding: { ...known.finding, place }, relocation };
}

function useOf({ widths }: RelocationContext, { code }: ObjectFunction, at: CoreRelocation): Use {
  const known = widths.get(`${at.type} ${at.access}`);
  if (known !== undefined) return known;
  return ((code[at.insn]?.code ?? 0) & 7) === 1 ? 'loads' : 'fixed';
}

type Outcome = Omit<Resolution, 'relocation'>;

function resolve(context: RelocationContext, relocation: CoreRelocation, use: Use): Outcome {
  switch (relocation.kind) {
    case KIND.typeExists:
    case KIND.typeSize:
    case KIND.typeMatches:
    case KIND.targetType:
    case KIND.localType:
      return resolveType(context, relocation);
    case KIND.enumeratorExists:
    case KIND.enumeratorValue:
      return resolveEnumerator(context, relocation);
    default:
      return resolveField(context, relocation, use);
  }
}

/** The kernel's types of the name, or those of the first modules that have it, as libbpf looks for them. */
function findCandidates(
  { object, host }: RelocationContext,
  type: number,
): readonly { readonly btf: Btf; readonly id: number }[] {
  const inside = (btf: Btf) => candidates(object.btf, type, btf).map((id) => ({ btf, id }));
  const own = host.btfs.flatMap(inside);
  if (own.length > 0) return own;
  const { kind, name } = object.btf.type(type);
  const word = WORDS[kind] ?? (kind === BTF_KIND.typedef ? 'typedef' : undefined);
  const wanted = essentialName(name);
  const joined =
    word &&
    host.withModules(({ types }) =>
      word === 'struct' || word === 'union' ? types.struct(word, wanted) : types[word](wanted),
    );
  return joined ? inside(joined) : [];
}

const BRANCH =
  'Behind a parameter, as in `if ($1) { ... }`, or a question, as in `if (field_exists($p.f)) { ... }`, it is not loaded where that is 0.';

function sentence(context: RelocationContext, what: string): string {
  return `This kernel has no ${what}, which the script uses. It was built for Linux ${context.object.kernel.release}.`;
}

function typeName({ object: { btf } }: RelocationContext, type: number): string {
  const { kind, name } = btf.type(type);
  return WORDS[kind] === undefined ? name : `${WORDS[kind]} ${name}`;
}

function resolveType(context: RelocationContext, { type, kind }: CoreRelocation): Outcome {
  const found = findCandidates(context, type);
  const [first] = found;
  const name = typeName(context, type);
  const local = kind === KIND.typeSize ? context.object.btf.sizeOf(type) : 1;
  const value = !first ? 0 : kind === KIND.typeSize ? first.btf.sizeOf(first.id) : 1;
  if (first) {
    const sizes = new Set(found.map(({ btf, id }) => btf.sizeOf(id)));
    if (kind === KIND.typeSize && sizes.size > 1) return ambiguous('type', name, `sizeof(${name})`);
    return value === local
      ? { value, finding: { kind: 'type', name, verdict: 'ok' } }
      : adapted(
          value,
          'type',
          name,
          `${name} has ${value} bytes, where the script's kernel has ${local}.`,
        );
  }
  if (kind === KIND.typeExists || kind === KIND.typeMatches) return guard('type', name);
  return {
    value,
    finding: {
      kind: 'type',
      name,
      verdict: 'missing',
      reason: `This kernel has no ${name}, whose size the script uses. It was built for Linux ${context.object.kernel.release}.`,
    },
  };
}

function guard(kind: FeatureKind, name: string): Outcome {
  const reason = `This kernel has no ${name}: the script asks whether it has, and goes on without.`;
  return { value: 0, finding: { kind, name, verdict: 'left out', reason } };
}

function adapted(value: number, kind: FeatureKind, name: string, reason: string): Outcome {
  return { value, finding: { kind, name, verdict: 'adapted', reason } };
}

function ambiguous(kind: FeatureKind, name: string, what: string): Outcome {
  const reason = `This kernel has several types of that name, which do not agree on ${what}.`;
  // libbpf ends there, whether or not the program gets to the instruction.
  return { value: 0, finding: { kind, name, verdict: 'other layout', reason } };
}

function resolveEnumerator(
  context: RelocationContext,
  { type, access, kind }: CoreRelocation,
): Outcome {
  const { btf } = context.object;
  const local = btf.enumerators(btf.skipModifiers(type))[Number(access)];
  const enumerator = essentialName(local?.[0] ?? '?');
  const name = `${typeName(context, type)}::${enumerator}`;
  const values = findCandidates(context, type).flatMap(({ btf: of, id }) =>
    of
      .enumerators(id)
      .filter(([each]) => essentialName(each) === enumerator)
      .slice(0, 1)
      .map(([, value]) => value),
  );
  const [first] = values;
  if (first === undefined) {
    if (kind === KIND.enumeratorExists) return guard('enumerator', name);
    return {
      value: undefined,
      finding: {
        kind: 'enumerator',
        name,
        verdict: 'missing',
        reason: sentence(context, name),
        hint: BRANCH,
      },
    };
  }
  if (kind === KIND.enumeratorExists)
    return { value: 1, finding: { kind: 'enumerator', name, verdict: 'ok' } };
  if (values.some((value) => value !== first)) return ambiguous('enumerator', name, 'its value');
  return first === local?.[1]
    ? { value: Number(first), finding: { kind: 'enumerator', name, verdict: 'ok' } }
    : adapted(
        Number(first),
        'enumerator',
        name,
        `${enumerator} is ${first}, where the script's kernel has ${local?.[1]}.`,
      );
}

function resolveField(context: RelocationContext, relocation: CoreRelocation, use: Use): Outcome {
  const { btf } = context.object;
  const { type, access, kind } = relocation;
  const local = localLeaf(btf, type, access);
  const root = typeName(context, type);
  const path = describeAccess(btf, type, access);
  const name = `${root}${path.slice(btf.type(type).name.length)}`;
  // A path without steps is the type itself: its size.
  const about: FeatureKind = access === '0' ? 'type' : 'member';
  if (!local)
    return {
      value: undefined,
      finding: {
        kind: 'member',
        name,
        verdict: 'missing',
        reason: 'The object is damaged: the relocation leads nowhere in its own types.',
      },
    };
  const found = findCandidates(context, type).flatMap(({ btf: of, id }) => {
    const leaf = hostLeaf(btf, type, access, of, id);
    return leaf ? [leaf] : [];
  });
  const matching = found.filter((leaf) => relocates(local, leaf));
  // The loader asks this of the members' places alone, in programs that it loads.
  const other = kind === KIND.byteOffset ? firstDifference(local, matching, use) : undefined;
  if (other !== undefined) return otherLayout(context, name, local, type, other);
  if (matching.length === 0) {
    if (kind === KIND.fieldExists) return guard(about, name);
    const value = firstDifference(local, found, 'fixed');
    if (value !== undefined)
      return { ...otherLayout(context, name, local, type, value), value: undefined };
    return {
      value: undefined,
      finding: {
        kind: about,
        name,
        verdict: 'missing',
        reason: sentence(context, name),
        hint: BRANCH,
      },
    };
  }
  const places = new Set(matching.map(({ bitOffset }) => bitOffset));
  const values = matching.map((leaf) => hostValue(kind, leaf));
  const [value] = values;
  if (values.some((each) => each !== value || each === undefined) || places.size > 1)
    return ambiguous(about, name, `where ${local.name || 'it'} is`);
  if (kind === KIND.fieldExists) return { value: 1, finding: { kind: about, name, verdict: 'ok' } };
  const was = coreValue(btf, relocation).value;
  if (value === was) return { value, finding: { kind: about, name, verdict: 'ok' } };
  return {
    value,
    finding: { kind: about, name, verdict: 'adapted', reason: adaptation(kind, value, was) },
  };
}

/** Undefined for a bitfield that no load of eight bytes has as a whole: libbpf ends there. */
function hostValue(kind: number, leaf: Leaf): number | undefined {
  const { bits } = bitfieldOf(leaf.btf, leaf);
  const first = leaf.bitOffset % 8;
  return bits > 0 && first + bits > 64 ? undefined : memberValue(leaf.btf, kind, leaf).value;
}

function adaptation(kind: number, value: number | undefined, was: number | undefined): string {
  switch (kind) {
    case KIND.byteOffset:
      // Structs that only the script describes begin with the member, wherever the kernel has it.
      return was === 0
        ? `It stands ${value} bytes from the start.`
        : `It stands ${value} bytes from the start, where the script's kernel has ${was}.`;
    case KIND.byteSize:
      return `It has ${value} bytes, where the script's kernel has ${was}.`;
    default:
      return "It has other bits than in the script's kernel.";
  }
}

function firstDifference(local: Leaf, found: readonly Leaf[], use: Use): string | undefined {
  for (const leaf of found) {
    const why = valueDiffers(local, leaf, use);
    if (why !== undefined) return why;
  }
  return undefined;
}

function otherLayout(
  { object: { btf } }: RelocationContext,
  name: string,
  local: Leaf,
  type: number,
  why: string,
): Outcome {
  return {
    value: 0,
    finding: {
      kind: 'member',
      name,
      verdict: 'other layout',
      reason: `${local.name || 'A member'} of ${describeType(btf, type)} ${why}.`,
      hint: 'Build the script with --kernel, against a description of this kernel.',
    },
  };
}
