/** `-f json` and `-f json2`: one object a line. Nothing of them is believed but what is looked at. */
import {
  type Amount,
  amountOf,
  type Bucket,
  type Clocks,
  type Findings,
  type Frame,
  type Gathering,
  gather,
  type Member,
  MOST_FRAMES,
  type Occurrence,
  type Point,
  type Problem,
  type Value,
} from './findings.ts';
import { keyOf, nameless } from './frame-text.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function amount(value: Json | undefined): Amount | undefined {
  if (typeof value === 'number' && Number.isInteger(value)) return { value, text: String(value) };
  return typeof value === 'string' ? amountOf(value) : undefined;
}

function bucket(value: Json): Bucket | undefined {
  if (!isObject(value)) return undefined;
  const count = amount(value.count);
  const low = amount(value.min);
  const high = amount(value.max);
  if (!count || count.value < 0) return undefined;
  return {
    ...(low ? { low: low.value } : {}),
    ...(high ? { high: high.value } : {}),
    count: count.value,
  };
}

function point(value: Json): Point | undefined {
  const at = isObject(value) ? textOf(value.interval_start) : undefined;
  const number = isObject(value) ? amount(value.value) : undefined;
  return at !== undefined && number ? { ...number, at } : undefined;
}

/** Whether all were read. */
function all<Item>(items: readonly (Item | undefined)[]): items is readonly Item[] {
  return items.length > 0 && items.every((item) => item !== undefined);
}

/** What can be drawn of a map's value; undefined: nothing. */
function shownValue(value: Json | undefined): Value | undefined {
  if (isList(value)) {
    const buckets = value.map(bucket);
    if (all(buckets)) return { kind: 'buckets', buckets };
    const points = value.map(point);
    return all(points) ? { kind: 'points', points } : undefined;
  }
  const number = amount(isObject(value) ? value.average : value);
  return number && { kind: 'amount', amount: number };
}

function put(
  found: Gathering,
  key: { readonly text: string; readonly frames?: readonly Frame[] },
  value: Value | undefined,
  line: number,
): void {
  if (!value) return;
  if (key.frames && value.kind === 'amount')
    found.stack({ frames: key.frames, count: value.amount.value, line });
  else found.row({ key: key.text, value });
}

/** {"@x": VALUE} or {"@x": {"KEY": VALUE, ...}}. */
function putMap(found: Gathering, type: string, data: Json | undefined, line: number): void {
  const [entry] = isObject(data) ? Object.entries(data) : [];
  if (!entry) return;
  const [name, content] = entry;
  found.begin(name);
  const isStatistics =
    type === 'stats' && isObject(content) && amount(content.average) && 'total' in content;
  if (isObject(content) && !isStatistics)
    for (const [key, value] of Object.entries(content))
      put(found, keyOf(key), shownValue(value), line);
  else put(found, { text: '' }, shownValue(content), line);
}

function typedFrame(value: Json, kernel: boolean): Frame {
  if (!isObject(value)) return nameless(undefined);
  const name = textOf(value.name);
  const module = textOf(value.module);
  if (name === undefined) {
    const known = textOf(value.build_id);
    return known === undefined || module ? nameless(module) : { name: `[${known}]`, kind: 'user' };
  }
  if (value.inlined === true) return { name, kind: 'inlined' };
  if (kernel) return { name, kind: 'kernel' };
  return { name, kind: module === '[jit]' ? 'jit' : 'user' };
}

/** A part of a key in one line. */
function partOf(value: Json): string {
  if (isObject(value)) return textOf(value.name) ?? textOf(value.address) ?? JSON.stringify(value);
  if (typeof value === 'string') return value;
  return isList(value) ? `(${value.map(partOf).join(', ')})` : String(value);
}

function typedKey(types: readonly Json[], key: readonly Json[]): ReturnType<typeof keyOf> {
  const parts: Frame[] = [];
  const user: Frame[] = [];
  const kernel: Frame[] = [];
  let hasStack = false;
  for (const [index, value] of key.entries()) {
    const type = types[index];
    if (isObject(type) && type.kind === 'stack' && isList(value)) {
      hasStack = true;
      const isKernel = type.of === 'kernel';
      const frames = value.map((frame) => typedFrame(frame, isKernel)).reverse();
      (isKernel ? kernel : user).push(...frames);
    } else {
      parts.push({ name: partOf(value), kind: 'part' });
    }
  }
  const text = parts.map(({ name }) => name).join(', ');
  if (!hasStack) return { text };
  const frames = [...parts, ...user, ...kernel];
  return { text, frames: frames.length > 0 ? frames : [{ name: '[no stack]', kind: 'part' }] };
}

function putTyped(found: Gathering, message: JsonObject, line: number): void {
  const name = textOf(message.name);
  if (name === undefined || !isList(message.data)) return;
  const types = isList(message.key_types) ? message.key_types : [];
  found.begin(name, amount(message.boot)?.value);
  for (const row of message.data) {
    if (isObject(row) && isList(row.key))
      put(found, typedKey(types, row.key), shownValue(row.value), line);
  }
}

/** What a record's member is on a timeline; undefined: nothing. */
function memberOf(value: Json): Member | undefined {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  // A number that a double cannot hold.
  if (typeof value === 'string') return /^-?\d{16,20}$/.test(value) ? BigInt(value) : value;
  if (typeof value === 'boolean') return String(value);
  if (isObject(value)) return textOf(value.name) ?? textOf(value.address);
  return undefined;
}

function occurrence(data: Json | undefined, line: number): Occurrence | undefined {
  if (!isObject(data)) return undefined;
  const members = Object.entries(data).flatMap(([name, value]) => {
    const member = memberOf(value);
    return member === undefined ? [] : [[name, member] as const];
  });
  return { members: new Map(members), line };
}

function clocksOf(message: JsonObject): Clocks | undefined {
  const boot = amount(message.boot);
  const wall = /^(.*)\.(\d{9})Z$/.exec(textOf(message.wall) ?? '');
  const seconds = Date.parse(`${wall?.[1]}Z`);
  if (!boot || !wall || Number.isNaN(seconds)) return undefined;
  return {
    boot: BigInt(boot.text),
    wall: BigInt(seconds) * 1_000_000n + BigInt(wall[2] ?? 0),
  };
}

const MAPS: ReadonlySet<string> = new Set(['map', 'stats', 'hist', 'tseries']);

export function readJson(lines: readonly string[]): Findings | Problem {
  const found = gather();
  const occurrences: Occurrence[] = [];
  let script: string | undefined;
  let clocks: Clocks | undefined;
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    if (text.trim() === '') continue;
    const message = parse(text);
    const type = isObject(message) ? textOf(message.type) : undefined;
    if (!isObject(message) || type === undefined)
      return { line, problem: 'it is no object of -f json or -f json2' };
    if (type === 'session') {
      script = textOf(message.script);
      clocks = clocksOf(message);
    } else if (type === 'value') {
      const found = occurrence(message.data, line);
      if (found) occurrences.push(found);
    } else if (type === 'map' && 'key_types' in message) putTyped(found, message, line);
    else if (MAPS.has(type)) putMap(found, type, message.data, line);
  }
  const maps = found.maps();
  for (const { prints } of maps)
    for (const { stacks } of prints)
      for (const { frames, line } of stacks)
        if (frames.length > MOST_FRAMES)
          return { line, problem: `a stack has more than ${MOST_FRAMES} frames` };
  return {
    ...(script === undefined ? {} : { script }),
    ...(clocks ? { clocks } : {}),
    maps,
    occurrences,
  };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
