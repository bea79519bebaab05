/** What the loader says of mistakes that only the host can tell, and of limits of the kernel. */

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { errors } from '../support/diagnostics.ts';
import { mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run } from '../support/run.ts';

const folder = temporaryFolder();
const twins = join(folder, 'twins');
const stripped = join(folder, 'stripped');

/** Two files with a static function of one name. */
const ONE =
  'static __attribute__((noinline)) int twin(int x) { __asm__ volatile("" : "+r"(x)); return x + 1; } int other(int x) { return twin(x); }';
const TWO =
  'static __attribute__((noinline)) int twin(int x) { __asm__ volatile("" : "+r"(x)); return x + 2; } int other(int); int main(void) { return twin(1) + other(2) + other(3) - 10; }';

beforeAll(() => {
  const sources = [ONE, TWO].map((text, index) => {
    const path = join(folder, `twin${index}.c`);
    writeFileSync(path, text);
    return path;
  });
  execFileSync('gcc', ['-O1', '-o', twins, ...sources]);
  copyFileSync(twins, stripped);
  execFileSync('strip', [stripped]);
});

let count = 0;
function load(script: string, ...flags: readonly string[]): { stderr: string; stdout: string } {
  count += 1;
  const object = writeObject(folder, `script${count}`, script);
  const { stdout, stderr } = spawnSync(LOADER_ASAN, [object, ...flags], { encoding: 'latin1' });
  return { stdout, stderr };
}

needs('root').describe('A function that a file does not have', () => {
  it('is told from one of a stripped file, with the name that may be meant', () => {
    expect(load(`uprobe:${twins}:mian { }`).stderr).toMatch(
      /^stdin:1:1: ERROR: No matches for uprobe .*twins:mian\.\nuprobe:.*twins:mian \{ \}\n~{20,}\nHINT: Did you mean 'main'\?\n$/,
    );
    expect(load(`uprobe:${twins}:ohter { }`).stderr).toContain("HINT: Did you mean 'other'?\n");
    expect(load(`uprobe:${twins}:nothing_of_that { }`).stderr).toContain(
      "HINT: If this is expected, set the 'missing_probes' config variable to 'warn'.\n",
    );
    expect(load(`uprobe:${stripped}:twin { }`).stderr).toContain(
      'HINT: The file is stripped: it tells only the functions that it exports.',
    );
  });

  it('is marked in its line, and is one of many', () => {
    const line = `begin { } uprobe:${twins}:main, uprobe:${twins}:nothing { exit(); }`;
    const column = line.indexOf(`uprobe:${twins}:nothing`);
    expect(load(`// The first line.\n${line}`).stderr).toContain(
      `stdin:2:${column + 1}: ERROR: No matches for uprobe ${twins}:nothing.\n${line}\n${' '.repeat(column)}${'~'.repeat(`uprobe:${twins}:nothing`.length)}\nHINT: `,
    );
  });

  it('is probed at all places where several static ones have its name', async () => {
    const result = await run(
      `uprobe:${twins}:twin { @n = count(); @sum = sum(arg0); @[probe] = count(); }
       uretprobe:${twins}:twin { @returned = sum(retval); }
       uprobe:${twins}:other { @other = count(); }`,
      { workload: () => void execFileSync(twins), loader: LOADER_ASAN },
    );
    expect(mapValue(result.stdout, '@n')).toBe(3);
    expect(mapValue(result.stdout, '@sum')).toBe(6);
    expect(mapValue(result.stdout, '@', `uprobe:${twins}:twin`)).toBe(3);
    expect(mapValue(result.stdout, '@returned')).toBe(10);
    expect(mapValue(result.stdout, '@other')).toBe(2);
  });
});

needs('root').describe('What the kernel has no room for', () => {
  it('is a map, by its name', () => {
    expect(load('let @big = hash(500000000); begin { @big[1] = 1; }').stderr).toBe(
      'ERROR: The map @big is too large: the kernel has no memory for 500000000 keys.\n' +
        'HINT: max_map_keys, or `let @big = hash(KEYS);`, says how many keys it may have.\n',
    );
  });

  it('are more maps than a program may use', () => {
    const maps = Array.from({ length: 70 }, (_, index) => `@m${index}[1] = 1;`).join(' ');
    expect(load(`begin { ${maps} }`).stderr).toMatch(
      /: ERROR: A block uses more maps than this kernel lets a program: .* limit of 64\nHINT: One map whose key/,
    );
  });

  it('are file descriptors', () => {
    const object = writeObject(folder, 'descriptors', 'begin { @x[1] = str($1); }');
    for (const most of [8, 9, 10, 11, 12]) {
      const { stderr } = spawnSync(
        'sh',
        ['-c', `ulimit -n ${most}; "$0" "$1" a`, LOADER_ASAN, object],
        {
          encoding: 'latin1',
        },
      );
      expect(stderr).toBe(
        'ERROR: There are no file descriptors left for the maps and programs of the script.\n' +
          'HINT: `ulimit -n` tells how many a process may have.\n',
      );
    }
  });
});

