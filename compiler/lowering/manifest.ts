/** The manifest of a unit: what the loader has to know beside the ELF (linker/manifest/manifest.ts). */
import { basename } from 'node:path';
import {
  LOADER_SETTINGS,
  type LoaderConfig,
  type LoaderSettingName,
} from '../../linker/contract/settings.ts';
import { SHARED_VARIABLES } from '../../linker/contract/variables.ts';
import type { LinkInput, UnlinkedManifest } from '../../linker/input.ts';
import type {
  ManifestAssumption,
  ManifestBound,
  ManifestEvent,
  ManifestGlobals,
  ManifestMap,
  ManifestMetric,
  ManifestOption,
  ManifestPlace,
  ManifestProbe,
  ManifestStore,
  ManifestTie,
} from '../../linker/manifest/manifest.ts';
import { MANIFEST_VERSION } from '../../linker/manifest/manifest.ts';
import type {
  Assumption,
  Bound,
  Config,
  TypedExpression,
  TypedProbe,
  TypedProgram,
} from '../analysis/typed.ts';
import type { Range } from '../source/source.ts';
import type { Place } from '../source/sources.ts';
import { layoutOf } from '../types/layout.ts';
import { typeName } from '../types/names.ts';
import { isSizedAtLoad, kernelName } from '../types/type.ts';
import { type Tie, tiesOf } from './architecture.ts';
import type { EventEntry } from './events.ts';
import {
  bucketsSymbol,
  hostValueSymbol,
  intParameterSymbol,
  optionSymbol,
  textParameterSymbol,
} from './globals.ts';
import type { Session } from './kprobe-session.ts';
import { createTypeTable, type TypeTable } from './manifest-types.ts';
import { chunkSize, type MapPlan, nextSymbol } from './map-plans.ts';
import { PAGE_SIZE, ringSize } from './ring.ts';
import type { CopiedStruct, HeldStruct, UnitState } from './state.ts';
import { syscallTable } from './syscalls.ts';
import type { UnitContext } from './unit-state.ts';
import { distanceSymbol } from './user-addresses.ts';
import { usesCall } from './walk.ts';

const PRODUCER = 'bpfscript 0.1.0';

export function createManifest(
  unit: UnitState,
  context: UnitContext,
  sessions: readonly Session[],
): LinkInput['manifest'] {
  return (offsetOf) => {
    const types = createTypeTable(unit.kernel);
    const { config, program } = unit;
    const maps = [...unit.plans.values()];
    const lines = createLines();
    const events = unit.events.entries.map((entry) =>
      describeEvent(unit, { entry, maps, types, lines }, offsetOf),
    );
    const probes = withOthers(program.probes).map((probe) =>
      describeProbe(unit, { probe, lines }, offsetOf),
    );
    return {
      version: MANIFEST_VERSION,
      producer: PRODUCER,
      script: basename(context.sources.main.name),
      kernel: { release: unit.kernel.release, arch: unit.kernel.arch },
      ties: tiesOf(unit, context).map((one) => describeTie(unit, one)),
      config: loaderConfig(config),
      unsafe: usesUnsafe([...program.probes, ...program.functions]),
      params: program.params.map(({ index, as }) => ({
        index,
        as,
        offset: offsetOf(as === 'int' ? intParameterSymbol(index) : textParameterSymbol(index)),
        size: as === 'int' ? 8 : config.maxStrlen,
      })),
      ...(program.bounds.length > 0
        ? { bounds: program.bounds.map((bound) => describeBound(unit, lines, bound)) }
        : {}),
      ...(program.options.length > 0 ? { options: describeOptions(program, offsetOf) } : {}),
      ...(unit.hostValues.length > 0
        ? {
            lookups: unit.hostValues.map(({ range, ...lookup }, index) => ({
              ...lookup,
              ...(range && describeLine(unit, range)),
              offset: offsetOf(hostValueSymbol(index)),
            })),
          }
        : {}),
      ...(program.assumptions.length + unit.copied.size + unit.held.size > 0
        ? {
            assumptions: [
              ...program.assumptions.flatMap((one) => describeAssumption(unit, one)),
              ...heldByCode(unit).flatMap((one) => describeHeld(unit, one)),
              ...[...unit.copied.values()].flatMap((one) => describeCopy(unit, one)),
            ],
          }
        : {}),
      probes,
      sessions: sessions.map(({ symbol, entry, exit }) => ({
        program: symbol,
        entry: program.probes.indexOf(entry),
        exit: program.probes.indexOf(exit),
      })),
      maps: maps.map((plan) =>
        describeMap(plan, types, offsetOf, context.metrics?.get(plan.map.name)),
      ),
      ...(unit.stacks.params.length > 0 ? { stacks: unit.stacks } : {}),
      ...(lines.all.length > 0 ? { lines: lines.all } : {}),
      events,
      formats: [...unit.formats],
      enums: types.enums(),
      globals: describeShared(unit, offsetOf),
      features: [...unit.features].sort(),
    } satisfies UnlinkedManifest;
  };
}

