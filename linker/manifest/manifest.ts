/**
 * The manifest: what the loader needs to know of an object beyond what ELF and BTF say. It stands as JSON
 * in the section `.bpfscript`. docs/object-format.md explains it; docs/manifest.schema.json is made of what
 * stands here (schema.ts). Names that the loader knows too come from the tables of linker/contract.
 *
 * All offsets and sizes are bytes. Indexes are into the arrays of this same document.
 */
import { EVENT_KINDS, type EventKindName } from '../contract/events.ts';
import { FEATURES, type FeatureName } from '../contract/features.ts';
import { LOOKUPS, type LookupKind } from '../contract/lookups.ts';
import type { PROVIDERS } from '../contract/providers.ts';
import type { LoaderConfig } from '../contract/settings.ts';
import {
  bytes,
  choice,
  flag,
  list,
  mark,
  number,
  optional,
  pair,
  type RecordValue,
  record,
  reference,
  type TaggedValue,
  text,
  whole,
} from '../contract/shape.ts';
import type { STORES } from '../contract/stores.ts';
import type { TYPES } from '../contract/types.ts';
import type { SharedVariableName } from '../contract/variables.ts';

/** Raised when a loader of the previous version would misread the manifest. */
export const MANIFEST_VERSION = 1;

/** The document, in the order in which its members are written. `version` says whether to read on. */
export const MANIFEST = {
  version: choice([MANIFEST_VERSION]),
  producer: text('The tool that wrote it, such as `bpfscript 0.1.0`: for people, never parsed.'),
  script: text('Base name of the script, `stdin` for -e; used in run-time messages.'),
  kernel: record(
    { release: text(), arch: text() },
    'The kernel description that the script was compiled with.',
  ),
  ties: optional(
    list(
      reference('tie'),
      'What the programs have of the architecture of `kernel` alone. Empty: they run on the others, too; absent: that is not known.',
    ),
  ),
  config: reference('config'),
  unsafe: flag('The script uses functions that change the system: loaded with --unsafe only.'),
  params: list(reference('param')),
  bounds: optional(
    list(
      reference('bound'),
      'What positional parameters have to be where a literal could stand; absent where there are none.',
    ),
  ),
  options: optional(list(reference('option'), 'Named parameters; absent where there are none.')),
  lookups: optional(list(reference('lookup'), 'Absent where nothing is asked of the host.')),
  assumptions: optional(
    list(
      reference('assumption'),
      'Numbers of the kernel that the script was compiled with: a loader refuses the object where they are others.',
    ),
  ),
  probes: list(reference('probe')),
  sessions: optional(
    list(
      reference('session'),
      'Programs that stand for a kprobe and a kretprobe of the same functions.',
    ),
  ),
  maps: list(reference('map')),
  /** How large the values of the map `stacks` are; absent where no parameter decides it. */
  stacks: optional(
    record({
      words: whole('64-bit words, at least.'),
      params: list(
        record({
          param: number(1, undefined, 'The positional parameter that says how many frames.'),
          words: whole('Of each of them.'),
        }),
      ),
    }),
  ),
  lines: optional(
    list(
      text(),
      'Source lines that places of events are in, each once; absent where there are none.',
    ),
  ),
  events: list(reference('event')),
  formats: list(bytes(), 'strftime formats, by the index in timestamp values.'),
  enums: list(
    record({
      name: text(),
      values: list(pair(text(), text(undefined, '^-?[0-9]+$'))),
      kernel: optional(
        mark(
          "It is the kernel's own: `values` are of the kernel description, and what is printed is what the host's BTF says.",
        ),
      ),
    }),
    'Enums that are printed by name.',
  ),
  fixups: list(reference('fixup')),
  globals: reference('globals'),
  features: list(
    choice(Object.keys(FEATURES) as FeatureName[]),
    'Kernel features that the programs need.',
  ),
};

const PARAM = {
  index: number(1, undefined, 'From 1.'),
  as: choice(['int', 'string']),
  offset: whole('Where its value stands in `.rodata`.'),
  size: number(1, undefined, '8 for ints; capacity with NUL for strings.'),
};

const BOUND = {
  param: number(1, undefined, 'Index of the parameter.'),
  least: optional(number()),
  most: optional(number()),
  expects: text('A clause that says it: `print() expects an integer of at least 0 as top`.'),
  place: reference('place'),
};

const OPTION = {
  name: text(undefined, '.'),
  as: choice(['bool', 'int', 'string']),
  signed: optional(flag('ints: whether negative values are allowed.')),
  default: bytes(
    'As text: a decimal number (0 or 1 for bools), or bytes. It stands in `.rodata`, too.',
  ),
  description: optional(bytes()),
  offset: whole('Where its value stands in `.rodata`.'),
  size: whole('8 for ints and bools; capacity with NUL for strings.'),
};

