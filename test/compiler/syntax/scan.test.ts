/** Ends of what no regular expression describes: attach points and C definitions. */
import { describe, expect, it } from 'vitest';
import { attachPointEnd, definitionEnd } from '../../../compiler/syntax/scan.ts';

/** What is read of a text whose beginning is marked by a bar, up to the end. */
const read = (end: (text: string, start: number) => number | undefined, marked: string) => {
  const start = Math.max(marked.indexOf('|'), 0);
  const text = marked.replace('|', '');
  const at = end(text, start);
  return at === undefined ? undefined : text.slice(start, at);
};

describe('An attach point', () => {
  it.each([
    ['kprobe:f{', 'kprobe:f'],
    ['kprobe:f,kprobe:g', 'kprobe:f'],
    ['kprobe:f\tx', 'kprobe:f'],
    ['kprobe:f\n{', 'kprobe:f'],
    ['BEGIN/1/', 'BEGIN'],
    ['x:/a/b /1/', 'x:/a/b'],
    ['x:"a b,{" y', 'x:"a b,{"'],
    ['x:"a\\" b" y', 'x:"a\\" b"'],
    ['x:"a\\\\" y', 'x:"a\\\\"'],
    // The line ends a text, also behind a backslash.
    ['x:"a b\ny', 'x:"a b'],
    ['x:"a b\\\ny', 'x:"a b\\'],
    ['x:"a b', 'x:"a b'],
    ['"a:b"/1/', '"a:b"'],
    ['x:a\\ \\,\\{b c', 'x:a\\ \\,\\{b'],
    ['x:a\\"b "', 'x:a\\"b'],
    ['x\\:/1/', 'x\\:'],
    ['end { } |x:y { }', 'x:y'],
    ['', ''],
  ])('in %j is %j', (text, expected) => {
    expect(read(attachPointEnd, text)).toBe(expected);
  });
});

describe('A C definition', () => {
  it.each([
    ['struct x { int a; };y', 'struct x { int a; };'],
    ['struct x { int a; } y', 'struct x { int a; }'],
    ['struct x { int a; }\n;y', 'struct x { int a; }\n;'],
    ['struct { int a; };', 'struct { int a; };'],
    ['union x{}y', 'union x{}'],
    ['enum x { A = 1, B };', 'enum x { A = 1, B };'],
    ['struct x { struct { int a; } b; } ;', 'struct x { struct { int a; } b; } ;'],
    ['struct/* x */x // {\n{ /* } */ // }\n };', 'struct/* x */x // {\n{ /* } */ // }\n };'],
    ['struct x { "}" };', 'struct x { "}" };'],
    ['struct x { "\\"}" };', 'struct x { "\\"}" };'],
    ['struct x { /**/ /* * / **/ };', 'struct x { /**/ /* * / **/ };'],
    [
      'struct __attribute__((a)) __attribute__ ((b)) x __attribute__((c)) { } y',
      'struct __attribute__((a)) __attribute__ ((b)) x __attribute__((c)) { }',
    ],
    ['struct x { } __attribute__((packed)) y', 'struct x { } __attribute__((packed))'],
    ['struct x { } __attribute__((packed)) ;y', 'struct x { } __attribute__((packed)) ;'],
    ['struct x { } /* y */ z', 'struct x { }'],
    ['struct x { } __attribute__ y', 'struct x { }'],
    ['a; |struct x { } b', 'struct x { }'],
  ])('in %j is %j', (text, expected) => {
    expect(read(definitionEnd, text)).toBe(expected);
  });

  it.each([
    'structx { };',
    'struct_ { };',
    'int x;',
    'struct x;',
    'struct x y { }',
    'struct x { int a;',
    'struct x { { }',
    'struct x { "}',
    'struct __attribute__ x { }',
    'struct __attribute__[a] x { }',
    'struct __attribute__x { int a;',
    'a struct x { }',
    '',
  ])('is none in %j', (text) => {
    expect(definitionEnd(text, 0)).toBeUndefined();
  });

  it('has attributes of a limited length, which it may have without limit itself', () => {
    const attribute = (length: number) => `((${'a'.repeat(length - 4)}))`;
    const text = (length: number) => `struct __attribute__${attribute(length)} x { }`;
    expect(definitionEnd(text(1000), 0)).toBe(text(1000).length);
    expect(definitionEnd(text(1001), 0)).toBeUndefined();
    const long = `struct x { ${'int a; '.repeat(1000)} }`;
    expect(definitionEnd(long, 0)).toBe(long.length);
  });
});
