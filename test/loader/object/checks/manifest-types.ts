/** Types of values, series and metrics in the manifest. */
import {
  type At,
  INT64,
  int,
  type Json,
  LARGEST,
  type Many,
  MIB,
  text,
  tuple,
} from './manifest-parts.ts';

/** As the value of a scalar, which may be of any type. */
export function types(at: At, many: Many): void {
  const value = (type: unknown, reason: string, size = LARGEST): void =>
    many(reason, {
      'maps.0.value': type,
      'maps.0.stores.0.valueSize': size,
      'maps.0.stores.0.offset': 4096,
    });
  value(undefined, 'maps[0]: a type is missing');
  value([], 'maps[0]: a type is missing');
  value({ kind: 'double' }, "maps[0]: kind 'double' is unknown");
  value({ kind: 'void' }, '@calls: a type that values cannot have there');
  for (const size of [1, 2, 4, 8]) value(int(size), 'ok', size);
  for (const size of [0, 3, 5, 6, 7]) value(int(size), `an integer of ${size} bytes`);
  value(int(9), "'size' is out of range");
  value({ kind: 'int', size: 8 }, "'signed' is missing");
  // A store that is exactly as large as its value, and one that is a byte smaller.
  for (const [type, size] of [
    [int(8), 8],
    [{ kind: 'bool' }, 1],
    [{ kind: 'pointer' }, 8],
    [{ kind: 'ksym' }, 8],
    [{ kind: 'probe' }, 8],
    [{ kind: 'count' }, 8],
    [{ kind: 'usym' }, 16],
    [{ kind: 'timestamp' }, 16],
    [{ kind: 'cgroup_path' }, 16],
    [{ kind: 'inet' }, 20],
    [{ kind: 'macaddr' }, 6],
    [{ kind: 'name', of: 'errno' }, 8],
    [text(100), 100],
    [{ kind: 'buffer', size: 100 }, 104],
    [{ kind: 'enum', size: 4, signed: true, enum: 0 }, 4],
    [{ kind: 'array', size: 24, count: 3, element: INT64 }, 24],
    [tuple(24, { offset: 16, type: INT64 }), 24],
    [{ kind: 'stack', space: 'user', mode: 'perf', limit: 127 }, 16],
    [{ kind: 'sum', signed: true }, 8],
    [{ kind: 'min', signed: true }, 16],
    [{ kind: 'max', signed: true }, 16],
    [{ kind: 'avg', signed: true }, 16],
    [{ kind: 'stats', signed: true }, 16],
    // As docs/object-format.md has it: 2 + (2^bits - 1) + (63 - bits) * 2^bits buckets.
    [{ kind: 'hist', bits: 0 }, 8 * (2 + 0 + 63)],
    [{ kind: 'hist', bits: 5 }, 8 * (2 + 31 + 58 * 32)],
    [{ kind: 'hist', bits: 8 }, 8 * (2 + 255 + 55 * 256)],
    [{ kind: 'hist', bits: 0, bitsParam: 1 }, 8 * (2 + 31 + 58 * 32)],
    [{ kind: 'lhist', min: 0, max: 100, step: 10 }, 8 * 12],
    [{ kind: 'lhist', min: 0, max: 105, step: 10 }, 8 * 12],
    [{ kind: 'lhist', min: -5, max: 5, step: 1 }, 8 * 12],
    [{ kind: 'lhist', min: 0, max: 99_998, step: 1 }, 800_000],
    [{ kind: 'lhist', min: 0, max: 0, step: 0, stepParam: 3 }, 8 * 1002],
    [{ kind: 'lhist', min: 0, max: 0, step: 0, minParam: 3 }, 8 * 1002],
    [{ kind: 'lhist', min: 0, max: 0, step: 0, maxParam: 3 }, 8 * 1002],
  ] as const) {
    value(type, 'ok', size);
    value(type, '@calls: a store is smaller than its value', size - 1);
  }
  value(text(LARGEST), 'ok');
  value(text(LARGEST + 1), "'size' is out of range");
  value({ kind: 'buffer', size: LARGEST + 1 }, "'size' is out of range");
  value({ kind: 'enum', size: 4, signed: true, enum: 1 }, 'an enum that is not there');
  value({ kind: 'name', of: 'x' }, "of 'x' is unknown");

  const array = (size: number, count: number, element: unknown): Json => ({
    ...{ kind: 'array', size, count, element },
  });
  value(array(23, 3, INT64), 'an array larger than its size');
  value(array(25, 3, INT64), 'ok');
  value(array(LARGEST, MIB, int(1)), 'ok');
  value(array(LARGEST, MIB + 1, int(1)), "'count' is out of range");
  value(array(LARGEST + 1, 1, int(1)), "'size' is out of range");
  value(array(8, 1, text(0)), 'an array larger than its size');
  value(array(8, 0, text(0)), 'ok');
  value(array(8, 1, undefined), 'a type is missing');
  value(array(8, 1, { kind: 'count' }), '@calls: a type that values cannot have there');

  const OUTSIDE = 'a field lies outside its record';
  value(tuple(24, { offset: 17, type: INT64 }), OUTSIDE);
  value(tuple(LARGEST, { offset: LARGEST - 8, type: INT64 }), 'ok');
  value(tuple(LARGEST, { offset: LARGEST + 1, type: int(1) }), "'offset' is out of range");
  value(tuple(8, { offset: 0, type: { kind: 'sum', signed: true } }), 'cannot have there');
  const record = (size: number, field: Json): Json => ({ kind: 'record', size, fields: [field] });
  const bits = (offset: number, first: unknown, width: unknown, type: unknown = int(8)): Json => ({
    ...{ name: 'x', offset, bits: [first, width], type },
  });
  value(record(8, { offset: 0, type: INT64 }), "a record's field without a name");
  value({ kind: 'record', size: 8, fields: [], within: [1] }, 'within[0]: not a text');
  // Bits take the bytes that they stand in, not those of their type.
  for (const [first, width, size] of [
    [0, 1, 1],
    [0, 8, 1],
    [0, 9, 2],
    [7, 1, 1],
    [7, 2, 2],
    [0, 64, 8],
    [1, 64, 9],
    [63, 64, 16],
  ] as const) {
    value(record(size, bits(0, first, width)), 'ok');
    value(record(size, bits(1, first, width)), OUTSIDE);
  }
  const IMPOSSIBLE = 'an impossible bit field';
  value(record(16, bits(0, 64, 1)), IMPOSSIBLE);
  value(record(16, bits(0, 0, 0)), IMPOSSIBLE);
  value(record(16, bits(0, 0, 65)), IMPOSSIBLE);
  value(record(16, bits(0, 0, 9, int(1))), IMPOSSIBLE);
  value(record(16, bits(0, 0, 8, int(1))), 'ok');
  value(record(16, bits(0, 0, 1, { kind: 'bool' })), 'ok');
  value(record(16, bits(0, 0, 1, { kind: 'pointer' })), IMPOSSIBLE);
  value(record(16, bits(0, 'a', 1)), IMPOSSIBLE);
  value(record(16, bits(0, 0, 'a')), IMPOSSIBLE);
  value(record(16, { name: 'x', offset: 0, bits: [0], type: INT64 }), IMPOSSIBLE);
  value(record(16, { name: 'x', offset: 0, bits: [], type: INT64 }), IMPOSSIBLE);
  value(record(16, { name: 'x', offset: 0, bits: [0, 1, 2], type: INT64 }), IMPOSSIBLE);
  value(tuple(16, bits(0, 0, 1)), IMPOSSIBLE);

  const stack = (limit: number, mode = 'raw'): Json => ({
    ...{ kind: 'stack', space: 'kernel', mode, limit },
  });
  value(stack(1024), 'ok');
  value(stack(1025), "'limit' is out of range");
  value(stack(1, 'x'), "mode 'x' is unknown");
  value({ kind: 'hist', bits: 9 }, "'bits' is out of range");
  const lhist = (min: number, max: number, step: number): Json => ({
    ...{ kind: 'lhist', min, max, step },
  });
  for (const one of [lhist(0, 10, 0), lhist(0, 10, -1), lhist(10, 10, 1), lhist(10, 9, 1)])
    value(one, 'an impossible linear histogram');
  value(lhist(0, 99_999, 1), 'too many buckets');
  value(lhist(0, 10, 2 ** 63), "'step' is out of range");
  at('maps.1.key', { kind: 'count' }, '@seen: a type that values cannot have there');
  at('maps.1.stores.0.key', { kind: 'void' }, '@seen: a type that values cannot have there');
}

