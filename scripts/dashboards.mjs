/**
 * Dashboards for Grafana, of a table: what each panel asks, and how it is shown. `npm run docs` writes them into
 * packaging/dashboards; test/docs/dashboards.test.ts holds what they ask for against what the tools give.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = join(import.meta.dirname, '../packaging/dashboards');
/** What every selector begins with, so that hosts can be chosen. */
const HERE = 'instance=~"$instance"';
const RANGE = '[$__rate_interval]';

const rate = (metric, by) => `sum by (${by}) (rate(${metric}{${HERE}}${RANGE}))`;
const quantile = (part, metric) => `histogram_quantile(${part}, ${rate(`${metric}_bucket`, 'le')})`;
/** A histogram as it moves, and two of its quantiles. */
const latency = (what, metric, unit) => [
  {
    title: what,
    kind: 'heatmap',
    unit,
    ask: [[`sum by (le) (increase(${metric}_bucket{${HERE}}${RANGE}))`, '{{le}}']],
  },
  {
    title: `${what}: half, and all but one in a hundred, take at most`,
    unit,
    ask: [
      [quantile(0.5, metric), '50%'],
      [quantile(0.99, metric), '99%'],
    ],
  },
];

/** By the name of the tool; `uid` has to stay, since links go there. */
export const DASHBOARDS = {
  bpfload: {
    title: 'Loaders',
    panels: [
      {
        title: 'Loaders that answer',
        kind: 'stat',
        ask: [[`count(bpfload_info{${HERE}})`, 'loaders']],
      },
      {
        title: 'Probes that are missing',
        kind: 'table',
        ask: [[`bpfload_probe_attached{${HERE}} == 0`, '{{script}} {{probe}}']],
      },
      {
        title: 'Events lost a second',
        ask: [[rate('bpfload_lost_events_total', 'script, event'), '{{script}} {{event}}']],
      },
      {
        title: 'Warnings a second',
        ask: [[rate('bpfload_warnings_total', 'script, warning'), '{{script}} {{warning}}']],
      },
      {
        title: 'Time in probes, in CPUs (with --cost or --max-overhead)',
        unit: 'percentunit',
        ask: [[rate('bpfload_probe_run_seconds_total', 'script, probe'), '{{script}} {{probe}}']],
      },
      {
        title: 'Time in loaders, in CPUs',
        unit: 'percentunit',
        ask: [[rate('bpfload_cpu_seconds_total', 'instance, script'), '{{instance}} {{script}}']],
      },
      {
        title: 'Series that are not shown',
        ask: [
          [`sum by (script, map) (bpfload_metric_series_left_out{${HERE}})`, '{{script}} {{map}}'],
        ],
      },
    ],
  },
  runqlat: {
    title: 'Waiting for a CPU',
    panels: latency('Waiting for a CPU', 'runqlat_seconds', 's'),
  },
  biolatency: {
    title: 'Block devices',
    panels: [
      ...latency('Requests of block devices', 'biolatency_seconds', 's'),
      {
        title: 'Requests a second, by device',
        unit: 'reqps',
        ask: [
          [
            `sum by (instance, major, minor) (rate(biolatency_seconds_bucket{${HERE},le="+Inf"}${RANGE}))`,
            '{{instance}} {{major}}:{{minor}}',
          ],
        ],
      },
    ],
  },
  readsize: {
    title: 'Sizes of reads',
    panels: [
      ...latency('Bytes that reads give', 'readsize_bytes', 'bytes'),
      {
        title: 'Reads a second: the ten busiest commands',
        unit: 'ops',
        ask: [
          [
            `topk(10, sum by (comm) (rate(readsize_bytes_bucket{${HERE},le="+Inf"}${RANGE})))`,
            '{{comm}}',
          ],
        ],
      },
    ],
  },
  syslatency: {
    title: 'System calls',
    panels: [
      ...latency('System calls', 'syslatency_seconds', 's'),
      {
        title: 'The slowest calls so far, by number',
        kind: 'table',
        unit: 's',
        ask: [[`topk(10, max by (call) (syslatency_slowest_seconds{${HERE}}))`, '{{call}}']],
      },
    ],
  },
  tcpretrans: {
    title: 'TCP retransmits',
    panels: [
      {
        title: 'Segments sent again a second, by host',
        unit: 'pps',
        ask: [[rate('tcpretrans_segments_total', 'instance'), '{{instance}}']],
      },
      {
        title: 'To whom: the ten worst',
        unit: 'pps',
        ask: [
          [
            `topk(10, ${rate('tcpretrans_segments_total', 'address, port')})`,
            '{{address}}:{{port}}',
          ],
        ],
      },
    ],
  },
};

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is a variable of Grafana
const SOURCE = { type: 'prometheus', uid: '${datasource}' };

function panelOf({ title, kind = 'timeseries', unit = 'short', ask }, index) {
  const isHeatmap = kind === 'heatmap';
  return {
    id: index + 1,
    title,
    type: kind,
    datasource: SOURCE,
    gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 9, w: 12, h: 9 },
    fieldConfig: { defaults: isHeatmap ? {} : { unit, min: 0 }, overrides: [] },
    // Buckets of Prometheus are cells already; their bounds are the axis.
    options: isHeatmap
      ? { calculate: false, yAxis: { unit }, color: { mode: 'scheme', scheme: 'Oranges' } }
      : {},
    targets: ask.map(([expr, legendFormat], number) => ({
      refId: String.fromCharCode(65 + number),
      datasource: SOURCE,
      expr,
      legendFormat,
      ...(isHeatmap ? { format: 'heatmap' } : {}),
      ...(kind === 'table' ? { format: 'table', instant: true } : {}),
    })),
  };
}

export function render(name) {
  const { title, panels } = DASHBOARDS[name];
  const dashboard = {
    uid: `bpfscript-${name}`,
    title: `bpfscript: ${title}`,
    tags: ['bpfscript'],
    editable: true,
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' },
        {
          name: 'instance',
          type: 'query',
          label: 'Host',
          datasource: SOURCE,
          query: 'label_values(bpfload_info, instance)',
          refresh: 2,
          multi: true,
          includeAll: true,
          allValue: '.*',
          current: { text: 'All', value: '$__all' },
        },
      ],
    },
    panels: panels.map(panelOf),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const name of Object.keys(DASHBOARDS))
    writeFileSync(join(FOLDER, `${name}.json`), render(name));
