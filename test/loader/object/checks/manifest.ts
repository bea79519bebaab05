/** One damage for each thing that is checked of the manifest, and what is right beside it. */
import type { Manifest } from '../../../../linker/manifest/manifest.ts';
import {
  type At,
  INT64,
  int,
  type Json,
  LARGEST,
  type Many,
  MIB,
  PLACE,
  TAKEN,
  text,
  UINT32_MAX,
  ZEROS,
} from './manifest-parts.ts';
import { clearing, fixups, probes, sessions } from './manifest-programs.ts';
import { metrics, series, types } from './manifest-types.ts';
import { type Case, Patch, SECTION, SYMBOL } from './patch.ts';

/** A copy with another value at `maps.0.name`; undefined: without it. */
function withValue(json: unknown, path: readonly string[], value: unknown): unknown {
  const [name = '', ...rest] = path;
  if (path.length === 0) return value;
  if (Array.isArray(json)) {
    const copy: unknown[] = [...json];
    copy[Number(name)] = withValue(copy[Number(name)], rest, value);
    return copy;
  }
  const record = { ...(json as Record<string, unknown>) };
  return { ...record, [name]: withValue(record[name], rest, value) };
}

/** `good`: an object whose own manifest is `original`. */
export function manifestCases(good: Buffer, original: Manifest): readonly Case[] {
  const cases: Case[] = [];
  const patch = new Patch(good).section('.bss', SECTION.size, ZEROS);
  const insn = clearing(patch.contents('uprobe'));
  const roomy = patch.signed();
  const base: unknown = JSON.parse(JSON.stringify({ ...original, lines: ['line'] }));
  const raw = (about: string, reason: string, json: string | Buffer): void => {
    cases.push({
      about,
      reason,
      object: new Patch(roomy).replace('.bpfscript', Buffer.from(json)).signed(),
    });
  };
  const many = (reason: string, changes: Readonly<Record<string, unknown>>): void => {
    let changed = base;
    for (const [path, value] of Object.entries(changes))
      changed = withValue(changed, path.split('.'), value);
    raw(JSON.stringify(changes).slice(0, 200), reason, JSON.stringify(changed));
  };
  const at = (path: string, value: unknown, reason: string): void =>
    many(reason, { [path]: value });
  const rodata = new Patch(good).at('.rodata', SECTION.size);

  whole(raw, base);
  members(at);
  numbers(at, rodata);
  globals(at, rodata);
  parameters(many, rodata);
  types(at, many);
  stores(at, many);
  generations(many);
  series(many);
  events(at, many);
  probes(at, many);
  fixups(at);
  metrics(many);
  enumerators(at);
  assumptions(many);
  sessions(many, insn);
  sections(good, cases);
  return cases;
}

function whole(raw: (about: string, reason: string, json: string) => void, base: unknown): void {
  raw('the manifest as it is', 'ok', JSON.stringify(base));
  raw('no JSON', 'is not valid JSON: a member without a name at byte 1', '{');
  raw('a list', 'top level: not an object', '[]');
  raw(
    'another version',
    'was made by test 1.0 and has manifest version 2; this bpfload reads version 1',
    JSON.stringify(withValue(base, ['version'], 2)),
  );
}

