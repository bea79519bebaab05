import { describe, expect, it } from 'vitest';
import { tokenize } from '../../../compiler/syntax/parse.ts';
import { body, errors, firstProbe, messages, program, show, statement } from './support.ts';

describe('layout', () => {
  it('[LEX-001] skips a first line that begins with #!', () => {
    expect(program('#!/usr/bin/env bpfscript\nbegin { }').items).toMatchObject([
      { kind: 'probe', range: { start: 25 } },
    ]);
  });
  it('[LEX-002] skips comments to the end of the line', () => {
    const { attachPoints } = firstProbe(
      'begin // one {\n, // two\n end // three\n { // four }\n }',
    );
    expect(attachPoints.map(({ text }) => text)).toEqual(['begin', 'end']);
  });
  it('[LEX-003] skips comments between slashes and stars, which have an end', () => {
    expect(firstProbe('begin/* a { */ /* b\n */{ /* } **/ }').body.statements).toEqual([]);
    expect(errors('begin { /* foo }')).toEqual(['8-10: unterminated comment']);
    expect(errors('/* foo')).toEqual(['0-2: unterminated comment']);
  });
  it('[LEX-004] reads names with underscores and digits', () => {
    expect(statement('$_a1 = @_9;')).toMatchObject({
      target: { name: '$_a1' },
      value: { name: '@_9' },
    });
  });
  it('shows tokens with their places', () => {
    expect(tokenize({ name: 'x', text: 'begin {\n @ = 1 }' })).toEqual([
      { line: 1, column: 1, type: 'AttachPoint', text: 'begin' },
      { line: 1, column: 7, type: 'LeftCurly', text: '{' },
      { line: 2, column: 2, type: 'MapName', text: '@' },
      { line: 2, column: 4, type: 'Assign', text: '=' },
      { line: 2, column: 6, type: 'Integer', text: '1' },
      { line: 2, column: 8, type: 'RightCurly', text: '}' },
    ]);
  });
});

describe('predicates', () => {
  it('[LEX-034] end at the slash before the brace', () => {
    const of = (text: string): string => show(firstProbe(text).predicate ?? fail());
    expect(of('begin /$a/2 == 1/ { }')).toBe('(($a / 2) == 1)');
    expect(of('begin/1/{ }')).toBe('1');
    expect(of('kprobe:f /@a / @b / // c {\n /* d */ { }')).toBe('(@a / @b)');
    expect(messages('begin { $x / {} }')).toEqual(["expected ';', found '/'"]);
  });
  it('may follow a list of probes, and hold a block', () => {
    expect(show(firstProbe('begin, end, /{ 1 } == 1/ { }').predicate ?? fail())).toBe('({1} == 1)');
  });
});

function fail(): never {
  throw new Error('no predicate');
}

