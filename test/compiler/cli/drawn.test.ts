/** `bpfscript draw`: which file is written in which form, of which maps and events; and what is refused. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';
import { runHere } from '../../support/command-here.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

const value = (ts: number, ph: string, name: string): object => ({
  type: 'value',
  data: { ts, ph, name, thread: 1 },
});
const hist = (name: string, ...counts: readonly number[]): object => ({
  type: 'hist',
  data: {
    [name]: counts.map((count, index) => ({ min: 2 ** index, max: 2 ** (index + 1) - 1, count })),
  },
});
const input = (name: string, ...lines: readonly (string | object)[]): string => {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  writeFileSync(at(name), `${text.join('\n')}\n`);
  return name;
};

const folded = input('stacks.folded', 'main;work 3', 'main;rest 1');
const later = input('later.folded', 'main;work 9', 'main;rest 1');
const histograms = input('hist.json', hist('@sizes', 1, 2), hist('@other', 3));
const one = input('one.json', hist('@sizes', 1, 2));
const events = input('events.json', value(10, 'B', 'outer'), value(30, 'E', 'outer'));
const both = input(
  'both.json',
  hist('@sizes', 1, 2),
  value(10, 'B', 'outer'),
  value(30, 'E', 'outer'),
);

const draw = (...words: readonly string[]) => runHere(['draw', ...words], { cwd: folder });
let files = 0;

/** What stands in a file that was written. */
async function drawn(form: string, file: string, ...words: readonly string[]): Promise<string> {
  files += 1;
  const output = `drawn${files}${form}`;
  expect(await draw(file, '-o', output, ...words)).toEqual({ stdout: '', stderr: '', status: 0 });
  return readFileSync(at(output), 'latin1');
}

async function refused(
  form: string,
  file: string,
  ...words: readonly string[]
): Promise<readonly [string, number, ...string[]]> {
  const { stdout, stderr, status } = await draw(file, '-o', `refused${form}`, ...words);
  expect([stdout, existsSync(at(`refused${form}`))]).toEqual(['', false]);
  const [, error = '', hint] = /^ERROR: (.*)\n(?:HINT: (.*)\n)?$/.exec(stderr) ?? [];
  return [error, status, ...(hint === undefined ? [] : [hint])];
}

it('The end of the name says the form', async () => {
  const svg = await drawn('.svg', folded);
  expect(svg).toMatch(/^(<\?xml|<svg)/);
  expect(svg).toContain('work');
  const html = await drawn('.html', folded);
  expect(html).toContain('<title>stacks.folded</title>');
  expect(await drawn('.html', folded, '--title', 'A title')).toContain('<title>A title</title>');
  writeFileSync(at('script.bt'), 'begin { /* shown */ }');
  expect(html).not.toContain('shown');
  expect(await drawn('.html', folded, '--script', 'script.bt')).toContain('shown');
  const profile = gunzipSync(Buffer.from(await drawn('.pb.gz', folded), 'latin1'));
  expect(profile.toString('latin1')).toContain('work');
  expect(JSON.parse(await drawn('.json', events)).traceEvents.length).toBeGreaterThan(0);
  expect(await drawn('.pftrace', events)).toContain('outer');
  expect(await refused('.png', folded)).toEqual([
    'cannot tell what to draw: refused.png ends in none of .html, .svg, .pftrace, .json, .pb.gz',
    2,
  ]);
});

it('Stacks hang, are compared, and are added up where that is asked for', async () => {
  const plain = await drawn('.svg', folded);
  const icicle = await drawn('.svg', folded, '--icicle');
  const change = await drawn('.svg', later, '--before', folded);
  expect(new Set([plain, icicle, change, await drawn('.svg', later)]).size).toBe(4);
  const text = ['@[', '    main+0', ']: 3', '', ''].join('\n');
  const twice = input('twice.txt', text, text);
  const counts = async (...words: readonly string[]) =>
    /main[^<]*?(\d+)/.exec(await drawn('.svg', twice, ...words))?.[0];
  expect(await counts('--sum')).not.toBe(await counts());
});

it('Histograms of several prints are what they are, or what came since where that is asked for', async () => {
  const growing = input('growing.json', hist('@sizes', 1, 2), hist('@sizes', 5, 7));
  const plain = await drawn('.svg', growing);
  const since = await drawn('.svg', growing, '--increments');
  const counts = (svg: string) => [...svg.matchAll(/: (\d+)<\/title>/g)].map(([, count]) => count);
  expect([counts(plain), counts(since)]).toEqual([
    ['1', '2', '5', '7'],
    ['1', '2', '4', '5'],
  ]);
});

it('A map is chosen by its name, and a picture or a profile has room for one', async () => {
  const only = await drawn('.svg', histograms, '--map', '@other');
  expect(only).toContain('@other');
  expect(only).not.toContain('@sizes');
  expect(await drawn('.html', histograms)).toMatch(/@sizes[\s\S]*@other/);
  expect(await refused('.svg', histograms)).toEqual([
    'hist.json has pictures of several maps, an .svg has room for one',
    2,
    'Choose one with --map (@sizes, @other), or write an .html.',
  ]);
  expect(await refused('.svg', histograms, '--map', '@none')).toEqual([
    'hist.json has no map @none',
    1,
    'It has @sizes, @other.',
  ]);
  expect(await refused('.svg', events, '--map', '@none')).toEqual([
    ...['events.json has no map @none', 1, 'It has none.'],
  ]);
  expect(await refused('.pb.gz', histograms)).toEqual([
    'hist.json: there are no stacks to draw',
    1,
  ]);
});

it('A timeline stands before the pictures of maps, or alone', async () => {
  const all = await drawn('.html', both);
  expect(all.indexOf('Timeline')).toBeGreaterThan(0);
  expect(all).toContain('@sizes');
  const alone = await drawn('.svg', both, '--map', 'events');
  expect(alone).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<svg/);
  expect(alone).toContain('Timeline');
  expect(await drawn('.svg', both, '--map', 'events', '--title', 'Mine')).toContain('Mine');
  const map = await drawn('.svg', both, '--map', '@sizes');
  expect(map).not.toContain('Timeline');
  expect(await drawn('.svg', one)).toBe(map);
  const [problem, status] = await refused('.json', one, '--map', 'events');
  expect([problem.startsWith('one.json: '), status]).toEqual([true, 1]);
});

it('Ends without a beginning and beginnings without an end are told', async () => {
  const open = input('open.json', value(5, 'E', 'x'), value(10, 'B', 'a'), value(20, 'B', 'b'));
  const { stderr, status } = await draw(open, '-o', 'open.svg');
  expect(status).toBe(0);
  expect(stderr).toBe(
    'WARNING: 1 ends had no beginning in open.json: they are left out\n' +
      'WARNING: 2 beginnings had no end in open.json: they end with what is around them, or with the last event\n',
  );
});

it('What is no output says the line, and what is missing its name', async () => {
  input('broken.folded', 'main;work 3', 'no number');
  const [message, status] = await refused('.svg', 'broken.folded');
  expect([/^broken\.folded:\d+: ./.test(message), status]).toEqual([true, 1]);
  expect(await refused('.svg', 'missing')).toEqual([
    ...['cannot read missing: no such file or directory', 1],
  ]);
  expect((await refused('.svg', folded, '--before', 'missing'))[0]).toBe(
    'cannot read missing: no such file or directory',
  );
});