/** Members that have to be there, and of their kind. */
function members(at: At): void {
  for (const name of [
    ...['version', 'producer', 'script', 'kernel', 'config', 'unsafe', 'params', 'probes'],
    ...['enums', 'maps', 'events', 'formats', 'fixups', 'features', 'globals'],
  ]) {
    at(name, undefined, `'${name}' is missing`);
    at(name, null, `'${name}' is of another kind than it should be`);
  }
  for (const name of ['options', 'lookups', 'assumptions', 'lines', 'ties', 'bounds', 'stacks'])
    at(name, true, `'${name}' is of another kind than it should be`);
  at('kernel.release', undefined, "kernel: 'release' is missing");
  at('kernel.arch', 'a\0', "kernel: 'arch' holds a NUL");
  at('script', '', 'ok');
  at('script', '\0', "top level: 'script' holds a NUL");
  at('features', [1], 'features[0]: not a text');
  at('features', ['ringbuf', 'a\0b'], 'features[1]: not a text');
  at('formats', [{}], 'formats[0]: not a text');
  at('config.missingProbes', 'all', "config: missingProbes 'all' is unknown; a newer bpfload");
  at('config.perfRbPages', 262_144, 'ok');
  at('config.perfRbPages', 524_288, "config: 'perfRbPages' is out of range");
  at('config.perfRbPages', 3, 'config: perfRbPages is not a power of two');
  at('config.perfRbPages', 0, 'ok');
  at('config.maxProbes', UINT32_MAX, 'ok');
  at('config.maxProbes', UINT32_MAX + 1, "config: 'maxProbes' is out of range");
  at('config.maxProbes', -1, "config: 'maxProbes' is out of range");
  at('config.cppDemangle', 1, "config: 'cppDemangle' is of another kind");
  at('params.0.as', 'text', "params[0]: as 'text' is unknown");
  at('options.1.as', 'text', "options[1]: as 'text' is unknown");
  at('options.0.default', undefined, "options[0]: 'default' is missing");
  at('lookups.0.kind', 'x', "lookups[0]: kind 'x' is unknown");
  at('lookups.1.program', undefined, "lookups[1]: 'program' is missing");
  at('events.0.kind', 'x', "events[0]: kind 'x' is unknown");
  at('ties', [{}], "ties[0]: 'reason' is missing");
  at('stacks', { words: 4096, params: [] }, 'ok');
  at('stacks', { words: 4097, params: [] }, "'words' is out of range");
  at('stacks', { words: 8, params: [{ param: 1, words: 4 }] }, 'ok');
  at(
    'stacks',
    { words: 8, params: [{ param: 1, words: 5 }] },
    "params[0]: 'words' is out of range",
  );
  const bound = { param: 1, expects: 'a number', place: PLACE };
  at('bounds', [{ ...bound, least: -1, most: 9 }], 'ok');
  at('bounds', [{ ...bound, place: undefined }], 'bounds[0]: a bound without a place');
  at('bounds', [{ ...bound, place: { ...PLACE, text: 1 } }], 'bounds[0]: a line that is not there');
  at('bounds', [{ ...bound, place: { ...PLACE, uses: [PLACE] } }], 'ok');
  const use = { ...PLACE, text: 1 };
  at('bounds', [{ ...bound, place: { ...PLACE, uses: [use] } }], 'bounds[0]: a line that is not');
  at('bounds', [{ ...bound, place: { ...PLACE, line: UINT32_MAX + 1 } }], "'line' is out of range");
}

/** The greatest numbers, and one more. */
function numbers(at: At, rodata: number): void {
  at('params.0.index', 100_000, 'ok');
  at('params.0.index', 100_001, "params[0]: 'index' is out of range");
  at('params.1.size', LARGEST, 'parameter $2 has no place');
  at('params.1.size', LARGEST + 1, "params[1]: 'size' is out of range");
  for (const [path, most, place] of [
    ['params.0.offset', UINT32_MAX - 1, 'parameter $1 has no place'],
    ['options.0.offset', UINT32_MAX - 1, 'parameter --switch has no place'],
    ['lookups.0.offset', UINT32_MAX - 1, "the answer to 'schedule' has no place"],
    ['maps.0.stores.0.offset', UINT32_MAX - 1, '@calls lies outside .bss'],
    ['maps.0.stores.0.valueSize', LARGEST, 'ok'],
    ['maps.1.stores.0.keySize', LARGEST, 'map AT_seen is another than it says'],
    ['maps.0.buckets', UINT32_MAX - 1, '@calls: its number of buckets has no place'],
    ['events.1.control', UINT32_MAX - 1, 'events[1]: its control word lies outside .bss'],
    ['events.0.size', MIB, 'ok'],
    ['events.0.map', UINT32_MAX - 1, 'events[0]: a map that is not there'],
    ['globals.start', UINT32_MAX - 1, "global 'start' lies outside its section"],
    ['fixups.0.insn', UINT32_MAX, 'fixups[0] is at no instruction'],
    ['fixups.0.tracepoint.size', LARGEST, 'ok'],
    ['probes.0.line', UINT32_MAX, 'ok'],
    ['probes.0.block', UINT32_MAX - 1, 'ok'],
  ] as const) {
    const name = path.slice(path.lastIndexOf('.') + 1);
    at(path, most, place);
    at(path, most + 1, `'${name}' is out of range`);
    at(path, -1, `'${name}' is out of range`);
  }
  at('params.0.offset', rodata - 8, 'ok');
  at('params.0.offset', rodata - 7, 'parameter $1 has no place');
  at('params.1.size', 0, 'parameter $2 has no place');
  at('params.0.size', 4, 'parameter $1 has no place');
  at('params.0.index', 0, 'parameter $0 has no place');
  at('options.0.offset', rodata - 8, 'ok');
  at('options.0.offset', rodata - 7, 'parameter --switch has no place');
  at('options.0.size', 4, 'parameter --switch has no place');
  at('options.1.size', 0, 'parameter --text has no place');
  at('options.0.name', '', 'parameter -- has no place');
  at('lookups.0.offset', rodata - 8, 'ok');
  at('lookups.0.offset', rodata - 7, "the answer to 'schedule' has no place");
}

