import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

/** What a body at `begin` prints, with these macros before it. */
async function printed(macros: string, body: string): Promise<string> {
  const { stdout, stderr, status } = await run(`${macros}\nbegin { ${body} exit(); }`, {
    signal: 'none',
  });
  expect(stderr).toBe('Attached 1 probe\n');
  expect(status).toBe(0);
  return stdout.replace(/\n\n$/, '');
}

needs('root').describe('macros', () => {
  it('[GRM-027] evaluate an expression at each use of the parameter', async () => {
    const text = await printed(
      'macro twice(x) { x + x } macro never(x) { 7 }',
      '$a = 1; print(twice($a++)); print($a); print(never($a++)); print($a);',
    );
    expect(text).toBe('3\n3\n7\n3\n');
  });

  it('[GRM-027] keep the parentheses that the tree has, not those of the text', async () => {
    const text = await printed(
      'macro product(x, y) { x * y }',
      'print(product(1 + 2, 3 + 4)); print(2 * product(1 + 1, 5) - 1);',
    );
    expect(text).toBe('21\n19\n');
  });

  it("[GRM-028] change the caller's variable through a $ parameter", async () => {
    const text = await printed(
      'macro add($v, n) { $v += n; } macro both($p) { add($p, 1); add($p, 10); }',
      '$count = 5; both($count); print($count);',
    );
    expect(text).toBe('16\n');
  });

  it("[GRM-029] change the caller's map through an @ parameter", async () => {
    const text = await printed(
      'macro note(@m, key) { @m[key] = key * 2; @m[key] } macro again(@n) { note(@n, 4) }',
      'print(note(@a, 3)); print(again(@b)); print(@a[3]); print(@b[4]); clear(@a); clear(@b);',
    );
    expect(text).toBe('6\n8\n6\n8\n');
  });

  it('[GRM-030] have variables of their own, in every use', async () => {
    const text = await printed(
      'macro doubled(x) { let $t = x; $t * 2 } macro fresh(x) { $t = x; $t + 1 }',
      '$t = 5; print(doubled(doubled($t))); print(doubled(1) + fresh(2)); print($t); print(fresh("a" == "a"));',
    );
    expect(text).toBe('20\n5\n5\n2\n');
  });

  it('[GRM-031] are chosen by number and kind of arguments', async () => {
    const text = await printed(
      `macro kind(x) { "expression" }
       macro kind($x) { "variable" }
       macro kind(@x) { "map" }
       macro kind(x, y) { "two" }
       macro kind() { "none" }`,
      '$v = 1; @m = 1; @k[1] = 1; print(kind(1)); print(kind($v)); print(kind(@m)); print(kind(@k[1])); print(kind(1, 2)); print(kind()); clear(@k); @m = 0; clear(@m);',
    );
    expect(text).toBe('expression\nvariable\nmap\nexpression\ntwo\nnone\n');
  });

  it('[GRM-032] without parameters need no parentheses', async () => {
    const text = await printed(
      'macro answer() { 42 } macro say() { printf("said "); }',
      'say; say(); print(answer); print(answer() + answer); unroll(answer - 41) { print("once"); }',
    );
    expect(text).toBe('said said 42\n84\nonce\n');
  });

  it('[GRM-035] take a type as argument, of whose width is what a pointer to it leads to', async () => {
    const text = await printed(
      'macro m(a) { (a*)-1 } macro at(a, p) { *(a*)p }',
      '$p = kaddr("vfs_read"); $w = at(typeof(uint64), $p); print((sizeof(*m(typeof(uint8))), sizeof(*m(typeof(uint32))), sizeof(m(typeof(uint8))), at(typeof(uint8), $p) == ($w & 0xff), at(typeof(uint16), $p) == ($w & 0xffff)));',
    );
    expect(text).toBe('(1, 4, 8, true, true)\n');
  });

  it('[GRM-035] take a type as argument', async () => {
    const text = await printed(
      `macro bytes(T) { sizeof(T) }
       macro as(x, T) { (typeof(T))x }
       macro passed(U) { bytes(typeof(U)) + bytes(U) }`,
      '$v = (uint16)3; print(bytes(typeof(uint32))); print(bytes(typeof(struct task_struct *))); print(bytes($v)); print(as(0x1234, typeof(uint8))); print(passed(typeof(uint64)));',
    );
    expect(text).toBe('4\n8\n2\n52\n16\n');
  });

  it('[TYP-083] may say typeof() of what they are given', async () => {
    const text = await printed(
      'macro keep(x) { let $copy: typeof(x) = x; sizeof($copy) } macro fits(x, y) { (typeof(x))y }',
      '$small = (uint8)1; $large = (uint64)1; print((keep($small), keep($large), fits($small, 0x1ff)));',
    );
    expect(text).toBe('(1, 8, 255)\n');
  });

  it('[GRM-036] of the script go before those of the library, but not inside the library', async () => {
    const text = await printed(
      'macro assert_str(x) { print("mine"); } macro is_err(a, b) { "two" }',
      'assert_str(1); print(strcap("abc")); print(is_err(-5)); print(is_err(5)); print(is_err(1, 2));',
    );
    expect(text).toBe('mine\n4\ntrue\nfalse\ntwo\n');
  });

  it('[GRM-036] may replace a built-in, for the arguments that they take', async () => {
    const text = await printed(
      'macro strlen(s, n) { n } macro ncpus() { "mine" }',
      'print(strlen("four")); print(strlen("four", 9)); print(ncpus);',
    );
    expect(text).toBe('4\n9\nmine\n');
  });

  it('[GRM-063] end the program by exit() only where the probe itself says it', async () => {
    const own = await run('begin { @before = 1; exit(3); @after = 1; }', { signal: 'none' });
    expect(own.stdout).toBe('\n\n@before: 1\n');
    expect(own.status).toBe(3);
    const { stdout, status } = await run(
      'macro stop() { exit(4); } begin { @before = 1; stop(); @after = 1; if (1) { stop } @last = 1; }',
      { signal: 'none' },
    );
    expect(stdout).toBe('\n\n@after: 1\n@before: 1\n@last: 1\n');
    expect(status).toBe(4);
  });

  it('count into maps, loop, and stand in predicates', async () => {
    const text = await printed(
      `macro counted() { count() }
       macro sum_to(n) { $sum = 0; for $i : 0..n { if ($i == 3) { continue; } $sum += $i; } $sum }`,
      '@c = counted(); @c = counted(); print(@c); print(sum_to(5)); print(sum_to(3)); clear(@c);',
    );
    expect(text).toBe('@c: 2\n7\n3\n');
    const { stdout } = await run(
      'macro yes() { 1 } macro no() { 0 } begin /yes/ { print("yes"); exit(); } begin /no()/ { print("no"); }',
      { signal: 'none' },
    );
    expect(stdout.trim()).toBe('yes');
  });

  it('report failures at run time with the place in the macro and its use', async () => {
    const { stderr } = await run(
      'macro drop(@m) { delete(@m, 5); }\nbegin { @m[1] = 1; drop(@m); exit(); }',
      { signal: 'none' },
    );
    expect(stderr).toContain(
      "stdin:1:18-31: WARNING: Can't delete map element because it does not exist.",
    );
    expect(stderr).toContain(`stdin:2:20-28: expanded from
begin { @m[1] = 1; drop(@m); exit(); }
                   ~~~~~~~~
`);
  });
});

needs('root').describe('the standard library', () => {
  it('finds the struct around a member', async () => {
    const text = await printed(
      '',
      `$entity = (uint64)curtask + offsetof(struct task_struct, se.exec_start);
       $task = container_of($entity, typeof(struct task_struct), se.exec_start);
       print($task.pid == tid);`,
    );
    expect(text).toBe('true\n');
  });

  it('tells error pointers from others', async () => {
    const text = await printed(
      '',
      'print((is_err(-4095), is_err(-4096), is_err(0), is_err(curtask), is_err((uint64)-1)));',
    );
    expect(text).toBe('(true, false, false, false, true)\n');
  });
});
