/** Functions of scripts: what goes in and comes out, with places and fixes. */
import { describe, expect, it } from 'vitest';
import { analysed, expectError, expectNoWarnings, plain, typed } from './expect.ts';

const script = (functions: string, block = ''): string => `begin { ${block} } ${functions}`;

describe('A signature', () => {
  it('has no structs, for which a fix makes a pointer', () => {
    const text = script('fn f($a : struct task_struct) : void { }');
    const [first, ...more] = analysed(text).diagnostics;
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      hints: ['Use a pointer to it: struct task_struct *'],
      fixes: [{ text: ' *' }],
    });
    const at = first?.fixes?.[0]?.range.start ?? 0;
    expect(text.slice(0, at)).toMatch(/struct task_struct$/);
    expectError(
      script('fn f() : struct task_struct { return 1; }'),
      'A result cannot be a whole struct task_struct',
      'struct task_struct',
    );
  });

  it('has no aggregations, and nothing only as a result', () => {
    expectError(
      script('fn f() : count_t { return 1; }'),
      'A result cannot have type count_t',
      'count_t',
    );
    expectError(
      script('fn f($a : sum_t) : void { }'),
      'A parameter cannot have type sum_t',
      'sum_t',
    );
    expectNoWarnings(script('fn f() : void { }', 'f();'));
  });

  it('has texts as long as strings are where it says no size', () => {
    const [f] = typed(
      `config = { max_strlen = 100 } ${script('fn f($s : string) : string { return $s; }', '$x = f("a");')}`,
    ).functions;
    expect([f?.parameters[0]?.type, f?.returns]).toEqual([
      { kind: 'string', size: 100 },
      { kind: 'string', size: 100 },
    ]);
  });
});

describe('A call', () => {
  const call = (parameters: string, args: string): string =>
    script(`fn f(${parameters}) : int64 { return 1; }`, `$x = f(${args});`);

  it('says how many arguments there are', () => {
    expectError(call('', '1'), 'f() requires no arguments (1 provided)', 'f(1)');
    expectError(call('$a : int8', ''), 'f() requires 1 argument (0 provided)', 'f()');
    expectError(call('$a : int8, $b : int8', '1'), 'f() requires 2 arguments (1 provided)');
    expectError(call('$a : int8, $b : int8', '1, 2, 3'), 'f() requires 2 arguments (3 provided)');
  });

  it('takes no types', () => {
    expectError(call('$a : int8', 'typeof(int8)'), 'f() does not take a type as argument');
  });

  it('converts what goes in', () => {
    const program = typed(call('$a : int64, $s : string[8]', '(int8)1, "ab"'));
    expect(plain(program.probes[0]?.body.statements[0])).toMatchObject({
      value: {
        ...{ kind: 'function-call', function: program.functions[0]?.symbol, linked: false },
        args: [
          { kind: 'cast', type: { size: 8 } },
          { kind: 'string', value: 'ab', type: { size: 8 } },
        ],
      },
    });
    expect(program.probes[0]?.calls).toEqual([program.functions[0]?.symbol]);
  });
});

describe('What a function returns', () => {
  it('is converted to what it promises', () => {
    const [f] = typed(script('fn f($a : int8) : int64 { return $a; }', '$x = f(1);')).functions;
    expect(plain(f?.body.statements[0])).toMatchObject({
      kind: 'return',
      value: { kind: 'cast', type: { size: 8 }, operand: { kind: 'variable' } },
    });
    expectError(script('fn f() : int8 { return 300; }'), "f() returns 'int8', not 'int16'", '300');
    expectNoWarnings(script('fn f() : int8 { return 127; }'));
  });

  it('may be nothing, and then it need not return', () => {
    expectNoWarnings(script('fn f($a : int8) : void { if ($a > 1) { return; } print(1); }'));
    expectError(
      script('fn f() : int64 { return; }'),
      "f() must return a value of type 'int64'",
      'return',
    );
    expectError(
      script('fn f() : int64 { print(1); }'),
      "f() must return a value of type 'int64' on every path",
      'fn f() : int64 ',
    );
  });
});

describe('Functions', () => {
  it('that nothing calls are no part of the program, but are looked at', () => {
    const program = typed(
      script(
        'fn used() : int64 { return 1; } fn other() : int64 { return used(); }',
        '$x = used();',
      ),
    );
    expect(program.functions.map(({ name }) => name)).toEqual(['used']);
    expectError(
      script('fn f() : int64 { return f(); }'),
      'Recursive function call: f -> f',
      'fn f() : int64 ',
    );
  });

  it('that many call stand once, behind those that they call themselves', () => {
    const program = typed(
      script(
        'fn a() : int64 { return b() + c(); } fn b() : int64 { return c(); } fn c() : int64 { return 1; }',
        '$x = a(); $y = b();',
      ),
    );
    expect(program.functions.map(({ name }) => name)).toEqual(['c', 'b', 'a']);
  });
});