/** What the loader acts on of all settings. */
function loaderConfig(config: Config): LoaderConfig {
  const settings = Object.keys(LOADER_SETTINGS).map((name) => [
    name,
    config[name as LoaderSettingName],
  ]);
  const { perfRbPages } = config;
  return {
    ...(Object.fromEntries(settings) as LoaderConfig),
    perfRbPages: perfRbPages === 0 ? 0 : ringSize(perfRbPages) / PAGE_SIZE,
  };
}

function describeBound(unit: UnitState, lines: Lines, bound: Bound): ManifestBound {
  const { parameter, least, most, expects, range } = bound;
  return {
    param: parameter,
    ...(least === undefined ? {} : { least: Number(least) }),
    ...(most === undefined ? {} : { most: Number(most) }),
    expects,
    place: describeOrigin(unit, lines, range),
  };
}

function describeOptions(
  program: TypedProgram,
  offsetOf: (symbol: string) => number,
): readonly ManifestOption[] {
  return program.options.map(({ name, type, default: value, description }, index) => ({
    name,
    as: value.kind === 'string' ? 'string' : type.kind === 'bool' ? 'bool' : 'int',
    ...(type.kind === 'int' ? { signed: type.signed } : {}),
    default: value.kind === 'string' ? value.value : String(value.value),
    ...(description === undefined ? {} : { description }),
    offset: offsetOf(optionSymbol(index)),
    size: value.kind === 'string' ? layoutOf(type).size : 8,
  }));
}

function describeTie(unit: UnitState, { reason, range }: Tie): ManifestTie {
  return { reason, ...(range && describeLine(unit, range)) };
}

function describeAssumption(
  unit: UnitState,
  { of, value, range }: Assumption,
): readonly ManifestAssumption[] {
  if (of.kind === 'embedded') return describeHeld(unit, { ...of, struct: of.root, range });
  const where = { value: String(value), ...describeLine(unit, range) };
  if (of.kind === 'layout') {
    const { root, path, measured } = of;
    return [
      {
        type: `${root.aggregate} ${kernelName(root)}`,
        ...(path.length > 0 ? { path: path.join('.') } : {}),
        ...(measured ? { measured } : {}),
        ...where,
      },
    ];
  }
  const type = unit.kernel.types.enumerator(of.name)?.type;
  const name = type?.kind === 'enum' ? type.name : '';
  return [{ enumerator: of.name, ...(name === '' ? {} : { enum: name }), ...where }];
}

/** Those that no size or offset in the script has named before. */
function heldByCode({ program, held }: UnitState): readonly HeldStruct[] {
  return [...held.values()].filter(
    ({ struct: { id } }) =>
      !program.assumptions.some(({ of }) => of.kind === 'embedded' && of.root.id === id),
  );
}

/** What stands behind it is where it was when the script was compiled. */
function describeHeld(
  unit: UnitState,
  { struct, within, range }: HeldStruct,
): readonly ManifestAssumption[] {
  const embedded = typeName(within);
  const where = { embedded, value: String(struct.size), ...describeLine(unit, range) };
  if (struct.name !== '') return [{ type: typeName(struct), ...where }];
  // All ways lead to the same struct.
  return unit.kernel.types
    .ways(struct)
    .slice(0, 1)
    .map(({ from, names }) => {
      const path = names.length > 0 ? ({ path: names.join('.'), measured: true } as const) : {};
      return { type: from, ...path, ...where };
    });
}

/** A copy has room for the struct of the described kernel. */
function describeCopy(
  unit: UnitState,
  { struct, range }: CopiedStruct,
): readonly ManifestAssumption[] {
  const where = { value: String(struct.size), ...describeLine(unit, range) };
  if (struct.name !== '')
    return [{ type: `${struct.aggregate} ${struct.name}`, most: true, ...where }];
  return unit.kernel.types.ways(struct).map(({ from, names }) => {
    const path = names.length > 0 ? ({ path: names.join('.'), measured: true } as const) : {};
    return { type: from, ...path, most: true, ...where };
  });
}

