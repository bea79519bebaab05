/** The commands of pages that show how something is done, and the one-liners, typed in as the pages have them. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { kindsOf } from '../support/examples.ts';
import { needs } from '../support/needs.ts';
import { shellIn, stepsOf } from '../support/shell-pages.ts';

const titled = (page: string) =>
  stepsOf(readFileSync(page, 'utf8')).map((step, index) => ({
    step,
    title: `${index + 1}: ${step.command.split('\n')[0]?.slice(0, 70)}`,
  }));

const { describe, it } = needs('root');

describe.each(['tutorial', 'migration', 'deployment'])('the page %s, step', (name) => {
  const shell = shellIn(temporaryFolder());

  it.each(titled(`docs/${name}.md`))('$title', ({ step }) => {
    const { status, output } = shell(step);
    expect(status === 0, output).toBe(!step.fails);
    const shown = kindsOf(step.shown).filter((kind) => kind !== '' && kind !== '...');
    expect(kindsOf(output)).toEqual(expect.arrayContaining([...shown]));
  });
});

/** What this kernel may lack is not run: `--traceable-functions` would be empty. */
const ELSEWHERE = /'(kprobe|kretprobe|fentry|fexit):/;

describe('the one-liner', () => {
  const shell = shellIn(temporaryFolder());
  const here = titled('docs/one-liners.md').filter(({ step }) => !ELSEWHERE.test(step.command));

  it.each(here)('$title', ({ step }) => {
    const command = step.command.replace('bpfscript ', 'bpfscript --timeout 300ms ');
    const { status, output } = shell({ ...step, command });
    expect(status, output).toBe(0);
    expect(output).toMatch(/^Attached \d+ probes?$/m);
    expect(output).not.toMatch(
      /^(stdin:\S+ )?(ERROR|WARNING): (?!Lost|\d+ events of \S+ were left out)/m,
    );
  });
});