describe('the sections of a program', () => {
  it('[GRM-001] come in order', () => {
    const tree = program(
      '#include <x.h>\n#define A \\\n 1\nstruct x { int a; };\nconfig = { a = 1 }\nimport "y.bt";\nlet @m = hash(5);\nbegin { }',
    );
    expect(tree.preamble.map(({ text }) => text)).toEqual([
      '#include <x.h>',
      '#define A \\\n 1',
      'struct x { int a; };',
    ]);
    expect(tree.imports).toMatchObject([{ path: 'y.bt' }]);
    expect(tree.items.map(({ kind }) => kind)).toEqual(['map-declaration', 'probe']);
    const late = (text: string): readonly string[] => errors(`begin { }\n${text}`);
    expect(late('struct x { };')).toEqual([
      '10-23: C definitions must appear before probes and functions',
    ]);
    expect(late('#define X 1')).toEqual([
      '10-21: C definitions must appear before probes and functions',
    ]);
    expect(late('config = { }')).toEqual(['10-22: config must appear before probes and functions']);
    expect(late('import "x";')).toEqual([
      '10-20: root imports must appear before probes and functions',
    ]);
  });
  it('keep C definitions verbatim, with attributes and braces in strings', () => {
    const text =
      'union __attribute__((packed)) x { struct { int a; } b; /* } */ } __attribute__((aligned(8)));';
    expect(program(`${text}\nenum y { A, B }\nbegin { }`).preamble).toMatchObject([
      { kind: 'c-definition', text },
      { kind: 'c-definition', text: 'enum y { A, B }' },
    ]);
  });
  it('[GRM-013] have one config block', () => {
    expect(errors('config = { } config = { } begin { }')).toEqual([
      '13-25: only one config block is allowed',
    ]);
  });
  it('[GRM-014] read config values of four kinds', () => {
    const { config } = program('config = { a = "x"; b = 0x10; C = true; d = perf }');
    expect(config?.entries.map(({ key, value }) => [key, value])).toEqual([
      ['a', { kind: 'string', value: 'x' }],
      ['b', { kind: 'int', value: 16n }],
      ['C', { kind: 'bool', value: true }],
      ['d', { kind: 'word', value: 'perf' }],
    ]);
  });
  it('[GRM-015] want semicolons between config entries', () => {
    expect(program('config = { a = 1; b = 2; }').config?.entries).toHaveLength(2);
    expect(errors('config = { a = 1 b = 2 }')).toEqual(["17-18: expected ';' or '}', found 'b'"]);
  });
  it('declare maps, with or without a semicolon', () => {
    expect(program('let @a = lruhash(0x10) let @ = hash(5); begin { }').items).toMatchObject([
      { map: '@a', mapKind: 'lruhash', maxEntries: 16n, mapKindRange: { start: 9, end: 16 } },
      { map: '@', mapKind: 'hash', maxEntries: 5n },
      { kind: 'probe' },
    ]);
    expect(messages('let $x = 5; begin { }')[0]).toMatch(/^root-level let statements need to be/);
  });
  it.each([
    ...['let = { 1; }', 'let { 1; };', 'let @a = { 1; }', 'let @a : { { 1; } 2; };'],
    ...[
      'let = 1;',
      'let @a = hash(5;',
      'let @a = hash(@b);',
      'let @a hash(5)\n',
      'let @a = hash{5}',
    ],
  ])('are one error where a map is declared wrongly: %s', (wrong) => {
    expect(errors(`${wrong} begin { exit(); }`)).toHaveLength(1);
    expect(errors(`begin { } ${wrong} interval:s:1 / 1 / { @ = 1 }`)).toHaveLength(1);
  });
  it('are read to their ends behind a declaration that is wrong', () => {
    expect(errors('let = { 1; } begin { $a = ; } end { $b = ; }')).toHaveLength(3);
  });
  it('read macros', () => {
    const [macro] = program('macro add($a, @b, c,) { if (c) { $a } else { 2 } }').items;
    expect(macro).toMatchObject({
      kind: 'macro',
      name: 'add',
      parameters: [
        { kind: 'variable', name: '$a' },
        { kind: 'map', name: '@b' },
        { kind: 'expression', name: 'c' },
      ],
      body: { statements: [], tail: { kind: 'if' } },
    });
    expect(errors('macro f(pid) { }')).toEqual([
      "8-11: 'pid' is a built-in and cannot be a macro parameter",
    ]);
  });
  it('read functions', () => {
    expect(program('fn f($a : struct x *, $b: int8) : int64 { return 1; }').items).toMatchObject([
      {
        kind: 'fn',
        parameters: [
          {
            name: '$a',
            type: { base: { kind: 'struct', name: 'x' }, suffixes: [{ kind: 'pointer' }] },
          },
          { name: '$b', type: { base: { name: 'int8' } } },
        ],
        returns: { base: { name: 'int64' } },
      },
    ]);
  });
  it('may be missing altogether', () => {
    expect(program('// nothing\n').items).toEqual([]);
  });
});

