import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../support/build.ts';
import { body, expectError, expectTypes, expectWarning, typed } from './expect.ts';

const enabled = (text: string): string =>
  `config = { unstable_typeinfo = enable } begin { ${text} }`;

describe('features that may still change', () => {
  it('[TYP-086] [CFG-027] are refused, warned of or allowed', () => {
    const script = (policy: string) =>
      `config = { unstable_typeinfo = ${policy} } begin { print(typeinfo(pid)); }`;
    expectError(
      'print(typeinfo(pid));',
      'Script is using an unstable feature: typeinfo. It has to be enabled in the config e.g. unstable_typeinfo=enable',
      'typeinfo(pid)',
    );
    expectError(script('error'), 'unstable feature: typeinfo');
    expectWarning(
      script('warn'),
      'Script is using an unstable feature: typeinfo. To prevent this warning you must explicitly enable it in the config e.g. unstable_typeinfo=enable',
      'typeinfo(pid)',
    );
    expect(typed(script('enable')).probes).toHaveLength(1);
    expectError(
      'config = { unstable_typeinfo = maybe } begin { }',
      "invalid value 'maybe', expected one of error, warn, enable",
    );
  });

  it('are lists of probes', () => {
    const list = 'for $n : (1, 2) { interval:s:$n { print($n); } }';
    const script = (value: string) => `config = { unstable_probe_lists = ${value} } ${list}`;
    const message =
      'Script is using an unstable feature: for over a list of values. It has to be enabled in the config e.g. unstable_probe_lists=enable';
    expect(diagnose(list).map((each) => each.message)).toEqual([message]);
    expect(diagnose(script('error')).map((each) => each.message)).toEqual([message]);
    expect(diagnose(script('warn')).map(({ severity }) => severity)).toEqual(['warning']);
    expect(diagnose(script('enable'))).toEqual([]);
  });

  it('[CFG-026] are imports within blocks', () => {
    const script = (value: string) =>
      `config = { unstable_import_statement = ${value} } begin { if (1) { import "stdlib/strings.bt"; } }`;
    const message =
      'Script is using an unstable feature: import inside of a block. It has to be enabled in the config e.g. unstable_import_statement=enable';
    expectError('if (1) { import "stdlib/strings.bt"; }', message, 'import "stdlib/strings.bt"');
    expectError(script('error'), message);
    expect(typed(script('enable')).probes).toHaveLength(1);
  });
});

describe('typeinfo', () => {
  it('[TYP-084] is a record of the type and its names', () => {
    expectTypes(enabled('$t = typeinfo((uint16)1);'), {
      $t: '(btf_id=uint32,base_type=string[4],full_type=string[7])',
    });
    expectError(enabled('$t = typeinfo(struct nope);'), "Unknown struct/union: 'nope'");
  });

  it('[GRM-052] decides what is compiled', () => {
    const script = (value: string) =>
      enabled(
        `$v = ${value}; if comptime (typeinfo($v).base_type == "string") { print(strlen($v)); } else { print($v + 1); }`,
      );
    expect(inspect(body(script('"abc"')), { depth: 12 })).toContain('strlen');
    expect(inspect(body(script('5')), { depth: 12 })).not.toContain('strlen');
  });
});
