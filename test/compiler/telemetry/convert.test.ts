/** Metrics and lines as OTLP has them. */
import { expect, it } from 'vitest';
import { linesOf } from '../../../compiler/telemetry/lines.ts';
import { readLine } from '../../../compiler/telemetry/logs.ts';
import { convertMetrics } from '../../../compiler/telemetry/metrics.ts';
import { parseOpenMetrics } from '../../../compiler/telemetry/openmetrics.ts';
import { headersOf, resourceOf } from '../../../compiler/telemetry/origin.ts';

const START = '# TYPE bpfload_start_time_seconds gauge\nbpfload_start_time_seconds 100.000000001\n';

function reading(text: string) {
  return parseOpenMetrics(`${START}${text}# EOF\n`);
}

function pointOf(text: string) {
  const { metrics } = convertMetrics(reading(text), 5n, undefined);
  return metrics[1]?.sum?.dataPoints[0] ?? metrics[1]?.gauge?.dataPoints[0];
}

it('keeps integers to the last digit, and seconds as numbers', () => {
  expect(pointOf('# TYPE a counter\na_total 9223372036854775807\n')).toMatchObject({
    asInt: '9223372036854775807',
    startTimeUnixNano: '100000000001',
  });
  expect(pointOf('# TYPE a counter\na_total 18446744073709551615\n')).toMatchObject({
    asDouble: 2 ** 64,
  });
  expect(pointOf('# TYPE a gauge\na -7\n')).toEqual({
    attributes: [],
    timeUnixNano: '5',
    asInt: '-7',
  });
  expect(
    pointOf('# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 2\n'),
  ).toMatchObject({ asDouble: 2 });
});

it('has labels as attributes, with what is escaped', () => {
  expect(pointOf('# TYPE a gauge\na{x="q\\"\\\\n\\n",y="}, {"} 1\n')?.attributes).toEqual([
    { key: 'x', value: { stringValue: 'q"\\n\n' } },
    { key: 'y', value: { stringValue: '}, {' } },
  ]);
});

it('says since when a series counts that has begun anew', () => {
  const counts = (number: number) => reading(`# TYPE a counter\na_total ${number}\n`);
  const since = (result: ReturnType<typeof convertMetrics>) =>
    result.metrics[1]?.sum?.dataPoints[0]?.startTimeUnixNano;
  const first = convertMetrics(counts(5), 200n, undefined);
  const second = convertMetrics(counts(7), 300n, first.readings);
  const third = convertMetrics(counts(2), 400n, second.readings);
  const fourth = convertMetrics(counts(3), 500n, third.readings);
  expect([first, second, third, fourth].map(since)).toEqual([
    '100000000001',
    '100000000001',
    '300',
    '300',
  ]);
});

it('gives each bucket its own count, and the number of all', () => {
  const rows = (key: string, ...counts: readonly number[]) =>
    ['1.0', '2.0', '+Inf']
      .map((le, at) => `a_bucket{k="${key}",le="${le}"} ${counts[at]}\n`)
      .join('');
  const { metrics } = convertMetrics(
    reading(`# TYPE a histogram\n${rows('x', 3, 5, 9)}${rows('y', 0, 0, 2)}`),
    5n,
    undefined,
  );
  const point = (key: string, count: string, bucketCounts: readonly string[]) => ({
    attributes: [{ key: 'k', value: { stringValue: key } }],
    startTimeUnixNano: '100000000001',
    timeUnixNano: '5',
    ...{ count, bucketCounts, explicitBounds: [1, 2] },
  });
  expect(metrics[1]?.histogram?.dataPoints).toEqual([
    point('x', '9', ['3', '2', '4']),
    point('y', '2', ['0', '0', '2']),
  ]);
});

it('gives a summary its number and its sum', () => {
  const { metrics } = convertMetrics(
    reading(
      '# TYPE a summary\na_count{k="x"} 4\na_sum{k="x"} 10\na_count{k="y"} 1\na_sum{k="y"} 2\n',
    ),
    5n,
    undefined,
  );
  expect(metrics[1]?.summary?.dataPoints).toMatchObject([
    { attributes: [{ key: 'k', value: { stringValue: 'x' } }], count: '4', sum: 10 },
    { attributes: [{ key: 'k', value: { stringValue: 'y' } }], count: '1', sum: 2 },
  ]);
});

