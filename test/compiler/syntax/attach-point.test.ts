import { describe, expect, it } from 'vitest';
import type { AttachPoint } from '../../../compiler/syntax/ast.ts';
import { errors, firstProbe } from './support.ts';

function attachPoints(text: string): readonly AttachPoint[] {
  return firstProbe(`${text} { }`).attachPoints;
}

const fields = (text: string): readonly string[] | undefined =>
  attachPoints(text)[0]?.fields.map((field) => field.text);

describe('attach points', () => {
  it('[GRM-038] come in lists', () => {
    expect(attachPoints('kprobe:a,kprobe:b ,\n kprobe:c').map(({ text }) => text)).toEqual([
      'kprobe:a',
      'kprobe:b',
      'kprobe:c',
    ]);
  });
  it('[GRM-039] allow a comma at the end of the list', () => {
    expect(attachPoints('kprobe:a,').map(({ text }) => text)).toEqual(['kprobe:a']);
  });
  it('split at colons, and keep empty fields and ranges', () => {
    expect(attachPoints('uprobe:/bin/bash::f')[0]).toMatchObject({
      alias: undefined,
      text: 'uprobe:/bin/bash::f',
      fields: [
        { text: 'uprobe', range: { start: 0, end: 6 } },
        { text: '/bin/bash', range: { start: 7, end: 16 } },
        { text: '', range: { start: 17, end: 17 } },
        { text: 'f', range: { start: 18, end: 19 } },
      ],
    });
  });
  it('split before an at sign', () => {
    expect(fields('uprobe:/bin/a@f.c:12')).toEqual(['uprobe', '/bin/a', '@f.c', '12']);
  });
  it('[GRM-041] keep what stands in quotes', () => {
    expect(fields('uprobe:/bin/a:cpp:"foo(int, a::b \\"{/@$x")')).toEqual([
      'uprobe',
      '/bin/a',
      'cpp',
      'foo(int, a::b "{/@$x)',
    ]);
    expect(fields('uprobe:/a\\ b\\,c:f')).toEqual(['uprobe', '/a b,c', 'f']);
    expect(errors('kprobe:"abc { }')).toEqual(['7-15: unterminated string']);
  });
  it('take slashes as data only behind a colon', () => {
    const probe = firstProbe('uprobe:/usr/lib/*/libc.so:f,BEGIN/1/{ }');
    expect(probe.attachPoints.map(({ text }) => text)).toEqual([
      'uprobe:/usr/lib/*/libc.so:f',
      'BEGIN',
    ]);
    expect(probe.predicate).toMatchObject({ value: 1n });
  });
  it('note positional parameters outside quotes', () => {
    expect(attachPoints('kprobe:a"$9"$1_$23')[0]?.fields[1]).toMatchObject({
      text: 'a$9$1_$23',
      parameters: [
        { offset: 3, length: 2, index: 1 },
        { offset: 6, length: 3, index: 23 },
      ],
    });
    expect(errors('kprobe:a$ { }')).toEqual([
      "8-9: '$' must be followed by the number of a positional parameter",
    ]);
    expect(errors('kprobe:$0 { }')).toEqual(['7-9: positional parameter $0 is out of range']);
  });
  it('note variables of lists outside quotes', () => {
    expect(attachPoints('kprobe:a"$b"$c_d.$1$e')[0]?.fields[1]).toMatchObject({
      text: 'a$b$c_d.$1$e',
      parameters: [{ offset: 8, length: 2, index: 1 }],
      variables: [
        { name: '$c_d', offset: 3, range: { start: 12, end: 16 } },
        { name: '$e', offset: 10, range: { start: 19, end: 21 } },
      ],
    });
  });
  it('may have a name of their own', () => {
    expect(attachPoints('foo=kprobe:x')[0]).toMatchObject({
      alias: 'foo',
      fields: [{ text: 'kprobe', range: { start: 4, end: 10 } }, { text: 'x' }],
    });
  });
});
