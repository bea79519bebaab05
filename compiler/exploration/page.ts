/** An exploration as one HTML page that needs nothing else. */
import { createHash } from 'node:crypto';
import { escaped } from '../drawing/escape.ts';
import { CLIENT } from './client.ts';
import type {
  Exploration,
  ExploredColumn,
  ExploredLine,
  ExploredTable,
  LineCost,
} from './exploration.ts';
import { STYLE } from './style.ts';

/** Neighbouring blocks have colours that are far from each other: steps of the golden angle. */
const HUE_STEP = 137.5;

/** The colour of a line of the script: that of the probe that it is in. */
type HueOf = (line: number) => number | undefined;

function attributes(line: number | undefined, hueOf: HueOf, classes: readonly string[]): string {
  const hue = line === undefined ? undefined : hueOf(line);
  return [
    classes.length > 0 ? ` class="${classes.join(' ')}"` : '',
    line === undefined ? '' : ` data-l="${line}"`,
    hue === undefined ? '' : ` style="--hue:${Math.round(hue)}"`,
  ].join('');
}

function lineOfColumn({ text, line, isHeading }: ExploredLine, hueOf: HueOf): string {
  return `<div${attributes(line, hueOf, isHeading ? ['head'] : [])}>${escaped(text)}</div>`;
}

function column(title: string, lines: string): string {
  return `<section class="column" data-title="${escaped(title)}"><h2>${escaped(title)}</h2><div class="lines">${lines}</div></section>`;
}

function explained({ instructions, helpers, stack }: LineCost): string {
  const parts = [`${instructions} instructions`];
  if (helpers.size > 0)
    parts.push(
      `calls ${[...helpers].map(([name, count]) => (count > 1 ? `${name} ${count} times` : name)).join(', ')}`,
    );
  if (stack > 0) parts.push(`stack down to byte ${stack}`);
  return parts.join('; ');
}

function scriptLines({ sources, costs, measured }: Exploration, hueOf: HueOf): string {
  const most = Math.max(1, ...[...costs.values()].map(({ instructions }) => instructions));
  return sources
    .map(({ name, firstLine, lines }, file) => {
      const heading = file > 0 ? `<div class="head">${escaped(name)}</div>` : '';
      const rows = lines.map((text, index) => {
        const line = firstLine + index;
        const cost = costs.get(line);
        const share = cost ? Math.round((100 * cost.instructions) / most) : 0;
        const count = cost
          ? `<span class="c" style="--share:${share}%" title="${escaped(explained(cost))}">${cost.instructions}</span>`
          : '<span class="c"></span>';
        const host = measured.get(line);
        const measuredHere = host === undefined ? '' : `<div class="m">${escaped(host)}</div>`;
        return `${measuredHere}<div${attributes(line, hueOf, [])}><span class="n">${index + 1}</span>${count}${escaped(text)}</div>`;
      });
      return heading + rows.join('');
    })
    .join('');
}

function table({ title, heads, rows }: ExploredTable): string {
  const head = heads.map((each) => `<th>${escaped(each)}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`)
    .join('');
  return `<details open><summary>${escaped(title)} (${rows.length})</summary><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></details>`;
}

function choice({ title }: Pick<ExploredColumn, 'title'>, index: number): string {
  return `<label><input type="checkbox" value="${index}" checked> ${escaped(title)}</label>`;
}

/** The page may run its own script and nothing else: its policy names the script by its hash. */
export function renderPage(
  exploration: Exploration,
  blockOf: (line: number) => number | undefined,
): string {
  const { name, columns, tables } = exploration;
  const hueOf: HueOf = (line) => {
    const block = blockOf(line);
    return block === undefined ? undefined : (block * HUE_STEP) % 360;
  };
  const hash = createHash('sha256').update(CLIENT).digest('base64');
  const shown =
    exploration.sources.length > 0 ? [column('script', scriptLines(exploration, hueOf))] : [];
  const titles = [...(shown.length > 0 ? [{ title: 'script' }] : []), ...columns];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'">
<meta name="viewport" content="width=device-width">
<title>${escaped(name)}</title><style>${STYLE}</style></head><body>
<header><h1>${escaped(name)}</h1>${titles.map(choice).join('')}
<input id="find" type="search" placeholder="Find in all columns" aria-label="Find"><span id="told"></span></header>
<main>${shown.join('')}${columns
    .map(({ title, lines }) =>
      column(title, lines.map((line) => lineOfColumn(line, hueOf)).join('')),
    )
    .join('')}</main>
<div id="tables">${tables.map(table).join('')}</div>
<script>${CLIENT}</script></body></html>
`;
}