describe('statements', () => {
  const kinds = (text: string): readonly string[] => body(text).statements.map(({ kind }) => kind);

  it('[GRM-048] need no semicolon before a brace', () => {
    expect(body('@a = 1; @b = 2').statements).toHaveLength(2);
    expect(body('@a = 1; print(2)').tail).toMatchObject({ kind: 'call', name: 'print' });
    expect(body('print(2);').tail).toBeUndefined();
  });
  it('need no semicolon after a block', () => {
    expect(kinds('if (1) { } @a = if (1) {1} else {2} unroll (2) { } { } @b = 1;')).toEqual([
      'if',
      'assign',
      'unroll',
      'block',
      'assign',
    ]);
    expect(kinds('if (1) { }; while (1) { };')).toEqual(['if', 'while']);
  });
  it('[GRM-049] chain if and else', () => {
    expect(statement('if (1) {} else if 2 {} else {}')).toMatchObject({
      kind: 'if',
      else: { kind: 'if', else: { kind: 'block' } },
    });
  });
  it('[GRM-050] take conditions without parentheses', () => {
    expect(statement('if !$a {}')).toMatchObject({ condition: { kind: 'unary' } });
  });
  it('mark comptime conditions', () => {
    expect(statement('if comptime (1) {}')).toMatchObject({ comptime: true });
  });
  it('leave an if whose branches end without semicolons a statement where no value is wanted', () => {
    expect(body('if ($a) { @x++ } else { print(1) }')).toMatchObject({
      statements: [{ kind: 'if' }],
      tail: undefined,
    });
  });
  it('loop over maps', () => {
    for (const text of ['for ($kv : @m) { }', 'for $kv : @m { }'])
      expect(statement(text)).toMatchObject({ variable: { name: '$kv' }, over: { name: '@m' } });
  });
  it('[GRM-058] loop over ranges with parenthesised bounds', () => {
    expect(statement('for $i : (1+1)..($n.1) { }')).toMatchObject({
      over: { kind: 'range', from: { kind: 'binary' }, to: { kind: 'tuple-access' } },
    });
    expect(statement('for ($i : 0..5) { }')).toMatchObject({ over: { to: { value: 5n } } });
    expect(errors('begin { for $i : 5 { } }')).toEqual([
      '17-18: a for loop goes over a map or a range of integers',
    ]);
  });
  it('[GRM-064] declare variables in four forms', () => {
    expect(
      body('let $a; let $b: int8; let $c = 1; let $d: struct x * = 2;').statements,
    ).toMatchObject([
      { type: undefined, value: undefined },
      { type: { base: { name: 'int8' } }, value: undefined },
      { type: undefined, value: { value: 1n } },
      { type: { suffixes: [{ kind: 'pointer' }] }, value: { value: 2n } },
    ]);
    expect(errors('begin { let x = 1; }')).toEqual(["12-13: expected a variable, found 'x'"]);
  });
  it('discard values', () => {
    expect(statement('_ = f();')).toMatchObject({ kind: 'discard', value: { name: 'f' } });
  });
  it('assign with ten operators', () => {
    for (const operator of ['<<=', '>>=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^='])
      expect(statement(`@m[1] ${operator} 2;`)).toMatchObject({ kind: 'assign', operator });
  });
  it('jump', () => {
    expect(body('break; continue; return; return 1 + 2').statements).toMatchObject([
      { jump: 'break' },
      { jump: 'continue' },
      { jump: 'return', value: undefined },
      { jump: 'return', value: { kind: 'binary' } },
    ]);
  });
  it('import', () => {
    expect(statement('import "x.bt";')).toMatchObject({ kind: 'import-statement', path: 'x.bt' });
  });
  it('[GRM-078] read the forms of older scripts', () => {
    expect(body('delete(@m[1]); $a = ((struct x *)arg0)->b->c').statements).toHaveLength(2);
  });
});

describe('recovery', () => {
  it('[GRM-002] reports an error in each statement and each block, with its prefix', () => {
    expect(errors('begin { $x = ; $y = 1 +; @a = 3 } end { if (1) { exit( } } k:f { ) }')).toEqual([
      "13-14: expected an expression, found ';'",
      "23-24: expected an expression, found ';'",
      "55-56: expected ')', found '}'",
      "65-66: expected a statement, found ')'",
    ]);
  });
  it('goes on after a predicate', () => {
    expect(errors('k:f /pid == / { } end { @ = }')).toEqual([
      "12-13: expected an expression, found '/'",
      "28-29: expected an expression, found '}'",
    ]);
  });
  it('reports one error and the open brace where braces do not balance', () => {
    expect(errors('begin { if (1) { @a = 1; }')).toEqual([
      "25-26: expected '}', found the end of the script",
    ]);
  });
  it('reports what is no probe', () => {
    expect(errors('begin { } }')).toEqual(["10-11: expected a probe, found '}'"]);
    expect(errors('kprobe:f kprobe:g { }')).toEqual([
      "9-17: expected ',', '/' or '{' after the probe, found 'kprobe:g'",
    ]);
    expect(errors('foo')).toEqual([
      "0-3: expected ',', '/' or '{' after the probe, found the end of the script",
    ]);
  });
  it('reads long chains of `else if` side by side', () => {
    const links = Array.from(
      { length: 300 },
      (_, index) => `if ($x == ${index}) { @ = ${index}; }`,
    );
    const script = `begin { $x = 1; ${links.join(' else ')} else { @ = 7; } }`;
    expect(messages(script)).toEqual([]);
    expect(statement(script.slice(script.indexOf('if'), -1))).toMatchObject({
      kind: 'if-chain',
      else: { kind: 'block' },
    });
  });

  it('refuses what nests too deeply', () => {
    expect(messages(`begin { @ = ${'('.repeat(5000)}`)).toEqual(['the script nests too deeply']);
    expect(messages(`begin { @ = ${'!'.repeat(50_000)}1; }`)).toEqual([
      'the script nests too deeply',
    ]);
    expect(messages('begin { @ = 1; }')).toEqual([]);
  });
});