const LOOKUP = {
  kind: choice(
    Object.keys(LOOKUPS) as LookupKind[],
    Object.entries(LOOKUPS)
      .map(([kind, answer]) => `${kind}: ${answer}`)
      .join('; '),
  ),
  name: text(),
  param: optional(
    number(1, undefined, 'kernel-symbol: the positional parameter that is the name.'),
  ),
  program: optional(text('kfunc: the program that would call it.')),
  enum: optional(text('enumerator: the name of its enum; absent for enums without a name.')),
  line: optional(whole('enumerator, kernel-symbol: where the script has it.')),
  file: optional(text('Name of the imported file that the line is of; without it, the script.')),
  offset: whole('Where its value stands in `.rodata`.'),
};

const ASSUMPTION = {
  enumerator: optional(text('Name of an enumerator.')),
  enum: optional(text('The name of its enum; absent for enums without a name.')),
  type: optional(
    text(
      '`struct NAME`, `union NAME` or a typedef: its size in bytes, or with `path` the place of a member.',
    ),
  ),
  path: optional(
    text(
      'Names of members, `0` for an element of an array, with dots between them: in bytes from the start.',
    ),
  ),
  measured: optional(flag('It is the size of what `path` leads to.')),
  most: optional(
    flag('The kernel may also have less, or no such type: what is copied has room for so much.'),
  ),
  embedded: optional(text("`struct NAME`: the script's own struct that holds the type.")),
  value: text('What the script was compiled with, a decimal number.'),
  line: whole('Where the script has it.'),
  file: optional(text('Name of the imported file that the line is of; without it, the script.')),
};

const TIE = {
  reason: text('A clause: `arg2 is in a register of x86_64`.'),
  line: optional(whole('Where the script has it; absent for what came with the command line.')),
  file: optional(text('Name of the imported file that the line is of; without it, the script.')),
};

const PROBE = {
  program: text("Name of the program's symbol."),
  name: text('What `probe` prints. With an alias, that.'),
  target: reference('target'),
  parameters: flag('Some field of the target holds `$N`.'),
  /** By number of system call, as long as the section says sys_enter or sys_exit. */
  syscalls: optional(
    whole(
      "The program stands for all events sys_enter_* (or sys_exit_*) that the target's pattern matches. Offset in .rodata of u16[1024], by system call number: 1 + the index of the event's name in the loader's table of names, 0 for system calls that do not match.",
    ),
  ),
  contextFree: optional(
    mark(
      'tracepoint, by pattern: the program reads nothing of its context and takes no kernel stacks, so the loader may attach it to raw tracepoints.',
    ),
  ),
  arguments: optional(
    number(1, 12, 'usdt: so many arguments the program reads; points with fewer are refused.'),
  ),
  unread: optional(
    number(1, 4095, 'usdt: a bit for each of these arguments that the program passes over.'),
  ),
  addresses: optional(
    list(
      record({ symbol: text(), offset: whole() }),
      "uprobe, uretprobe, usdt: symbols of the program's file, and where in .rodata the i64 stands that says how many bytes each lies behind the place that the probe is attached to.",
    ),
  ),
  block: optional(
    whole(
      'Number of the block in the script: a wildcard that matches nothing is an error only if no attach point of its block has a match. Without it each probe is a block of its own.',
    ),
  ),
  line: whole('Of the attach point, for messages.'),
  column: optional(whole('Where the attach point begins in it, from 1.')),
  endColumn: optional(whole('The first column behind it.')),
  text: optional(whole('Index in `lines`.')),
  file: optional(text('Name of the imported file that the line is of; without it, the script.')),
};

/**
 * The loader may take the program instead of the two. Names behind attach cookies are pairs then: that of the entry,
 * and behind it that of the return.
 */
const SESSION = {
  program: text(),
  entry: whole('Index of a probe.'),
  exit: whole('Index of a probe.'),
  insn: whole('The instruction r0 = 0 that is to be a call of bpf_session_is_return.'),
};

/**
 * A keyed map is one or more kernel hash maps, which partition the keys; a scalar is one slot of an array or a
 * variable in `.bss`.
 */
