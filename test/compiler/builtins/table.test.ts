import { describe, expect, it } from 'vitest';
import { builtins, table } from '../../../compiler/builtins/builtins.ts';
import { diagnose } from '../../support/build.ts';

describe('the table of built-ins', () => {
  it('finds built-ins by their present and older names', () => {
    expect(table.find('probe')).toMatchObject({ builtin: { name: 'probe' }, legacy: false });
    expect(table.find('name')).toMatchObject({ builtin: { name: 'probe' }, legacy: true });
    expect(table.find('stack')).toMatchObject({ builtin: { name: 'kstack' }, legacy: true });
    expect(table.find('nonesuch')).toBeUndefined();
  });

  it('has each name once', () => {
    const names = builtins.flatMap(({ name, legacyNames }) => [name, ...legacyNames]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('leaves aggregations to the analysis', () => {
    for (const name of ['count', 'sum', 'avg', 'min', 'max', 'stats', 'hist', 'lhist']) {
      expect(table.find(name)).toBeUndefined();
    }
  });
});

/** What the kernel and the loader make of them, by who reads it. */
const SAYINGS: Readonly<Record<string, string>> = {
  steady: 'pid tid uid gid cgroup curtask cpu',
  varies: 'nsecs elapsed jiffies rand',
  readsContext:
    'func args arg0 arg1 arg2 arg3 arg4 arg5 arg6 arg7 arg8 arg9 arg10 arg11 retval reg usermode',
  notInSession: 'reg override',
  runsCallback: 'dw_ustack',
  btfPointer: 'curtask',
  customaryCast: 'curtask',
  namesProbe: 'probe',
  namesFunction: 'func',
  holdsFields: 'args',
  givesResult: 'retval',
  kernelSymbol: 'ksym',
  kernelAddress: 'kaddr',
  endsProgram: 'exit',
  discardable: 'delete find',
  onlyPrints: 'printf errorf print time join cat',
  needsLoader: 'errorf warnf print time join cat system skboutput unwatch exit clear zero',
  unsafe: 'system signal signal_thread override write_user',
  onMap: 'has_key len clear zero',
};

describe('what built-ins say of themselves', () => {
  it.each(Object.entries(SAYINGS))('%s is said by those that it is true of', (trait, names) => {
    const said = builtins.filter(({ traits }) => Object.hasOwn(traits, trait));
    expect(said.map(({ name }) => name).sort()).toEqual(names.split(' ').sort());
    for (const { traits } of said) expect(Reflect.get(traits, trait)).toBeTruthy();
  });

  it('which part of an attach point they are of, and which argument they read', () => {
    const args = Array.from({ length: 12 }, (_, index) => `arg${index}`);
    const asking = builtins.flatMap(({ name, traits: { asksOf } }) =>
      asksOf === undefined ? [] : [`${name} ${asksOf}`],
    );
    expect(asking).toEqual([
      ...['probe event', 'args fields', ...args.map((name) => `${name} event`)],
      ...['retval result', 'uaddr program'],
    ]);
    expect(
      builtins.flatMap(({ name, traits: { argument } }) => (argument === undefined ? [] : [name])),
    ).toEqual(args);
    for (const [index, name] of args.entries())
      expect(table.find(name)?.builtin.traits.argument).toBe(index);
  });

  it('what they do with maps, and which of what is unsafe are commands', () => {
    const of = (name: string) => table.find(name)?.builtin.traits;
    expect(['has_key', 'len', 'clear', 'zero'].map((name) => of(name)?.onMap)).toEqual([
      ...['looks', 'looks', 'clear', 'zero'],
    ]);
    expect(
      builtins.filter(({ traits }) => traits.unsafe === 'run').map(({ name }) => name),
    ).toEqual(['system']);
  });

  it('those that are of a probe are refused in functions, and no others', () => {
    const ofProbes = new Set(
      'probe probetype func args ctx retval reg usermode kstack ustack dw_ustack skboutput uaddr path socket_cookie signal signal_thread override kfunc_allowed'
        .split(' ')
        .concat(Array.from({ length: 12 }, (_, index) => `arg${index}`)),
    );
    for (const { name } of builtins) {
      const said = diagnose(`fn f(): void { ${name}(); } begin { f(); }`);
      const refused = said.some(({ code }) => code === 'probe-required');
      expect([name, refused], JSON.stringify(said)).toEqual([name, ofProbes.has(name)]);
    }
  });
});
