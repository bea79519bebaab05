/**
 * The pages of docs/tour, from script to picture: their commands are typed in as the pages have them, and the pictures say the
 * numbers of the run. `npm run docs -- --run` keeps the pictures.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { shellIn, stepsOf } from '../support/shell-pages.ts';

const recording = process.env.BPFSCRIPT_RECORD !== undefined;
const PROGRAMS = join(import.meta.dirname, '../tour');

interface Tour {
  readonly output: string;
  /** The text of a file that the commands made. */
  readonly made: (name: string) => string;
}

/** Goes through a page, with the programs that it is about at hand, and keeps its picture. */
function tour(
  page: string,
  picture: readonly [made: string, kept: string],
  prepare = (_: string) => {},
): Tour {
  const folder = temporaryFolder();
  const shell = shellIn(folder);
  const work = join(folder, 'work');
  prepare(work);
  const outputs = stepsOf(readFileSync(`docs/tour/${page}.md`, 'utf8')).map((step) => {
    const { status, output } = shell(step);
    expect(status, output).toBe(0);
    return output;
  });
  if (recording) copyFileSync(join(work, picture[0]), `docs/pictures/${picture[1]}.svg`);
  return {
    output: outputs.join(''),
    made: (name) => readFileSync(join(work, name), 'utf8'),
  };
}

/** What a picture says where the mouse is. */
function tips(svg: string): readonly string[] {
  return [...svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, tip]) => tip ?? '');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

needs('root').describe('the tour', () => {
  it('of timelines has a slice for each call of forty functions', () => {
    const { output, made } = tour('timeline', ['streams.svg', 'timeline'], (work) => {
      const source = join(PROGRAMS, 'streams.c');
      execFileSync('gcc', ['-O1', '-pthread', '-o', join(work, 'app'), source]);
    });
    expect(made('streams.bt').split('\n').length).toBeLessThan(60);
    const calls = Number(/^(\d+) calls$/m.exec(output)?.[1]);
    expect(calls).toBe(112);
    const events = made('events.json').match(/"point": "\w+:[^"]+"/g) ?? [];
    expect(events.filter((event) => event.includes('"uprobe:'))).toHaveLength(calls);
    expect(new Set(events).size).toBe(80);
    expect(made('streams.svg')).toContain(`${calls} slices, 2 flows`);
    const { traceEvents } = JSON.parse(made('streams-trace.json')) as {
      traceEvents: readonly { readonly ph: string }[];
    };
    expect(traceEvents.filter(({ ph }) => ph === 'B')).toHaveLength(calls);
  });

  it('of writes has a bar for each bucket that was printed', () => {
    const { output, made } = tour('writes', ['writes.svg', 'lab']);
    expect(output).toMatch(/^@calls\[tracepoint:syscalls:sys_enter_write\]: \d+$/m);
    const hist = made('writes.json')
      .split('\n')
      .filter((line) => line.includes('"@us"') && line.includes('"hist"'))
      .join();
    const counts = [...hist.matchAll(/"count": (\d+)/g)].map(([, count]) => Number(count));
    expect(sum(counts)).toBeGreaterThan(10);
    const shown = tips(made('writes.svg')).map((tip) => Number(/: (\d+) \(/.exec(tip)?.[1]));
    expect(sum(shown)).toBe(sum(counts));
  });
});

describe('the tour of Java', () => {
  needs('root', 'java').it(
    'has the names of compiled methods, and as many samples as were counted',
    () => {
      const { made } = tour('java', ['busy.svg', 'java'], (work) =>
        copyFileSync(join(PROGRAMS, 'Busy.java'), join(work, 'Busy.java')),
      );
      const folded = made('busy.folded').trimEnd().split('\n');
      const total = sum(folded.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1))));
      const [all, ...frames] = tips(made('busy.svg'));
      expect(all).toBe(`all: ${total} (100.00%)`);
      expect(frames.join('\n')).toMatch(/Busy\.(main|hash|numbers)/);
    },
  );
});