export function series(many: Many): void {
  const type = (count: number, aggregation = 'sum', interval = 1): Json => ({
    ...{ kind: 'tseries', signed: true, aggregation, interval, count },
  });
  const global = (reason: string, value: Json, size = LARGEST): void =>
    many(reason, {
      'maps.0.value': value,
      'maps.0.stores.0.valueSize': size,
      'maps.0.stores.0.offset': 4096,
    });
  for (const [aggregation, slot] of [
    ['sum', 16],
    ['min', 16],
    ['max', 16],
    ['avg', 24],
    ['last', 24],
  ] as const) {
    global('ok', type(3, aggregation), 3 * slot);
    global('@calls: a store is smaller than its value', type(3, aggregation), 3 * slot - 1);
  }
  // Of a million intervals there is room for fewer than the number that is allowed.
  global('a store is smaller than its value', type(1_048_577 - 48_577, 'last'));
  global("'count' is out of range", type(1_000_001));
  global('a series without intervals', type(0));
  global('a series without intervals', type(1, 'sum', 0));
  global("aggregation 'x' is unknown", type(1, 'x'));
  const whole = { kind: 'percpu-slots', map: 'lost', valueSize: 16, entries: 3 };
  const slots = (
    reason: string,
    store: object,
    more: Readonly<Record<string, unknown>> = {},
  ): void =>
    many(reason, {
      'maps.0.value': type(3),
      'maps.0.stores.0': { ...whole, ...store },
      ...more,
    });
  const SMALLER = '@calls: its slots are smaller than its value';
  slots('map lost is another than it says', {});
  slots(SMALLER, { entries: 2 });
  slots(SMALLER, { valueSize: 0 });
  slots(SMALLER, { valueSize: 24 });
  slots('@calls: slots of no series', {}, { 'maps.0.value': INT64 });
  slots('@calls: slots of no series', {}, { 'maps.0.key': INT64 });
  many('@calls: slots of no series', { 'maps.0.value': type(3), 'maps.0.stores': [whole, whole] });
}