function globals(at: At, rodata: number): void {
  const last = rodata - (rodata % 8);
  for (const [name, size, align, section] of [
    ['filterPid', 4, 4, rodata - (rodata % 4)],
    ['filterNamespace', 16, 8, last],
    ['pidNamespace', 16, 8, last],
    ['start', 8, 8, last],
    ['wallOffset', 8, 8, last],
    ['taiOffset', 8, 8, last],
    ['cpus', 8, 8, last],
    ['paramCount', 8, 8, last],
    ['childPid', 4, 4, rodata - (rodata % 4)],
    ['sleeping', 8, 8, ZEROS],
  ] as const) {
    const reason = `global '${name}' lies outside its section`;
    at(`globals.${name}`, section - size, 'ok');
    at(`globals.${name}`, section - size + align, reason);
    at(`globals.${name}`, align / 2, reason);
  }
}

/** What depends on parameters, of the script and of the command. */
function parameters(many: Many, rodata: number): void {
  const usdt = { provider: 'usdt', path: '/x', namespace: 'n', name: 'p' };
  many(TAKEN, { 'probes.0.target': usdt, 'probes.0.arguments': 12 });
  many("'arguments' is out of range", { 'probes.0.target': usdt, 'probes.0.arguments': 13 });
  const addresses = (offset: number): Json => [{ symbol: 'f', offset }];
  many(TAKEN, { 'probes.0.target': usdt, 'probes.0.addresses': addresses(rodata - 8) });
  many('probe begin has no place for the address of f', {
    'probes.0.target': usdt,
    'probes.0.addresses': addresses(rodata - 7),
  });
  many("addresses[0]: 'offset' is out of range", {
    'probes.0.target': usdt,
    'probes.0.addresses': addresses(UINT32_MAX),
  });
}

