import { describe, expect, it } from 'vitest';
import {
  analysed,
  expectError,
  expectNoWarnings,
  expectTypes,
  expectWarning,
  typed,
} from './expect.ts';

/** `complete` puts text without a probe into one, so these scripts begin with an empty block of settings. */
const script = (functions: string, body = ''): string =>
  `config = { } ${functions} begin { ${body} }`;

const errors = (text: string): readonly string[] =>
  analysed(text)
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);

describe('functions', () => {
  it('[GRM-037] have the types that they are declared with', () => {
    expectTypes(script('fn f($a : int16) : uint8 { return 1; }', '$x = f(5); @m[f(1)] = f(300);'), {
      $x: 'uint8',
      '@m': 'uint8 -> uint8',
    });
  });

  it('are part of the outcome where a probe reaches them, callees first', () => {
    const program = typed(
      script(
        `fn a() : int64 { return b() + c(); } fn unused() : int64 { return a(); }
         fn b() : int64 { return c(); } fn c() : int64 { return 1; }`,
        '$x = a();',
      ),
    );
    expect(program.functions.map(({ name }) => name)).toEqual(['c', 'b', 'a']);
  });

  it('check the arguments of their calls', () => {
    const f = 'fn f($a : int8, $s : string[4]) : int64 { return $a; }';
    expectError(script(f, '$x = f(1);'), 'f() requires 2 arguments (1 provided)', 'f(1)');
    expectError(
      script(f, '$x = f("a", "b");'),
      "Type mismatch for $a of f(): trying to pass a value of type 'string[2]' where the function takes 'int8'",
      '"a"',
    );
    expectError(script(f, '$x = f(1, "long text");'), 'Type mismatch for $s of f()');
    expectError(script(f, '$x = f(300, "a");'), 'Type mismatch for $a of f()', '300');
    expectNoWarnings(script(f, '$x = f(-1, "abc");'));
  });

  it('cannot have arguments that are types or aggregates', () => {
    expectError(script('fn f($a : count_t) : void { }'), 'cannot have type count_t', 'count_t');
    expectError(script('fn f($a : void) : void { }'), 'cannot have type void', 'void');
    expectError(
      script('fn f($a : struct task_struct) : void { }'),
      'A parameter cannot be a whole struct task_struct',
    );
    expectError(script('fn f($a : int8, $a : int8) : void { }'), 'declared more than once');
    expectError(script('fn f($a : nope) : void { }'), 'Cannot resolve unknown type "nope"', 'nope');
  });

  it('return what they promise, on every path', () => {
    expectError(
      script('fn f($a : int64) : int64 { if $a > 1 { return 1; } }'),
      "f() must return a value of type 'int64' on every path",
    );
    expectNoWarnings(
      script('fn f($a : int64) : int64 { if $a > 1 { return 1; } else { return 2; } }'),
    );
    expectError(script('fn f() : int64 { return; }'), "f() must return a value of type 'int64'");
    expectError(
      script('fn f() : int64 { return "a"; }'),
      "f() returns 'int64', not 'string[2]'",
      '"a"',
    );
    expectError(script('fn f() : void { return 5; }'), "f() returns 'none', not 'int8'", '5');
    expectError(script('fn f() : void { }', '$x = f();'), "Value 'none' cannot be assigned");
  });

  it('warn when their results are dropped', () => {
    expectWarning(script('fn f() : int64 { return 1; }', 'f();'), 'Return value discarded.', 'f()');
    expectNoWarnings(script('fn f() : int64 { return 1; }', '_ = f();'));
  });

  it('have no context', () => {
    for (const builtin of ['args', 'arg0', 'retval', 'func', 'probe', 'kstack', 'ustack', 'ctx']) {
      expectError(
        script(`fn f() : void { print(${builtin}); }`),
        `Builtin ${builtin} not supported outside probe`,
        builtin,
      );
    }
    expectError(
      script('fn f() : void { print(reg("ip")); }'),
      'Builtin reg not supported outside probe',
    );
    expectNoWarnings(script('fn f() : void { print((pid, tid, comm, cpu, nsecs, uid)); }'));
  });

  it('see their own variables only', () => {
    expectError(
      script('fn f() : int64 { return $x; }', '$x = 1; $y = f();'),
      'Undefined or undeclared variable: $x',
      '$x',
    );
  });

  it('do not recurse', () => {
    expect(errors(script('fn f() : int64 { return f(); }'))).toEqual([
      'Recursive function call: f -> f',
    ]);
    expect(
      errors(
        script(
          'fn a() : int64 { return b(); } fn b() : int64 { return c(); } fn c() : int64 { return b(); }',
          '$x = a();',
        ),
      ),
    ).toEqual(['Recursive function call: b -> c -> b']);
  });

  it('are nested as deep as the kernel allows', () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, index) => {
        const body = index + 1 < length ? `f${index + 1}()` : '1';
        return `fn f${index}() : int64 { return ${body}; }`;
      }).join(' ');
    expectNoWarnings(script(chain(7), '$x = f0();'));
    expectError(
      script(chain(8), '$x = f0();'),
      'Function calls are nested 9 deep; the kernel allows 8',
    );
  });

  it('have names of their own', () => {
    expectError(
      script('fn f() : void { } fn f() : void { }'),
      'Redefinition of function: f',
      'fn f() : void ',
    );
    expectError(script('fn strlen($a : int64) : void { }'), 'strlen is a built-in function');
  });

  it('report several mistakes at once', () => {
    expect(
      errors(script('fn f($a : int64) : int64 { $b = nope; return args; }', '$x = f("a");')),
    ).toEqual([
      "Type mismatch for $a of f(): trying to pass a value of type 'string[2]' where the function takes 'int64'",
      "Unknown identifier: 'nope'",
      'Builtin args not supported outside probe',
    ]);
  });
});
