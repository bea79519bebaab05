/** Comments that silence warnings: for which lines they are, and what is wrong in them. */
import { describe, expect, it } from 'vitest';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { parse, readAllowed } from '../../../compiler/syntax/parse.ts';

/** Codes by line. */
function allowed(text: string): Readonly<Record<number, readonly string[]>> {
  const lines = readAllowed({ name: 'test.bt', text });
  return Object.fromEntries([...lines].map(([line, codes]) => [line, [...codes]]));
}

/** What each problem is of, its message and hints. */
function problems(text: string): readonly (readonly unknown[])[] {
  const diagnostics = new Diagnostics();
  parse({ name: 'test.bt', text }, diagnostics);
  return diagnostics.all.map(({ code, message, range, hints = [] }) => {
    expect(code).toBe('invalid-allow');
    return [text.slice(range?.start, range?.end), message, ...hints];
  });
}

describe('A comment that silences warnings', () => {
  it.each([
    ['begin { f(); // bpfscript: allow(unreachable)\n}', 1],
    // Right behind code, and with code behind it.
    ['begin {\n}// bpfscript: allow(unreachable)\nend { }', 2],
    ['x/* bpfscript: allow(unreachable) */ { }\nend { }', 1],
    ['begin {\n /* bpfscript: allow(unreachable) */ f();\n}', 2],
    ['begin {\n// bpfscript: allow(unreachable)\nf();\n}', 3],
    ['// bpfscript: allow(unreachable)\nbegin { }', 2],
    ['\t // bpfscript: allow(unreachable)\n\n// why\n/* and\n how */\nbegin { }', 6],
    // Of two lines: what counts is what stands behind its end.
    ['begin {\n/* bpfscript: allow(unreachable)\n */ f();\ng(); }', 3],
    ['/* bpfscript: allow(unreachable) */begin { }\nend { }', 1],
    ['begin { }\n// bpfscript: allow(unreachable)\n', 2],
    ['begin { }\n// bpfscript: allow(unreachable)', 2],
  ])('in %j is for line %d', (text, line) => {
    expect(allowed(text)).toEqual({ [line]: ['unreachable'] });
  });

  it('has a list of codes, and joins others that are for its line', () => {
    expect(
      allowed(
        '// bpfscript: allow( unreachable ,discarded-value)\n/*bpfscript:allow(args-arrow)*/ begin { } // bpfscript: allow(while-loop)\nend { } // bpfscript: allow(args-arrow)',
      ),
    ).toEqual({
      2: ['unreachable', 'discarded-value', 'args-arrow', 'while-loop'],
      3: ['args-arrow'],
    });
  });

  it.each([
    '// allow(unreachable)\nbegin { }',
    '// please: bpfscript: allow(unreachable)\nbegin { }',
    '// bpfscript: allow unreachable\nbegin { }',
    '// bpfscript: allow(unreachable\nbegin { }',
    'begin { print("// bpfscript: allow(unreachable)"); }',
  ])('is none in %j', (text) => {
    expect(allowed(text)).toEqual({});
    expect(problems(text)).toEqual([]);
  });

  it('is told what is no warning, where it stands', () => {
    const text =
      'begin { } // bpfscript: allow(unreachable,  nothing-like-it , unknown-identifier,,unreachabel)';
    const near = expect.stringContaining("'unreachable'");
    expect(problems(text)).toEqual([
      ['nothing-like-it', "'nothing-like-it' is not the code of a warning"],
      ['unknown-identifier', "'unknown-identifier' is an error, which cannot be silenced"],
      ['', "'' is not the code of a warning"],
      ['unreachabel', "'unreachabel' is not the code of a warning", near],
    ]);
    expect(allowed(text)).toEqual({ 1: ['unreachable'] });
  });

  it('is told the place of an empty list', () => {
    expect(problems('begin { } // bpfscript: allow()')).toEqual([
      ['', "'' is not the code of a warning"],
    ]);
  });
});
