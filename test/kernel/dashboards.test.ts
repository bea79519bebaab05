/** What dashboards and alerts ask for is what the tools give. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Family, parseOpenMetrics } from '../../compiler/telemetry/openmetrics.ts';
import { readElf } from '../../linker/elf/read.ts';
import type { Manifest } from '../../linker/manifest/manifest.ts';
import { build, temporaryFolder, writeObject } from '../support/build.ts';
import { answering } from '../support/metrics.ts';
import { needs } from '../support/needs.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'packaging/dashboards');
const ALERTS = join(ROOT, 'packaging/alerts.example.yml');
const TOOLS = ['biolatency', 'readsize', 'runqlat', 'syslatency', 'tcpretrans'];
const folder = temporaryFolder();

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly Target[] }[];
}

function textOf(tool: string): string {
  return readFileSync(join(ROOT, 'examples', `${tool}.bt`), 'utf8');
}

function dashboard(name: string): Dashboard {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Dashboard;
}

function targetsOf(name: string): readonly Target[] {
  return dashboard(name).panels.flatMap(({ targets }) => targets);
}

function alerts(): readonly string[] {
  return [...readFileSync(ALERTS, 'utf8').matchAll(/^ +expr: (.*)$/gm)].map(
    ([, text = '']) => text,
  );
}

/** Series by name, with their labels, and whether they only grow. */
type Given = ReadonlyMap<string, { readonly grows: boolean; readonly labels: readonly string[] }>;

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  histogram: ['_bucket'],
  summary: ['_sum', '_count'],
  info: ['_info'],
};

function seriesOf(name: string, type: string, labels: readonly string[]): Given {
  const all = ['instance', 'job', ...labels, ...(type === 'histogram' ? ['le'] : [])];
  const grows = type === 'counter' || type === 'histogram' || type === 'summary';
  return new Map((SUFFIXES[type] ?? ['']).map((suffix) => [name + suffix, { grows, labels: all }]));
}

/** What an example gives, by the manifest of its object. */
function givenBy(tool: string): Given {
  const section = readElf(build(textOf(tool))).sections.find(({ name }) => name === '.bpfscript');
  const manifest = JSON.parse(Buffer.from(section?.data ?? []).toString()) as Manifest;
  return new Map(
    manifest.maps.flatMap(({ metric }) =>
      metric ? [...seriesOf(metric.name, metric.type, metric.labels)] : [],
    ),
  );
}

/** What loaders give of themselves, as one of them said. */
function givenIn(families: readonly Family[]): Given {
  return new Map(
    families.flatMap(({ name, type, samples }) => [
      ...seriesOf(
        name,
        type,
        samples[0]?.labels.map(([label]) => label).filter((label) => label !== 'le') ?? [],
      ),
    ]),
  );
}

/** What an expression asks for: names of series, all labels, and the series whose growth is asked for. */
function asked(expression: string) {
  const plain = expression.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const lists = [...plain.matchAll(/\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g)];
  const selectors = [...plain.matchAll(/\{([^}]*)\}/g)];
  const labels = [
    ...lists.flatMap(([, list = '']) => list.split(',')),
    ...selectors.flatMap(([, list = '']) =>
      list.split(',').map((each) => each.split(/[=!]/)[0] ?? ''),
    ),
  ].map((label) => label.trim());
  const rest = plain
    .replace(/\b(?:by|on|without|ignoring)\s*\([^)]*\)/g, ' ')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '[]');
  const names = [...rest.matchAll(/[a-zA-Z_:][\w:]*(?!\w|\s*\()/g)].map(([name]) => name);
  const growing = [...rest.matchAll(/\b(?:rate|increase)\s*\(\s*([\w:]+)/g)].map(
    ([, name]) => name,
  );
  return { names, labels, growing };
}

function complaints(expression: string, given: Given): readonly string[] {
  const { names, labels, growing } = asked(expression);
  const known = names.map((name) => given.get(name));
  return [
    ...(names.length > 0 ? [] : ['it asks for nothing']),
    ...names.filter((name) => !given.has(name)).map((name) => `there is no ${name}`),
    ...names
      .filter((name) => given.get(name)?.grows !== growing.includes(name))
      .map((name) => `${name} is asked for as another type than it is`),
    ...labels
      .filter((label) => !known.some((series) => series?.labels.includes(label)))
      .map((label) => `nothing has a label ${label}`),
  ];
}

/** All that an expression or legend of a dashboard, or an alert, has against itself. */
function check(name: string, given: Given): readonly string[] {
  return targetsOf(name).flatMap(({ expr, legendFormat }) => [
    ...complaints(expr, given).map((text) => `${expr}: ${text}`),
    ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)]
      .map(([, label = '']) => label)
      .filter((label) => !asked(expr).names.some((each) => given.get(each)?.labels.includes(label)))
      .map((label) => `${legendFormat}: nothing has a label ${label}`),
  ]);
}

