/** An exception that nobody expected. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bugReport, inSources } from '../../../compiler/cli/bug.ts';
import { compile } from '../../../compiler/compile.ts';
import { kernelDescription } from '../../support/build.ts';

function reportOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    return bugReport(error);
  }
  throw new Error('nothing was thrown');
}

it('is reported as a bug with stage and place, without a JavaScript stack', () => {
  const broken = new Proxy(kernelDescription(), {
    get(target, name) {
      if (name === 'types') return brokenTypes;
      return Reflect.get(target, name);
    },
  });
  const brokenTypes = new Proxy(kernelDescription().types, {
    get(target, name) {
      if (name !== 'member') return Reflect.get(target, name);
      return () => {
        throw new Error('a wheel\ncame off');
      };
    },
  });
  const text = reportOf(() =>
    compile(
      { name: 'tool.bt', text: 'BEGIN { print(1);\n  print(curtask.pid); }' },
      { kernel: broken, unsafe: false, environment: {} },
    ),
  );
  expect(text.split('\n').slice(0, 5)).toEqual([
    'tool.bt:2:3-21: ERROR: this is a bug of bpfscript, not of the script: a wheel; came off',
    '  print(curtask.pid); }',
    '  ~~~~~~~~~~~~~~~~~~',
    'It happened in: analysis',
    expect.stringMatching(/^HINT: Please report it with these lines, the script, and the version/),
  ]);
  expect(text).not.toMatch(/\bat .*:\d+:\d+/);
});

it('of no known place is reported too', () => {
  expect(bugReport('lost')).toContain(
    'ERROR: this is a bug of bpfscript, not of the script: lost\n',
  );
});

it('names places in the sources for those in the bundle', () => {
  const folder = join(import.meta.dirname, '../../../dist/parts');
  const bundle = join(folder, 'first.cjs');
  const before =
    readFileSync(bundle, 'latin1').split('this is a bug of bpfscript')[0]?.split('\n') ?? [];
  const at = (file: string) => `    at x (${file}:${before.length}:${before.at(-1)?.length})`;
  expect(inSources(at(bundle), folder)).toMatch(/^ {4}at x \(.*compiler\/cli\/bug\.ts:\d+:\d+\)$/);
  for (const other of ['/other.js', join(folder, 'missing.cjs')])
    expect(inSources(at(other), folder)).toBe(at(other));
});
