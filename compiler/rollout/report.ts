/**
 * What `bpfload --report` writes of one start (docs/start-report.schema.json). Reports come from hosts, and nothing in them
 * is believed: of each text a bounded part is kept.
 */
import {
  countIn,
  countOf,
  documentIn,
  objectIn,
  textIn,
} from '../../linker/inspect/checked-json.ts';
import type { Json } from '../../linker/inspect/json.ts';

export interface StartReport {
  readonly host: string;
  /** `uname -r` and `uname -m`. */
  readonly release: string;
  readonly machine: string;
  /** `sha256:...` of the object's file; undefined where it could not be read. */
  readonly digest: string | undefined;
  /** What it is called: the script's name, or else that of the file. */
  readonly object: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly dryRun: boolean;
  /** The exit status of the loader; 0: everything is attached. */
  readonly status: number;
  readonly attached: number;
  /** Probes that the host lacks and the script goes on without. */
  readonly leftOut: number;
  readonly missing: readonly Missing[];
  /** Undefined where nothing failed. */
  readonly failure: Failure | undefined;
  /** Of reading, loading and attaching together. */
  readonly microseconds: number;
}

export interface Missing {
  readonly probe: string;
  readonly reason: string;
}

export interface Failure {
  readonly code: string;
  readonly reason: string;
  /** `tool.bt:3:1`, or empty. */
  readonly place: string;
}

/** Of a line that is a report; the loader's are below 300 KB whatever the object is. */
export const LONGEST_REPORT = 1 << 20;
const LONGEST_TEXT = 1024;
const MOST_MISSING = 64;

/** Throws an Error that says why a line is no report. */
export function parseReport(line: string): StartReport {
  const report = documentIn(line, 'start', 'report of a start');
  const kernel = objectIn(report.kernel, 'kernel');
  const object = objectIn(report.object, 'object');
  const probes = objectIn(report.probes, 'probes');
  const status = countIn(report, 'status');
  if (status > 255) throw new Error('status is no exit status');
  const file = shortIn(object, 'file');
  return {
    host: hostIn(report),
    release: shortIn(kernel, 'release'),
    machine: shortIn(kernel, 'machine'),
    digest: digestIn(object),
    object: object.script === undefined ? file : shortIn(object, 'script'),
    time: countIn(report, 'time'),
    dryRun: report.dry_run === true,
    status,
    attached: countIn(probes, 'attached'),
    leftOut: countIn(probes, 'left_out'),
    missing: missingIn(probes.missing),
    failure: status === 0 ? undefined : failureIn(objectIn(report.failure, 'failure')),
    microseconds: Object.values(objectIn(report.microseconds, 'microseconds')).reduce<number>(
      (sum, each) => sum + countOf(each, 'microseconds'),
      0,
    ),
  };
}

function shortIn(fields: Json, name: string): string {
  return textIn(fields, name).slice(0, LONGEST_TEXT);
}

function hostIn(report: Json): string {
  const host = shortIn(report, 'host');
  if (host === '') throw new Error('host is empty');
  return host;
}

function digestIn({ digest }: Json): string | undefined {
  if (digest === undefined) return undefined;
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new Error('digest is not as it should be');
  return digest;
}

function missingIn(value: unknown): readonly Missing[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error('missing is no list');
  return value.slice(0, MOST_MISSING).map((each: unknown) => {
    const fields = objectIn(each, 'missing');
    return { probe: shortIn(fields, 'probe'), reason: shortIn(fields, 'reason') };
  });
}

function failureIn(fields: Json): Failure {
  const place = ['file', 'line', 'column'].flatMap((name) => {
    const value = fields[name];
    if (value === undefined) return [];
    return [name === 'file' ? shortIn(fields, name) : String(countIn(fields, name))];
  });
  return {
    code: shortIn(fields, 'code'),
    reason: shortIn(fields, 'reason'),
    place: place.join(':'),
  };
}
