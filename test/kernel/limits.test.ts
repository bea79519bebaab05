/** Large scripts and large values: what the stack, scratch memory and programs hold, and what is said beyond. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LimitError } from '../../compiler/limits.ts';
import { build, diagnose, temporaryFolder } from '../support/build.ts';
import { said } from '../support/diagnostics.ts';
import { mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run, runObject, WORKLOAD } from '../support/run.ts';

function repeat(count: number, part: (index: number) => string, between = ' '): string {
  return Array.from({ length: count }, (_unused, index) => part(index)).join(between);
}

async function printed(body: string, parameters: readonly string[] = []): Promise<string> {
  const result = await run(`BEGIN { ${body} exit(); }`, { signal: 'none', parameters });
  expect(result.stderr).not.toContain('ERROR');
  return result.stdout.trimEnd();
}

/** The errors of a script, whether they show before or while code is generated. */
function errors(script: string): readonly string[] {
  const found = diagnose(script);
  if (found.some(({ severity }) => severity === 'error'))
    return found.map(({ message }) => message);
  try {
    build(script);
  } catch (error) {
    if (error instanceof LimitError) return error.diagnostics.map(({ message }) => message);
    throw error;
  }
  return [];
}

const TOO_DEEP = 'syntax: the script nests too deeply';

needs('root').describe('deep expressions', () => {
  it('sums have hundreds of terms', async () => {
    expect(await printed(`$a = 1; print(${repeat(900, () => '$a', ' + ')});`)).toBe('900');
  });

  it('conditions have hundreds of parts', async () => {
    const parts = repeat(300, (index) => `$a == ${index}`, ' || ');
    expect(await printed(`$a = $1; if (${parts}) { print("yes"); }`, ['299'])).toBe('yes');
  });

  it('brackets and blocks nest deeply', async () => {
    const sum = `${'($a + '.repeat(90)}$a${')'.repeat(90)}`;
    const ifs = `${'if ($a) { '.repeat(50)}print(${sum});${' }'.repeat(50)}`;
    expect(await printed(`$a = 1; if ($a) { print(${sum}); } ${ifs}`)).toBe('91\n91');
  });

  it('chains of else if and ?: are long', async () => {
    const chain = repeat(150, (index) => `if ($a == ${index}) { print(${index}); } else`);
    const choice = repeat(200, (index) => `$a == ${index} ? ${index} :`);
    expect(
      await printed(`$a = $1; ${chain} { print("none"); } print(${choice} -1);`, ['140']),
    ).toBe('140\n140');
  });
});

describe('too deep expressions', () => {
  it('are errors that say where', () => {
    expect(said(`BEGIN { $a = 1; print(${repeat(5000, () => '$a', '+')}); }`)).toEqual([
      `error: ${TOO_DEEP} @ $a`,
    ]);
    expect(errors(`BEGIN { print(${'('.repeat(3000)}1${')'.repeat(3000)}); }`)).toEqual([TOO_DEEP]);
    expect(errors(`BEGIN { $a = 1; print(${'!'.repeat(5000)}$a); }`)).toEqual([TOO_DEEP]);
    expect(errors(`BEGIN { ${'if (pid) { '.repeat(5000)} ${'}'.repeat(5000)} }`)).toEqual([
      TOO_DEEP,
    ]);
    expect(errors(`BEGIN { print(${'pid ? 1 : '.repeat(5000)} 2); }`)).toEqual([TOO_DEEP]);
  });
});

