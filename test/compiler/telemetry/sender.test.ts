/** What becomes of requests that a receiver of OTLP does not take. */
import { expect, it } from 'vitest';
import { logsRequest, metricsRequest } from '../../../compiler/telemetry/otlp.ts';
import { createSender } from '../../../compiler/telemetry/sender.ts';
import { type Answer, receiving } from '../../support/receiver.ts';

const ORIGIN = { resource: [], version: '1' };
const READING = [
  { name: 'n', gauge: { dataPoints: [{ attributes: [], timeUnixNano: '1', asInt: '7' }] } },
];

function logs(...bodies: readonly string[]) {
  const records = bodies.map((body) => ({
    timeUnixNano: '1',
    observedTimeUnixNano: '1',
    severityNumber: 9,
    severityText: 'INFO',
    body: { stringValue: body },
    attributes: [],
  }));
  return { path: '/v1/logs', body: logsRequest(ORIGIN, records), records: bodies.length } as const;
}

async function sending(
  answers: readonly Answer[],
  batches: readonly ReturnType<typeof logs>[],
): Promise<{ bodies: (string | undefined)[]; sent: number; lost: number; warnings: string[] }> {
  const warnings: string[] = [];
  const result = { bodies: [] as (string | undefined)[], sent: 0, lost: 0, warnings };
  await receiving(
    async ({ url, records }) => {
      const sender = createSender({
        endpoint: url,
        headers: {},
        wait: 1,
        warn: (message) => warnings.push(message.replaceAll(url, 'URL')),
      });
      for (const batch of batches) sender.add(batch);
      await sender.finish(60_000);
      result.bodies = records.map(({ body }) => body.stringValue);
      result.sent = sender.sent;
      result.lost = sender.lost;
    },
    (index) => answers[index] ?? { status: 200, body: '{}' },
  );
  return result;
}

it.each([429, 502, 503, 504])(
  'tries again after status %d, in the order of what was said',
  async (status) => {
    expect(await sending([{ status }, { status }], [logs('a', 'b'), logs('c')])).toEqual({
      bodies: ['a', 'b', 'c'],
      sent: 3,
      lost: 0,
      warnings: [`URL/v1/logs: status ${status}; trying again`],
    });
  },
);

it('waits as long as it is told to', async () => {
  const began = performance.now();
  const result = await sending([{ status: 429, headers: { 'retry-after': '1' } }], [logs('a')]);
  expect(result.bodies).toEqual(['a']);
  expect(performance.now() - began).toBeGreaterThan(990);
});

it('counts what a receiver refuses for good, and goes on', async () => {
  expect(
    await sending([{ status: 400, body: 'no\u001b[1m such' }], [logs('a', 'b'), logs('c')]),
  ).toEqual({
    bodies: ['c'],
    sent: 1,
    lost: 2,
    warnings: ['2 log records are lost: URL/v1/logs: status 400 no [1m such'],
  });
});

it('does not follow where a receiver sends it, with its headers', async () => {
  const { lost } = await sending(
    [{ status: 307, headers: { location: 'http://127.0.0.1:1/v1/logs' } }],
    [logs('a')],
  );
  expect(lost).toBe(1);
});

it('counts what a receiver takes in part', async () => {
  const body = JSON.stringify({
    partialSuccess: { rejectedLogRecords: '2', errorMessage: 'too old' },
  });
  expect(await sending([{ status: 200, body }], [logs('a', 'b', 'c')])).toMatchObject({
    sent: 1,
    lost: 2,
    warnings: ['2 log records are lost: URL/v1/logs rejected 2: too old'],
  });
});

it.each(['', 'nonsense', '{"partialSuccess":{"rejectedLogRecords":"-5"}}', '{"partialSuccess":7}'])(
  'takes the answer %s for a success',
  async (body) => {
    expect(await sending([{ status: 200, body }], [logs('a')])).toMatchObject({ sent: 1, lost: 0 });
  },
);

it('keeps so much and no more while nobody receives, and counts the rest', async () => {
  const warnings: string[] = [];
  const batch = logs('x'.repeat(1000));
  const sender = createSender({
    endpoint: 'http://127.0.0.1:1',
    headers: {},
    most: 3 * batch.body.length,
    warn: (message) => warnings.push(message),
  });
  for (let i = 0; i < 10; i += 1) sender.add(batch);
  expect(sender.lost).toBe(7);
  await sender.finish(1);
  expect({ sent: sender.sent, lost: sender.lost }).toEqual({ sent: 0, lost: 10 });
  expect(warnings[0]).toBe(
    `${3 * batch.body.length} bytes wait to be sent: what comes now is lost`,
  );
  expect(warnings.at(-1)).toBe('3 log records are lost: the receiver was away until the end');
});

it('forgets metrics that a later reading repeats', async () => {
  const statuses = [503, 503, 503];
  await receiving(
    async ({ url, metrics, requests }) => {
      const sender = createSender({ endpoint: url, headers: {}, wait: 20, warn: () => undefined });
      const reading = (name: string) =>
        ({
          path: '/v1/metrics',
          body: JSON.stringify({
            resourceMetrics: [
              { resource: { attributes: [] }, scopeMetrics: [{ metrics: [{ name }] }] },
            ],
          }),
          records: 0,
        }) as const;
      sender.add(reading('one'));
      await requests(1);
      for (const name of ['two', 'three', 'four']) sender.add(reading(name));
      await sender.finish(60_000);
      expect(metrics.flat().map(({ name }) => name)).toEqual(['one', 'four']);
      expect(sender.lost).toBe(0);
    },
    () => ({ status: statuses.pop() ?? 200 }),
  );
});

it.each<readonly [string, readonly Answer[], boolean]>([
  ['took it', [{ status: 200, body: '{}' }], false],
  ['refused it', [{ status: 400, body: 'no' }], true],
  [
    'took a part of it',
    [{ status: 200, body: '{"partialSuccess":{"rejectedDataPoints":"1"}}' }],
    true,
  ],
])(
  'knows whether the last reading of metrics is there: the receiver %s',
  async (_, answers, behind) => {
    const warnings: string[] = [];
    await receiving(
      async ({ url }) => {
        const sender = createSender({
          endpoint: url,
          headers: {},
          warn: (message) => warnings.push(message),
        });
        sender.add({ path: '/v1/metrics', body: metricsRequest(ORIGIN, READING), records: 0 });
        await sender.finish(60_000);
        expect(sender.behind).toBe(behind);
        expect(warnings.length).toBe(behind ? 1 : 0);
      },
      (index) => answers[index] ?? { status: 200, body: '{}' },
    );
  },
);
