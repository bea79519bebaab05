/** `bpfscript otlp` hands on what a loader says, to a receiver that reads it by OpenTelemetry's own protobufs. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { named, type Receiver, receiving } from '../support/receiver.ts';
import { LOADER_ASAN, runWorkload } from '../support/run.ts';

const folder = temporaryFolder();
const COMMAND = join(import.meta.dirname, '../../dist/bpfscript.js');

const SCRIPT = `
  // bpfscript: metric @calls test_calls_total "Calls." labels comm
  // bpfscript: metric @waits test_waits_seconds "Waits." in us labels comm
  // bpfscript: metric @sizes test_sizes_bytes in bytes labels comm buckets 1023..4095
  // bpfscript: metric @last test_last
  tracepoint:syscalls:sys_enter_close /args.fd == 0xfffffff7 && comm == "w"/ {
    @calls[comm] = count(); @waits[comm] = avg((uint64)250); @sizes[comm] = hist(@last % 2 ? 4000 : 1500); @last++;
    if (@last == 1) {
      printf("%s closes %d\\n", comm, 7); warnf("careful"); errorf("wrong");
      print((process = pid, point = probe));
    }
  }`;

/** A loader, and the converter behind it; both end, and the converter's status and stderr are given. */
async function converting(
  receiver: Receiver,
  use: (workload: typeof runWorkload) => Promise<void>,
): Promise<{ readonly status: number | null; readonly stderr: string }> {
  const object = writeObject(folder, 'told', SCRIPT);
  const loader = spawn(
    LOADER_ASAN,
    ['--metrics', '127.0.0.1:0', '-f', 'json2', '-B', 'line', object],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const url = await new Promise<string>((resolve, reject) => {
    let told = '';
    loader.stderr.on('data', (chunk: Buffer) => {
      told += chunk.toString();
      const found = /^Metrics at (\S+)$/m.exec(told)?.[1];
      if (found) resolve(found);
    });
    loader.on('close', () => reject(new Error(`it ended: ${told}`)));
  });
  await fetch(url);
  const converter = spawn(
    process.execPath,
    [COMMAND, 'otlp', '--logs', '--metrics', url, '--interval', '0.2', '--endpoint', receiver.url],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret',
        OTEL_RESOURCE_ATTRIBUTES: 'host.name=here',
      },
    },
  );
  let stderr = '';
  converter.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => converter.on('close', resolve));
  loader.stdout.pipe(converter.stdin);
  try {
    await use(runWorkload);
  } finally {
    loader.kill('SIGINT');
  }
  return { status: await ended, stderr };
}

/** Waits until the receiver has been told that many calls. */
async function told(receiver: Receiver, calls: string): Promise<void> {
  for (let count = 1; ; count += 1) {
    await receiver.requests(count);
    const point = receiver.metrics.at(-1)?.find(({ name }) => name === 'test_calls')?.sum
      ?.dataPoints[0];
    if (point?.asInt === calls) return;
  }
}

needs('root').describe('bpfscript otlp', () => {
  it('tells what the maps hold, exactly, and what scripts print', async () => {
    const began = BigInt(Date.now()) * 1_000_000n;
    await receiving(async (receiver) => {
      const result = await converting(receiver, async (workload) => {
        await workload('comm w close 300');
        await told(receiver, '300');
        await workload('comm w close 41');
        await told(receiver, '341');
      });
      expect(result).toEqual({ status: 0, stderr: '' });
      const last = (name: string) =>
        receiver.metrics
          .findLast((metrics) => metrics.some((each) => each.name === name))
          ?.find((each) => each.name === name);
      const calls = last('test_calls');
      expect(calls).toMatchObject({
        description: 'Calls.',
        sum: { aggregationTemporality: 2, isMonotonic: true },
      });
      const [point] = calls?.sum?.dataPoints ?? [];
      expect(named(point?.attributes)).toEqual({ comm: 'w' });
      expect(point?.asInt).toBe('341');
      expect(BigInt(point?.startTimeUnixNano ?? 0)).toBeGreaterThan(began);
      expect(BigInt(point?.timeUnixNano ?? 0)).toBeGreaterThan(
        BigInt(point?.startTimeUnixNano ?? 0),
      );
      expect(last('test_waits_seconds')).toMatchObject({
        unit: 's',
        summary: { dataPoints: [{ count: '341', sum: 0.08525 }] },
      });
      expect(last('test_sizes_bytes')).toMatchObject({
        unit: 'By',
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [
            {
              count: '341',
              explicitBounds: [1023, 2047, 4095],
              bucketCounts: ['0', '171', '170', '0'],
            },
          ],
        },
      });
      expect(last('test_last')?.gauge?.dataPoints[0]?.asInt).toBe('341');
      expect(last('bpfload_info')?.gauge?.dataPoints[0]?.asInt).toBe('1');
      expect(last('bpfscript_otlp_lost_log_records')?.sum?.dataPoints[0]?.asInt).toBe('0');
      const shown = receiver.records.map(({ severityText, severityNumber, body }) => [
        severityText,
        severityNumber,
        body.stringValue,
      ]);
      expect(shown.slice(0, 3)).toEqual([
        ['INFO', 9, 'w closes 7'],
        ['WARN', 13, 'careful'],
        ['ERROR', 17, 'wrong'],
      ]);
      expect(shown).toHaveLength(4);
      expect(named(receiver.records[0]?.attributes)).toMatchObject({
        'bpf.script': 'stdin',
        'bpf.type': 'printf',
        'bpf.values': ['w', '7'],
      });
      expect(named(receiver.records[3]?.attributes)).toMatchObject({
        'bpf.type': 'value',
        process: expect.stringMatching(/^\d+$/),
        point: 'tracepoint:syscalls:sys_enter_close',
      });
      for (const { timeUnixNano } of receiver.records)
        expect(BigInt(timeUnixNano)).toBeGreaterThan(began);
      for (const attributes of receiver.resources)
        expect(named(attributes)).toMatchObject({ 'service.name': 'bpfload', 'host.name': 'here' });
      for (const headers of receiver.headers) expect(headers['x-key']).toBe('secret');
    });
  });

  it('keeps what is printed while the receiver is away', async () => {
    await receiving(
      async (receiver) => {
        const result = await converting(receiver, async (workload) => {
          await workload('comm w close 5');
          await receiver.requests(2);
          await told(receiver, '5');
        });
        expect(result.status).toBe(0);
        // Once for each of metrics and logs, if both were due.
        expect(result.stderr).toMatch(/^(WARNING: \S+: status 503; trying again\n){1,2}$/);
        expect(receiver.records).toHaveLength(4);
      },
      (index) => ({ status: index < 2 ? 503 : 200 }),
    );
  });
});
