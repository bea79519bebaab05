import { describe, expect, it } from 'vitest';
import { typeName } from '../../../compiler/types/names.ts';
import { int, VOID } from '../../../compiler/types/type.ts';
import {
  analysed,
  body,
  expectError,
  expectNoWarnings,
  expectTypes,
  expectWarning,
  typed,
} from '../analysis/expect.ts';
import { call, number, text } from './calls.ts';
import { createMachine, cstring } from './machine.ts';
import { firstCall, hints } from './uses.ts';

describe('printf and its like', () => {
  it('keeps arguments in their own types', () => {
    const call = firstCall('printf("%d %s %s\\n", pid, comm, true);');
    expect(call.args.map(({ type }) => typeName(type))).toEqual(['uint32', 'string[16]', 'bool']);
    expect(call.plan).toEqual({ format: '%d %s %s\n' });
    expect(call.type.kind).toBe('void');
  });

  it('reads aggregates as integers and enums as enums', () => {
    const script = '@a = avg(5); printf("%d %d\\n", @a, APPLE);';
    const [, statement] = body(script);
    expect(statement).toMatchObject({
      expression: { args: [{ type: { kind: 'int' } }, { type: { kind: 'enum' } }] },
    });
  });

  it('counts arguments', () => {
    expectError(
      'printf("%d %d", 1);',
      'printf: Not enough arguments for format string (1 supplied, 2 expected)',
      'printf("%d %d", 1)',
    );
    expectError(
      'cat("/proc/self/maps", 1);',
      'cat: Too many arguments for format string (1 supplied, 0 expected)',
    );
  });

  it('checks the types of arguments', () => {
    expectError(
      'printf("%d", comm);',
      "printf: unsupported format specifier for type 'string[16]': d",
      'comm',
    );
    expectError('printf("%f", 1);', 'printf: unsupported format specifier: f', '"%f"');
    expectError('printf("%*d", 1);', "a width or precision has to be a number, not '*': %*d");
    expectError('printf("%s", print(1));', 'unable to print none type for specifier: s');
  });

  it('warns of an address where a text is meant', () => {
    expectWarning(
      'kprobe:vfs_read { printf("%d %s", 1, (int8 *)arg0); }',
      "%s prints the address that 'int8 *' holds",
      '(int8 *)arg0',
    );
    expect(hints('kprobe:vfs_read { printf("%s", (int8 *)arg0); }')).toEqual([
      'Read the text that stands there with str(), or print the address with %p.',
    ]);
    for (const text of [
      'printf("%p", (int8 *)arg0);',
      'printf("%s", str(arg0));',
      'printf("%s", (int64 *)arg0);',
    ])
      expectNoWarnings(`kprobe:vfs_read { ${text} }`);
  });

  it('says each thing that is wrong, and nothing of what is right beside it', () => {
    const said = (call: string) => analysed(call).diagnostics.map(({ message }) => message);
    expect(said('printf("%d %d %d", comm, 1, comm);')).toEqual([
      "printf: unsupported format specifier for type 'string[16]': d",
      "printf: unsupported format specifier for type 'string[16]': d",
    ]);
    expect(said('printf("%f %d");')).toEqual(['printf: unsupported format specifier: f']);
  });

  it('keeps the format of printf alone for an iterator', () => {
    expect(firstCall('printf("%d\\n", 1);').traits).toMatchObject({
      format: '%d\n',
      onlyPrints: true,
    });
    for (const use of ['errorf("x")', 'warnf("x")', 'cat("x")'])
      expect(firstCall(`${use};`).traits.format).toBeUndefined();
  });

  it('wants a literal format', () => {
    expectError('printf(comm);', 'printf() expects a string literal', 'comm');
    expectError('printf();', 'printf() requires at least 1 argument (0 provided)');
  });

  it('[FUN-017] runs commands with --unsafe only', () => {
    expectError('system("ls");', 'system() is an unsafe function being used in safe mode');
    const options = { unsafe: true };
    expect(typed('system("ls %d", pid);', options).probes[0]?.body.statements[0]).toMatchObject({
      expression: { builtin: 'system', plan: { format: 'ls %d' } },
    });
  });
});

describe('printf, as it runs', () => {
  it('sends the arguments of printf as they are, and its format in the manifest', () => {
    const machine = createMachine();
    machine.value(
      call('printf', VOID, [number(-5n, int(2, true)), text('abc')], { format: '%d %s\n' }),
    );
    expect(machine.events).toMatchObject([{ spec: { kind: 'printf', format: '%d %s\n' } }]);
    expect(machine.events[0]?.fields.map((field) => [...field])).toEqual([
      [0xfb, 0xff],
      [...cstring('abc')],
    ]);
  });
});

describe('errorf and warnf', () => {
  it('[FUN-008] check their formats as printf does', () => {
    expectError('errorf("%d %d", 1);', 'errorf: Not enough arguments', 'errorf("%d %d", 1)');
    expectError(
      'warnf("%d", comm);',
      "warnf: unsupported format specifier for type 'string",
      'comm',
    );
    expectTypes('errorf("%s", comm); warnf("x");', {});
  });
});
