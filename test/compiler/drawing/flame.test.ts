/** Flame graphs: widths, places and numbers, and names that want to be something else. */
import { describe, expect, it } from 'vitest';
import { isProblem } from '../../../compiler/drawing/findings.ts';
import { flameFile } from '../../../compiler/drawing/flame.ts';
import { flameBoxes, flameLabel } from '../../../compiler/drawing/flame-layout.ts';
import { type FlameTree, flameTree } from '../../../compiler/drawing/flame-tree.ts';
import { readFindings } from '../../../compiler/drawing/read.ts';

function stacksOf(folded: string) {
  const findings = readFindings(Buffer.from(folded));
  if (isProblem(findings)) throw new Error(findings.problem);
  return findings.maps[0]?.prints[0]?.stacks ?? [];
}

function tree(folded: string, before?: string): FlameTree {
  const made = flameTree(stacksOf(folded), before === undefined ? undefined : stacksOf(before));
  if (isProblem(made)) throw new Error(made.problem);
  return made;
}

/** `depth name count` of each node. */
const shown = ({ frames, frame, depth, count }: FlameTree): readonly string[] =>
  frame.map((index, node) => `${depth[node]} ${frames[index]?.[0]} ${count[node]}`);

const LAYOUT = { width: 100, rows: 4, rowHeight: 10, top: 0, icicle: false };

describe('the tree of stacks', () => {
  it('adds up what begins alike, in the order of names', () => {
    expect(shown(tree('m;b 1\nm;a;x 2\nm;a 4\nn 8\nm;a;x 16\n'))).toEqual([
      '0 all 31',
      '1 m 23',
      '2 a 22',
      '3 x 18',
      '2 b 1',
      '1 n 8',
    ]);
  });

  it('tells a function from the one of that name in the kernel', () => {
    expect(shown(tree('read 1\nread_[k] 2\n'))).toEqual(['0 all 3', '1 read 1', '1 read 2']);
  });

  it('holds what both inputs have', () => {
    const both = tree('m;a 1\nm;b 3\n', 'm;a 5\nm;c 1\n');
    expect(shown(both)).toEqual(['0 all 4', '1 m 4', '2 a 1', '2 b 3', '2 c 0']);
    expect(both.before).toEqual([6, 6, 5, 0, 1]);
  });

  it.each([
    ['m -1\n', 'negative'],
    ['m 9007199254740991\nn 1\n', 'more than 2^53'],
    ['m 0\n', 'no stacks'],
  ])('is refused for %j', (folded, why) => {
    expect(flameTree(stacksOf(folded))).toMatchObject({ problem: expect.stringContaining(why) });
  });
});

describe('boxes', () => {
  const data = { ...tree('m;a;x 6\nm;b 2\nn 2\n'), ...LAYOUT };
  const places = (focus: number, least = 0): readonly string[] =>
    flameBoxes(data, focus, least).map(
      ({ node, x, y, width }) => `${data.frames[data.frame[node] ?? 0]?.[0]} ${x}+${width} ${y}`,
    );

  it('are as wide as their share, children above their parent', () => {
    expect(places(0)).toEqual([
      'all 0+100 30',
      'm 0+80 20',
      'a 0+60 10',
      'x 0+60 0',
      'b 60+20 10',
      'n 80+20 20',
    ]);
  });

  it('fill the width when zoomed to, above all that leads there', () => {
    expect(places(4)).toEqual(['all 0+100 30', 'm 0+100 20', 'b 0+100 10']);
    expect(places(1)).toEqual([
      'all 0+100 30',
      'm 0+100 20',
      'a 0+75 10',
      'x 0+75 0',
      'b 75+25 10',
    ]);
  });

  it('that nobody could see are left out, with what is on them; the others stay in their places', () => {
    expect(places(0, 30)).toEqual(['all 0+100 30', 'm 0+80 20', 'a 0+60 10', 'x 0+60 0']);
  });

  it('stand behind those that are left out where they stood before', () => {
    const narrow = { ...tree('a;x 1\nb 9\n'), ...LAYOUT };
    expect(flameBoxes(narrow, 0, 20).map(({ node, x }) => [node, x])).toEqual([
      [0, 0],
      [3, 10],
    ]);
  });

  it('hang from the top in an icicle', () => {
    const [root, child] = flameBoxes({ ...data, icicle: true }, 0, 0);
    expect([root?.y, child?.y]).toEqual([0, 10]);
  });

  it('have as much of a name as fits', () => {
    expect(flameLabel('function', 100)).toBe('function');
    expect(flameLabel('function', 45)).toBe('func\u2026');
    expect(flameLabel('function', 20)).toBe('');
  });
});

describe('the file', () => {
  const file = (folded: string): string =>
    flameFile(tree(folded), { title: '@', note: '', icicle: false });

  it('says each number and share', () => {
    const svg = file('m;a 1500\nm;b 500\n');
    expect([...svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, tip]) => tip)).toEqual([
      'all: 2,000 (100.00%)',
      'm: 2,000 (100.00%)',
      'a: 1,500 (75.00%)',
      'b: 500 (25.00%)',
    ]);
  });

  it('shows names that are markup, and does not obey them', () => {
    const svg = file('</title><script>alert(1)</script>;]]><!--;"onload="x&lt;\u202e\u0001 1\n');
    expect(svg.match(/<script/g)).toHaveLength(1);
    expect(svg.match(/\]\]>/g)).toHaveLength(1);
    expect(svg).not.toMatch(/alert\(1\)<\/script>|<!--|onload="x/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(svg).not.toMatch(/[\u0001\u202e]/);
    expect(svg).toContain('&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;: 1 (100.00%)');
  });
});
