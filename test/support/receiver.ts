/** A receiver of OTLP over HTTP, which reads requests by OpenTelemetry's own protobufs. */
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { expect } from 'vitest';

interface MessageType {
  fromObject(object: unknown): unknown;
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
  toObject(message: unknown, options: object): unknown;
}

interface Root {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly metrics: { readonly v1: { readonly ExportMetricsServiceRequest: MessageType } };
        readonly logs: { readonly v1: { readonly ExportLogsServiceRequest: MessageType } };
      };
    };
  };
}

// What opentelemetry-js makes of the protocol's .proto files; the package does not export it.
const require = createRequire(import.meta.url);
const root = require('@opentelemetry/otlp-transformer/build/src/generated/root') as Root;
const { collector } = root.opentelemetry.proto;

type Value = { readonly stringValue?: string; readonly intValue?: string };

export interface Attribute {
  readonly key: string;
  readonly value: Value & { readonly arrayValue?: { readonly values: readonly Value[] } };
}

export interface Point {
  readonly attributes?: readonly Attribute[];
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano: string;
  readonly asInt?: string;
  readonly asDouble?: number;
  readonly count?: string;
  readonly sum?: number;
  readonly bucketCounts?: readonly string[];
  readonly explicitBounds?: readonly number[];
}

interface Points {
  readonly dataPoints: readonly Point[];
  readonly aggregationTemporality?: number;
  readonly isMonotonic?: boolean;
}

export interface ReceivedMetric {
  readonly name: string;
  readonly description?: string;
  readonly unit?: string;
  readonly sum?: Points;
  readonly gauge?: Points;
  readonly histogram?: Points;
  readonly summary?: Points;
}

export interface ReceivedRecord {
  readonly timeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: Value;
  readonly attributes: readonly Attribute[];
}

interface Resource {
  readonly resource: { readonly attributes: readonly Attribute[] };
}

interface MetricsRequest {
  readonly resourceMetrics: readonly (Resource & {
    readonly scopeMetrics: readonly { readonly metrics: readonly ReceivedMetric[] }[];
  })[];
}

interface LogsRequest {
  readonly resourceLogs: readonly (Resource & {
    readonly scopeLogs: readonly { readonly logRecords: readonly ReceivedRecord[] }[];
  })[];
}

/** Lists that are empty are as good as absent ones. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => !(Array.isArray(member) && member.length === 0))
      .map(([name, member]) => [name, withoutEmpty(member)]),
  );
}

/** A request as the protocol has it: what a message has no field for would be gone. */
export function decode(type: MessageType, body: string): unknown {
  const sent: unknown = JSON.parse(body);
  const bytes = type.encode(type.fromObject(sent)).finish();
  const received = type.toObject(type.decode(bytes), { longs: String });
  expect(received).toEqual(withoutEmpty(sent));
  return received;
}

export interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Receiver {
  readonly url: string;
  /** Of all requests that were answered with 200. */
  readonly metrics: (readonly ReceivedMetric[])[];
  readonly records: ReceivedRecord[];
  readonly resources: (readonly Attribute[])[];
  readonly headers: IncomingMessage['headers'][];
  /** Settles when that many requests have come, whatever became of them. */
  requests(count: number): Promise<void>;
}

/** Receives while `use` lasts; `answer` says what becomes of the request of a number, from 0 on. */
export async function receiving(
  use: (receiver: Receiver) => Promise<void>,
  answer: (index: number, path: string) => Answer = () => ({ status: 200, body: '{}' }),
): Promise<void> {
  const metrics: (readonly ReceivedMetric[])[] = [];
  const records: ReceivedRecord[] = [];
  const resources: (readonly Attribute[])[] = [];
  const headers: IncomingMessage['headers'][] = [];
  let wrong: unknown;
  let count = 0;
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const take = (path: string, body: string) => {
    if (path === '/v1/metrics') {
      const type = collector.metrics.v1.ExportMetricsServiceRequest;
      for (const { resource, scopeMetrics } of (decode(type, body) as MetricsRequest)
        .resourceMetrics) {
        resources.push(resource.attributes);
        for (const scope of scopeMetrics) metrics.push(scope.metrics);
      }
      return;
    }
    expect(path).toBe('/v1/logs');
    const type = collector.logs.v1.ExportLogsServiceRequest;
    for (const { resource, scopeLogs } of (decode(type, body) as LogsRequest).resourceLogs) {
      resources.push(resource.attributes);
      for (const scope of scopeLogs) records.push(...scope.logRecords);
    }
  };
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const path = request.url ?? '';
      const { status, body = '', headers: more = {} } = answer(count, path);
      headers.push(request.headers);
      try {
        expect(request.headers['content-type']).toBe('application/json');
        if (status === 200) take(path, Buffer.concat(pieces).toString('utf8'));
      } catch (error) {
        wrong ??= error;
      }
      count += 1;
      response.writeHead(status, { 'content-type': 'application/json', ...more }).end(body);
      for (const each of waiting) if (each.count <= count) each.resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  try {
    await use({
      url: `http://127.0.0.1:${port}`,
      metrics,
      records,
      resources,
      headers,
      requests: (wanted) =>
        count >= wanted
          ? Promise.resolve()
          : new Promise((resolve) => waiting.push({ count: wanted, resolve })),
    });
    if (wrong) throw wrong;
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Attributes as an object. */
export function named(
  attributes: readonly Attribute[] = [],
): Readonly<Record<string, string | readonly unknown[]>> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ??
        value.intValue ??
        value.arrayValue?.values.map((each) => each.stringValue ?? each.intValue) ??
        '',
    ]),
  );
}
