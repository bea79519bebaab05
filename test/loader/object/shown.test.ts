/** What an object says of itself is shown as it is, but for what a terminal would obey. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { build, temporaryFolder } from '../../support/build.ts';
import { bpfscript } from '../../support/command.ts';
import { LOADER } from '../../support/run.ts';

const folder = temporaryFolder();

function object(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, build(script, { unsafe: true }));
  return path;
}

const load = (...words: readonly string[]) => spawnSync(LOADER, words, { encoding: 'latin1' });

/** A name that clears the screen. */
const probe = object('probe.o', 'uprobe:"/bin/a\x1b[2Jb":main { signal("KILL"); }');
const parameters = object(
  'parameters.o',
  `begin {
     $name = getopt("name", "in\x1b[2J", "what \x1b]0;title\x07 it is");
     $long = getopt("a-name-that-takes-all-of-the-line", 5);
     print(($name, $long, getopt("on", true), getopt("off", false, "Off"))); exit();
   }`,
);

it('names of probes and sections, by --check, -v and bpfscript inspect', () => {
  const { stdout, stderr } = load('--check', '-v', probe);
  expect(stdout).toBe(
    `${probe}: ok\n  sends signals (bpf_send_signal in uprobe:/bin/a\\x1b[2Jb:main): --unsafe\n`,
  );
  expect(stderr).toContain("libbpf: sec 'uprobe//bin/a\\x1b[2Jb:main'");
  const shown = bpfscript(['inspect', probe]).stdout;
  expect(shown).toContain('bpf_send_signal in uprobe:/bin/a?[2Jb:main  --unsafe');
  expect(shown).not.toContain('\x1b');
});

it('parameters, their defaults and what they are for, by --help and bpfscript inspect', () => {
  expect(load(parameters, '--help').stdout).toBe(
    [
      'Named parameters of stdin:',
      '  --name=TEXT             what \\x1b]0;title\\x07 it is (default: "in\\x1b[2J")',
      '  --a-name-that-takes-all-of-the-line=INT',
      '                          (default: 5)',
      '  --on[=BOOL]             (default: true)',
      '  --off[=BOOL]            Off (default: false)',
      '',
    ].join('\n'),
  );
  expect(load('--unsafe', probe, '--help').stdout).toBe('stdin has no named parameters.\n');
  const shown = bpfscript(['inspect', parameters]).stdout;
  expect(shown).toContain('what ?]0;title? it is');
  expect(shown).not.toContain('\x1b');
});
