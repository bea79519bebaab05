/** How much is read of what should be reports of starts: each limit, and one below it. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readReports } from '../../../compiler/cli/reports.ts';
import { LONGEST_REPORT } from '../../../compiler/rollout/report.ts';
import { temporaryFolder } from '../../support/build.ts';

const folder = temporaryFolder();
const REPORT = JSON.stringify({
  ...{ type: 'start', schema: 1, time: 1, host: 'a', loader: 'bpfload 0.1.0', dry_run: true },
  kernel: { release: '6.12.1', version: '#1', machine: 'x86_64' },
  object: { file: 'tool.o', digest: `sha256:${'1'.repeat(64)}`, script: 'tool.bt' },
  ...{
    status: 0,
    probes: { attached: 1, left_out: 0 },
    microseconds: { read: 0, load: 1, attach: 0 },
  },
});
const LIMITS = { reports: 3, bytes: 1 << 20, faults: 4 };

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const lines = (count: number, line = REPORT) => `${line}\n`.repeat(count);
const read = async (limits: Partial<typeof LIMITS>, ...paths: readonly string[]) => {
  const { reports, faults } = await readReports(paths, { ...LIMITS, ...limits });
  return [
    reports.length,
    faults.map(({ place, reason }) => `${place.replace(`${folder}/`, '')}: ${reason}`),
  ];
};

describe('reports', () => {
  it('are as many as one summary holds, in all files together', async () => {
    expect(await read({}, file('three', lines(3)))).toEqual([3, []]);
    await expect(read({}, file('four', lines(4)))).rejects.toThrow(
      'four: there are more than 3 reports, or 1 MiB of them',
    );
    await expect(read({}, file('two', lines(2)), file('more', lines(2)))).rejects.toThrow(
      'more: there are more than 3 reports',
    );
    // Behind the last there may be empty lines.
    expect(await read({}, file('ends', `${lines(3)}\n \n`))).toEqual([3, []]);
  });

  it('are as many bytes, in all files together', async () => {
    const size = lines(2).length;
    expect(await read({ bytes: size }, file('whole', lines(2)))).toEqual([2, []]);
    await expect(read({ bytes: size - 1 }, file('whole', lines(2)))).rejects.toThrow(
      'whole: there are more than 3 reports',
    );
    await expect(read({ bytes: size }, file('whole', lines(2)), file('one', 'x'))).rejects.toThrow(
      'one: there are more than',
    );
  });

  it('are no more read of a file that has other lines', async () => {
    const [, three] = await read({}, file('junk', lines(3, 'x')));
    expect(three).toHaveLength(3);
    const [count, faults] = await read(
      {},
      file('junk', `${lines(4, 'x')}${lines(1)}`),
      file('good', lines(1)),
    );
    expect(count).toBe(1);
    expect(faults).toHaveLength(5);
    expect((faults as readonly string[])[0]).toMatch(/^junk:1: ./);
    expect((faults as readonly string[])[3]).toMatch(/^junk:4: ./);
    expect((faults as readonly string[])[4]).toBe('junk: it has 4 such lines: no more is read');
    // Each file has its own.
    const [, both] = await read({}, file('a', lines(4, 'x')), file('b', lines(4, 'x')));
    expect(both).toHaveLength(8);
  });

  it('are no longer than a report can be', async () => {
    expect(
      await read(
        { bytes: 64 << 20 },
        file('long', `${'['.repeat(LONGEST_REPORT + 1)}\n${REPORT}\n`),
      ),
    ).toEqual([...[1, [`long:1: it is longer than ${LONGEST_REPORT} bytes`]]]);
  });

  it('are something', async () => {
    expect(await read({}, file('empty', ''))).toEqual([0, ['empty: it is empty']]);
    expect(await read({}, file('blank', '\n'))).toEqual([0, []]);
  });
});

describe('a folder of reports', () => {
  const inner = join(folder, 'inner');

  it('has them in files of their names alone, in order, and follows no links', async () => {
    mkdirSync(inner);
    for (const name of ['b.json', 'a.jsonl', 'c.txt', 'json', 'd.jsonx'])
      writeFileSync(join(inner, name), name.startsWith('b') ? lines(1) : 'x\n');
    symlinkSync(join(inner, 'b.json'), join(inner, 'e.json'));
    mkdirSync(join(inner, 'f.json'));
    const [count, faults] = await read({}, inner);
    expect(count).toBe(1);
    expect((faults as readonly string[]).map((fault) => fault.split(':')[0])).toEqual([
      ...['inner/a.jsonl', 'inner/e.json', 'inner/f.json'],
    ]);
    expect((faults as readonly string[]).at(-1)).toContain('it is something else than a file');
  });

  it('that is not there is refused, as is a file', async () => {
    for (const name of ['gone', 'inner/gone.json'])
      await expect(read({}, join(folder, name))).rejects.toThrow(
        `cannot read ${join(folder, name)}: no such file or directory`,
      );
  });
});
