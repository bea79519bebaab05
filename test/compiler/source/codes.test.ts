/** Codes of errors and warnings: the table, what it says, fixes, and how warnings are silenced. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applies, type Fix } from '../../../compiler/source/advice.ts';
import { DIAGNOSTIC_CODES, kindOf } from '../../../compiler/source/codes.ts';
import { explainCode } from '../../../compiler/source/explanation.ts';
import { withCodes } from '../../../compiler/source/reference.ts';
import { compileText, diagnose } from '../../support/build.ts';

/** Codes of all that is said of a script. */
function codesOf(script: string): readonly string[] {
  return diagnose(script).map(({ code }) => code);
}

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

describe('the table of codes', () => {
  it('has readable names, sentences, and nothing that no pass uses', () => {
    const text = sourceFiles('compiler')
      .filter((file) => !file.endsWith('source/codes.ts'))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    for (const code of DIAGNOSTIC_CODES) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(kindOf(code).explanation).toMatch(/^[A-Za-z].*\.$/);
      expect(text.includes(`'${code}'`), code).toBe(true);
    }
  });

  it('has examples that show just what they are for', () => {
    for (const code of DIAGNOSTIC_CODES) {
      const { severity, example } = kindOf(code);
      if (example === undefined) continue;
      const found = diagnose(example);
      expect(found.map((each) => [each.code, each.severity])).toEqual([[code, severity]]);
      expect(explainCode(code)).toContain(example.split('\n')[0]);
    }
  });

  // Refresh with: npm run docs
  it('is what docs/diagnostics.md says', () => {
    const page = readFileSync('docs/diagnostics.md', 'utf8');
    expect(withCodes(page)).toBe(page);
  });
});

/** What a script becomes by the first fix of each of its diagnostics that has one. */
function mended(script: string): string {
  const { diagnostics, sources } = compileText(script);
  const fixes = diagnostics.flatMap(({ fixes: [first] = [] }): Fix[] =>
    first && applies(first, sources) ? [first] : [],
  );
  return fixes
    .toSorted((one, other) => other.range.start - one.range.start)
    .reduce(
      (text, { range, text: by }) => text.slice(0, range.start) + by + text.slice(range.end),
      script,
    );
}

describe('fixes', () => {
  it.each([
    ['BEGIN { print(cmom); }', 'BEGIN { print(comm); }'],
    ['BEGIN { prinft("x"); }', 'BEGIN { printf("x"); }'],
    ['kprobe:vfs_read { print(stack); }', 'kprobe:vfs_read { print(kstack); }'],
    [
      'tracepoint:syscalls:sys_exit_read { print(args.retval); }',
      'tracepoint:syscalls:sys_exit_read { print(args.ret); }',
    ],
    [
      'tracepoint:syscalls:sys_enter_openat { print(args->flags); }',
      'tracepoint:syscalls:sys_enter_openat { print(args.flags); }',
    ],
    ['tracepoint:sched:sched_swich { }', 'tracepoint:sched:sched_switch { }'],
    ['kprob:vfs_read { }', 'kprobe:vfs_read { }'],
    ['kprobe:vfs_read/pid/ { }', 'kprobe:vfs_read /pid/ { }'],
    ['kfunc:vfs_read { }', 'fentry:vfs_read { }'],
    ['BEGIN { @a = count(); @b = @a; }', 'BEGIN { @a = count(); @b = (int64)@a; }'],
    ['BEGIN { $x = -1; $x = nsecs; }', 'BEGIN { $x = -1; $x = (int64)nsecs; }'],
    ['BEGIN { $x = (int64)-1; $y = (int64)$x; }', 'BEGIN { $x = (int64)-1; $y = $x; }'],
    ["BEGIN { print('a'); }", 'BEGIN { print("a"); }'],
    ['BEGIN { print(1; }', 'BEGIN { print(1); }'],
    ['BEGIN { $a = 1 $b = 2; }', 'BEGIN { $a = 1; $b = 2; }'],
    ['config = { max_strln = 64 } BEGIN { }', 'config = { max_strlen = 64 } BEGIN { }'],
  ])('%s', (script, expected) => {
    expect(mended(script)).toBe(expected);
    expect(codesOf(expected)).toEqual([]);
  });

  it('leave the use of a C macro alone, whose text is another one', () => {
    const script = '#define A args->flags\ntracepoint:syscalls:sys_enter_openat { print(A); }';
    expect(codesOf(script)).toEqual(['args-arrow']);
    expect(mended(script)).toBe(script);
  });
});

describe('warnings', () => {
  const discarded = 'strlen("text");';

  it('are silenced on the line of a comment, or on the next one', () => {
    expect(codesOf(`BEGIN {\n${discarded}\n}`)).toEqual(['discarded-value']);
    expect(codesOf(`BEGIN {\n${discarded} // bpfscript: allow(discarded-value)\n}`)).toEqual([]);
    expect(
      codesOf(
        `BEGIN {\n/* bpfscript: allow(unreachable, discarded-value) */\n\n// why\n${discarded}\n}`,
      ),
    ).toEqual([]);
  });

  it('stay where the comment names another one, or stands elsewhere', () => {
    expect(codesOf(`BEGIN {\n${discarded} // bpfscript: allow(unreachable)\n}`)).toEqual([
      'discarded-value',
    ]);
    expect(
      codesOf(`BEGIN {\n// bpfscript: allow(discarded-value)\nprint(1);\n${discarded}\n}`),
    ).toEqual(['discarded-value']);
  });

  it('have to be known, and errors cannot be silenced', () => {
    const [misspelt] = diagnose('BEGIN { } // bpfscript: allow(unreachabel)');
    expect(misspelt).toMatchObject({
      code: 'invalid-allow',
      message: "'unreachabel' is not the code of a warning",
      hints: ["Did you mean 'unreachable'?"],
    });
    expect(diagnose('BEGIN { print(x); } // bpfscript: allow(unknown-identifier)')).toMatchObject([
      { message: "'unknown-identifier' is an error, which cannot be silenced" },
    ]);
  });
});