needs('root').describe('many and large values', () => {
  it('sixty numbers and sixty strings at a time', async () => {
    const body =
      repeat(60, (index) => `$v${index} = (uint64)$1 + ${index}; $s${index} = comm;`) +
      `$t = (${repeat(30, (index) => `$v${index}, $s${index}`, ', ')}); @m[$t] = $t;` +
      `print((${repeat(60, (index) => `$v${index}`, ' + ')}, $s59 == comm, $t.0, len(@m), @m[$t].58)); clear(@m);`;
    expect(await printed(body, ['1000'])).toBe(`(${60 * 1000 + 1770}, true, 1000, 1, 1029)`);
  });

  it('thirty numbers in a loop', async () => {
    const body = `for $i : 0..40 { ${repeat(30, (index) => `$v${index} = (int64)$i + ${index}; $s${index} = comm;`)} if ($i == 39) { print((${repeat(30, (index) => `$v${index}`, ' + ')}, $s29 == comm)); } }`;
    expect(await printed(body)).toBe(`(${30 * 39 + 435}, true)`);
  });

  it('a hundred pointers into the kernel', async () => {
    const body = repeat(100, (index) => `$t${index} = curtask; $p${index} = $t${index}->pid;`);
    expect(
      await printed(`${body} print((${repeat(50, (index) => `$p${index} == tid`, ' && ')}));`),
    ).toBe('true');
  });

  it('results of many calls at a time', async () => {
    expect(
      await printed('$x = (uint64)$1; unroll(100) { $x = $x * 3 + (rand & 0); } print($x);', ['1']),
    ).toBe(BigInt.asUintN(64, 3n ** 100n).toString());
  });

  it('several strings of 1,024 bytes as values, keys, elements and arguments', async () => {
    const text = 'x'.repeat(1000);
    const body =
      '$a = str($1); $b = str($2); @m[$a, $b] = $b; @n[$a] = count(); $t = (1, $a, $b); @k[$t] = 1; printf("%s|%s|%s\\n", $a, @m[$a, $b], $t.2); print(($a == $b, $t.1 == $a, @k[$t], len(@n))); clear(@m); clear(@n); clear(@k);';
    expect(await printed(body, [text, `${text}y`])).toBe(
      `${text}|${text}y|${text}y\n(false, true, 1, 1)`,
    );
  });

  it('strings of 8,192 bytes', async () => {
    const text = 'x'.repeat(8191);
    const script =
      'config = { max_strlen = 8192 } BEGIN { $a = str($1); @v = $a; @k[$a] = 1; printf("%s %d %d\\n", $a, @v == $a, @k[@v]); clear(@k); clear(@v); exit(); }';
    const result = await run(script, { signal: 'none', parameters: [text] });
    expect(result.stderr).not.toContain('ERROR');
    expect(result.stdout.trimEnd()).toBe(`${text} 1 1`);
  });

  it('long strings compare in loops', async () => {
    const text = 'x'.repeat(1000);
    const body =
      '$a = str($1); $t = (1, $a); $b = str($2); $n = 0; $m = 0; for $i : 0..100 { if ($a == $t.1 && $i >= 0) { $n += 1; } if ($a == $b) { $m += 1; } } print(($n, $m));';
    expect(await printed(body, [text, `${text}y`])).toBe('(100, 0)');
  });

  it('say how much is too much', () => {
    const many = Array.from({ length: 130 }, (_, index) => `$v${index} = str($1);`).join(' ');
    const all = Array.from({ length: 130 }, (_, index) => `$v${index}`).join(' == $a && ');
    const script = `config = { max_strlen = 8192 } BEGIN { $a = str($1); ${many} print(${all} == $a); }`;
    expect(said(script)).toEqual([
      expect.stringMatching(
        /^error: The probe needs \d+ bytes of memory for its strings and other large values; it gets up to 1048576 on each CPU @ BEGIN$/,
      ),
    ]);
  });
});

needs('root').describe('chains of `else if`', () => {
  const chain = (links: readonly string[], end = '') =>
    `begin { $x = $1; ${links.map((link) => `if ${link}`).join(' else ')}${end} printf("behind\\n"); exit(); }`;
  const links = Array.from(
    { length: 1000 },
    (_, index) => `($x == ${index}) { print(${index * 3}); }`,
  );
  const printed = async (script: string, value: number) => {
    const parameters = [String(value)];
    const { stdout, stderr } = await run(script, { parameters, signal: 'none' });
    return (stdout.trim() || stderr).split('\n');
  };

  it('may have a thousand links, of which one is taken', async () => {
    const script = chain(links, ' else { print("none"); }');
    for (const value of [0, 49, 50, 99, 100, 999])
      expect(await printed(script, value)).toEqual([String(value * 3), 'behind']);
    expect(await printed(script, 1000)).toEqual(['none', 'behind']);
    expect(await printed(chain(links.slice(0, 150)), 200)).toEqual(['behind']);
  });

  it('may be longer where less is done, as far as jumps of BPF reach', async () => {
    const short = Array.from(
      { length: 2000 },
      (_, index) => `($x == ${index}) { $y = ${index * 3}; }`,
    );
    const script = chain(short)
      .replace('$x = $1;', '$x = $1; $y = 0;')
      .replace('printf(', 'print($y); printf(');
    expect(await printed(script, 1999)).toEqual(['5997', 'behind']);
  });

  it('leave out what a literal rules out, and end where all links do', async () => {
    const some = links.slice(0, 120);
    expect(await printed(chain(['(0) { print(1); }', ...some]), 0)).toEqual(['0', 'behind']);
    const all = [...some, '(1) { print("rest"); }', '($x == 500) { print("never"); }'];
    expect(await printed(chain(all), 500)).toEqual(['rest', 'behind']);
    const none = chain(Array(120).fill('(0) { print(1); }'), ' else { print("none"); }');
    expect(await printed(none, 0)).toEqual(['none', 'behind']);
    const returns = chain(
      some.map((link) => link.replace('}', 'return; }')),
      ' else { exit(); }',
    );
    expect(said(returns)).toEqual([expect.stringContaining('warning: Unreachable')]);
  });

  it('have no value when they are that long', () => {
    const value = links.map((link) => `if ${link.replace(/print\((.*)\);/, '$1')}`).join(' else ');
    expect(said(`begin { $x = $1; $y = ${value} else { 1 }; print($y); }`)[0]).toContain(
      'error: An if with 999 `else if` has no value',
    );
  });
});

