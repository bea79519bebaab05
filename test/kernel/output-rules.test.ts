/** When and how things are printed: order across streams, what exit() drops, run-time messages, flags. */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { build, temporaryFolder } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { errors } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';
import { output, printed } from '../support/script.ts';

const EXIT = 'interval:s:9 { }';

describe('printf', () => {
  const one = (text: string) => errors(`begin { ${text} }`);

  it('[OUT-047] wants as many arguments as its format has conversions', () => {
    expect(one('printf("%d %d\\n", 1);')[0]).toContain(
      'Not enough arguments for format string (1 supplied, 2 expected)',
    );
    expect(one('printf("%d%%\\n", 1, 2);')[0]).toContain(
      'Too many arguments for format string (2 supplied, 1 expected)',
    );
    expect(one('printf("x", 1);')[0]).toContain(
      'Too many arguments for format string (1 supplied, 0 expected)',
    );
    expect(one('printf("%%\\n");')).toEqual([]);
  });

  it.each(['f', 'e', 'g', 'a', 'n', 'F', 'E', 'G', 'A'])('[OUT-048] has no %%%s', (letter) => {
    expect(one(`printf("%${letter}\\n", 1);`)[0]).toContain(
      `unsupported format specifier: ${letter}`,
    );
    expect(one(`printf("%.3${letter}\\n", 1);`)[0]).toContain('unsupported format specifier');
  });
});

needs('root').describe('output', () => {
  it('[FUN-001] takes arguments by value when printf is reached, and adds nothing to them', async () => {
    expect(
      await printed(
        '$a = 1; printf("%d,", $a); $a = 2; printf("%s", "two"); @x = 5; printf(" %d", @x); @x = 6; printf("|");',
      ),
    ).toBe('1,two 5|');
  });

  it('[FUN-003] shows a map as it is when its print is handled: in a loop, its last value', async () => {
    expect(await printed('for $i : 0..3 { @x = $i; print(@x); print((@x, 1)); } ')).toBe(
      '@x: 2\n(0, 1)\n@x: 2\n(1, 1)\n@x: 2\n(2, 1)',
    );
  });

  it('[OUT-050] tells a division by 0 with its place and what was done instead', async () => {
    const script = 'BEGIN { $zero = (uint64)(pid == 0);\n\tprint(7 % $zero); }';
    const { stdout, stderr, status } = await run(script, { signal: 'none' });
    expect(stderr).toBe(
      'Attached 1 probe\n' +
        'stdin:2:8-17: WARNING: Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.\n' +
        '    print(7 % $zero); }\n          ~~~~~~~~~\n',
    );
    expect({ stdout, status }).toEqual({ stdout: '1\n\n\n', status: 0 });
  });

  it('[OUT-052] tells the deletion of what is not there, unless the script looks at the result', async () => {
    const script = 'BEGIN { @m[1] = 1; delete(@m, 2); print(delete(@m, 3)); }';
    const { stdout, stderr } = await run(script, { signal: 'none' });
    expect(stderr).toBe(
      'Attached 1 probe\n' +
        "stdin:1:20-33: WARNING: Can't delete map element because it does not exist.\n" +
        'Additional Info - helper: map_delete_elem, retcode: -2\n' +
        `${script}\n${' '.repeat(19)}${'~'.repeat(13)}\n`,
    );
    expect(stdout).toBe('false\n\n\n@m[1]: 1\n');
  });

  it('[OUT-059] drops what is queued behind exit(), but for what the end prints', async () => {
    expect(
      await output(
        `macro quit() { exit(3 - 3); } BEGIN { printf("before\\n"); quit(); printf("behind\\n"); @x = 1; print(@x); }
         ${EXIT} END { printf("end\\n"); }`,
      ),
    ).toBe('before\nend\n\n\n@x: 1\n');
  });

  it('[OUT-061] prints what begin printed behind the line of attached probes', () => {
    // Both streams into one file, as a terminal has them.
    const folder = temporaryFolder();
    const object = join(folder, 'both.o');
    writeFileSync(
      object,
      build(`BEGIN { printf("first\\n"); errorf("second"); printf("third\\n"); exit(); } ${EXIT}`),
    );
    const { stdout } = shell(`loader/build/bpfload ${object} 2>&1`);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'Attached 2 probes',
      'first',
      expect.stringMatching(/^stdin:1:\d+-\d+: ERROR: second$/),
      'third',
    ]);
  });

  it('[CFG-013] cat() stops after max_cat_bytes', async () => {
    const file = join(temporaryFolder(), 'text');
    writeFileSync(file, 'x'.repeat(20_000));
    const read = async (config: string) =>
      (await output(`${config} BEGIN { cat("${file}"); }`)).replace(/\n\n$/, '').length;
    expect(await read('')).toBe(10_240);
    expect(await read('config = { max_cat_bytes = 7 }')).toBe(7);
    expect(await read('config = { max_cat_bytes = 50000 }')).toBe(20_000);
  });

  it('[CFG-018] values beyond on_stack_limit stand in scratch memory', async () => {
    const script = (limit: number) =>
      `config = { on_stack_limit = ${limit} } BEGIN { @[(1, comm, (uint64)2)] = 7; print(@[(1, comm, (uint64)2)]); }`;
    const maps = (limit: number) => {
      const object = Buffer.from(build(script(limit))).toString('latin1');
      return object.includes('\0scratch\0');
    };
    expect([maps(64), maps(16)]).toEqual([false, true]);
    for (const limit of [0, 16, 64, 400]) expect(await output(script(limit))).toContain('7\n');
  });
});

