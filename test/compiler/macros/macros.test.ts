import { describe, expect, it } from 'vitest';
import { table } from '../../../compiler/builtins/builtins.ts';
import { compile } from '../../../compiler/compile.ts';
import { libraryNames, standardLibrary } from '../../../compiler/imports/library.ts';
import { collectMacros } from '../../../compiler/macros/definitions.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { printDiagnostic } from '../../../compiler/source/render/text.ts';
import { createSources } from '../../../compiler/source/sources.ts';
import { diagnose, kernelDescription } from '../../support/build.ts';

/** `message @ text` of each diagnostic; for text of a macro the outermost use follows. */
function told(script: string): readonly string[] {
  return diagnose(script).map(({ message, range }) => {
    const own = range && range.start < script.length ? script.slice(range.start, range.end) : '';
    return own === '' ? message : `${message} @ ${own}`;
  });
}

function printed(script: string): string {
  const { diagnostics, sources } = compile(
    { name: 'a.bt', text: script },
    { kernel: kernelDescription(), unsafe: false, environment: {} },
  );
  return diagnostics.map((each) => printDiagnostic(each, sources, { color: false })).join('');
}

describe('definitions of macros', () => {
  it('[GRM-030] reach no map that is not a parameter', () => {
    expect(told('macro m(@a) { @a = 1; @b[2] = 1; } begin { m(@x); }')).toEqual([
      'Unhygienic access to map: @b @ @b',
    ]);
    expect(told('macro m() { for $kv : @ { } } begin { m(); }')).toEqual([
      'Unhygienic access to map: @ @ @',
    ]);
  });

  it('[GRM-034] of one signature are there once', () => {
    expect(told('macro m(a, $b) { 1 } macro m(x, $y) { 2 } begin { print(m(1, 2)); }')).toEqual([
      'Redefinition of macro: m @ macro m(x, $y) { 2 }',
      'Mismatched arg to macro m. It expects a variable for param $b but got an expression @ 2',
    ]);
    expect(told('macro m(a) { 1 } macro m($a) { 2 } macro m() { 3 } begin { }')).toEqual([]);
  });

  it('have each parameter once, of any kind', () => {
    expect(
      told('macro m(a, a) { 1 } macro n($a, $a) { 1 } macro o(@a, @a) { 1 } begin { }'),
    ).toEqual([
      'Ident for macro argument has already been used: a @ a',
      'Variable for macro argument has already been used: $a @ $a',
      'Map for macro argument has already been used: @a @ @a',
    ]);
  });

  it('do not declare or assign their parameters anew', () => {
    expect(told('macro m($v) { let $v = 1; } macro n($v) { for $v : 0..2 { } } begin { }')).toEqual(
      [
        'Variable declaration shadows macro arg: $v @ $v',
        'Variable declaration shadows macro arg: $v @ $v',
      ],
    );
    expect(told('macro m(v) { v = 1; v++; } begin { }')).toEqual([
      'Macro argument v is an expression, which cannot be assigned @ v',
      'Macro argument v is an expression, which cannot be assigned @ v',
    ]);
  });

  it('jump only inside their own loops', () => {
    const script = `macro m() { return 1; } macro n() { break; } macro o() { if (1) { continue; } }
      macro q() { while (1) { return; } } begin { }`;
    expect(told(script)).toEqual([
      "'return' statement is not allowed in a macro @ return 1",
      "'break' statement is not allowed in a macro @ break",
      "'continue' statement is not allowed in a macro @ continue",
      "'return' statement is not allowed in a macro @ return",
    ]);
    const loops = 'for $i : 0..3 { if ($i) { break; } continue; } while (1) { break; }';
    expect(told(`macro p() { ${loops} } begin { }`)).toEqual([]);
    expect(diagnose(script).map(({ hints }) => hints ?? [])).toEqual([
      ["A macro's value is its last expression."],
      ...[[], []],
      ["A macro's value is its last expression."],
    ]);
  });
});

