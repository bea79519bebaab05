/** Pictures in a real browser: opened, clicked, searched. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Browser, openBrowser, type Page } from '../../support/browser.ts';
import { bpfscript } from '../../support/command.ts';
import { needs } from '../../support/needs.ts';

const folder = mkdtempSync(join(tmpdir(), 'bpfscript-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FOLDED = 'sh;main;read;sys_read_[k] 60\nsh;main;parse 20\nsh;main;read 10\nls;main 10\n';

function draw(input: string, name: string, ...flags: readonly string[]): string {
  const output = join(folder, name);
  const result = bpfscript(['draw', '-', '-o', output, ...flags], { input });
  expect(result).toEqual({ stdout: '', stderr: '', status: 0 });
  return output;
}

needs('chromium').describe('In a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  const tips = (page: Page): Promise<unknown> =>
    page.evaluate(
      '[...document.querySelectorAll("[data-node] title")].map((each) => each.textContent)',
    );
  const text = (page: Page, name: string): Promise<unknown> =>
    page.evaluate(`document.querySelector(".${name}").textContent`);

  it.each(['flame.svg', 'flame.html'])(
    'a flame graph zooms, resets and finds: %s',
    async (name) => {
      const page = await browser.open(draw(FOLDED, name));
      const all = await tips(page);
      expect(all).toEqual([
        'all: 100 (100.00%)',
        'ls: 10 (10.00%)',
        'main: 10 (10.00%)',
        'sh: 90 (90.00%)',
        'main: 90 (90.00%)',
        'parse: 20 (20.00%)',
        'read: 70 (70.00%)',
        'sys_read [kernel]: 60 (60.00%)',
      ]);
      await page.click('[data-node]', 'read: 70');
      expect(await tips(page)).toEqual([
        'all: 100 (100.00%)',
        'sh: 90 (90.00%)',
        'main: 90 (90.00%)',
        'read: 70 (70.00%)',
        'sys_read [kernel]: 60 (60.00%)',
      ]);
      await page.hover('[data-node]', 'sys_read');
      expect(await text(page, 'details')).toBe('sys_read [kernel]: 60 (60.00%)');
      await page.click('.reset');
      expect(await tips(page)).toEqual(all);
      await page.click('.search');
      await page.type('^(sys_)?read$');
      // What is within a hit is not counted twice.
      expect(await text(page, 'matched')).toBe('Matched: 70 (70.00%)');
      expect(
        await page.evaluate(
          'document.querySelectorAll("rect[fill=\\"hsl(300, 85%, 62%)\\"]").length',
        ),
      ).toBe(2);
      await page.press('Escape');
      expect(await text(page, 'matched')).toBe('');
      expect(page.noises).toEqual([]);
    },
  );

  it('the picture is the same before and after its script has run', async () => {
    const file = draw(FOLDED, 'same.svg', '--icicle');
    const page = await browser.open(file);
    const boxes = await page.evaluate(
      '[...document.querySelectorAll(".frames rect")].map((each) => ["x", "y", "width"].map((name) => +(+each.getAttribute(name)).toFixed(2)).join())',
    );
    const still = join(folder, 'still.svg');
    writeFileSync(still, readFileSync(file, 'utf8').replace(/<script>.*<\/script>/s, ''));
    const other = await browser.open(still);
    expect(
      await other.evaluate(
        '[...document.querySelectorAll(".frames rect")].map((each) => ["x", "y", "width"].map((name) => +(+each.getAttribute(name)).toFixed(2)).join())',
      ),
    ).toEqual(boxes);
  });

  it('a change is red where a share grew, and blue where it shrank', async () => {
    const before = join(folder, 'before.folded');
    writeFileSync(before, 'm;grew 1\nm;shrank 3\n');
    const page = await browser.open(
      draw('m;grew 6\nm;shrank 2\n', 'change.svg', '--before', before),
    );
    const colours = await page.evaluate(
      '[...document.querySelectorAll("[data-node]")].map((each) => each.querySelector("title").textContent + " " + each.querySelector("rect").getAttribute("fill").slice(0, 7))',
    );
    expect(colours).toEqual([
      'all: 8 (100.00%), before 4 (100.00%) hsl(0, ',
      'm: 8 (100.00%), before 4 (100.00%) hsl(0, ',
      'grew: 6 (75.00%), before 1 (25.00%) hsl(8, ',
      'shrank: 2 (25.00%), before 3 (75.00%) hsl(215',
    ]);
  });

  it.each(['hostile.svg', 'hostile.html'])('names that are script do not run: %s', async (name) => {
    const names = [
      '</title><script>alert(1)</script>',
      '<img src=x onerror=alert(2)>',
      ']]><script>alert(3)</script>',
      '"><svg onload=alert(4)>',
      '</script><script>alert(5)</script>',
      "'-alert(6)-'",
      '<!--<script>',
    ];
    const page = await browser.open(
      draw(
        names.map((each, index) => `${each} ${index + 1}\n`).join(''),
        name,
        '--title',
        names[0] ?? '',
      ),
    );
    for (const each of names) {
      await page.hover('[data-node]', each);
      expect(await text(page, 'details')).toContain(each);
    }
    await page.click('[data-node]', names[1]);
    await page.click('.search');
    await page.type('<img');
    expect(await text(page, 'search')).toContain('Search: <img');
    expect(page.noises).toEqual([]);
    expect(await page.evaluate('document.querySelectorAll("img, script").length')).toBe(1);
  });

  it('charts have a bar for each bucket and key', async () => {
    const page = await browser.open(
      draw('@h:\n[1]   1 |@ |\n[2, 4)   3 |@@@ |\n\n@n[<b>x</b>]: 7\n', 'charts.html'),
    );
    expect(
      await page.evaluate(
        '[...document.querySelectorAll("svg")].map((each) => each.getAttribute("class"))',
      ),
    ).toEqual(['histogram', 'bars']);
    const widths = await page.evaluate(
      '[...document.querySelectorAll(".histogram .row rect")].map((each) => each.getBoundingClientRect().width)',
    );
    const [one = 0, three = 0] = widths as readonly number[];
    expect(three / one).toBeCloseTo(3, 1);
    expect(await page.evaluate('document.querySelector(".bars .row title").textContent')).toBe(
      '<b>x</b>: 7',
    );
    expect(page.noises).toEqual([]);
  });
});

it('a picture needs an extension that says what it is, and one map', () => {
  expect(bpfscript(['draw', '-', '-o', join(folder, 'x.png')], { input: FOLDED })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('ends in none of .html, .svg, .pftrace, .json, .pb.gz'),
  });
  expect(
    bpfscript(['draw', '-', '-o', join(folder, 'x.svg')], { input: '@a: 1\n@b: 2\n' }),
  ).toMatchObject({ status: 2, stderr: expect.stringContaining('--map (@a, @b)') });
  expect(
    bpfscript(['draw', '-', '-o', join(folder, 'x.svg'), '--map', '@c'], { input: '@a: 1\n' }),
  ).toMatchObject({ status: 1, stderr: expect.stringContaining('has no map @c') });
});
