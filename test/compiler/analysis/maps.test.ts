import { describe, expect, it } from 'vitest';
import { diagnose } from '../../support/build.ts';
import { expectError, expectNoWarnings, expectTypes, expectWarning, typed } from './expect.ts';

describe('map values', () => {
  it('widen to what is assigned anywhere in the program', () => {
    expectTypes('begin { print(@x); @x = 1; } end { @x = 70000; }', { '@x': 'int32' });
    expectTypes('begin { @x = 1; } end { @x = (uint64)5; }', { '@x': 'uint64' });
  });

  it('[TYP-044] of strings grow to the largest', () => {
    expectTypes('@x = "a"; @x = "abc"; $a = "x"; $a = comm;', {
      '@x': 'string[4]',
      $a: 'string[16]',
    });
  });

  it('follow chains of maps through several probes', () => {
    expectTypes('begin { @a = @b; } end { @b = @c; } interval:s:1 { @c = comm; }', {
      '@a': 'string[16]',
      '@b': 'string[16]',
    });
  });

  it('become int64 where they are only ever stepped or added to', () => {
    expectTypes('@a++; @b += 1; @c[1]--; @d = @d + 1;', {
      '@a': 'int64',
      '@b': 'int64',
      '@c': 'int8 -> int64',
      '@d': 'int64',
    });
    expectTypes('$u = (uint64)1; @a += $u; @b -= $u;', { '@a': 'uint64', '@b': 'int64' });
    expectTypes('@a++; @a = (uint64)5;', { '@a': 'uint64' });
  });

  it('[TYP-046] [TYP-047] of tuples and records promote by element', () => {
    expectTypes('@t = (1, "a"); @t = (300, "abc"); @r = (a=1, b=2); @r = (b=300, a=(uint32)1);', {
      '@t': '(int16,string[4])',
      '@r': '(a=uint32,b=int16)',
    });
  });

  it('[TYP-051] keep their kind', () => {
    expectError(
      'begin { @x = 1; } end { @x = "a"; }',
      "Type mismatch for @x: trying to assign value of type 'string[2]' when map already has a type 'int8'",
      '"a"',
    );
    expectError('@x = count(); @x = 5;', "when map already has a type 'count_t'", '5');
    expectError(
      '@x = kstack(3); @x = kstack(5);',
      "trying to assign value of type 'kstack_t(bpftrace, 5)' when map already has a type 'kstack_t(bpftrace, 3)'",
      'kstack(5)',
    );
    expectError(
      '@x[1, ustack(raw)] = 1; @x[1, ustack(5)] = 1;',
      "'(int8,ustack_t(bpftrace, 5))' when map expects arguments: '(int8,ustack_t(raw, 127))'",
      '1, ustack(5)',
    );
    expectError('@x = count(); @x = sum(5);', "of type 'sum_t' when map already has", 'sum(5)');
  });

  it('have to be assigned somewhere', () => {
    expectError('print(@x);', 'Undefined map: @x', '@x');
    expectError('@y = @x;', 'Undefined map: @x', '@x');
    expectError('if (@x[1]) { }', 'Undefined map: @x');
  });

  it('warn when 64 unsigned bits become signed', () => {
    expectWarning('$u = (uint64)1; @x = (int64)5; @x = $u;', 'type: uint64 being cast', '$u');
  });

  it('cannot be nothing or the context', () => {
    expectError('@x = print(1);', "Value 'none' cannot be assigned to a map", 'print(1)');
    expectError('kprobe:f { @x[ctx] = 1; }', 'context cannot be part of a map key', 'ctx');
  });
});