function shell(command: string): { readonly stdout: string; readonly status: number | null } {
  const result = spawnSync('sh', ['-c', command], {
    encoding: 'utf8',
    cwd: join(import.meta.dirname, '../..'),
  });
  return { stdout: result.stdout, status: result.status };
}

needs('root').describe('flags', () => {
  it('[CLI-001] -e takes the program, whose name is stdin', () => {
    expect(bpfscript(['-q', '-e', 'BEGIN { printf("hello\\n"); }'])).toEqual({
      stdout: 'hello\n\n\n',
      stderr: '',
      status: 0,
    });
    expect(bpfscript(['-e', 'BEGIN { errorf("x"); }']).stderr).toContain(
      'stdin:1:9-20: ERROR: x\n',
    );
    expect(bpfscript(['-e', 'BEGIN { nope(); }'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^stdin:1:9-13: ERROR: Unknown function: 'nope'/),
    });
  });

  it('[CLI-009] -v says more on standard error, and prints the same', () => {
    const args = ['-e', 'BEGIN { printf("%d\\n", 5); @ = count(); }'];
    const plain = bpfscript(args);
    const verbose = bpfscript(['-v', ...args]);
    expect(verbose).toMatchObject({ stdout: plain.stdout, status: 0 });
    expect(plain.stderr).toBe('Attached 1 probe\n');
    expect(verbose.stderr).toContain('Attached 1 probe\n');
    expect(verbose.stderr).toMatch(/^libbpf: .*loading object 'script'/m);
  });

  it('[CLI-017] -I and --include find headers', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'pair.h'), 'struct pair { int a; int b; };\n#define LIMIT 40\n');
    const script = 'BEGIN { printf("%d %d\\n", sizeof(struct pair), LIMIT + 2); }';
    const expected = { stdout: '8 42\n\n\n', stderr: '', status: 0 };
    expect(bpfscript(['-q', '-I', folder, '-e', `#include <pair.h>\n${script}`])).toEqual(expected);
    expect(bpfscript(['-q', '-I', folder, '--include', 'pair.h', '-e', script])).toEqual(expected);
    expect(bpfscript(['-q', '--include', join(folder, 'pair.h'), '-e', script])).toEqual(expected);
    expect(bpfscript(['-q', '-e', `#include <pair.h>\n${script}`])).toMatchObject({ status: 1 });
  });
});
