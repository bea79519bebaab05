/** docs/architecture.md shows one script on its way: what it prints is what the compiler makes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../compiler/cli/emit.ts';
import { COMPILER, LOADER } from '../architecture/layers.ts';
import { compileText } from '../support/build.ts';
import { fences } from './pages.ts';

const page = readFileSync('docs/architecture.md', 'utf8');
const script = `${fences(page)
  .find(({ language }) => language === 'bt')
  ?.lines.join('\n')}\n`;
const shown = [
  ...page.matchAll(/^`([\w-]+)`, by [^\n]*(?:\n[^\n]+)*:\n(```\n[\s\S]*?^```$)/gm),
].map(([, stage = '', block = '']) => ({ stage, lines: fences(block)[0]?.lines ?? [] }));

describe('the script on the page about the architecture', () => {
  it('is shown in every stage that the compiler can show, but for those that repeat one', () => {
    const stages = new Set(shown.map(({ stage }) => stage));
    expect(Object.keys(STAGES).filter((stage) => !stages.has(stage))).toEqual(['ir-opt', 'obj']);
  });

  it.each(shown)('has in stage $stage the lines that the page shows', ({ stage, lines }) => {
    const emitted = STAGES[stage]?.(compileText(script), { name: 'stdin', text: script });
    const output = `${emitted}`.split('\n');
    let next = 0;
    for (const line of lines) {
      const found = output.findIndex((text, index) => index >= next && text.includes(line));
      expect(found, `${stage}: ${line}`).not.toBe(-1);
      next = found + 1;
    }
  });
});

describe('the tables of folders', () => {
  const listed = [...page.matchAll(/^\| `([^`]+\/[^`]+)` \|/gm)].map((match) => match[1]);

  it('have the order that imports and includes are held against', () => {
    expect(listed).toEqual([...COMPILER, ...LOADER]);
  });
});
