/** The page of an exploration, as HTML. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Exploration } from '../../../compiler/exploration/exploration.ts';
import { explore, exploreObject } from '../../../compiler/exploration/explore.ts';
import { renderPage } from '../../../compiler/exploration/page.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { compileText } from '../../support/build.ts';

const EXPLORATION: Exploration = {
  name: 'a<b.bt',
  sources: [
    { name: 'a.bt', firstLine: 1, lines: ['one', 'two', 'three'] },
    { name: 'b&.bt', firstLine: 5, lines: ['four'] },
  ],
  costs: new Map([
    [1, { instructions: 8, helpers: new Map(), stack: 0 }],
    [
      2,
      {
        instructions: 3,
        helpers: new Map([
          ['x', 1],
          ['y', 2],
        ]),
        stack: 24,
      },
    ],
  ]),
  measured: new Map([[2, '5 events']]),
  columns: [
    {
      title: 'IR',
      lines: [
        { text: 'head', isHeading: true },
        { text: 'a > b', line: 2 },
      ],
    },
    { title: 'BPF', lines: [{ text: 'exit', line: 5 }] },
  ],
  tables: [
    {
      title: 'Maps',
      heads: ['map', 'type'],
      rows: [
        ['@a', 'hash'],
        ['@b', 'array'],
      ],
    },
  ],
};
const html = renderPage(EXPLORATION, (line) => (line < 5 ? line : undefined));
/** What stands in a column. */
function column(page: string, title: string): string {
  const start = `data-title="${title}"><h2>${title}</h2><div class="lines">`;
  const at = page.indexOf(start);
  expect(at).toBeGreaterThan(0);
  return page.slice(at + start.length, page.indexOf('</div></section>', at));
}

describe('A page', () => {
  it('has the script first, with files that it imports below their names', () => {
    expect(column(html, 'script')).toBe(
      [
        '<div data-l="1" style="--hue:138"><span class="n">1</span><span class="c" style="--share:100%" title="8 instructions">8</span>one</div>',
        '<div class="m">5 events</div>',
        '<div data-l="2" style="--hue:275"><span class="n">2</span><span class="c" style="--share:38%" title="3 instructions; calls x, y 2 times; stack down to byte 24">3</span>two</div>',
        // Colours go around the circle.
        '<div data-l="3" style="--hue:53"><span class="n">3</span><span class="c"></span>three</div>',
        '<div class="head">b&amp;.bt</div>',
        '<div data-l="5"><span class="n">1</span><span class="c"></span>four</div>',
      ].join(''),
    );
  });

  it('has its columns behind it, each with a box that hides it', () => {
    expect(column(html, 'IR')).toBe(
      '<div class="head">head</div><div data-l="2" style="--hue:275">a &gt; b</div>',
    );
    expect(column(html, 'BPF')).toBe('<div data-l="5">exit</div>');
    const boxes = [...html.matchAll(/<input type="checkbox" value="(\d)" checked> ([^<]+)/g)];
    expect(boxes.map(([, value, title]) => [value, title])).toEqual([
      ['0', 'script'],
      ['1', 'IR'],
      ['2', 'BPF'],
    ]);
    expect(html).toContain('<title>a&lt;b.bt</title>');
    expect(html).toContain('<h1>a&lt;b.bt</h1>');
  });

  it('has its tables below', () => {
    expect(html).toContain(
      '<div id="tables"><details open><summary>Maps (2)</summary><table><thead><tr><th>map</th><th>type</th></tr></thead><tbody><tr><td>@a</td><td>hash</td></tr><tr><td>@b</td><td>array</td></tr></tbody></table></details></div>',
    );
  });

  it('lets its own script run, by the hash of what stands in it, and loads nothing', () => {
    const script = /<script>([\s\S]*)<\/script>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(script).digest('base64');
    expect(html).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'"`,
    );
    expect(script.length).toBeGreaterThan(1000);
  });

  it('of no script has the columns alone, from the first box on', () => {
    const page = renderPage({ ...EXPLORATION, sources: [] }, () => undefined);
    expect(page).not.toContain('data-title="script"');
    expect(page).toContain('value="0" checked> IR');
    expect(page).toContain('<div data-l="2">a &gt; b</div>');
  });

  it('of costs that are none has no shares', () => {
    const costs = new Map([[1, { instructions: 0, helpers: new Map(), stack: 0 }]]);
    expect(renderPage({ ...EXPLORATION, costs }, () => undefined)).toContain(
      '--share:0%" title="0 instructions">0<',
    );
  });
});

const SCRIPT = `// A comment.
fn twice($n : int64) : int64 {
  return $n * 2;
}

kprobe:vfs_read {
  @a = twice(2);
}
`;

function explored(change: Partial<Parameters<typeof explore>[0]> = {}): string {
  const compilation = compileText(SCRIPT);
  const { typed, sources } = compilation;
  if (!typed) throw new Error('the script has errors');
  return explore({
    ...{ sources, typed, ir: compilation.ir?.() ?? '' },
    optimisedIr: compilation.optimisedIr?.() ?? '',
    assembly: compilation.assembly?.() ?? '',
    inspection: inspectObject(compilation.object?.() ?? new Uint8Array()),
    ...change,
  });
}
const titles = (page: string): readonly string[] =>
  [...page.matchAll(/data-title="([^"]+)"/g)].map(([, title]) => title ?? '');

describe('A script', () => {
  it('is beside what it became', () => {
    const page = explored();
    expect(titles(page)).toEqual(['script', 'typed tree', 'IR', 'optimised IR', 'BPF']);
    // Its last line feed begins no line, and lines of no block have no colour.
    const lines = [
      ...column(page, 'script').matchAll(/<div data-l="(\d+)"( style="--hue:(\d+)")?/g),
    ];
    expect(lines.map(([, line, , hue]) => [Number(line), hue])).toEqual([
      [1, undefined],
      ...[2, 3, 4].map((line) => [line, '0']),
      [5, undefined],
      ...[6, 7, 8].map((line) => [line, '138']),
    ]);
    expect(column(page, 'BPF')).toMatch(/<div data-l="7" style="--hue:138"> {2}/);
    expect(column(page, 'BPF')).toMatch(/<div data-l="3" style="--hue:0"> {2}/);
    expect(page).not.toContain('class="m"');
  });

  it('is beside what the verifier said, and what was measured', () => {
    const page = explored({
      verifier: '; @a = twice(2);\n0: exit',
      cost: [{ probe: 'kprobe:vfs_read', events: 0, ns: 0 }],
    });
    expect(titles(page)).toEqual(['script', 'typed tree', 'IR', 'optimised IR', 'BPF', 'verifier']);
    expect(column(page, 'verifier')).toContain('data-l="7" style="--hue:138">0: exit</div>');
    expect(column(page, 'script')).toContain('<div class="m">0 events</div><div data-l="6"');
  });
});

it('An object is its manifest and its types', () => {
  const inspection = inspectObject(compileText(SCRIPT).object?.() ?? new Uint8Array());
  const page = exploreObject('x.o', inspection);
  expect(titles(page)).toEqual(['manifest', 'types']);
  expect(page).toContain('<title>x.o</title>');
  expect(column(page, 'manifest')).toMatch(/^<div>\{<\/div><div> {2}&quot;/);
  expect(page).toContain('<summary>Programs (1)</summary>');
});
