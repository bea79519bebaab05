/** The playbook of packaging/ansible, on this machine in the place of two hosts: all but starting the service. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript, COMMAND } from '../support/command.ts';
import { startReport } from '../support/json.ts';
import { needs } from '../support/needs.ts';
import { LOADER } from '../support/run.ts';

const root = join(import.meta.dirname, '../..');
const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

/** What is written below these stays in the folder of the test. */
const HOST = `
set -e
for path in /etc /usr/bin /var; do
  name=$(echo $path | tr / _)
  mkdir -p "$LAYERS/$name/upper" "$LAYERS/$name/work"
  mount -t overlay overlay -o "lowerdir=$path,upperdir=$LAYERS/$name/upper,workdir=$LAYERS/$name/work" "$path"
done
exec ansible-playbook -i "$INVENTORY" "$@"
`;

interface Played {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Takes a minute on a busy machine, in which the worker has to listen to vitest. */
function play(...words: readonly string[]): Promise<Played> {
  const child = spawn(
    'unshare',
    [
      '-m',
      'sh',
      '-c',
      `mount -t tmpfs none "$LAYERS"; cp -a "$KEPT/." "$LAYERS"; trap 'cp -a "$LAYERS/." "$KEPT"' EXIT; (${HOST})`,
      'sh',
      ...words,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        HOME: folder,
        PATH: `${at('bin')}:${process.env.PATH}`,
        LAYERS: at('layers'),
        KEPT: at('kept'),
        INVENTORY: at('inventory'),
        ANSIBLE_NOCOLOR: '1',
        ANSIBLE_LOCALHOST_WARNING: 'false',
        LC_ALL: 'C.UTF-8',
      },
    },
  );
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (part: string) => {
      text[name] += part;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...text }));
  });
}

function onHost(path: string): string {
  return at(join('kept', path.replace(/^\/(etc|var)\//, '_$1/upper/')));
}

const isSame = (one: string, other: string): boolean =>
  readFileSync(one).equals(readFileSync(other));

function build(name: string, script: string): string {
  const object = writeObject(folder, 'opens', script);
  expect(bpfscript(['sign', object, '--key', at('release.key')]).status).toBe(0);
  copyFileSync(object, at(name));
  return object;
}

needs('root', 'ansible-playbook').it(
  'brings an object to hosts that take it, and leaves the others as they were',
  async () => {
    for (const name of ['bin', 'layers', 'kept']) mkdirSync(at(name));
    writeFileSync(at('bin/bpfscript'), `#!/bin/sh\nexec ${process.execPath} ${COMMAND} "$@"\n`);
    chmodSync(at('bin/bpfscript'), 0o755);
    writeFileSync(
      at('inventory'),
      `one ansible_connection=local ansible_become=false\ntwo ansible_connection=local ansible_become=false\n`,
    );
    writeFileSync(at('policy'), 'signature required\nunsafe no\n');
    expect(bpfscript(['keygen', 'release'], { cwd: folder }).status).toBe(0);
    const words = (object: string): readonly string[] => [
      join(root, 'packaging/ansible/rollout.yml'),
      ...['-e', `object=${object} key=${at('release.pub')} policy=${at('policy')}`],
      ...['-e', `loader=${LOADER} unit=${join(root, 'loader/systemd/bpfload@.service')}`],
      ...['-e', JSON.stringify({ drop_ins: [join(root, 'loader/systemd/drop-ins/metrics.conf')] })],
      ...['-e', `reports=${at('reports')}`],
      ...['-e', '{"options": "-f json2", "parameters": "--least=5"}'],
    ];
    const script = (probes: string): string =>
      `BEGIN { @least = getopt("least", 1, "x"); } tracepoint:syscalls:sys_enter_close { @ = count(); } ${probes}`;

    const first = build('first.o', script(''));
    const done = await play(...words(first));
    expect(done.status, done.stdout + done.stderr).toBe(0);
    expect(done.stdout).toContain('attached on 1 of 1 host (dry run)');
    expect(isSame(onHost('/var/lib/bpfload/opens.o'), at('first.o'))).toBe(true);
    expect(readFileSync(onHost('/etc/bpfload/opens.conf'), 'utf8')).toBe(
      'OPTIONS=-f json2\nPARAMETERS=--least=5\n',
    );
    expect(readdirSync(onHost('/etc/systemd/system/bpfload@opens.service.d'))).toEqual([
      'metrics.conf',
    ]);
    const [reports = ''] = readdirSync(at('reports'));
    expect(readdirSync(join(at('reports'), reports)).sort()).toEqual(['one.json', 'two.json']);
    startReport(readFileSync(join(at('reports'), reports, 'two.json'), 'utf8').trim());

    // The next one attaches nowhere: the second host is not asked any more.
    const second = build('second.o', script('uprobe:/bin/sh:no_such { @a = count(); }'));
    const refused = await play(...words(second));
    expect(refused.status).not.toBe(0);
    expect(refused.stdout).toContain('refused on 1 host (status 1)');
    expect(refused.stdout).not.toMatch(/^(ok|changed|skipping): \[two\]/m);
    expect(isSame(onHost('/var/lib/bpfload/opens.o'), at('first.o'))).toBe(true);

    // One that nobody signed is refused by the policy.
    const unsigned = writeObject(folder, 'opens', script('interval:s:1 { @b = 1; }'));
    const stranger = await play(...words(unsigned));
    expect(stranger.status).not.toBe(0);
    expect(stranger.stdout).toContain('it is not signed, and only signed objects run here');

    const third = build('third.o', script('interval:s:1 { @b = 1; }'));
    // Both are this machine, which would have it as the one before, too.
    const replaced = await play(...words(third), '--limit', 'one');
    expect(replaced.status).toBe(0);
    expect(isSame(onHost('/var/lib/bpfload/opens.o'), at('third.o'))).toBe(true);
    expect(isSame(onHost('/var/lib/bpfload/opens.o.previous'), at('first.o'))).toBe(true);
  },
  900_000,
);
