/** Flame graphs: a picture that is whole without a script, and the script that makes it answer. */
import { scriptData, visible } from './escape.ts';
import {
  type FlameData,
  flameBoxes,
  flameColour,
  flameLabel,
  flameShare,
  flameTip,
} from './flame-layout.ts';
import { flamePage } from './flame-page.ts';
import type { FlameTree } from './flame-tree.ts';
import { element, picture, text, tip } from './svg.ts';

export interface FlameOptions {
  readonly title: string;
  /** What the title leaves out: of which print, compared with what. */
  readonly note: string;
  readonly icicle: boolean;
}

const WIDTH = 1200;
const ROW = 18;
const TOP = 52;
const BOTTOM = 28;

function dataOf(tree: FlameTree, icicle: boolean): FlameData {
  const deepest = tree.depth.reduce((most, depth) => Math.max(most, depth), 0);
  const frames = tree.frames.map(([name, kind]) => [visible(name), kind] as const);
  return { ...tree, frames, width: WIDTH, rows: deepest + 1, rowHeight: ROW, top: TOP, icicle };
}

/** The boxes as they are before anything is clicked. */
function boxes(data: FlameData): string {
  return flameBoxes(data, 0, 0.5)
    .map(({ node, x, y, width }) => {
      const label = flameLabel(data.frames[data.frame[node] ?? 0]?.[0] ?? '', width);
      return element(
        'g',
        { 'data-node': node },
        tip(flameTip(data, node, flameShare)) +
          element('rect', {
            x,
            y,
            width: Math.max(0.3, width - 0.4),
            height: ROW - 1,
            rx: 2,
            fill: flameColour(data, node),
          }) +
          (label === '' ? '' : text({ x: x + 3, y: y + ROW - 5 }, label)),
      );
    })
    .join('');
}

export interface FlameGraph {
  /** The <svg>, with `id`. */
  readonly svg: string;
  /** What the script needs. */
  readonly data: FlameData;
}

/** The picture; `inside` goes before its end. */
export function flameGraph(
  tree: FlameTree,
  { title, note, icicle }: FlameOptions,
  inside: (data: FlameData) => string = () => '',
): FlameGraph {
  const data = dataOf(tree, icicle);
  const height = TOP + data.rows * ROW + BOTTOM;
  const svg = picture(
    { width: WIDTH, height },
    { class: 'flame' },
    element('rect', { width: '100%', height: '100%', fill: 'hsl(210, 20%, 98%)' }) +
      text({ x: WIDTH / 2, y: 22, 'text-anchor': 'middle', 'font-size': 16 }, title) +
      text({ x: WIDTH / 2, y: 40, 'text-anchor': 'middle', fill: '#666' }, note) +
      element(
        'text',
        { class: 'reset', x: 10, y: 22, style: 'display:none;cursor:pointer', fill: '#05c' },
        'Reset zoom',
      ) +
      element(
        'text',
        {
          class: 'search',
          x: WIDTH - 10,
          y: 22,
          'text-anchor': 'end',
          style: 'cursor:pointer',
          fill: '#05c',
        },
        'Search',
      ) +
      element('g', { class: 'frames', style: 'cursor:pointer' }, boxes(data)) +
      element('text', { class: 'details', x: 10, y: height - 10 }, ' ') +
      element(
        'text',
        { class: 'matched', x: WIDTH - 10, y: height - 10, 'text-anchor': 'end' },
        ' ',
      ) +
      inside(data),
  );
  return { svg, data };
}

/** The script of a page with flame graphs: one call for each <svg class="flame">, in their order. */
export function flameScript(graphs: readonly FlameData[]): string {
  const functions = [
    ['boxes', flameBoxes],
    ['colour', flameColour],
    ['share', flameShare],
    ['tip', flameTip],
    ['label', flameLabel],
  ] as const;
  const table = functions.map(([name, code]) => `${name}: ${code.toString()}`).join(',\n');
  return `(function () {
const flamePage = ${flamePage.toString()};
const functions = {${table}};
const graphs = document.querySelectorAll("svg.flame");
${scriptData(graphs)}.forEach(function (data, index) { flamePage(document, graphs[index], data, functions); });
})();`;
}

/** The graph as a file of its own. */
export function flameFile(tree: FlameTree, options: FlameOptions): string {
  const { svg } = flameGraph(tree, options, (data) => {
    // Nothing in the code ends the section.
    const script = flameScript([data]).replaceAll(']]>', ']] >');
    return `<script><![CDATA[\n${script}\n]]></script>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg}\n`;
}