function stores(at: At, many: Many): void {
  at('maps.0.stores', [], '@calls has no store');
  at('maps.0.stores.0.present', ZEROS - 8, 'ok');
  at('maps.0.stores.0.present', ZEROS, '@calls lies outside .bss');
  at('maps.0.stores.0.present', 4, '@calls lies outside .bss');
  at('maps.0.stores.0.offset', ZEROS - 8, 'ok');
  at('maps.0.stores.0.offset', ZEROS - 7, '@calls lies outside .bss');
  at('maps.0.key', INT64, '@calls: a keyed map in a variable');
  at('maps.0.buckets', 0, 'ok');
  at('maps.0.buckets', 4, '@calls: its number of buckets has no place');
  at('maps.0.sized', 1, "'sized' is of another kind");
  at('maps.1.stores.0.map', 'AT_sees', "@seen: there is no map 'AT_sees'");
  at('maps.1.threads', 'AT_sees', "@seen: there is no map 'AT_sees'");
  at('maps.1.stores.0.map', undefined, "'map' is missing");
  at('maps.1.stores.0.kind', 'x', "stores[0]: kind 'x' is unknown");
  at('maps.1.stores.0.keySize', 7, '@seen: a store is smaller than its key');
  // What is deleted of a scalar stands under a key of eight bytes.
  many('ok', { 'maps.1.key': undefined });
  many('@seen: a store is smaller than its key', {
    'maps.1.key': undefined,
    'maps.1.stores.0.keySize': 4,
  });
  many('@seen: a store is smaller than its key', { 'maps.1.stores.0.key': text(9) });
  const slot = { kind: 'percpu-slot', map: 'lost', valueSize: 8, present: 0 };
  at('maps.0.stores.0', slot, 'ok');
  at('maps.1.stores.0', slot, '@seen: a keyed map in a slot');
  at('maps.1.stores.0.kind', 'percpu-hash', 'map AT_seen is another than it says');
  at('maps.0.stores.0', { ...slot, map: 'AT_seen' }, 'map AT_seen is another than it says');
  at('maps.0.next', [slot], "maps[0]: 'generation' is missing");
}

/** Of the other kinds of stores hostile.test.ts has the cases. */
function generations(many: Many): void {
  const store = { kind: 'global', offset: 4096, valueSize: 8, present: 4104 };
  const next = (reason: string, change: object, generation = ZEROS - 8): void =>
    many(reason, {
      'maps.0.stores.0': store,
      'maps.0.generation': generation,
      'maps.0.next': [{ ...store, offset: 4112, present: 4120, ...change }],
    });
  next('ok', {});
  next('@calls: its generation lies outside .bss', {}, ZEROS);
  next('@calls: its generation lies outside .bss', {}, 4);
  next('@calls: its generations differ', { valueSize: 16 });
  const SHARE = '@calls: its generations share a store';
  next(SHARE, { present: 4104 });
  next(SHARE, { offset: 4096 });
  next(SHARE, { offset: 4103 });
  next('ok', { offset: 4104 });
  next(SHARE, { offset: 4089 });
  next('ok', { offset: 4088 });
  many('the generations of a map have different stores', {
    'maps.0.generation': 0,
    'maps.0.next': [],
  });
}

function events(at: At, many: Many): void {
  at('events.0.size', MIB + 1, "events[0]: 'size' is out of range");
  at('events.0.size', 7, 'events[0]: a record without a header');
  many('ok', { 'events.0.size': 8, 'events.0.fields': [] });
  at('events.0.fields.0.offset', 7, 'events[0]: a field lies outside its record');
  at('events.0.fields.0.offset', 9, 'events[0]: a field lies outside its record');
  at('events.0.fields.0.type', { kind: 'count' }, 'events[0]: a type that values cannot have');
  at('events.0.fields.0.bits', [0, 1], 'events[0]: an impossible bit field');
  at('events.0.map', 1, 'ok');
  at('events.0.map', 2, 'events[0]: a map that is not there');
  at('events.0.then', 'x', "events[0]: then 'x' is unknown");
  at('events.1.control', 4, 'events[1]: its control word lies outside .bss');
  at('events.1.control', ZEROS - 8, 'ok');
  at('events.1.control', ZEROS, 'events[1]: its control word lies outside .bss');

  const field = (offset: number, type: Json): Json => ({ offset, type });
  const one = (size: number): Json => [field(8, int(size))];
  const format = { format: 'x' };
  const texts = { kind: 'array', size: 64, count: 2, element: text(32) };
  const packet = [field(8, int(8)), field(16, int(4)), field(20, int(4)), field(24, int(4))];
  /** Kind by kind: what is whole, and what lacks something. */
  for (const [kind, right, ...wrong] of [
    ['printf', format, {}],
    ['system', format, {}],
    ['cat', format, {}],
    ['errorf', format, {}],
    ['warnf', format, {}],
    ['time', format, {}, { ...format, fields: one(8) }],
    ['print-value', { fields: one(8) }, {}, { fields: [field(8, int(8)), field(16, int(8))] }],
    ['print-map', { map: 0 }, {}, { map: 0, fields: one(8) }],
    ['clear', { map: 0 }, {}, { map: 0, fields: one(8) }],
    ['zero', { map: 0 }, {}, { map: 0, fields: one(8) }],
    ['unwatch', { fields: one(8) }, {}, { fields: one(4) }, { fields: [field(8, text(8))] }],
    ['exit', { fields: one(1) }, {}, { fields: one(8) }],
    [
      'join',
      { ...format, fields: [field(8, int(4)), field(16, texts)] },
      { fields: [field(8, int(4)), field(16, texts)] },
      { ...format, fields: [field(8, int(8)), field(16, texts)] },
      { ...format, fields: [field(8, int(4)), field(16, text(64))] },
      { ...format, fields: [field(8, int(4)), field(16, { ...texts, element: int(4) })] },
      { ...format, fields: [field(16, texts)] },
    ],
    ['warning', { message: 'x' }, {}, { message: 'x', helper: 'y' }],
    ['warning', { helper: 'y', fields: one(8) }, { helper: 'y', fields: [field(8, text(8))] }],
    ['process', { fields: one(4) }, {}, { fields: one(8) }],
    [
      'packet',
      { ...format, fields: packet },
      { format: '', fields: packet },
      { fields: packet },
      { ...format, fields: packet.slice(0, 3) },
      ...[0, 1, 2, 3].map((index) => ({
        ...format,
        fields: packet.map((old, place) => (place === index ? { ...old, type: int(2) } : old)),
      })),
    ],
  ] as const) {
    const event = (members: object): Json => ({ kind, size: 100, fields: [], ...members });
    at('events.0', event(right), 'ok');
    for (const lacking of wrong) at('events.0', event(lacking), 'events[0] lacks something');
  }
}

