/** Programs that are alike are compiled once; the object is what it would be if each had been compiled. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../../compiler/builtins/builtins.ts';
import { emit } from '../../../compiler/llvm/backend.ts';
import { lower } from '../../../compiler/lowering/lower.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { link } from '../../../linker/link.ts';
import { compileText, kernelDescription } from '../../support/build.ts';

/** The object with and without copies, and how many there were. */
function bothWays(script: string) {
  const { typed, sources } = compileText(script, { unsafe: true });
  if (!typed) throw new Error('the script does not compile');
  const kernel = kernelDescription();
  const { module, input } = lower(typed, {
    ...{ builtins: codeOf, sources, kernel },
    diagnostics: new Diagnostics(),
  });
  const { parts, programs } = module.shared();
  return {
    copies: programs.filter(({ copy }) => copy).length,
    apart: link({ ...input, objects: [emit(module.text(), 'object')] }),
    shared: link({ ...input, objects: parts.map((part) => emit(part.text(), 'object')), programs }),
  };
}

function expectSame(script: string): number {
  const { copies, apart, shared } = bothWays(script);
  expect(Buffer.from(shared).equals(Buffer.from(apart))).toBe(true);
  return copies;
}

/** Not at the first place of the script, which is that of what has none. */
const twice = (probe: (index: number) => string): string => ['', ...[0, 1].map(probe)].join('\n');

describe('programs that are alike', () => {
  it('are compiled once, whatever maps and events they have', () => {
    const script = [1, 2, 3].map(
      (index) => `interval:s:${index} { @a${index}[comm] = count(); printf("%d\\n", pid); }`,
    );
    expect(expectSame(script.join('\n'))).toBe(2);
  });
  it('may read fields at other places of the kernel of the same form', () => {
    const fields = [
      'sys_enter_read { @ = hist(args.count',
      'sys_enter_write { @ = hist(args.count',
    ];
    expect(expectSame(twice((index) => `tracepoint:syscalls:${fields[index]}); }`))).toBe(1);
  });
  it('may stand in one section, among others', () => {
    const script = Array.from({ length: 6 }, (_, index) => {
      const [first, second] = [`@x${index}[comm] = count()`, `@y${index}[tid] = nsecs`];
      return `uprobe:/bin/sh:main { ${first}; }\nBEGIN { @z = ${index}; }\nuprobe:/bin/sh:main { ${second}; }`;
    }).join('\n');
    expect(expectSame(script)).toBe(10);
  });
  it('keep their own lines and warnings', () => {
    const script = twice(
      (index) => `\n\ninterval:s:${index + 1} { @a[comm] = 1; delete(@a, comm); }`,
    );
    expect(expectSame(script)).toBe(1);
  });
});

describe('programs that are not alike', () => {
  it.each([
    ['a constant', 'interval:s:1 { @ = sum(1); } interval:s:2 { @ = sum(2); }'],
    ['a type', 'interval:s:1 { @a[pid] = 1; } interval:s:2 { @b[comm] = 1; }'],
    [
      'one map instead of two',
      'interval:s:1 { @a = count(); @b = count(); } interval:s:2 { @a = count(); @a = count(); }',
    ],
  ])('are compiled each: %s', (_, script) => {
    expect(expectSame(script)).toBe(0);
  });
});

describe('the examples', () => {
  const folder = join(import.meta.dirname, '../../../examples');
  const names = readdirSync(folder).filter((name) => name.endsWith('.bt'));
  it.each(names)('%s', (name) => {
    expectSame(readFileSync(join(folder, name), 'utf8'));
  });
});
