/** Named parameters: declared by getopt(), set on the command line. */

import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { errors } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { LOADER, run } from '../support/run.ts';

const SCRIPT = `begin {
  $name = getopt("name", "none", "whom to greet");
  printf("%d %d %lld %s %s %d\\n", getopt("loud"), getopt("on", true), getopt("min", -3, "least"), $name,
    getopt("name", "none", "whom to greet") == "bob" ? "yes" : "no", $#);
  print(getopt("count", 10));
}`;

let folder = '';
let object = '';
beforeAll(() => {
  folder = temporaryFolder();
  object = writeObject(folder, 'greet', SCRIPT);
});

/** What the loader says to words behind the object. */
function load(...words: string[]): { stdout: string; stderr: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(LOADER, ['-q', object, ...words], {
    encoding: 'utf8',
  });
  return { stdout: stdout.trimEnd(), stderr, status };
}

describe('getopt()', () => {
  it('[FUN-053] has one default and one description in all places', () => {
    expect(errors('begin { print(getopt("a", 1)); print(getopt("a", 2)); }')).toEqual([
      "Command line option 'a' needs to have the same default value in all places it is used @ 2",
    ]);
    expect(errors('begin { print(getopt("a")); } end { print(getopt("a", "x")); }')).toEqual([
      `Command line option 'a' needs to have the same default value in all places it is used @ "x"`,
    ]);
    expect(errors('begin { print((getopt("a", 1, "x"), getopt("a", 1, "y"))); }')).toEqual([
      `Command line option 'a' needs to have the same description in all places it is used @ "y"`,
    ]);
    expect(errors('begin { print(getopt("a")); print(getopt("a", false)); }')).toEqual([]);
  });

  it('[FUN-078] [FUN-080] takes a name, and literals', () => {
    expect(errors('begin { getopt(); }')).toEqual([
      'getopt() requires at least 1 argument (0 provided) @ getopt()',
    ]);
    expect(errors('begin { getopt("a", 1, "b", 2); }')).toEqual([
      'getopt() requires at most 3 arguments (4 provided) @ getopt("a", 1, "b", 2)',
    ]);
    expect(errors('begin { print(getopt(comm)); }')).toEqual([
      'getopt() expects a string literal as name (string[16] expression provided) @ comm',
    ]);
    expect(errors('begin { print(getopt("a", pid)); }')).toEqual([
      'getopt() expects a literal as default: a bool, an integer or a string @ pid',
    ]);
    expect(errors('begin { print(getopt("a", 1, 2)); }')).toEqual([
      'getopt() expects a string literal as description (int8 provided) @ 2',
    ]);
    expect(errors('begin { print(getopt("a b")); }')).toEqual([
      `'a b' is no name of a parameter @ "a b"`,
    ]);
    expect(errors('begin { print(getopt("help")); }')).toEqual([
      `--help lists the parameters: none can be named 'help' @ "help"`,
    ]);
  });

  it('stands in what inspect shows', () => {
    const { stdout } = bpfscript(['inspect', object]);
    expect(stdout).toContain('Named parameters\n');
    expect(stdout).toMatch(/^ {2}--name +string +"none" +whom to greet$/m);
    expect(stdout).toMatch(/^ {2}--on +bool +true$/m);
    expect(stdout).toMatch(/^ {2}--min +int +-3 +least$/m);
  });

  it('[CLI-031] is listed by --help behind the object, or the script', () => {
    const listed = [
      'Named parameters of script.bt:',
      '  --name=TEXT             whom to greet (default: "none")',
      '  --loud[=BOOL]           (default: false)',
      '  --on[=BOOL]             (default: true)',
      '  --min=INT               least (default: -3)',
      '  --count=INT             (default: 10)',
    ];
    const help = load('--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout.split('\n').slice(1)).toEqual(listed.slice(1));
    expect(bpfscript(['-e', SCRIPT, '--', '--help']).stdout.split('\n').slice(1, 6)).toEqual(
      listed.slice(1),
    );
    const none = writeObject(folder, 'none', 'begin { }');
    expect(spawnSync(LOADER, [none, '--help'], { encoding: 'utf8' }).stdout).toMatch(
      /has no named parameters\.\n$/,
    );
  });

  it('[FUN-054] [CLI-033] an unknown name is an error that lists the others', () => {
    expect(load('--', '--nam=x')).toEqual({
      stdout: '',
      stderr:
        'ERROR: Unknown parameter: --nam\n' +
        `HINT: ${scriptName()} has these named parameters: --name, --loud, --on, --min, --count\n`,
      status: 2,
    });
    const none = writeObject(folder, 'nothing', 'begin { }');
    expect(spawnSync(LOADER, [none, '--a'], { encoding: 'utf8' }).stderr).toMatch(
      /^ERROR: Unknown parameter: --a\nHINT: .* has no named parameters\.\n$/,
    );
  });
});

function scriptName(): string {
  return /of (.*):/.exec(load('--help').stdout)?.[1] ?? '';
}

needs('root').describe('getopt() at run time', () => {
  it('[FUN-052] gives the default, of its type', async () => {
    expect(load().stdout).toBe('0 1 -3 none no 0\n10');
    const types = `config = { unstable_typeinfo = enable } begin {
      print(typeinfo(getopt("a")).full_type); print(typeinfo(getopt("b", 1)).full_type);
      print(typeinfo(getopt("c", -1)).full_type); print(typeinfo(getopt("d", "x")).full_type); }`;
    const { stdout } = await run(types, { signal: 'none' });
    expect(stdout.trimEnd()).toBe('bool\nuint64\nint64\nstring[1024]');
  });

  it('[CLI-031] takes --name=value before and behind positional parameters', () => {
    expect(load('p1', '--', '--min=20', '--loud', 'p2', '--name=bob').stdout).toBe(
      '1 1 20 bob yes 2\n10',
    );
    expect(load('--count=0x10', '--min=-1', '-5').stdout).toBe('0 1 -1 none no 1\n16');
    // Of several the last counts.
    expect(load('--count=1', '--count=18446744073709551615').stdout).toContain(
      '\n18446744073709551615',
    );
    const script =
      'begin { printf("%s %s %d %d\\n", str($1), str($2), getopt("aa", 1), getopt("bb")); }';
    expect(bpfscript(['-q', '-e', script, 'p1', '--', '--aa=20', '--bb', 'p2']).stdout).toBe(
      'p1 p2 20 1\n\n\n',
    );
  });

  it('[FUN-051] takes the words for true and false, in either case', () => {
    for (const word of ['1', 'true', 'on', 'yes', 'YES', 'True'])
      expect(load(`--loud=${word}`).stdout).toMatch(/^1 1 /);
    for (const word of ['0', 'false', 'off', 'no', 'OFF', 'No'])
      expect(load(`--on=${word}`).stdout).toMatch(/^0 0 /);
    expect(load('--loud').stdout).toMatch(/^1 /);
    expect(load('--loud=maybe')).toMatchObject({ status: 2, stdout: '' });
    expect(load('--loud=')).toMatchObject({ status: 2, stdout: '' });
  });

  it('[FUN-052] refuses values of another type', () => {
    const says = (word: string): string => {
      const { stderr, status } = load(word);
      expect(status).toBe(2);
      return stderr;
    };
    expect(says('--count')).toContain(
      '--count expects an integer that is not negative: --count=VALUE',
    );
    expect(says('--count=-1')).toContain('not negative, but "-1" is none');
    expect(says('--count=x')).toContain('"x" is none');
    expect(says('--min=9223372036854775808')).toContain('--min expects an integer, but');
    expect(says('--name')).toContain('--name expects a string: --name=VALUE');
    expect(load('--name=').stdout).toBe('0 1 -3  no 0\n10');
  });

  it('is a string like any other: key, format, argument', async () => {
    const script = `begin { $s = getopt("s", "abc"); @[getopt("s", "abc")] = strlen($s); print(str_concat($s, "!")); print($s[0]); print(strcontains(getopt("s", "abc"), "el")); print((1, $s)); }`;
    const result = await run(script, { signal: 'none', parameters: ['--s=hello'] });
    expect(result.stdout).toBe('hello!\n104\ntrue\n(1, hello)\n\n\n@[hello]: 5\n');
    const long = await run(script, {
      signal: 'none',
      flags: ['-q'],
      parameters: [`--s=${'x'.repeat(2000)}`],
    });
    expect(long.stderr).toContain('--s is longer than 1023 bytes and will be shortened');
    expect(long.stdout).toContain(']: 1023\n');
  });

  it('branches that its value rules out are no work for the kernel', async () => {
    // The verifier would refuse a loop without end.
    const script =
      'begin { if (getopt("spin")) { $i = 1; while ($i) { $i++; } } print("done"); exit(); }';
    expect((await run(script, { signal: 'none' })).stdout).toContain('done');
    const spun = await run(script, { signal: 'none', parameters: ['--spin'] });
    expect(spun.status).toBe(1);
  });
});
