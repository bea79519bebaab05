/**
 * What records say as a timeline: slices by thread, which nest and never end before they begin, instants, counters, and
 * flows from slice to slice. All times are nanoseconds of the boot clock, as `nsecs`.
 */
import type { Findings, FoundMap, Member, Occurrence, Problem } from '../findings.ts';

export interface Thread {
  readonly pid: number;
  readonly tid: number;
  readonly name?: string;
}

export interface Slice {
  /** Index into `threads`. */
  readonly thread: number;
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  /** How many slices of the thread are around it. */
  readonly depth: number;
  /** Members that have no meaning of their own. */
  readonly details: ReadonlyMap<string, Member>;
  /** Index into `flows`. */
  readonly flow?: number;
}

export interface Instant {
  readonly thread: number;
  readonly name: string;
  readonly at: bigint;
  readonly details: ReadonlyMap<string, Member>;
}

export interface Counter {
  readonly name: string;
  readonly points: readonly { readonly at: bigint; readonly value: bigint }[];
}

export interface Timeline {
  readonly threads: readonly Thread[];
  /** Those of a thread by their starts, the outer ones first. */
  readonly slices: readonly Slice[];
  readonly instants: readonly Instant[];
  readonly counters: readonly Counter[];
  /** Keys that two slices or more have. */
  readonly flows: readonly string[];
  readonly clocks?: Findings['clocks'];
  /** Ends without a beginning, which are left out. */
  readonly endless: number;
  /** Beginnings without an end: they end with what is around them, or with the last event. */
  readonly open: number;
}

export const MOST_OCCURRENCES = 2_000_000;

type Phase = 'B' | 'E' | 'i' | 'C';

interface Event {
  readonly at: bigint;
  readonly phase: Phase;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly comm?: string;
  readonly value?: bigint;
  readonly flow?: string;
  readonly details: ReadonlyMap<string, Member>;
}

/** Names of built-ins cannot be those of members. */
const MEANT: ReadonlySet<string> = new Set([
  ...['ts', 'ph', 'name', 'point', 'process', 'thread', 'task', 'value', 'flow'],
]);

/** Probes that begin or end something, and what. */
const ENDS: readonly (readonly [RegExp, Phase])[] = [
  [/^tracepoint:syscalls:sys_enter_(.+)$/, 'B'],
  [/^tracepoint:syscalls:sys_exit_(.+)$/, 'E'],
  [/^(?:kretprobe|kr|uretprobe|ur|fexit|kretfunc):(?:.*:)?([^:]+)$/, 'E'],
  [/^(?:kprobe|k|uprobe|u|fentry|kfunc):(?:.*:)?([^:]+)$/, 'B'],
  [/^usdt:.*:([^:]+?)_{1,2}(?:entry|begin|start)$/, 'B'],
  [/^usdt:.*:([^:]+?)_{1,2}(?:return|end|done)$/, 'E'],
];

function ofProbe(probe: string): { readonly phase: Phase; readonly name: string } {
  for (const [pattern, phase] of ENDS) {
    const name = pattern.exec(probe)?.[1];
    if (name !== undefined) return { phase, name };
  }
  return { phase: 'i', name: probe };
}

const PHASES: ReadonlySet<string> = new Set(['B', 'E', 'i', 'C']);

function isPhase(text: string): text is Phase {
  return PHASES.has(text);
}

function eventOf({ members, line }: Occurrence): Event | Problem | undefined {
  const at = members.get('ts');
  if (at === undefined) return undefined;
  if (typeof at !== 'bigint' || at < 0n || at >= 1n << 63n)
    return { line, problem: '`ts` is no time in nanoseconds: print `ts = nsecs`' };
  const text = (name: string): string | undefined => {
    const member = members.get(name);
    return member === undefined ? undefined : String(member);
  };
  const id = (name: string): number | Problem => {
    const member = members.get(name) ?? 0n;
    if (typeof member === 'bigint' && member >= 0n && member < 1n << 31n) return Number(member);
    return { line, problem: `\`${name}\` is no id of a process or thread` };
  };
  const phase = text('ph');
  if (phase !== undefined && !isPhase(phase))
    return { line, problem: '`ph` is none of B (begin), E (end), i (instant) and C (counter)' };
  const probe = ofProbe(text('point') ?? '');
  const tid = id('thread');
  const pid = members.has('process') ? id('process') : tid;
  if (typeof tid !== 'number') return tid;
  if (typeof pid !== 'number') return pid;
  const value = members.get('value');
  const kind = phase ?? probe.phase;
  if (kind === 'C' && (typeof value !== 'bigint' || value < -(1n << 63n) || value >= 1n << 63n))
    return { line, problem: 'a counter has no `value`, or one of more than 63 bits' };
  const comm = text('task');
  const flow = text('flow');
  const details = [...members].filter(
    ([name]) => !MEANT.has(name) || (name === 'value' && kind !== 'C'),
  );
  return {
    at,
    phase: kind,
    name: text('name') ?? (probe.name === '' ? '[unnamed]' : probe.name),
    pid,
    tid: members.has('thread') ? tid : pid,
    ...(comm === undefined ? {} : { comm }),
    ...(typeof value === 'bigint' ? { value } : {}),
    ...(flow === undefined ? {} : { flow }),
    details: new Map(details),
  };
}

interface Open {
  readonly event: Event;
  readonly index: number;
}