const MAP = {
  name: text('With its @.', '^@'),
  key: optional(reference('type', 'Absent for scalars.')),
  value: reference('type'),
  buckets: optional(
    whole('Offset in .rodata of a u64: how many buckets a value has. Parameters decide it.'),
  ),
  sized: optional(
    mark(
      "The script declares how many keys it has: BPFTRACE_MAX_MAP_KEYS of the loader's environment does not apply.",
    ),
  ),
  metric: optional(
    reference('metric', 'What it is as a metric. Absent: the script says nothing of it.'),
  ),
  stores: list(reference('store'), undefined, 1),
  generation: optional(
    whole(
      'Offset of a u64 in .bss: 0 while programs use `stores`, 1 while they use `next`. Of maps that are emptied while programs run.',
    ),
  ),
  next: optional(list(reference('store'), 'As `stores`, one for one: the second generation.')),
  threads: optional(
    text(
      'The kernel map that keeps its values with threads (BPF_MAP_TYPE_TASK_STORAGE) where `threadValues` says so; its store has what does not fit there.',
    ),
  ),
};

/** A map as metrics systems see it: docs/fleet.md. A number of the map is `factor` / 10^`decimals` base units. */
const METRIC = {
  name: text('Of the family: without the `_total` of counters.', '^[a-zA-Z_:][a-zA-Z0-9_:]*$'),
  type: choice(
    ['counter', 'gauge', 'summary', 'histogram'],
    'int, count and sum: counter or gauge; min, max: gauge; avg, stats: summary or gauge; hist, lhist: histogram.',
  ),
  help: optional(text()),
  unit: optional(text('With which the name ends: `seconds`.', '^[a-z]+$')),
  factor: optional(number(1, 1_099_511_627_776)),
  decimals: optional(number(0, 18)),
  least: optional(number(undefined, undefined, 'histogram: the least bound that is shown.')),
  most: optional(number(undefined, undefined, 'histogram: the greatest.')),
  labels: list(
    text(undefined, '^[a-zA-Z_][a-zA-Z0-9_]*$'),
    'One for each part of the key: fields of a tuple or record, or the whole.',
  ),
  cgroup: optional(
    whole(
      "Which part of the key is the id of a cgroup: the loader shows the cgroup's path, and names what runs in it.",
    ),
  ),
};

const FIELD = { offset: whole(), type: reference('type') };

/**
 * A record in the ring buffer starts with {u32 event index, u32 CPU}, then the fields at their offsets. `size` is the
 * whole record's.
 */
const EVENT = {
  kind: choice(Object.keys(EVENT_KINDS) as EventKindName[]),
  size: number(8),
  fields: list(reference('field')),
  format: optional(bytes(`Of these kinds: ${formats()}.`)),
  map: optional(whole(`Index into maps. Of these kinds: ${kindsWith('map')}.`)),
  top: optional(whole('print-map; a literal of the script.')),
  div: optional(whole('print-map; a literal of the script.')),
  topParam: optional(number(1, undefined, 'print-map: the positional parameter that is `top`.')),
  divParam: optional(number(1, undefined, 'print-map: the positional parameter that is `div`.')),
  then: optional(
    choice(
      ['clear', 'zero'],
      'print-map: the elements that are printed are removed, or set to zero, as they are read.',
    ),
  ),
  message: optional(text('warning: what to say.')),
  helper: optional(text('warning of a failed helper: its name; the return code is field 0.')),
  place: optional(reference('place', 'In the script.')),
  control: optional(
    whole(
      `Offset in .bss of the u64 that says that this event was lost: 1 + the code (exit), or how many there were (${kindsWith('control')}).`,
    ),
  ),
};

function kindsWith(trait: 'map' | 'control'): string {
  return Object.entries(EVENT_KINDS)
    .filter(([, kind]) => trait in kind)
    .map(([name]) => name)
    .join(', ');
}

function formats(): string {
  return Object.entries(EVENT_KINDS)
    .flatMap(([name, kind]) => ('format' in kind ? [`${name} (${kind.format})`] : []))
    .join(', ');
}

/** One line; from `column` to before `endColumn` it is marked. Both count from 1. */
const PLACE = {
  line: number(1),
  column: number(1),
  endColumn: number(1),
  text: whole('Index into lines.'),
  file: optional(text('Name of the imported file that the line is of; without it, the script.')),
  uses: optional(
    list(reference('place'), 'Where the macro that the line is of was used, innermost first.'),
  ),
};

/**
 * A place in a program that the loader adapts to the host where libbpf's CO-RE cannot: where a value stands in the
 * context, and how many bytes of it are the host's. It has `tracepoint` or `argument`.
 */
const FIXUP = {
  program: text(),
  insn: whole("In instructions from the program's first; an ld_imm64 counts as two."),
  site: choice(
    ['offset', 'immediate', 'shift'],
    'The offset of a load, whose width is adapted too; a 32-bit immediate; the bits that a shift to the left, or back to the right, moves.',
  ),
  value: number(undefined, undefined, 'What stands there now.'),
  tracepoint: optional(reference('tracepointField')),
  argument: optional(
    record(
      {
        type: whole("Id in the object's BTF; 0: void."),
        name: optional(text('Of the parameter; absent for what fexit finds that was returned.')),
      },
      'From the prototype of the event or function that the program is for.',
    ),
  ),
};

