/** The steps of action.yml, run as the shell of a runner does. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';
import { bpfscript, COMMAND } from '../../support/command.ts';

const action = readFileSync('action.yml', 'utf8');

/** Steps by name: their environment, of inputs, and their lines. The file has the one form that is read here. */
const steps = new Map(
  action
    .split(/^ {4}- name: /m)
    .slice(1)
    .map((text) => {
      const name = /^\S+/.exec(text)?.[0] ?? '';
      const env = [...text.matchAll(/^ {8}([A-Z]+): \$\{\{ inputs\.(\w+) \}\}$/gm)];
      const [, block, line] = /^ {6}run: (?:\|\n((?: {8}.*\n)+)|(.*)$)/m.exec(text) ?? [];
      const script = block?.replaceAll(/^ {8}/gm, '') ?? line;
      return [name, { env: env.map(([, to = '', from = '']) => ({ to, from })), script }] as const;
    }),
);
const defaults: Record<string, string> = Object.fromEntries(
  [...action.matchAll(/^ {2}(\w+):\n {4}description: .*\n {4}default: '?(.*?)'?$/gm)].map(
    ([, name, value]) => [name, value],
  ),
);

const folder = temporaryFolder();
const bin = join(folder, 'bin');
mkdirSync(bin);
writeFileSync(join(bin, 'bpfscript'), `#!/bin/sh\nexec ${process.execPath} ${COMMAND} "$@"\n`);
chmodSync(join(bin, 'bpfscript'), 0o755);

function step(name: string, inputs: Readonly<Record<string, string>>, cwd: string) {
  const { env, script } = steps.get(name) ?? { env: [], script: undefined };
  if (script === undefined) throw new Error(`action.yml has no step ${name} with a script`);
  const given = Object.fromEntries(
    env.map(({ to, from }) => [to, inputs[from] ?? defaults[from] ?? '']),
  );
  // What GitHub runs `shell: bash` as.
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script],
    {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, ...given, PATH: `${bin}:${process.env.PATH}` },
    },
  );
  return { status, output: stdout + stderr };
}

function project(name: string, scripts: Readonly<Record<string, string>>): string {
  const cwd = join(folder, name);
  mkdirSync(cwd);
  for (const [file, text] of Object.entries(scripts)) writeFileSync(join(cwd, file), text);
  return cwd;
}

const GOOD = 'begin\n{\n\texit();\n}\n';

describe('the action', () => {
  it('pins what it uses by commits, and passes inputs by the environment alone', () => {
    for (const [, used] of action.matchAll(/uses: (\S+)/g)) expect(used).toMatch(/@[0-9a-f]{40}$/);
    for (const { script } of steps.values()) expect(script ?? '').not.toContain('${{');
    expect([...steps.keys()]).toEqual([
      ...['Node', 'install', 'check', 'build', 'kernels', 'sign', 'upload'],
    ]);
  });

  it('checks, builds, checks against kernels and signs', () => {
    const cwd = project('good', { 'a.bt': GOOD, 'b.bt': GOOD });
    const key = bpfscript(['keygen', join(folder, 'release')]);
    expect(key.status).toBe(0);
    const inputs = { scripts: '*.bt', key: readFileSync(join(folder, 'release.key'), 'utf8') };
    for (const name of ['check', 'build', 'kernels', 'sign']) {
      const { status, output } = step(name, inputs, cwd);
      expect(status, `${name}: ${output}`).toBe(0);
    }
    expect(readdirSync(join(cwd, 'objects'))).toEqual(['a.o', 'b.o']);
    const object = join(cwd, 'objects/a.o');
    expect(bpfscript(['verify', object, '--key', join(folder, 'release.pub')]).status).toBe(0);
  });

  it('fails, with an annotation, for errors, another layout, and names that meet', () => {
    const wrong = project('wrong', { 'a.bt': 'begin\n{\n\texti();\n}\n' });
    const { status, output } = step('check', { scripts: 'a.bt' }, wrong);
    expect(status).toBe(1);
    expect(output).toMatch(/^::error file=a\.bt,line=3/m);
    const ugly = project('ugly', { 'a.bt': 'begin{exit();}' });
    expect(step('check', { scripts: 'a.bt' }, ugly).status).toBe(1);
    const twice = project('twice', { 'a.bt': GOOD });
    expect(step('build', { scripts: 'a.bt ./a.bt' }, twice)).toMatchObject({ status: 1 });
  });

  it('fails where an object does not load on a kernel', () => {
    const cwd = project('kernels', { 'a.bt': 'kprobe:no_such_function_at_all\n{\n\texit();\n}\n' });
    expect(step('build', { scripts: 'a.bt' }, cwd).status).toBe(0);
    expect(step('kernels', {}, cwd).status).not.toBe(0);
  });

  it('builds what is unsafe where flags say so', () => {
    const cwd = project('unsafe', { 'a.bt': 'begin\n{\n\tsystem("true");\n}\n' });
    expect(step('check', { scripts: 'a.bt' }, cwd).status).toBe(1);
    const inputs = { scripts: 'a.bt', flags: '--unsafe' };
    expect(step('check', inputs, cwd).status).toBe(0);
    expect(step('build', inputs, cwd).status).toBe(0);
  });
});