needs('root').describe('memory beyond what a per-CPU map gives', () => {
  const LONG = 'x'.repeat(7000);
  const BODY = '$a = str($1); @v[$a, $a, 1] = $a; $b = @v[$a, $a, 1];';

  it('holds keys, values and what loops print', async () => {
    const { stdout, stderr } = await run(
      `config = { max_strlen = 8192 } begin { ${BODY} @m[$a] = $b;
        for $kv : @m { print($kv); print(strlen($kv.1)); } clear(@v); clear(@m); exit(); }`,
      { parameters: [LONG], signal: 'none' },
    );
    expect(stdout.trim(), stderr).toBe(`(${LONG}, ${LONG})\n7000`);
  });

  it('belongs to each program alone, also to those that share a CPU or are preempted', async () => {
    const { stdout, stderr } = await run(
      `config = { max_strlen = 8192 }
       tracepoint:syscalls:sys_enter_getppid /comm == "limits"/ { ${BODY} @enter = sum(strlen($b)); clear(@v); }
       tracepoint:syscalls:sys_exit_getppid /comm == "limits"/ { ${BODY} @exit = sum(strlen($b)); clear(@v); }
       uprobe:${WORKLOAD}:workload_target { ${BODY} @user = sum(strlen($b)); clear(@v); }`,
      { parameters: [LONG], workload: 'comm limits getppid 3 call 2 1 1' },
    );
    expect(stdout, stderr).toContain('@enter: 21000\n@exit: 21000\n@user: 14000');
  });
});

needs('root').describe('scratch memory', () => {
  /** Fills scratch memory with values of this event, and looks whether they are still there. */
  const check = (value: string) =>
    `$s = str($1); $t = (${value}, tid, $s, comm); $n = 0; for $i : 0..50 { if ($t.0 == ${value} && $t.1 == tid) { $n += 1; } } if ($n == 50 && $t.2 == $s && $t.3 == comm) { @good = count(); } else { @bad = count(); }`;
  const parameters = ['some text that does not fit on the stack '.repeat(5)];

  it('is not shared by threads that preempt each other in a uprobe', async () => {
    const script = `uprobe:${WORKLOAD}:workload_target { $v = arg0; ${check('$v')} }`;
    const result = await run(script, { workload: 'threads 8 call 1000 7 1', parameters });
    expect(mapValue(result.stdout, '@bad')).toBeUndefined();
    // Runs that find no free entry are counted as lost, never wrong.
    const dropped = result.stderr.match(/: WARNING: All scratch memory/g)?.length ?? 0;
    const more = /: WARNING: (\d+) more times: All scratch memory/.exec(result.stderr)?.[1] ?? 0;
    const good = mapValue(result.stdout, '@good') ?? 0;
    expect(good).toBeGreaterThan(0);
    expect(good + dropped + Number(more), result.stderr).toBe(8000);
  });

  it('is not shared by a profile and what it interrupts', async () => {
    const script = `rawtracepoint:sys_enter /comm == "stormy"/ { $v = nsecs; ${check('$v')} } profile:hz:997 { $w = nsecs; ${check('$w').replaceAll('@', '@profile_')} }`;
    const result = await run(script, { workload: 'comm stormy storm 100', parameters });
    expect(mapValue(result.stdout, '@bad')).toBeUndefined();
    expect(mapValue(result.stdout, '@profile_bad')).toBeUndefined();
    expect(mapValue(result.stdout, '@good')).toBeGreaterThan(100);
    expect(mapValue(result.stdout, '@profile_good')).toBeGreaterThan(10);
  });
});

needs('root').describe('large scripts', () => {
  const folder = temporaryFolder();

  it('five hundred probes compile, load and run', async () => {
    const script = repeat(
      500,
      (index) =>
        `rawtracepoint:sys_enter /comm == "hundreds" && args.id == 110/ { @m[${index}] = count(); }`,
      '\n',
    );
    const file = join(folder, 'hundreds.o');
    writeFileSync(file, build(script));
    const result = await runObject(file, { workload: 'comm hundreds getppid 2' });
    expect(result.stdout.match(/^@m\[\d+\]: 2$/gm)).toHaveLength(500);
  });

  it('programs of ten thousand instructions load', async () => {
    const body = repeat(200, (index) => `@a[${index}] = ${index}; @h[${index}, "k"] = count();`);
    expect(await printed(`${body} print((len(@a), len(@h))); clear(@a); clear(@h);`)).toBe(
      '(200, 200)',
    );
  });

  it('eight thousand statements without a branch load', async () => {
    const body = repeat(8000, () => '@x = nsecs + 1;');
    expect(await printed(`${body} print(@x > 1 ? 1 : 0); clear(@x);`)).toBe('1');
  });

  it.each([
    ['taken', 1 << 30, '(0, 1)'],
    ['not taken', 0, '(1, 1)'],
  ])(
    'a jump over more instructions than one has room for is %s by way of others',
    async (_, least, shown) => {
      const body = repeat(9_000, () => '@x = nsecs + 1;');
      expect(
        await printed(
          `@in = 0; if (pid > ${least}) { ${body} @in = 1; } @out = 1; print((@in, @out)); clear(@x); clear(@in); clear(@out);`,
        ),
      ).toBe(shown);
    },
  );
});