describe('map keys', () => {
  it('[TYP-050] decide once whether there are any', () => {
    expectError(
      '@x[1] = 1; @x = 2;',
      '@x used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)',
      '@x',
    );
    expectError(
      '@x = 1; @x[1] = 2;',
      '@x used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)',
      '@x[1]',
    );
  });

  it('[TYP-054] in a row are a tuple', () => {
    expectTypes('@x[1, comm] = 1; @x[(pid, "a")] = 2;', { '@x': '(uint32,string[16]) -> int8' });
    expectTypes('@x[pid, 1] = 1;', { '@x': '(uint32,int8) -> int8' });
  });

  it('widen to the common type', () => {
    expectTypes('@x[1] = 1; @x[pid] = 1; @y["a"] = 1; @y[comm] = 2;', {
      '@x': 'uint32 -> int8',
      '@y': 'string[16] -> int8',
    });
  });

  it('[TYP-052] have to agree', () => {
    expectError(
      '@x[1] = 1; @x["a"] = 1;',
      "Argument mismatch for @x: trying to access with arguments: 'string[2]' when map expects arguments: 'int8'",
      '"a"',
    );
    expectError('@x[1, 2] = 1; @x[1] = 1;', "'int8' when map expects arguments: '(int8,int8)'");
    expectError('@x[1] = 1; print(@x["a"]);', 'Argument mismatch for @x');
  });

  it('[TYP-055] [TYP-056] hold no aggregates and no void', () => {
    expectError('@h = hist(1); @x[@h] = 1;', 'hist_t cannot be used in an expression', '@h');
    expectError('@x[print(1)] = 1;', "Value 'none' cannot be used as a map key", 'print(1)');
    expectError('@h = hist(1); $t = (1, @h);', 'hist_t cannot be used in an expression');
  });

  it('arrive in the program with the type of the map', () => {
    const [probe] = typed('@x[1] = 1; @x[pid] = 2;').probes;
    expect(probe?.body.statements[0]).toMatchObject({
      key: { kind: 'int', type: { kind: 'int', size: 4, signed: false }, value: 1n },
    });
  });
});

describe('maps of the program', () => {
  it('[TYP-062] [CFG-014] have one entry as scalars, else max_map_keys', () => {
    const program = typed('config = { max_map_keys = 100 } begin { @a = 1; @b[1] = 1; }');
    expect(program.maps.map((map) => [map.name, map.maxEntries])).toEqual([
      ['@a', 1],
      ['@b', 100],
    ]);
  });

  it('[GRM-023] [GRM-024] are declared with their kind and size', () => {
    const program = typed(
      'let @a = lruhash(7); let @c = percpuhash(3); begin { @a[1] = 1; @c[1] = count(); }',
    );
    expect(program.maps).toMatchObject([
      { name: '@a', maxEntries: 7, declared: 'lruhash' },
      { name: '@c', maxEntries: 3, declared: 'percpuhash' },
    ]);
  });

  it('[GRM-025] [GRM-026] complain about declarations that make no sense', () => {
    expectError('let @a = hush(7); begin { @a[1] = 1; }', 'Invalid bpf map type: hush', 'hush');
    expectError(
      'let @a = percpuhash(7); begin { @a[1] = 1; }',
      'Incompatible map types. Type from declaration: percpuhash. Type from value/key type: hash',
    );
    expectError('let @a = hash(7); begin { @a[1] = count(); }', 'Incompatible map types');
    const instead = (kind: string, value: string) =>
      diagnose(`let @a = ${kind}(7); begin { @a[1] = ${value}; }`).flatMap(({ hints }) => hints);
    expect(instead('percpulruhash', '1')).toEqual(["For these values: 'let @a = lruhash(7);'"]);
    expect(instead('lruhash', 'count()')).toEqual([
      "For these values: 'let @a = percpulruhash(7);'",
    ]);
    expect(instead('lruhash', '1')).toEqual([]);
    expectWarning('let @a = hash(7); begin { }', 'Unused map: @a');
  });

  it('remember that a scalar is deleted', () => {
    const program = typed('begin { @a = 1; delete(@a); @b = 1; }');
    expect(program.maps.map((map) => map.deleted)).toEqual([true, false]);
    expectNoWarnings('begin { @a = 1; delete(@a); }');
  });

  it('need a direct operand of sizeof to stay as it was', () => {
    expectError(
      'begin { @x = 1; print(sizeof(@x)); @x = 70000; }',
      'this type has been locked',
      '70000',
    );
  });
});
