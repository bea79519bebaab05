/** What people write who come from another language: one mistake is one error, with what to write instead. */
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../support/build.ts';

/** Mended where a fix is offered for each error; `undefined` where none is. */
function mended(script: string): string | undefined {
  let text = script;
  const fixes = errorsOf(script).map(({ fixes: [first] = [] }) => first);
  for (const fix of fixes.toReversed()) {
    if (!fix) return undefined;
    text = text.slice(0, fix.range.start) + fix.text + text.slice(fix.range.end);
  }
  return text;
}

function errorsOf(script: string) {
  return diagnose(script).filter(({ severity }) => severity === 'error');
}

describe('A mistake', () => {
  it.each([
    ['begin /pid = 1/ { exit(); }', 'begin /pid == 1/ { exit(); }'],
    ['begin { if (pid = 1) { exit(); } }', 'begin { if (pid == 1) { exit(); } }'],
    ['begin { let x = 1; print($x); }', 'begin { let $x = 1; print($x); }'],
    ['begin { $i = 1; i++; }', 'begin { $i = 1; $i++; }'],
    ['begin { x = 5; }', 'begin { $x = 5; }'],
    ['begin { int x = 5; print($x); }', 'begin { $x = 5; print($x); }'],
    ['begin { print(1) exit(); }', 'begin { print(1); exit(); }'],
    ['begin { if (comm == bash) { exit(); } }', 'begin { if (comm == "bash") { exit(); } }'],
    ['begin { printf(“a %d\\n”, 1); }', 'begin { printf("a %d\\n", 1); }'],
    ['begin { print(‘a’); print(«b»); }', 'begin { print("a"); print("b"); }'],
    ['begin /pid == 1 { exit(); }', 'begin /pid == 1 / { exit(); }'],
    ['begin { print((1); }', 'begin { print((1)); }'],
    ['begin { @a[1 = 2; }', 'begin { @a[1] = 2; }'],
    ['# one\nbegin { exit(); }', '// one\nbegin { exit(); }'],
    ['begin { exit(); } # one', 'begin { exit(); } // one'],
    [
      'begin { @ = 1; # one; two\n exit(); # it\n}',
      'begin { @ = 1; // one; two\n exit(); // it\n}',
    ],
    [
      'begin { for ($i = 0; $i < 5; $i++) { print($i); } }',
      'begin { for ($i : 0..5) { print($i); } }',
    ],
    [
      'begin { @n = 3; for ($i = 1; $i <= @n; $i += 1) { print($i); } }',
      'begin { @n = 3; for ($i : 1..(@n + 1)) { print($i); } }',
    ],
    ['begin { for (int $i = 1; $i <= 4; ++$i) { } }', 'begin { for ($i : 1..5) { } }'],
    ['tracepoint:sys_enter_openat { exit(); }', 'tracepoint:syscalls:sys_enter_openat { exit(); }'],
  ])('in %j is mended to %j', (script, right) => {
    expect(mended(script)).toBe(right);
    expect(errorsOf(right)).toEqual([]);
  });

  it.each([
    ['begin { for (i = 0; i < 3; i++) { print(1); } }', /is written 'for \(\$i : 0\.\.3\)'/],
    ['begin { for (int i = 0; i < 3; i++) { } }', /is written 'for \(\$i : 0\.\.3\)'/],
    ['begin { for ($i = 9; $i > 3; $i--) { print($i); } }', /'while \(condition\)/],
    ['begin { for (;;) { print(1); } }', /'while \(condition\)/],
    ['begin { let x = 1; }', "Variables begin with '$'."],
    ['begin { if (pid == 1) { print(1); } elif (pid == 2) { print(2); } }', /'else if'/],
    ['BEGIN printf("hello\\n");', 'The statements of a probe stand in braces: begin { ... }'],
    ['begin { print({a: 1}); }', /^A record is written in parentheses/],
    ['begin { print(“a); exit(); }', /straight quotes/],
    ['begin { @ = median(3); }', /^Here that is hist\(value\)/],
    ['begin /execname == "x"/ { exit(); }', /^Here that is comm/],
    ['begin { printf("%d %y\\n", 1, 2); }', /^%y is no conversion .* There are %d %i %u/],
    ['tracepoint:syscalls:sys_exit_openat { print(retval); }', 'Use args.ret.'],
    ['kprobe:vfs_read { print(retval); }', /use kretprobe\.$/],
    ['uprobe:/bin/sh:main { print(retval); }', /use uretprobe\.$/],
    ['fentry:vfs_read { print(retval); }', /use fexit\.$/],
  ])('in %j is one error, which says what to write', (script, hint) => {
    const errors = errorsOf(script);
    expect(errors).toHaveLength(1);
    const matching = typeof hint === 'string' ? hint : expect.stringMatching(hint);
    expect(errors[0]?.hints).toContainEqual(matching);
  });

  it('does not hide the next one', () => {
    expect(errorsOf('begin { f(1; 2); g(3 4); print(5 6); }')).toHaveLength(3);
  });

  it('is none in a line of the preprocessor, in a text, or in a value of a name', () => {
    for (const script of [
      '#define ONE 1\nbegin { print(ONE); }',
      'begin { print("# “x” #"); }',
      'begin { $i = (i=1, k=2); print($i.i); }',
      'begin { printf("100%% %s\\n", "x"); }',
    ])
      expect(errorsOf(script)).toEqual([]);
  });
});