describe('uses of macros', () => {
  it('give what the parameters want', () => {
    const macros = 'macro v($v) { $v } macro m(@m) { @m } macro e(a, b) { a }';
    expect(
      told(`${macros} begin { v(1); v(@a); m($a); m(@a[1]); e(1); e(typeof(int8), 2, 3); }`),
    ).toEqual([
      'Mismatched arg to macro v. It expects a variable for param $v but got an expression @ 1',
      'Mismatched arg to macro v. It expects a variable for param $v but got a map @ @a',
      'Mismatched arg to macro m. It expects a map for param @m but got a variable @ $a',
      'Mismatched arg to macro m. It expects a map for param @m but got an expression @ @a[1]',
      'Call to macro e has wrong number of arguments. Expected: 2 but got 1 @ e(1)',
      'Call to macro e has wrong number of arguments. Expected: 2 but got 3 @ e(typeof(int8), 2, 3)',
    ]);
    expect(told('macro w($v, e) { e } begin { $x = 1; w(1, $x); w(2, @a); }')).toEqual(
      ['1', '2'].map(
        (given) =>
          `Mismatched arg to macro w. It expects a variable for param $v but got an expression @ ${given}`,
      ),
    );
    expect(diagnose(`${macros} begin { m(1); }`).map(({ hints }) => hints)).toEqual([
      ["A parameter without a sign, 'm', takes any expression; the macro cannot assign it."],
    ]);
  });

  it('name variables, maps and members of the script by their parameters', () => {
    const { typed, diagnostics } = compile(
      {
        name: 'a.bt',
        text: `struct in { int a; int b; }; struct out { int x; struct in i; };
          macro set($v, @m) { $v = 2; @m = 3; } macro at(m) { offsetof(struct out, m) }
          begin { $x = 1; set($x, @x); print((at(i.b), at(x))); }`,
      },
      { kernel: kernelDescription(), unsafe: false, environment: {} },
    );
    expect(diagnostics).toEqual([]);
    expect(typed?.maps.map(({ name }) => name)).toEqual(['@x']);
    expect(typed?.probes[0]?.variables.map(({ name }) => name)).toEqual(['$x']);
    expect(
      told(
        'struct out { int x; }; macro at(m) { offsetof(struct out, m) } begin { print(at(1)); }',
      ),
    ).toHaveLength(1);
  });

  it('[GRM-031] match one of the definitions, which an error lists', () => {
    const [diagnostic] = diagnose('macro f(@a) { 1 } macro f($a, b) { 2 } begin { f(1); }');
    expect(diagnostic?.message).toBe('The arguments of f() match no definition of the macro');
    expect(diagnostic?.hints).toEqual(['macro f(@a)', 'macro f($a, b)']);
  });

  it('take the definition that says most of the arguments, wherever it stands', () => {
    const macros = ['macro f(a, b) { wrong }', 'macro f($a, b) { bad }', 'macro f($a, @b) { 1 }'];
    for (const order of [macros, macros.toReversed()]) {
      const tell = (use: string) => told(`${order.join(' ')} begin { $x = 1; @m = 2; ${use} }`);
      expect(tell('print(f($x, @m));')).toEqual([]);
      expect(tell('print(f($x, 2));')).toEqual(["Unknown identifier: 'bad'"]);
      expect(tell('print(f(1, @m));')).toEqual(["Unknown identifier: 'wrong'"]);
    }
  });

  it('take the first of two definitions that say equally much', () => {
    const macros = ['macro f($a, b) { first }', 'macro f(a, @b) { second }'];
    const tell = (order: readonly string[]) =>
      told(`${order.join(' ')} begin { $x = 1; @m = 2; print(f($x, @m)); }`);
    expect(tell(macros)).toEqual(["Unknown identifier: 'first'"]);
    expect(tell(macros.toReversed())).toEqual(["Unknown identifier: 'second'"]);
  });

  it('[GRM-033] are not part of the macro itself, directly or by way of others', () => {
    expect(
      printed('macro a(x) { b(x) }\nmacro b(x) { a(x) + 1 }\nbegin { print(a(1)); print(a(2)); }'),
    ).toBe(`a.bt:2:14-18: ERROR: Recursive macro call: a -> b -> a
macro b(x) { a(x) + 1 }
             ~~~~
a.bt:1:14-18: expanded from
macro a(x) { b(x) }
             ~~~~
a.bt:3:15-19: expanded from
begin { print(a(1)); print(a(2)); }
              ~~~~
`);
    expect(told('macro a() { a } begin { a }')).toEqual(['Recursive macro call: a -> a']);
    // Another variant, and an argument, are no recursion.
    expect(
      told('macro f(x) { x } macro f(x, y) { f(x) + f(y) } begin { print(f(f(1), f(2))); }'),
    ).toEqual([]);
  });

  it('end at a limit where each doubles the one before', () => {
    const macros = Array.from(
      { length: 40 },
      (_, n) => `macro m${n + 1}(x) { m${n}(x) + m${n}(x) }`,
    );
    const [first, ...others] = told(
      `macro m0(x) { x } ${macros.join('\n')} begin { print(m40(1)); }`,
    );
    expect(first).toBe('The expansion of macros uses more than 20000 of them');
    expect(others).toEqual([]);
    const chain = Array.from({ length: 150 }, (_, n) => `macro m${n + 1}(x) { m${n}(x) }`);
    expect(told(`macro m0(x) { x } ${chain.join('\n')} begin { print(m150(1)); }`)).toEqual([
      'Macros use each other more than 100 levels deep',
    ]);
  });

  it("do not see the caller's variables, and are not seen by the caller", () => {
    expect(
      printed('macro m() { $x + 1 }\nbegin { $x = 1; print(m()); }'),
    ).toBe(`a.bt:1:13-15: ERROR: Undefined or undeclared variable: $x
macro m() { $x + 1 }
            ~~
a.bt:2:23-26: expanded from
begin { $x = 1; print(m()); }
                      ~~~
`);
    expect(told('macro m() { $x = 1; } begin { m(); print($x); }')).toEqual([
      'Undefined or undeclared variable: $x @ $x',
    ]);
  });

  it('are suggested for names that are nearly theirs', () => {
    const hints = (script: string) => diagnose(script).map((diagnostic) => diagnostic.hints);
    expect(hints('macro triple(x) { x * 3 } begin { print(tripel(1)); }')).toEqual([
      ["Did you mean 'triple'?"],
    ]);
    expect(hints('macro nothing() { 3 } begin { print(nothin); }')).toEqual([
      ["Did you mean 'nothing'?"],
    ]);
    expect(hints('begin { print(is_er(1)); }')).toEqual([["Did you mean 'is_err'?"]]);
  });

  it('show errors of an argument where it stands', () => {
    expect(told('macro m(x) { x + 1 } begin { print(m($gone)); }')).toEqual([
      'Undefined or undeclared variable: $gone @ $gone',
    ]);
  });

  it('[GRM-035] tell types from values', () => {
    expect(told('macro m(T) { T + 1 } begin { print(m(typeof(int8))); }')).toEqual([
      'T stands for a type, which has no value',
    ]);
    expect(told('macro m(x) { (x) - 1 } begin { print(m(3)); }')).toEqual([
      'x stands for an expression, but is used as a type here',
    ]);
  });

  it('are no places to assign to', () => {
    expect(told('macro m($v) { $v } begin { $a = 1; m($a) = 2; }')).toEqual([
      expect.stringContaining('invalid assignment target'),
    ]);
  });

  it('are all right in declarations, ranges, keys, records and functions', () => {
    const script = `macro one() { 1 } macro twice(x) { x * 2 }
      fn f($a : int64) : int64 { return twice($a); }
      begin { let $x: uint64 = twice(one); for $i : 0..twice(2) { @[one, twice($i)] = (a=one, b=f(2)); }
        print(one ? twice(3) : 0); print({ $q = twice(2); $q }); exit(); }`;
    expect(told(script)).toEqual([]);
  });
});

