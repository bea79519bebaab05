/** Attach points of every form there is, beside the rules that they follow. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shareProgram } from '../../../compiler/probes/shared.ts';
import { temporaryFolder } from '../../support/build.ts';
import { refusal, resolve, resolveBlock, target } from './support.ts';

describe('A kprobe or a kretprobe', () => {
  const modules = ['', 'vmlinux', 'nf_nat', 'nf_*'];
  const functions = ['vfs_read', 'vfs_*'];
  const rows = ['kprobe', 'kretprobe'].flatMap((provider) =>
    modules.flatMap((module) => functions.map((name) => [provider, module, name] as const)),
  );

  it.each(rows)(
    '%s:%s:%s is of the kernel itself where that is said, or no module is',
    (...row) => {
      const [provider, module, name] = row;
      const isPattern = name.includes('*') || module.includes('*');
      const isOwn = module === '' || (module === 'vmlinux' && !isPattern);
      const found = target([provider, module, name].filter(Boolean).join(':'));
      const multi = isPattern ? `${provider}.multi/${name}` : `${provider}/${name}`;
      expect(found).toMatchObject({
        name: [provider, isOwn ? '' : module, name].filter(Boolean).join(':'),
        section: isOwn ? multi : provider,
        function: isPattern ? undefined : name,
        wildcard: isPattern,
        hasRetval: provider === 'kretprobe',
      });
      expect(found.target).toEqual({
        ...{ provider, function: name, offset: 0 },
        ...(isOwn ? {} : { module }),
      });
    },
  );

  it('has an offset where it is an entry of one function', () => {
    expect(target('kprobe:nf_nat:f+4').target).toEqual({
      ...{ provider: 'kprobe', module: 'nf_nat', function: 'f', offset: 4 },
    });
    expect(refusal('kretprobe:f+4')).toBe('kretprobes can not be attached to a function offset');
    expect(target('kretprobe:f+0').name).toBe('kretprobe:f');
    expect(refusal('kprobe:nf_*:f+4')).toBe('an offset needs the name of one function');
    expect(refusal('kprobe:nf_nat:0xffff')).toBe(
      'a kprobe in a module needs the name of a function',
    );
    expect(refusal('kretprobe:0xffff')).toBe('a kretprobe needs the name of a function');
  });
});

describe('A timer', () => {
  const UNITS = { s: 10n ** 9n, ms: 10n ** 6n, us: 1000n };
  const named = (text: string) => {
    const { name, target: place } = target(text);
    return [name, place];
  };

  it.each(['interval', 'profile'])('%s has a period in each unit, or a frequency', (provider) => {
    for (const [unit, factor] of Object.entries(UNITS)) {
      for (const [text, count] of [
        ['1', 1n],
        ['0x10', 16n],
        ['1e3', 1000n],
        ['1_000', 1000n],
      ] as const)
        expect(named(`${provider}:${unit}:${text}`)).toEqual([
          `${provider}:${unit}:${count}`,
          { provider, period: `${count * factor}` },
        ]);
      expect(named(`${provider}:5${unit}`)).toEqual([
        `${provider}:us:${(5n * factor) / 1000n}`,
        { provider, period: `${5n * factor}` },
      ]);
      const most = (2n ** 63n - 1n) / factor;
      expect(named(`${provider}:${unit}:${most}`)[1]).toEqual({
        provider,
        period: `${most * factor}`,
      });
      expect(resolve(`${provider}:${unit}:${most + 1n}`).targets).toEqual([]);
    }
    expect(named(`${provider}:hz:99`)).toEqual([
      ...[`${provider}:hz:99`, { provider, frequency: '99' }],
    ]);
    // Whole microseconds.
    expect(named(`${provider}:1999ns`)[1]).toEqual({ provider, period: '1000' });
  });

  it.each(['interval', 'profile'])(
    '%s is a parameter in its unit, its count or both',
    (provider) => {
      expect(named(`${provider}:s:$1`)[1]).toEqual({ provider, period: '$1s' });
      expect(named(`${provider}:hz:$1`)[1]).toEqual({ provider, frequency: '$1' });
      expect(named(`${provider}:$1:5`)[1]).toEqual({ provider, period: '5$1' });
      expect(named(`${provider}:$1`)[1]).toEqual({ provider, period: '$1' });
      for (const text of ['s:$1', 'hz:$1', '$1:5', '$1'])
        expect(target(`${provider}:${text}`).parameterised).toBe(true);
      expect(target(`${provider}:s:1`).parameterised).toBe(false);
    },
  );

  it.each(['interval', 'profile'])('%s is refused for what is no time', (provider) => {
    const no = (text: string) => refusal(`${provider}${text}`);
    for (const text of ['', ':', ':5', ':0x5', ':x'])
      expect([text, no(text)]).toEqual([text, `${provider} probe must have unit of time`]);
    for (const text of [':s:0', ':s:x', ':hz:0', ':s:-1', ':ms:5s', ':s:1.5'])
      expect([text, no(text)]).toEqual([
        text,
        `${provider} frequency should be a positive integer`,
      ]);
    expect(no(':h:1')).toBe('h is not an accepted unit of time');
    expect(no(':999ns')).toBe(`${provider} must be at least 1us long, not 999ns`);
    expect(no(':s:1:2')).toBe(`${provider} probe type requires 1 or 2 arguments, found 3`);
  });
});

describe('A function with its types', () => {
  it.each(['fentry', 'fexit'])(
    '%s is of the kernel with or without its name, and is a name',
    (provider) => {
      for (const text of ['vfs_read', 'vmlinux:vfs_read'])
        expect(target(`${provider}:${text}`, true)).toMatchObject({
          function: 'vfs_read',
          wildcard: false,
          target: { provider, function: 'vfs_read' },
        });
      expect(refusal(provider)).toBe(`${provider} should specify a function`);
      expect(refusal(`${provider}:vmlinux:`)).toBe(`${provider} should specify a function`);
      expect(refusal(`${provider}:a:b:c`)).toBe(
        `${provider} probe type requires 1 or 2 arguments, found 3`,
      );
      expect(refusal(`${provider}:vmlinux:f+4`)).toBe("'f+4' is not the name of a function");
      // What may stand before a path belongs to the last field.
      expect(resolve(`${provider}:vmlinux:f/pid==1/`).hints.length).toBeGreaterThan(0);
    },
  );
});

describe('Attach points of a list that one program serves', () => {
  const { result } = resolveBlock('uprobe:/bin/sh:one');
  const [base] = result;
  if (!base) throw new Error('it is no attach point');
  const one = (name: string, more: object = {}, listed = true, place: object = {}) =>
    ({
      attachPoint: { ...base.attachPoint, ofList: listed },
      target: {
        ...base.target,
        name,
        function: name,
        target: { ...base.target.target, function: name, ...place },
        ...more,
      },
    }) as typeof base;
  const groups = (...all: readonly (typeof base)[]) =>
    shareProgram(all).map(({ target: first, others }) => [
      ...[first.name, ...others.map(({ target: other }) => other.name)],
    ]);

  it('are functions of one file that are named, at their beginning, without types or another name', () => {
    expect(groups(one('a'), one('b'), one('c'))).toEqual([['a', 'b', 'c']]);
    expect(groups(one('a'), one('b', {}, true, { path: '/bin/bash' }), one('c'))).toEqual([
      ['a', 'c'],
      ['b'],
    ]);
    for (const other of [
      one('x', {}, false),
      one('x', { alias: 'it' }),
      one('x', { arguments: [] }),
      one('x', { wildcard: true }),
      one('x', { function: undefined }),
      one('x', {}, true, { offset: 4 }),
      one('x', {}, true, { provider: 'usdt' }),
    ])
      expect(groups(one('a'), other, other, one('b'))).toEqual([['a', 'b'], ['x'], ['x']]);
    expect(groups(one('a'), one('r', {}, true, { provider: 'uretprobe' }))).toEqual([['a'], ['r']]);
  });

  it('are known as a pattern is, and alone as they are', () => {
    const [shared] = shareProgram([one('a'), one('b')]);
    expect(shared?.target).toMatchObject({
      section: 'uprobe',
      function: undefined,
      wildcard: true,
    });
    const [alone] = shareProgram([one('a')]);
    expect(alone).toEqual({ ...one('a'), others: [] });
  });
});

describe('Functions of a program with their types', () => {
  const folder = temporaryFolder();
  const [source, program, bare] = ['a.c', 'with', 'bare'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(
    source,
    'int own_first(int a) { return a; }\nlong own_second(char *b, long c) { return c + *b; }\nint main(void) { return own_first(0) + own_second("", 1); }\n',
  );
  for (const [flags, output] of [
    [['-g'], program],
    [[], bare],
  ] as const)
    expect(spawnSync('gcc', [...flags, '-O0', source, '-o', output]).status).toBe(0);
  const typed = (text: string) => {
    const { targets, messages } = resolve(text, true);
    return [
      ...targets.map(({ name, wildcard, arguments: list }) => [
        ...[name, wildcard, ...(list ?? []).map((each) => each.name)],
      ]),
      ...messages,
    ];
  };

  it('are each its own target behind a pattern, and one where it is named', () => {
    expect(typed(`uprobe:${program}:own_first`)).toEqual([
      [`uprobe:${program}:own_first`, false, 'a'],
    ]);
    expect(typed(`uprobe:${program}:own_*`)).toEqual([
      [`uprobe:${program}:own_first`, false, 'a'],
      [`uprobe:${program}:own_second`, false, 'b', 'c'],
    ]);
    expect(resolve(`uprobe:${program}:own_*`, true).targets.map(({ section }) => section)).toEqual(
      resolve(`uprobe:${program}:own_first`)
        .targets.concat(resolve(`uprobe:${program}:own_second`).targets)
        .map(({ section }) => section),
    );
    expect(typed(`uprobe:${program}:none_*`).join()).toContain(
      `${program} has no function that matches 'none_*'`,
    );
    expect(typed(`uprobe:${bare}:own_*`).join()).toMatch(/debug information/);
    expect(typed(`uprobe:${program}:own_first+1`).join()).toContain(
      'args needs the name of a function of C',
    );
    expect(typed('uprobe:/bin/*:own_first').join()).toContain('args needs the path of one file');
  });
});
