/** The project's pages, and what they hold. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Page {
  readonly path: string;
  readonly text: string;
}

/** A fenced block: its language, and the lines between the fences. */
export interface Fence {
  readonly language: string;
  readonly lines: readonly string[];
}

/** Every page that git knows or would add. */
export function pages(): readonly Page[] {
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    encoding: 'utf8',
  });
  return list
    .split('\n')
    .filter((path) => path !== '')
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

export function fences(text: string): readonly Fence[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1] ?? '',
    lines: (match[2] ?? '').replace(/\n$/, '').split('\n'),
  }));
}

/** The page without its fenced blocks. */
export const prose = (text: string): string => text.replaceAll(/^```.*\n[\s\S]*?^```$/gm, '');

/** What a heading is called in a link, as GitHub makes it. */
export const anchors = (text: string): readonly string[] =>
  [...prose(text).matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