describe('the standard library', () => {
  it('is right in itself, and leaves built-ins alone', () => {
    const sources = createSources({ name: 'a.bt', text: '' });
    const library = standardLibrary(sources);
    const diagnostics = new Diagnostics();
    const names = libraryNames();
    expect(names).toEqual(
      expect.arrayContaining(['is_err', 'container_of', 'strcap', 'assert_str']),
    );
    collectMacros(names.flatMap(library), diagnostics);
    expect(diagnostics.all).toEqual([]);
    for (const name of names) expect(table.find(name), name).toBeUndefined();
    expect(library('printf')).toEqual([]);
  });

  it('is not even read for a script that uses none of it', () => {
    const { sources } = compile(
      { name: 'a.bt', text: 'begin { print(comm); }' },
      { kernel: kernelDescription(), unsafe: false, environment: {} },
    );
    // The space of offsets ends behind the script.
    expect(sources.add({ name: 'next', text: '' })).toBe('begin { print(comm); }'.length + 1);
  });

  it('does not warn of what is its own', () => {
    expect(told('begin { print(is_err((uint64)5)); }')).toEqual([]);
  });

  it('says what it expects, with the way there', () => {
    expect(printed('begin { print(strcap(5)); }')).toBe(
      `stdlib/strings.bt:11:13-25: ERROR: The == operator can not be used on expressions of types 'int8', 'string[1]'
    _ = sizeof((text == ""));
               ~~~~~~~~~~~~
stdlib/strings.bt:4:2-18: expanded from
    assert_str(text);
    ~~~~~~~~~~~~~~~~
a.bt:1:15-24: expanded from
begin { print(strcap(5)); }
              ~~~~~~~~~
`,
    );
  });
});
