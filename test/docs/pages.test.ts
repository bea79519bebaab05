/** What pages refer to is there: links, files, commands. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchors, fences, pages, prose } from './pages.ts';

const all = pages();

/** Each as `page: what`, so that a failure names both. */
function everywhere(pattern: RegExp, text = prose): readonly { page: string; what: string }[] {
  return all.flatMap(({ path, text: page }) =>
    [...text(page).matchAll(pattern)].map((match) => ({ page: path, what: match[1] ?? '' })),
  );
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path = '', fragment] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), decodeURI(path)));
  if (!existsSync(file)) return false;
  return fragment === undefined || anchors(readFileSync(file, 'utf8')).includes(fragment);
}

/** `path` may hold `*` in its last part, and leave `.ts` away. */
function isThere(path: string): boolean {
  if (!path.includes('*')) return existsSync(path) || existsSync(`${path}.ts`);
  const name = new RegExp(`^${basename(path).replaceAll('.', '[.]').replaceAll('*', '.*')}$`);
  return existsSync(dirname(path)) && readdirSync(dirname(path)).some((file) => name.test(file));
}

describe('a page', () => {
  it('links to pages and headings that exist', () => {
    const links = everywhere(/\]\(([^)\s]+)\)/g).filter(({ what }) => !/^[a-z]+:/.test(what));
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter(({ page, what }) => !leadsSomewhere(page, what))).toEqual([]);
  });

  it('names files of the project that exist', () => {
    const folders = 'compiler|linker|loader|stdlib|test|scripts|bench|docs|examples';
    const paths = everywhere(new RegExp(`\`((?:${folders})/[\\w./*-]+)\``, 'g')).filter(
      ({ what }) => !/NAME|build\//.test(what),
    );
    expect(paths.length).toBeGreaterThan(50);
    expect(paths.filter(({ what }) => !isThere(what))).toEqual([]);
  });

  it('names scripts of npm that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    const known = new Set(Object.keys(scripts));
    const ofPages = everywhere(/\bnpm (?:run )?([a-z][\w:-]*)/g, (text) => text).filter(
      ({ what }) => !['install', 'uninstall', 'ci'].includes(what),
    );
    expect(ofPages.length).toBeGreaterThan(10);
    expect(ofPages.filter(({ what }) => !known.has(what))).toEqual([]);
  });

  it('names commands of bpfscript that there are', () => {
    const commands = new Set(
      readdirSync('compiler/cli/commands').map((file) => file.replace(/\.ts$/, '')),
    );
    const used = all.flatMap(({ path, text }) =>
      fences(text).flatMap(({ lines }) =>
        lines
          .map((line) => /^(?:npx )?bpfscript ([a-z]+)(?: |$)/.exec(line)?.[1])
          .filter((what) => what !== undefined)
          .map((what) => ({ page: path, what })),
      ),
    );
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter(({ what }) => !commands.has(what))).toEqual([]);
  });
});

describe('a decision', () => {
  const decisions = all.filter(
    ({ path }) => path.startsWith('docs/decisions/') && !path.endsWith('README.md'),
  );

  it('asks a question, answers it, and says why', () => {
    expect(decisions.length).toBeGreaterThan(30);
    for (const { path, text } of decisions) {
      expect(text, path).toMatch(/^# .*\?\n/);
      expect(
        anchors(text)
          .slice(1)
          .filter((heading) => heading !== 'figures'),
        path,
      ).toEqual(['answer', 'reason']);
    }
  });

  it('stands in the list of decisions under its question', () => {
    const list = readFileSync('docs/decisions/README.md', 'utf8');
    for (const { path, text } of decisions) {
      const question = text.slice(2, text.indexOf('\n'));
      expect(list).toContain(`[${question}](${path.replace('docs/decisions/', '')})`);
    }
  });
});
