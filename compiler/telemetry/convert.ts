/** The converter: metrics of a loader at an interval, and lines of its output as they come, to a receiver of OTLP. */
import { createAbsence } from './absence.ts';
import { linesOf } from './lines.ts';
import { readLine } from './logs.ts';
import { convertMetrics, type Readings } from './metrics.ts';
import type { Family } from './openmetrics.ts';
import {
  CUMULATIVE,
  type KeyValue,
  type LogRecord,
  logsRequest,
  type Metric,
  metricsRequest,
  type Origin,
} from './otlp.ts';
import { scrape } from './scrape.ts';
import { reasonOf, type Sender } from './sender.ts';

export interface Conversion {
  readonly origin: Origin;
  readonly sender: Sender;
  /** Of /metrics. */
  readonly metrics?: string;
  /** Milliseconds from one reading to the next. */
  readonly interval: number;
  /** Of -f json2. */
  readonly lines?: AsyncIterable<Buffer | string>;
  readonly ending: AbortSignal;
  warn(message: string): void;
}

/** Records that make one request, and how long the first of them waits for others. */
const MOST_RECORDS = 512;
const LONGEST_WAIT = 1000;

function now(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** Until the lines end, or where there are none, `ending`. Gives how many lines were none of -f json2. */
export async function convert(conversion: Conversion): Promise<{ readonly unreadable: number }> {
  const { lines, ending } = conversion;
  const began = now();
  const over = new AbortController();
  ending.addEventListener('abort', () => over.abort());
  if (ending.aborted) over.abort();
  const readings = readMetrics(conversion, began, over.signal);
  const unreadable = lines ? await readLogs(conversion, lines) : 0;
  if (lines) over.abort();
  await readings;
  return { unreadable };
}

async function readMetrics(
  { metrics: url, interval, origin, sender, warn }: Conversion,
  began: bigint,
  over: AbortSignal,
): Promise<void> {
  let before: Readings | undefined;
  const absence = createAbsence((reason) => warn(`${url}: ${reason}`));
  const read = async () => {
    if (url === undefined) return;
    let families: readonly Family[];
    try {
      families = await scrape(url);
      absence.end();
    } catch (error) {
      absence.add(reasonOf(error));
      return;
    }
    const at = now();
    const { metrics, readings } = convertMetrics(families, at, before);
    before = readings;
    const all = [...metrics, lostRecords(sender.lost, began, at)];
    sender.add({ path: '/v1/metrics', body: metricsRequest(origin, all), records: 0 });
  };
  while (!over.aborted) {
    await read();
    await until(interval, over);
  }
  // What was counted since the last one, as far as the loader is still there.
  await read();
}

function lostRecords(lost: number, began: bigint, at: bigint): Metric {
  return {
    name: 'bpfscript_otlp_lost_log_records',
    description: 'Log records that the receiver did not take.',
    sum: {
      dataPoints: [
        {
          attributes: [],
          startTimeUnixNano: String(began),
          timeUnixNano: String(at),
          asInt: String(lost),
        },
      ],
      aggregationTemporality: CUMULATIVE,
      isMonotonic: true,
    },
  };
}

async function readLogs(
  { origin, sender }: Conversion,
  lines: AsyncIterable<Buffer | string>,
): Promise<number> {
  let session: readonly KeyValue[] = [];
  let records: LogRecord[] = [];
  let unreadable = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (records.length === 0) return;
    sender.add({
      path: '/v1/logs',
      body: logsRequest(origin, records),
      records: records.length,
    });
    records = [];
  };
  for await (const line of linesOf(lines)) {
    const told =
      line === undefined ? ({ kind: 'unreadable' } as const) : readLine(line, session, now());
    if (told.kind === 'unreadable') unreadable += 1;
    if (told.kind === 'session') session = told.attributes;
    if (told.kind !== 'record') continue;
    records.push(told.record);
    if (records.length >= MOST_RECORDS) flush();
    else timer ??= setTimeout(flush, LONGEST_WAIT);
  }
  flush();
  return unreadable;
}

function until(milliseconds: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (over.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      over.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    over.addEventListener('abort', done);
  });
}
