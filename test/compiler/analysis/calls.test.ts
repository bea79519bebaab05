import { describe, expect, it } from 'vitest';
import { analysed, expectError, expectTypes, expectWarning, typed } from './expect.ts';

function hints(script: string): readonly string[] {
  return analysed(script).diagnostics.flatMap((diagnostic) => diagnostic.hints ?? []);
}

describe('names', () => {
  it('[TYP-088] that nobody knows are reported, with the closest one', () => {
    expectError('print(pidd);', "Unknown identifier: 'pidd'", 'pidd');
    expect(hints('print(pidd);')).toEqual(["Did you mean 'pid'?"]);
    expectError('prinft("x");', "Unknown function: 'prinft'", 'prinft');
    expect(hints('prinft("x");')).toEqual(["Did you mean 'printf' or 'print'?"]);
    expect(hints('@ = cuont();')).toEqual(["Did you mean 'count'?"]);
  });

  it('of older scripts are accepted with a warning', () => {
    expectWarning('kprobe:f { print(name); }', 'name is deprecated', 'name');
    expectWarning('kprobe:f { print(stack); }', 'stack is deprecated', 'stack');
  });

  it('of later versions say so', () => {
    expectError('print(elf_info("x"));', 'elf_info() is not supported yet', 'elf_info');
    expectError('print(elf_info);', "'elf_info' is not supported yet", 'elf_info');
  });
});

describe('calls', () => {
  it('have to have the right number of arguments', () => {
    expectError('$a = str();', 'str() requires at least 1 argument (0 provided)', 'str()');
    expectError('exit(1, 2);', 'exit() requires at most 1 argument (2 provided)');
    expectError('$a = pid(1, 2, 3);', 'pid() requires at most');
  });

  it('that change the system need --unsafe', () => {
    expectError('system("ls");', 'system() is an unsafe function being used in safe mode');
    expect(typed('system("ls");', { unsafe: true }).probes).toHaveLength(1);
  });

  it('report errors of their arguments once', () => {
    expectError('printf("%s", str($nope));', 'Undefined or undeclared variable: $nope', '$nope');
    expectError('print(nope);', "Unknown identifier: 'nope'");
  });

  it('take maps where they ask for them', () => {
    expectError('clear(5);', 'clear() expects a map (5 provided)', '5');
    expectError('@m[1] = 1; clear(@m[1]);', 'clear() expects a map (@m[...] provided)', '@m[1]');
    expectError('clear(@m);', 'Undefined map: @m', '@m');
  });

  it('check and widen the keys that they get', () => {
    expectTypes('@m[1] = 1; if (has_key(@m, pid)) { delete(@m, 300); }', {
      '@m': 'uint32 -> int8',
    });
    expectError('@m[1] = 1; delete(@m, "x");', 'Argument mismatch for @m', '"x"');
    expectWarning('@m[1] = 1; delete(@m[1]);', 'delete(@m[...]) is deprecated');
  });

  it('do not take types', () => {
    expectError('print(typeof(pid));', 'does not take a type as argument');
  });

  it('[TYP-081] limit strings, but not formats', () => {
    const long = 'x'.repeat(1100);
    expectError(`$a = "${long}";`, 'String is too long (over 1024 bytes)');
    expect(typed(`printf("${long}");`).probes).toHaveLength(1);
  });
});