/** Behind all probes those that share their programs: numbers of probes are those of programs. */
function withOthers(probes: readonly TypedProbe[]): readonly TypedProbe[] {
  return [
    ...probes,
    ...probes.flatMap((probe) =>
      (probe.others ?? []).map(({ target, range }) => ({ ...probe, target, range })),
    ),
  ];
}

interface DescribedProbe {
  readonly probe: TypedProbe;
  readonly lines: Lines;
}

function describeProbe(
  unit: UnitState,
  { probe, lines }: DescribedProbe,
  offsetOf: (symbol: string) => number,
): ManifestProbe {
  const { target } = probe;
  return {
    program: probe.symbol,
    name: target.alias ?? target.name,
    target: target.target,
    parameters: target.parameterised,
    ...(target.syscalls ? { syscalls: offsetOf(syscallTable(probe.symbol).symbol) } : {}),
    ...(isContextFree(probe) ? { contextFree: true as const } : {}),
    ...usdtArguments(probe),
    ...userAddresses(probe, offsetOf),
    block: probe.block,
    ...describePlace(unit, lines, probe.range),
  };
}

/** The symbols that the program asks the addresses of. */
function userAddresses(
  probe: TypedProbe,
  offsetOf: (symbol: string) => number,
): Pick<ManifestProbe, 'addresses'> {
  const names = new Set<string>();
  someCall([probe], ({ traits }) => {
    if (traits.userSymbol !== undefined) names.add(traits.userSymbol);
    return false;
  });
  if (names.size === 0) return {};
  return {
    addresses: [...names].map((symbol) => ({
      symbol,
      offset: offsetOf(distanceSymbol(probe.symbol, symbol)),
    })),
  };
}

/** Fields of events have programs of their own; stacks begin elsewhere on raw tracepoints. */
function isContextFree(probe: TypedProbe): boolean {
  const { context, wildcard } = probe.target;
  return (
    context === 'tracepoint' &&
    wildcard &&
    !usesCall(probe, ({ type }) => type.kind === 'stack' && type.space === 'kernel')
  );
}

/** `arg2` => 3: the point has to have as many. */
function usdtArguments(probe: TypedProbe): Pick<ManifestProbe, 'arguments' | 'unread'> {
  if (probe.target.provider !== 'usdt') return {};
  let read = 0;
  someCall([probe], ({ traits: { argument } }) => {
    if (argument !== undefined) read |= 1 << argument;
    return false;
  });
  const count = 32 - Math.clz32(read);
  const unread = ((1 << count) - 1) & ~read;
  return count > 0 ? { arguments: count, ...(unread ? { unread } : {}) } : {};
}

function describeMap(
  plan: MapPlan,
  types: TypeTable,
  offsetOf: (symbol: string) => number,
  metric: ManifestMetric | undefined,
): ManifestMap {
  const { map } = plan;
  return {
    name: map.name,
    ...(map.key ? { key: types.describe(map.key) } : {}),
    value: types.describe(map.value),
    ...(map.key && map.declared !== undefined ? { sized: true as const } : {}),
    ...(isSizedAtLoad(map.value) ? { buckets: offsetOf(bucketsSymbol(map.name)) } : {}),
    ...(metric ? { metric } : {}),
    stores: describeStores(plan, types, offsetOf),
    ...(plan.kind === 'hash' && plan.threads !== undefined ? { threads: plan.threads } : {}),
    ...(plan.generations
      ? {
          generation: offsetOf(plan.generations.word),
          next: describeStores(plan, types, offsetOf, true),
        }
      : {}),
  };
}

function describeStores(
  plan: MapPlan,
  types: TypeTable,
  offsetOf: (symbol: string) => number,
  isNext = false,
): readonly ManifestStore[] {
  const symbolOf = (symbol: string): string => (isNext ? nextSymbol(symbol) : symbol);
  switch (plan.kind) {
    case 'global':
      return [
        {
          kind: 'global',
          offset: offsetOf(symbolOf(plan.symbol)),
          valueSize: plan.size,
          present: offsetOf(symbolOf(plan.present)),
        },
      ];
    case 'slot':
      return [
        {
          kind: 'percpu-slot',
          map: plan.symbol,
          valueSize: plan.present + 8,
          present: plan.present,
          ...(isNext ? { first: 1 } : {}),
        },
      ];
    case 'series':
      return [
        {
          kind: 'percpu-slots',
          map: plan.symbol,
          valueSize: chunkSize(plan),
          entries: plan.chunks,
          ...(isNext ? { first: plan.chunks } : {}),
        },
      ];
    case 'hash':
      return plan.stores.map((store) => ({
        kind: plan.perCpu ? 'percpu-hash' : 'hash',
        map: symbolOf(store.symbol),
        keySize: layoutOf(store.keyType).size,
        valueSize: plan.size,
        ...(store.symbol === plan.symbol ? {} : { key: types.describe(store.keyType) }),
      }));
  }
}