const TRACEPOINT_FIELD = {
  category: text(),
  event: text(),
  field: text(),
  size: whole(),
  form: choice(
    ['unsigned', 'signed', 'array', 'dynamic'],
    'A number of `size` bytes, which may have fewer on the host; an array, which may have grown; offset and length of one (`__data_loc`).',
  ),
  text: optional(
    choice(
      ['value', 'form'],
      'The field is text, in either form of an array: the number of `form` is 1 where the host has it as `dynamic`, else 0.',
    ),
  ),
  base: optional(
    flag(
      'The number is what is added to the offset in a `dynamic` field: 0 for `__data_loc`, for `__rel_loc` where the field ends.',
    ),
  ),
  of: optional(
    text(
      'What the array holds, or the struct that the pointer leads to, as C: the same on the host.',
    ),
  ),
};

/** Parts of the document that have names of their own in the schema, but for those whose members a table gives. */
export const PARTS = {
  param: PARAM,
  bound: BOUND,
  option: OPTION,
  lookup: LOOKUP,
  assumption: ASSUMPTION,
  tie: TIE,
  probe: PROBE,
  session: SESSION,
  map: MAP,
  metric: METRIC,
  field: FIELD,
  event: EVENT,
  place: PLACE,
  fixup: FIXUP,
  tracepointField: TRACEPOINT_FIELD,
} as const;

/** What references stand for. */
interface Names {
  readonly config: ManifestConfig;
  readonly param: ManifestParam;
  readonly bound: ManifestBound;
  readonly option: ManifestOption;
  readonly lookup: ManifestLookup;
  readonly assumption: ManifestAssumption;
  readonly tie: ManifestTie;
  readonly probe: ManifestProbe;
  readonly target: ManifestTarget;
  readonly session: ManifestSession;
  readonly map: ManifestMap;
  readonly metric: ManifestMetric;
  readonly store: ManifestStore;
  readonly type: ManifestType;
  readonly field: ManifestField;
  readonly event: ManifestEvent;
  readonly place: ManifestPlace;
  readonly fixup: ManifestFixup;
  readonly tracepointField: ManifestTracepointField;
  readonly globals: ManifestGlobals;
}

type Part<Name extends keyof typeof PARTS> = RecordValue<(typeof PARTS)[Name], Names>;

export type Manifest = RecordValue<typeof MANIFEST, Names>;
export type ManifestConfig = LoaderConfig;
/** Positional parameters, set at load: `int` is an i64 in .rodata, `string` a char array there. */
export type ManifestParam = Part<'param'>;
export type ManifestBound = Part<'bound'>;
export type ManifestStacks = NonNullable<Manifest['stacks']>;
/** A named parameter (`--name=value` behind the object), set at load. */
export type ManifestOption = Part<'option'>;
/** What the loader finds out about its host before it loads the programs: a u64 in `.rodata`. */
export type ManifestLookup = Part<'lookup'>;
/** What the kernel that runs the script has to have as the kernel description has it. */
export type ManifestAssumption = Part<'assumption'>;
/** What a program has of one architecture alone. */
export type ManifestTie = Part<'tie'>;
/** One loaded program and where it attaches. */
export type ManifestProbe = Part<'probe'>;
export type ManifestTarget = TaggedValue<'provider', typeof PROVIDERS, Names>;
/** A program that stands for a kprobe and a kretprobe of the same functions, attached as kprobe.session. */
export type ManifestSession = Part<'session'>;
/** A script's map. */
export type ManifestMap = Part<'map'>;
export type ManifestMetric = Part<'metric'>;
export type ManifestStore = TaggedValue<'kind', typeof STORES, Names>;
/** How a value is laid out in memory and printed. */
export type ManifestType = TaggedValue<'kind', typeof TYPES, Names>;
export type ManifestField = Part<'field'>;
export type ManifestEvent = Part<'event'>;
export type ManifestEventKind = EventKindName;
/** One line of the script, or of `file`. */
export type ManifestPlace = Part<'place'>;
export type ManifestFixup = Part<'fixup'>;
/** A field as the kernel description has it. */
export type ManifestTracepointField = Part<'tracepointField'>;
/** Offsets of the variables through which loader and programs talk; absent when no program uses them. */
export type ManifestGlobals = { readonly [Name in SharedVariableName]?: number };