export function metrics(many: Many): void {
  const metric = { name: 'calls', type: 'counter', labels: [] };
  const scalar = (reason: string, change: object, value: unknown = INT64): void =>
    many(reason, { 'maps.0.metric': { ...metric, ...change }, 'maps.0.value': value });
  const NO_NAME = 'a metric has no name that can be';
  scalar('ok', {});
  scalar('ok', { name: 'a'.repeat(200) });
  scalar(NO_NAME, { name: 'a'.repeat(201) });
  scalar('ok', { name: ':A_9' });
  for (const name of ['', '9a', 'a-b', 'ä']) scalar(NO_NAME, { name });
  scalar('ok', { unit: 'seconds' });
  for (const unit of ['', '9', 'a:b', '__a', 'le', 'quantile']) scalar(NO_NAME, { unit });
  scalar('ok', { help: 'x'.repeat(1000) });
  scalar('the help of a metric is too long', { help: 'x'.repeat(1001) });
  scalar('ok', { factor: 2 ** 40 });
  scalar("'factor' is out of range", { factor: 2 ** 40 + 1 });
  scalar('a metric is of another type than its values', { factor: 0 });
  scalar('ok', { decimals: 18, least: -1, most: 1 });
  scalar("'decimals' is out of range", { decimals: 19 });
  scalar("type 'total' is unknown", { type: 'total' });
  const OTHER = 'a metric is of another type than its values';
  const large = { 'maps.0.stores.0.valueSize': 4096, 'maps.0.stores.0.offset': 4096 };
  for (const [type, ...fitting] of [
    [INT64, 'counter', 'gauge'],
    [{ kind: 'count' }, 'counter', 'gauge'],
    [{ kind: 'sum', signed: true }, 'counter', 'gauge'],
    [{ kind: 'min', signed: true }, 'gauge'],
    [{ kind: 'max', signed: true }, 'gauge'],
    [{ kind: 'avg', signed: true }, 'gauge', 'summary'],
    [{ kind: 'stats', signed: true }, 'gauge', 'summary'],
    [{ kind: 'hist', bits: 0 }, 'histogram'],
    [{ kind: 'lhist', min: 0, max: 9, step: 1 }, 'histogram'],
    [text(8)],
  ] as const)
    for (const kind of ['counter', 'gauge', 'summary', 'histogram'] as const)
      many(fitting.some((one) => one === kind) ? 'ok' : OTHER, {
        'maps.0.metric': { ...metric, type: kind },
        'maps.0.value': type,
        ...large,
      });
  const keyed = (reason: string, ...labels: readonly string[]): void =>
    many(reason, { 'maps.1.metric': { ...metric, labels } });
  const LABELS = 'the labels of a metric are not the parts of its key';
  keyed('ok', 'key');
  keyed(LABELS);
  keyed(LABELS, 'key', 'other');
  scalar(LABELS, { labels: ['key'] });
  for (const label of ['', '9', 'a:b', '__a', 'le', 'quantile'])
    keyed('the label of a metric has no name that can be', label);
  const ofCgroup = (reason: string, cgroup: number, label: string, key: unknown = INT64): void =>
    many(reason, { 'maps.1.metric': { ...metric, labels: [label], cgroup }, 'maps.1.key': key });
  ofCgroup('ok', 0, 'key');
  ofCgroup('the cgroup of a metric is no such part of its key', 1, 'key');
  ofCgroup('the cgroup of a metric is no such part of its key', 0, 'key', int(4));
  ofCgroup("'cgroup' is out of range", 65, 'key');
  for (const label of ['container', 'container_id', 'pod', 'pod_uid', 'namespace', 'unit'])
    ofCgroup('a label of a metric is there twice', 0, label);
  const parts = (count: number, same: boolean): Record<string, unknown> => ({
    'maps.1.key': tuple(
      8 * count,
      ...Array.from({ length: count }, (_unused, index) => ({ offset: 8 * index, type: INT64 })),
    ),
    'maps.1.stores.0.keySize': 8 * count,
    'maps.1.metric': {
      ...metric,
      labels: Array.from({ length: count }, (_unused, index) => (same ? 'a' : `a${index}`)),
    },
  });
  many('a label of a metric is there twice', parts(2, true));
  many(LABELS, parts(65, false));
  // What fits is taken so far that the object's own map turns out to have other keys.
  many('map AT_seen is another than it says', parts(64, false));
}
