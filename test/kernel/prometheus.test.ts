/** A real Prometheus, promtool and node_exporter read what loaders give. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { listeningPort } from '../support/listening.ts';
import { type Answering, answering, sample, samples } from '../support/metrics.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run } from '../support/run.ts';

const folder = temporaryFolder();
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

const CLOSES = 'tracepoint:syscalls:sys_enter_close /args.fd == 0xfffffff7 && comm == "w"/';
/** Every kind of metric. */
const SCRIPT = `
  // bpfscript: metric @calls test_calls_total "Calls of close(2) \\"by\\" command." labels comm
  // bpfscript: metric @waits test_waits_seconds "Waits." in us labels comm
  // bpfscript: metric @sizes test_sizes_bytes "Sizes." in bytes labels comm
  // bpfscript: metric @lines test_lines
  // bpfscript: metric @last test_last
  ${CLOSES} {
    @calls[comm] = count(); @waits[comm] = avg((uint64)250); @sizes[comm] = hist(4000); @lines = lhist(7, 0, 10, 5);
    @last = 42;
  }`;

/** Starts a server that is not ours at a port that it chooses, waits until it answers at `path`, and gives where it is. */
async function serving(command: string, words: readonly string[], path: string): Promise<string> {
  const child = spawn(command, [...words, '--web.listen-address=127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  let ended = false;
  child.on('close', () => {
    ended = true;
  });
  children.push(child);
  const base = `http://127.0.0.1:${await listeningPort(child)}`;
  while (
    !(await fetch(`${base}${path}`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (ended) throw new Error(`${command} ended: ${stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return base;
}

interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

async function query(base: string, expression: string): Promise<readonly Result[]> {
  const answer = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const body = (await answer.json()) as { readonly data: { readonly result: readonly Result[] } };
  return body.data.result;
}

/** Asks until a query gives one number, and that one. */
async function becomes(base: string, expression: string, wanted: string): Promise<void> {
  for (;;) {
    const results = await query(base, expression);
    if (results.length === 1 && results[0]?.value?.[1] === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

needs('root', 'prometheus').describe('Prometheus', () => {
  it('adds up what two loaders count, exactly, and sees no counter fall', async () => {
    const object = writeObject(folder, 'scraped', SCRIPT);
    const clearing = writeObject(
      folder,
      'cleared',
      `${SCRIPT} interval:ms:100 { print(@calls); clear(@calls); zero(@waits); clear(@sizes); }`,
    );
    await answering(object, [], (one) =>
      answering(clearing, [], async (two) => {
        await scraped(one, two);
      }).then(() => undefined),
    );
  });

  async function scraped(one: Answering, two: Answering): Promise<void> {
    const config = join(folder, 'prometheus.yml');
    const targets = [one, two].map(({ url }) => `'${new URL(url).host}'`).join(', ');
    writeFileSync(
      config,
      `global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: bpfload\n    static_configs: [{targets: [${targets}]}]\n`,
    );
    const base = await serving(
      'prometheus',
      [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`],
      '/-/ready',
    );
    await one.workload('comm w close 300');
    await becomes(base, 'sum(up)', '2');
    await becomes(base, 'sum(test_calls_total{comm="w"})', '600');
    await one.workload('comm w close 40');
    await becomes(base, 'sum(test_calls_total{comm="w"})', '680');
    await becomes(base, 'sum(test_waits_seconds_sum{comm="w"})', '0.17');
    await becomes(base, 'sum(test_sizes_bytes_bucket{comm="w",le="4095.0"})', '680');
    await becomes(base, 'sum(test_sizes_bytes_bucket{comm="w",le="2047.0"})', '0');
    await becomes(base, 'count(test_last == 42)', '2');
    await becomes(base, 'sum(test_lines_bucket{le="+Inf"})', '680');
    // Both grew by the same, and a rate over both is the sum of theirs, at one time of the question.
    const time = Math.ceil(Date.now() / 1000);
    await becomes(base, `count(rate(test_calls_total{comm="w"}[1m] @ ${time}) > 0)`, '2');
    const [all] = await query(base, `sum(rate(test_calls_total{comm="w"}[1m] @ ${time}))`);
    const each = await query(base, `rate(test_calls_total{comm="w"}[1m] @ ${time})`);
    const sum = each.reduce((total, { value }) => total + Number(value?.[1]), 0);
    expect(Number(all?.value?.[1])).toBeCloseTo(sum, 9);
    await becomes(base, 'sum(resets(test_calls_total{comm="w"}[5m]))', '0');
    for (const { values = [] } of await query(base, 'test_calls_total{comm="w"}[5m]')) {
      const numbers = values.map(([, value]) => Number(value));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(numbers.at(-1)).toBe(340);
    }
    // What was scraped is what the maps hold.
    expect(sample(await two.scrape(), 'test_calls_total{comm="w"}')).toBe('340');
    const metadata = (await (await fetch(`${base}/api/v1/metadata`)).json()) as {
      readonly data: Readonly<
        Record<string, readonly { type: string; help: string; unit: string }[]>
      >;
    };
    expect(metadata.data.test_calls).toEqual([
      { type: 'counter', help: 'Calls of close(2) "by" command.', unit: '' },
    ]);
    expect(metadata.data.test_waits_seconds).toEqual([
      { type: 'summary', help: 'Waits.', unit: 'seconds' },
    ]);
    expect(metadata.data.test_sizes_bytes?.[0]?.type).toBe('histogram');
    expect(metadata.data.test_last?.[0]?.type).toBe('gauge');
  }

  it('finds nothing by promtool in the older format', async () => {
    const object = writeObject(folder, 'linted', SCRIPT);
    await answering(object, ['--cost'], async (loader) => {
      await loader.workload('comm w close 3');
      const checked = spawnSync('promtool', ['check', 'metrics'], {
        input: await loader.scrape('classic'),
        encoding: 'utf8',
      });
      expect(checked).toMatchObject({ status: 0, stdout: '', stderr: '' });
    });
  });

  it('takes the alerts of the example, which are on series that there are', async () => {
    const file = join(import.meta.dirname, '../../packaging/alerts.example.yml');
    const checked = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    const used = new Set(readFileSync(file, 'utf8').match(/\bbpfload_\w+/g));
    expect(used.size).toBeGreaterThan(5);
    const object = writeObject(folder, 'alerted', `${CLOSES} { printf("x"); @a[comm] = count(); }`);
    await answering(object, ['--cost'], async (loader) => {
      const text = await loader.scrape();
      for (const name of used) expect(samples(text, name), name).not.toEqual([]);
    });
  });

  it('gets files by way of node_exporter, with types, and a sum that nobody knows as NaN', async () => {
    const files = join(folder, 'textfile');
    mkdirSync(files);
    await run(SCRIPT, {
      loader: LOADER_ASAN,
      flags: ['-f', 'prometheus', '-o', join(files, 'tool.prom')],
      workload: 'comm w close 25',
    });
    const base = await serving(
      'prometheus-node-exporter',
      [
        '--collector.disable-defaults',
        '--collector.textfile',
        `--collector.textfile.directory=${files}`,
      ],
      '/metrics',
    );
    const text = await (await fetch(`${base}/metrics`)).text();
    expect(sample(text, 'node_textfile_scrape_error')).toBe('0');
    expect(sample(text, 'test_calls_total{comm="w"}')).toBe('25');
    expect(sample(text, 'test_sizes_bytes_bucket{comm="w",le="4095"}')).toBe('25');
    expect(sample(text, 'test_sizes_bytes_bucket{comm="w",le="2047"}')).toBe('0');
    expect(sample(text, 'test_sizes_bytes_count{comm="w"}')).toBe('25');
    expect(sample(text, 'test_sizes_bytes_sum{comm="w"}')).toBe('NaN');
    expect(text).toContain('# TYPE test_calls_total counter\n');
    expect(text).toContain('# TYPE test_sizes_bytes histogram\n');
  });
});