describe('Dashboards', () => {
  it('are fresh (npm run docs)', () => {
    const script = `import { DASHBOARDS, render } from '${ROOT}/scripts/dashboards.mjs';
      console.log(JSON.stringify(Object.keys(DASHBOARDS).map((name) => [name, JSON.parse(render(name))])));`;
    const made = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    const rendered = JSON.parse(made.stdout) as readonly (readonly [string, unknown])[];
    expect(readdirSync(FOLDER).sort()).toEqual(rendered.map(([name]) => `${name}.json`).sort());
    for (const [name, wanted] of rendered) expect(dashboard(name), name).toEqual(wanted);
  });

  it.each(TOOLS)(
    'of %s ask for series that it gives, with their labels, as what they are',
    (tool) => {
      const given = givenBy(tool);
      expect(check(tool, given)).toEqual([]);
      // All that the script has as metrics is shown.
      const shown = new Set(targetsOf(tool).flatMap(({ expr }) => asked(expr).names));
      expect([...shown].sort()).toEqual([...given.keys()].sort());
    },
  );

  it('would be noticed where they ask for something else', () => {
    const given = givenBy('tcpretrans');
    const name = 'tcpretrans_segments_total';
    expect(complaints(`sum by (address) (rate(${name}{port="1"}[5m]))`, given)).toEqual([]);
    expect(complaints(`sum(rate(tcpretrans_total[5m]))`, given)).toContain(
      'there is no tcpretrans_total',
    );
    expect(complaints(`sum by (host) (rate(${name}[5m]))`, given)).toEqual([
      'nothing has a label host',
    ]);
    expect(complaints(`${name}{port="1"}`, given)).toEqual([
      `${name} is asked for as another type than it is`,
    ]);
    expect(complaints('1 > 0', given)).toEqual(['it asks for nothing']);
  });
});

needs('root').describe('A loader', () => {
  it.each(TOOLS)('gives what the dashboard of %s asks for', async (tool) => {
    const object = writeObject(folder, tool, textOf(tool));
    await answering(object, ['--cost'], async (loader) => {
      const families = parseOpenMetrics(await loader.scrape());
      const names = families.flatMap(({ name, type }) => [...seriesOf(name, type, []).keys()]);
      for (const { expr } of targetsOf(tool))
        expect(names).toEqual(expect.arrayContaining(asked(expr).names));
    });
  });

  it('gives of itself what its dashboard and the alerts ask for', async () => {
    const script = 'tracepoint:syscalls:sys_enter_close { printf("x"); @a[comm] = count(); }';
    await answering(writeObject(folder, 'own', script), ['--cost'], async (loader) => {
      const given = new Map([
        ...givenIn(parseOpenMetrics(await loader.scrape())),
        // Of Prometheus.
        ...seriesOf('up', 'gauge', []),
      ]);
      expect(check('bpfload', given)).toEqual([]);
      expect(alerts().length).toBeGreaterThan(5);
      for (const expression of alerts())
        expect(complaints(expression, given), expression).toEqual([]);
    });
  });
});

needs('prometheus').describe('promtool', () => {
  it('takes what dashboards ask', () => {
    const rules = readdirSync(FOLDER)
      .flatMap((file) => targetsOf(file.replace('.json', '')))
      .map(
        ({ expr }, index) =>
          `      - record: asked:${index}\n        expr: ${JSON.stringify(expr.replaceAll('$__rate_interval', '5m'))}\n`,
      );
    expect(rules.length).toBeGreaterThan(15);
    const file = join(folder, 'rules.yml');
    writeFileSync(file, `groups:\n  - name: dashboards\n    rules:\n${rules.join('')}`);
    const checked = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    expect(checked).toMatchObject({ status: 0, stderr: '' });
  });
});