function enumerators(at: At): void {
  const NO_PAIR = 'an enumerator that is not [name, value]';
  for (const one of [[], ['a'], ['a', '1', '2'], [1, '1'], ['a', 1], 'a'])
    at('enums.0.values', [one], NO_PAIR);
  for (const one of [
    ['a', ''],
    ['a\0', '1'],
    ['a', '1\0'],
  ])
    at('enums.0.values', [one], 'an enumerator without name or value');
  at('enums.0.values', [['a', '1x']], 'an enumerator whose value is not a number');
  at('enums.0.values', [['a', '18446744073709551615']], 'ok');
  at('enums.0.name', undefined, "enums[0]: 'name' is missing");
}

function assumptions(many: Many): void {
  const one = { type: 'task_struct', value: '8', line: 1 };
  const assume = (reason: string, change: object): void =>
    many(reason, { assumptions: [{ ...one, ...change }] });
  assume('ok', {});
  assume('ok', { type: undefined, enumerator: 'E' });
  const OF = 'an assumption is of an enumerator or of a type';
  assume(OF, { type: undefined });
  assume(OF, { enumerator: 'E' });
  const NO_NUMBER = 'the value of an assumption is no number';
  for (const value of ['18446744073709551615', '-9223372036854775808']) assume('ok', { value });
  for (const value of ['', 'x', '1x', '18446744073709551616', '-9223372036854775809'])
    assume(NO_NUMBER, { value });
}

/** Programs of kinds that decide for the kernel; events without a ring. */
function sections(good: Buffer, cases: Case[]): void {
  cases.push({
    about: 'no map of events',
    reason: "there are events, but no map 'events'",
    object: new Patch(good).symbol('events', SYMBOL.info, 0x10).signed(),
  });
  const NO_KIND = 'is for programs of a kind that bpfload does not run';
  for (const [name, reason] of [
    ['lsm/file_open', NO_KIND],
    ['raw_tp_x', NO_KIND],
    ['raw', NO_KIND],
    ['raw_tp/x/y', 'ok'],
  ] as const)
    cases.push({
      about: name,
      reason,
      object: new Patch(good)
        .section('.rel.BTF.ext', SECTION.size, 0)
        .rename('.BTF.ext', '.other')
        .rename('raw_tp/flood', name)
        .signed(),
    });
}