/** Source lines, each once. */
interface Lines {
  readonly all: readonly string[];
  index(line: string): number;
}

function createLines(): Lines {
  const all: string[] = [];
  const known = new Map<string, number>();
  return {
    all,
    index(line) {
      const found = known.get(line) ?? all.push(line) - 1;
      known.set(line, found);
      return found;
    },
  };
}

interface DescribedEvent {
  readonly entry: EventEntry;
  readonly maps: readonly MapPlan[];
  readonly types: TypeTable;
  readonly lines: Lines;
}

function describeEvent(
  unit: UnitState,
  { entry, maps, types, lines }: DescribedEvent,
  offsetOf: (symbol: string) => number,
): ManifestEvent {
  const { spec } = entry;
  const map = spec.map === undefined ? -1 : maps.findIndex((plan) => plan.map.name === spec.map);
  return {
    kind: spec.kind,
    size: entry.size,
    fields: entry.fields.map((field) => ({
      offset: field.offset,
      type: types.describe(field.type),
    })),
    ...(spec.format === undefined ? {} : { format: spec.format }),
    ...(map === -1 ? {} : { map }),
    ...(spec.top === undefined ? {} : { top: spec.top }),
    ...(spec.div === undefined ? {} : { div: spec.div }),
    ...(spec.topParam === undefined ? {} : { topParam: spec.topParam }),
    ...(spec.divParam === undefined ? {} : { divParam: spec.divParam }),
    ...(spec.then === undefined ? {} : { then: spec.then }),
    ...(spec.message === undefined ? {} : { message: spec.message }),
    ...(spec.helper === undefined ? {} : { helper: spec.helper }),
    ...(spec.range === undefined ? {} : { place: describeOrigin(unit, lines, spec.range) }),
    ...(entry.control === undefined ? {} : { control: offsetOf(entry.control) }),
  };
}

/** A range over several lines is shown by its first one. */
function describePlace(unit: UnitState, lines: Lines, range: Range): ManifestPlace {
  const place = unit.sources.place(range);
  const { text } = place.source;
  const { line, column } = place.start;
  const lineStart = place.range.start - (column - 1);
  const newline = text.indexOf('\n', lineStart);
  const lineEnd = newline === -1 ? text.length : newline;
  return {
    line,
    column,
    endColumn: Math.min(place.range.end, lineEnd) - lineStart + 1,
    text: lines.index(text.slice(lineStart, lineEnd)),
    ...fileOf(unit, place),
  };
}

/** The place, and the uses of macros that it was expanded from. */
function describeOrigin(unit: UnitState, lines: Lines, range: Range): ManifestPlace {
  const uses = unit.sources.uses(range).map((use) => describePlace(unit, lines, use));
  return { ...describePlace(unit, lines, range), ...(uses.length === 0 ? {} : { uses }) };
}

function describeLine(
  unit: UnitState,
  range: Range,
): { readonly line: number; readonly file?: string } {
  const place = unit.sources.place(range);
  return { line: place.start.line, ...fileOf(unit, place) };
}

/** The name of a file that is not the script itself. */
function fileOf(unit: UnitState, { source }: Place): { readonly file?: string } {
  return source === unit.sources.main ? {} : { file: basename(source.name) };
}

function describeShared(unit: UnitState, offsetOf: (symbol: string) => number): ManifestGlobals {
  const globals: { -readonly [Name in keyof ManifestGlobals]: number } = {};
  for (const name of unit.shared) globals[name] = offsetOf(SHARED_VARIABLES[name].symbol);
  return globals;
}

function usesUnsafe(probes: readonly TypedProbe[]): boolean {
  return someCall(probes, ({ traits }) => traits.unsafe !== undefined);
}

function someCall(
  probes: readonly TypedProbe[],
  test: (call: Extract<TypedExpression, { kind: 'call' }>) => boolean,
): boolean {
  return probes.some((probe) => usesCall(probe, test));
}