needs('root').describe('A host without /sys', () => {
  it('is told of in every message, whatever the script asks for', () => {
    const scripts = [
      'begin { print(1); exit(); }',
      'tracepoint:sched:sched_switch { exit(); }',
      'rawtracepoint:sched_switch { exit(); }',
      'profile:hz:99 { exit(); }',
      'uprobe:/bin/sh:main { exit(); }',
      'iter:task { print(comm); }',
    ].map((script, index) => writeObject(folder, `nowhere${index}`, script));
    const said = spawnSync(
      'unshare',
      [
        '-m',
        'sh',
        '-c',
        'umount -R /sys && for o in "$@"; do "$0" -q "$o"; done',
        LOADER_ASAN,
      ].concat(scripts),
      { encoding: 'latin1' },
    );
    expect(said.stdout).toBe('');
    expect(said.stderr).toBe(
      'ERROR: /sys is not mounted: what it tells of the kernel is needed.\nHINT: Run: mount -t sysfs sysfs /sys\n'.repeat(
        scripts.length,
      ),
    );
    const info = spawnSync(
      'unshare',
      ['-m', 'sh', '-c', 'umount -R /sys && "$0" --info', LOADER_ASAN],
      {
        encoding: 'latin1',
      },
    );
    expect(info.stdout).toContain('CPUs: not known: /sys is not mounted\n');
  });
});

describe('A script that makes no sense', () => {
  it('has a comment as shells have it: one mistake', () => {
    expect(errors('begin { # a comment, with "quotes and (brackets\n exit(); }')).toEqual([
      "syntax: unexpected character '#' @ #",
    ]);
  });

  it('has a map whose key holds nothing', () => {
    for (const key of ['()', '((), ())'])
      expect(errors(`begin { @m[${key}] = 1; }`)).toEqual([
        `@m has no key: ${key.replace(' ', '')} holds nothing @ ${key}`,
      ]);
  });

  needs('root').it('runs a command of which it sees nothing', () => {
    const script = 'begin { printf("begun\\n"); } end { printf("ended\\n"); }';
    expect(load(script, '-q', '-c', 'sleep 20')).toEqual({
      stdout: 'begun\nended\n\n\n',
      stderr:
        'WARNING: the script has only begin and end blocks: it ends at once, and the command of -c with it.\n',
    });
    expect(load(script, '-q', '--no-warnings', '-c', 'sleep 20').stderr).toBe('');
  });
});

needs('root').describe('What is named by a parameter and is not there', () => {
  const said = (point: string, parameter: string) =>
    load(`${point} /pid == 1/ { @ = count(); }`, '-q', parameter).stderr.split('\n');

  it.each([
    ['tracepoint:sched:$1', 'sched_swich', 'sched:sched_switch'],
    ['tracepoint:$1:sched_switch', 'shed', 'sched:sched_switch'],
    ['rawtracepoint:$1', 'sched_swich', 'sched_switch'],
    ['fentry:$1', 'vfs_raed', 'vfs_read'],
  ])('is shown in its line, with the name of this host that is near: %s', (point, given, near) => {
    const [error, line, mark, hint] = said(point, given);
    expect(error).toMatch(/^stdin:1:1: ERROR: No matches for /);
    expect(line).toBe(`${point} /pid == 1/ { @ = count(); }`);
    expect(mark).toBe('~'.repeat(point.length));
    expect(hint).toBe(
      `HINT: Did you mean '${near}'? If this is expected, set the 'missing_probes' config variable to 'warn'.`,
    );
  });

  it('has no suggestion where nothing is near', () => {
    expect(said('rawtracepoint:$1', 'entirely_unlike_all_of_them')[3]).toMatch(/^HINT: If this/);
  });
});
