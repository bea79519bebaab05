/**
 * What of OTLP is written, in its JSON form: names are those of the protocol's messages, numbers of 64 bits are
 * strings of digits, enumerators are numbers.
 */

export type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } }
  | { readonly kvlistValue: { readonly values: readonly KeyValue[] } };

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

interface Point {
  readonly attributes: readonly KeyValue[];
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano: string;
}

export type NumberPoint = Point & ({ readonly asInt: string } | { readonly asDouble: number });

export interface HistogramPoint extends Point {
  readonly count: string;
  readonly bucketCounts: readonly string[];
  readonly explicitBounds: readonly number[];
}

export interface SummaryPoint extends Point {
  readonly count: string;
  readonly sum: number;
}

/** AGGREGATION_TEMPORALITY_CUMULATIVE */
export const CUMULATIVE = 2;

export interface Metric {
  readonly name: string;
  readonly description?: string;
  readonly unit?: string;
  readonly gauge?: { readonly dataPoints: readonly NumberPoint[] };
  readonly sum?: {
    readonly dataPoints: readonly NumberPoint[];
    readonly aggregationTemporality: typeof CUMULATIVE;
    readonly isMonotonic: true;
  };
  readonly histogram?: {
    readonly dataPoints: readonly HistogramPoint[];
    readonly aggregationTemporality: typeof CUMULATIVE;
  };
  readonly summary?: { readonly dataPoints: readonly SummaryPoint[] };
}

/** SEVERITY_NUMBER_INFO, _WARN and _ERROR. */
export const SEVERITY = { INFO: 9, WARN: 13, ERROR: 17 } as const;

export interface LogRecord {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: AnyValue;
  readonly attributes: readonly KeyValue[];
}

/** Who says it: of the host, and of the converter. */
export interface Origin {
  readonly resource: readonly KeyValue[];
  readonly version: string;
}

function around({ resource, version }: Origin) {
  return {
    resource: { attributes: resource },
    scope: { name: 'bpfscript', version },
  };
}

/** The body of a request to /v1/metrics. */
export function metricsRequest(origin: Origin, metrics: readonly Metric[]): string {
  const { resource, scope } = around(origin);
  return JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] });
}

/** The body of a request to /v1/logs. */
export function logsRequest(origin: Origin, logRecords: readonly LogRecord[]): string {
  const { resource, scope } = around(origin);
  return JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] });
}

export function textAttribute(key: string, text: string): KeyValue {
  return { key, value: { stringValue: text } };
}

/** Any JSON as a value. An integer that a double does not hold is a string of digits in JSON, and stays one. */
export function anyValue(value: unknown): AnyValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value === 'object' && value !== null)
    return { kvlistValue: { values: attributesOf(value) } };
  return { stringValue: '' };
}

export function attributesOf(members: object): readonly KeyValue[] {
  return Object.entries(members).map(([key, value]) => ({ key, value: anyValue(value) }));
}
