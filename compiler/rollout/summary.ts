/** Reports of many hosts as one summary: how many attached, on which kernels, and why the others did not. */
import type { StartReport } from './report.ts';

export interface Rollout {
  /** Objects that are not the same file are apart; those that most hosts have come first. */
  readonly objects: readonly ObjectSummary[];
  /** Hosts of the list from which there is no report, and others that are not in it. Both are empty without a list. */
  readonly silent: readonly string[];
  readonly unlisted: readonly string[];
}

export interface ObjectSummary {
  readonly digest: string | undefined;
  readonly object: string;
  readonly hosts: number;
  readonly attached: number;
  /** Of these, how many go on without some of the probes. */
  readonly partly: number;
  readonly dryRuns: number;
  readonly kernels: readonly KernelSummary[];
  /** Why nothing is attached, most hosts first. */
  readonly refusals: readonly Refusal[];
  /** What those that attached go on without. */
  readonly missing: readonly MissingProbe[];
  /** Of the hosts that attached; undefined: none did. */
  readonly times: Times | undefined;
}

export interface KernelSummary {
  readonly release: string;
  readonly machine: string;
  readonly hosts: number;
  readonly attached: number;
  readonly partly: number;
}

interface Shared {
  readonly hosts: readonly string[];
  readonly kernels: readonly string[];
}

export interface Refusal extends Shared {
  readonly status: number;
  readonly code: string;
  readonly place: string;
  readonly reason: string;
}

export interface MissingProbe extends Shared {
  readonly probe: string;
  readonly reason: string;
}

/** Milliseconds that reading, loading and attaching took together: so many hosts of a hundred took at most that. */
export interface Times {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly most: number;
  readonly slowest: string;
}

/** Of several reports of a host about one object, the latest counts. `listed`: the hosts that should have one. */
export function summarise(
  reports: readonly StartReport[],
  listed: ReadonlySet<string> | undefined,
): Rollout {
  const byObject = groupBy(reports, ({ digest, object }) => digest ?? `?${object}`);
  const objects = [...byObject.values()].map(summariseObject);
  const heard = new Set(reports.map(({ host }) => host));
  return {
    objects: objects.sort((left, right) => right.hosts - left.hosts),
    silent: [...(listed ?? [])].filter((host) => !heard.has(host)).sort(),
    unlisted: listed ? [...heard].filter((host) => !listed.has(host)).sort() : [],
  };
}

function summariseObject(reports: readonly StartReport[]): ObjectSummary {
  const latest = new Map<string, StartReport>();
  for (const report of reports) {
    const before = latest.get(report.host);
    if (!before || before.time <= report.time) latest.set(report.host, report);
  }
  const hosts = [...latest.values()];
  const attached = hosts.filter(isAttached);
  const [first] = hosts;
  return {
    digest: first?.digest,
    object: first?.object ?? '',
    hosts: hosts.length,
    attached: attached.length,
    partly: attached.filter(isPartly).length,
    dryRuns: hosts.filter(({ dryRun }) => dryRun).length,
    kernels: kernelsOf(hosts),
    refusals: refusalsOf(hosts),
    missing: missingOf(attached),
    times: timesOf(attached),
  };
}

const isAttached = ({ status }: StartReport): boolean => status === 0;
const isPartly = ({ leftOut }: StartReport): boolean => leftOut > 0;

function kernelsOf(hosts: readonly StartReport[]): readonly KernelSummary[] {
  const groups = groupBy(hosts, ({ release, machine }) => `${release}\0${machine}`);
  return [...groups.values()]
    .map((group) => {
      const attached = group.filter(isAttached);
      return {
        release: group[0]?.release ?? '',
        machine: group[0]?.machine ?? '',
        hosts: group.length,
        attached: attached.length,
        partly: attached.filter(isPartly).length,
      };
    })
    .sort((left, right) => byVersion(left.release, right.release));
}

function refusalsOf(hosts: readonly StartReport[]): readonly Refusal[] {
  const refused = hosts.flatMap((report) =>
    report.failure ? [{ ...report.failure, report }] : [],
  );
  const groups = groupBy(refused, ({ report, code, place, reason }) =>
    [report.status, code, place, reason].join('\0'),
  );
  return mostFirst(
    [...groups.values()].flatMap((group) => {
      const [first] = group;
      if (!first) return [];
      const { code, place, reason, report } = first;
      return { status: report.status, code, place, reason, ...sharedBy(group) };
    }),
  );
}

function missingOf(hosts: readonly StartReport[]): readonly MissingProbe[] {
  const missing = hosts.flatMap((report) => report.missing.map((each) => ({ ...each, report })));
  const groups = groupBy(missing, ({ probe, reason }) => `${probe}\0${reason}`);
  return mostFirst(
    [...groups.values()].flatMap((group) => {
      const [first] = group;
      return first ? { probe: first.probe, reason: first.reason, ...sharedBy(group) } : [];
    }),
  );
}

function sharedBy(group: readonly { readonly report: StartReport }[]): Shared {
  const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];
  return {
    hosts: unique(group.map(({ report }) => report.host)).toSorted(byVersion),
    kernels: unique(group.map(({ report }) => report.release)).toSorted(byVersion),
  };
}

function mostFirst<Group extends Shared>(groups: readonly Group[]): readonly Group[] {
  return groups.toSorted((left, right) => right.hosts.length - left.hosts.length);
}

function timesOf(hosts: readonly StartReport[]): Times | undefined {
  const sorted = hosts.toSorted((left, right) => left.microseconds - right.microseconds);
  const last = sorted.at(-1);
  if (!last) return undefined;
  // The nearest rank: a time that a host took.
  const rank = (percent: number): number =>
    (sorted[Math.ceil((percent / 100) * sorted.length) - 1]?.microseconds ?? 0) / 1000;
  return {
    p50: rank(50),
    p90: rank(90),
    p99: rank(99),
    most: last.microseconds / 1000,
    slowest: last.host,
  };
}

const collator = new Intl.Collator('en', { numeric: true });

/** 6.1 before 6.12, web-2 before web-10. */
function byVersion(left: string, right: string): number {
  return collator.compare(left, right);
}

function groupBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