interface Growing {
  readonly threads: Thread[];
  readonly byId: Map<string, number>;
  readonly stacks: Open[][];
  readonly slices: (Slice | undefined)[];
  readonly flowOf: (string | undefined)[];
  readonly instants: Instant[];
  readonly counters: Map<string, { at: bigint; value: bigint }[]>;
  endless: number;
  open: number;
}

function threadOf(growing: Growing, { pid, tid, comm }: Event): number {
  const key = `${pid} ${tid}`;
  const known = growing.byId.get(key);
  if (known !== undefined) {
    const thread = growing.threads[known];
    if (comm !== undefined && thread && thread.name === undefined)
      growing.threads[known] = { ...thread, name: comm };
    return known;
  }
  growing.byId.set(key, growing.threads.length);
  growing.threads.push({ pid, tid, ...(comm === undefined ? {} : { name: comm }) });
  growing.stacks.push([]);
  return growing.threads.length - 1;
}

function close(growing: Growing, thread: number, end: bigint, details?: Event['details']): void {
  const stack = growing.stacks[thread] ?? [];
  const top = stack.pop();
  if (!top) return;
  const { event, index } = top;
  growing.slices[index] = {
    thread,
    name: event.name,
    start: event.at,
    end,
    depth: stack.length,
    details: new Map([...event.details, ...(details ?? [])]),
  };
}

function take(growing: Growing, event: Event): void {
  if (event.phase === 'C') {
    const points = growing.counters.get(event.name) ?? [];
    growing.counters.set(event.name, points);
    points.push({ at: event.at, value: event.value ?? 0n });
    return;
  }
  const thread = threadOf(growing, event);
  const stack = growing.stacks[thread] ?? [];
  if (event.phase === 'i') {
    growing.instants.push({ thread, name: event.name, at: event.at, details: event.details });
  } else if (event.phase === 'B') {
    stack.push({ event, index: growing.slices.length });
    growing.slices.push(undefined);
    growing.flowOf.push(event.flow);
  } else {
    const place = stack.findLastIndex((open) => open.event.name === event.name);
    if (place < 0) {
      growing.endless += 1;
      return;
    }
    // What was begun within it and has no end of its own ended with it at the latest.
    while (stack.length - 1 > place) {
      growing.open += 1;
      close(growing, thread, event.at);
    }
    close(growing, thread, event.at, event.details);
  }
}

/** Numbers of maps that were printed in intervals, with a counter for each key. */
function countersOf(maps: readonly FoundMap[]): readonly Counter[] {
  const counters = new Map<string, { at: bigint; value: bigint }[]>();
  for (const { name, prints } of maps)
    for (const { time, rows } of prints)
      for (const { key, value } of rows) {
        if (time === undefined || value.kind !== 'amount') continue;
        const number = BigInt(value.amount.text);
        if (number >= 1n << 63n) continue;
        const label = key === '' ? name : `${name}[${key}]`;
        const points = counters.get(label) ?? [];
        counters.set(label, points);
        points.push({ at: BigInt(time), value: number });
      }
  return [...counters].map(([name, points]) => ({ name, points }));
}

export function timelineOf(findings: Findings): Timeline | Problem {
  const occurrences = findings.occurrences ?? [];
  if (occurrences.length > MOST_OCCURRENCES)
    return { problem: `it has more than ${MOST_OCCURRENCES} events` };
  const events: Event[] = [];
  for (const occurrence of occurrences) {
    const event = eventOf(occurrence);
    if (event && 'problem' in event) return event;
    if (event) events.push(event);
  }
  // CPUs send side by side; events of one moment stay in the order in which they came.
  events.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const growing: Growing = {
    threads: [],
    byId: new Map(),
    stacks: [],
    slices: [],
    flowOf: [],
    instants: [],
    counters: new Map(),
    endless: 0,
    open: 0,
  };
  for (const event of events) take(growing, event);
  const last = events.at(-1)?.at ?? 0n;
  for (const [thread, stack] of growing.stacks.entries())
    while (stack.length > 0) {
      growing.open += 1;
      close(growing, thread, last);
    }
  const own = [...growing.counters].map(([name, points]) => ({ name, points }));
  const counters = [...own, ...countersOf(findings.maps)];
  const { threads, instants, endless, open } = growing;
  const { slices, flows } = linked(growing);
  if (slices.length + instants.length + counters.length === 0)
    return {
      problem:
        'there are no events with times in it: print records with `ts = nsecs`, with -f json2',
    };
  const { clocks } = findings;
  return {
    threads,
    slices,
    instants,
    counters,
    flows,
    endless,
    open,
    ...(clocks ? { clocks } : {}),
  };
}

/** Slices of one key are linked where there are at least two. */
function linked({ slices, flowOf }: Growing): Pick<Timeline, 'slices' | 'flows'> {
  const counts = new Map<string, number>();
  for (const flow of flowOf) if (flow !== undefined) counts.set(flow, (counts.get(flow) ?? 0) + 1);
  const flows = [...counts].filter(([, count]) => count > 1).map(([flow]) => flow);
  const indexes = new Map(flows.map((flow, index) => [flow, index]));
  return {
    flows,
    slices: slices.flatMap((slice, index) => {
      const flow = indexes.get(flowOf[index] ?? '');
      if (!slice) return [];
      return flow === undefined || flowOf[index] === undefined ? [slice] : [{ ...slice, flow }];
    }),
  };
}
