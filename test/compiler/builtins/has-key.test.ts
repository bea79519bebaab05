import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';
import { body, expectError, expectTypes } from '../analysis/expect.ts';

describe('has_key, as the analysis takes it', () => {
  it('[FUN-060] asks for keys', () => {
    expectTypes('@x["a"] = 1; $has = has_key(@x, "b"); print($has);', { $has: 'bool' });
    expectError('@x["a"] = 1; print(has_key(@x, 1));', 'Argument mismatch for @x');
    expectError('print(has_key(1, 1));', 'has_key() expects a map (1 provided)');
  });

  it('[FUN-060] finds values into variables', () => {
    const script = '@x[1] = (uint64)7; if (find(@x, 1, $v)) { print($v); }';
    expectTypes(script, { $v: 'uint64' });
    expectTypes(`let $v; ${script}`, { $v: 'uint64' });
    const statement = body(script).find(({ kind }) => kind === 'if');
    if (statement?.kind !== 'if') throw new Error('there is no if');
    const { condition } = statement;
    if (condition.kind !== 'conditional') throw new Error(`the condition is ${condition.kind}`);
    expect(condition.condition).toMatchObject({ builtin: 'has_key', map: '@x' });
    expect(condition.then).toMatchObject({
      statements: [{ kind: 'assign-variable', value: { kind: 'map', map: '@x' } }],
    });
    expectError(
      '@x[1] = 1; find(@x, 1, 5);',
      'find() expects a variable as target (5 provided)',
      '5',
    );
    expectError('find(1, 1, $v);', 'find() expects a map (1 provided)', '1');
  });
});

describe('has_key and find, as they run', () => {
  it('say whether there is an element; a variable keeps what it was where there is none', () => {
    const machine = interpret(
      build(`begin { @x[1] = 7; @has = has_key(@x, 1); @not = has_key(@x, 2);
        $v = 5; @missed = find(@x, 2, $v); @kept = $v; @found = find(@x, 1, $v); @new = $v; }`),
    );
    machine.run();
    const names = ['@has', '@not', '@missed', '@kept', '@found', '@new'];
    expect(names.map((name) => machine.value(name))).toEqual([true, false, false, 5n, true, 7n]);
  });
});