it.each([
  ['a 1\n# EOF\n', 'line 1 of the metrics makes no sense'],
  ['# TYPE a gauge\na{x="1} 1\n# EOF\n', 'line 2 of the metrics makes no sense'],
  ['# TYPE a gauge\na{x="1"y="2"} 1\n# EOF\n', 'line 2 of the metrics makes no sense'],
  ['# TYPE a gauge\na one\n# EOF\n', 'line 2 of the metrics makes no sense'],
  ['# TYPE a gauge\nb 1\n# EOF\n', 'line 2 of the metrics makes no sense'],
  ['# TYPE a gauge\na 1\n', 'the text of metrics ends too soon'],
  ['', 'the text of metrics ends too soon'],
])('refuses %j', (text, message) => {
  expect(() => parseOpenMetrics(text)).toThrow(message);
});

it('makes records of what scripts print, and of nothing else', () => {
  const told = readLine(
    '{"type": "printf", "wall": "2026-01-31T12:00:00.000061193Z", "cpu": 1, "data": "a 5\\n", "values": [5, "b"]}',
    [],
    7n,
  );
  expect(told).toEqual({
    kind: 'record',
    record: {
      timeUnixNano: '1769860800000061193',
      observedTimeUnixNano: '7',
      severityNumber: 9,
      severityText: 'INFO',
      body: { stringValue: 'a 5' },
      attributes: [
        { key: 'bpf.type', value: { stringValue: 'printf' } },
        { key: 'cpu', value: { intValue: '1' } },
        {
          key: 'bpf.values',
          value: { arrayValue: { values: [{ intValue: '5' }, { stringValue: 'b' }] } },
        },
      ],
    },
  });
  expect(readLine('{"type": "map", "data": []}', [], 7n).kind).toBe('nothing');
  const missed =
    '{"type": "missed_events", "count": 4, "probe": "kprobe:f", "data": {"events": 4}}';
  expect(readLine(missed, [], 7n)).toMatchObject({
    record: {
      severityText: 'WARN',
      body: { stringValue: '4 events of kprobe:f were left out by the kernel.' },
    },
  });
  expect(readLine('{"type": "lost_events", "count": 3}', [], 7n)).toMatchObject({
    record: { severityText: 'WARN', body: { stringValue: '3 events were lost.' } },
  });
  for (const text of ['', 'x', '[]', '7', 'null', '{}', '{"type": 7}'])
    expect(readLine(text, [], 7n), text).toEqual({ kind: 'unreadable' });
});

it('passes over lines without end, and reads those behind them', async () => {
  const lines: (string | undefined)[] = [];
  const pieces = ['a\nb', '', 'c\n', 'x'.repeat(700_000), 'x'.repeat(700_000), 'x\nd\n', 'e'];
  for await (const line of linesOf(
    (async function* () {
      yield* pieces;
    })(),
  ))
    lines.push(line);
  expect(lines).toEqual(['a', 'bc', undefined, 'd', 'e']);
});

it("obeys OpenTelemetry's variables", () => {
  const texts = resourceOf({
    OTEL_RESOURCE_ATTRIBUTES: 'host.name=h%2C1, deployment.environment.name = test ',
    OTEL_SERVICE_NAME: 'reads',
  }).map(({ key, value }) => [key, 'stringValue' in value ? value.stringValue : undefined]);
  expect(Object.fromEntries(texts)).toMatchObject({
    'service.name': 'reads',
    'host.name': 'h,1',
    'deployment.environment.name': 'test',
  });
  expect(headersOf({ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x' })).toEqual({
    authorization: 'Bearer x',
  });
  expect(() => headersOf({ OTEL_EXPORTER_OTLP_HEADERS: 'secret' })).toThrow(
    'OTEL_EXPORTER_OTLP_HEADERS holds something that is no KEY=VALUE',
  );
});
