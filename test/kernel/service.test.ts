/** The unit of systemd: it makes sense, and what it leaves is enough to trace with. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { startReport } from '../support/json.ts';
import { needs } from '../support/needs.ts';
import { HANGS_MS } from '../support/patience.ts';
import { LOADER, runObject } from '../support/run.ts';

const folder = temporaryFolder();
const SYSTEMD = join(import.meta.dirname, '../../loader/systemd');
const unit = readFileSync(join(SYSTEMD, 'bpfload@.service'), 'utf8');

function values(key: string): readonly string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
}

describe('loader/systemd/bpfload@.service', () => {
  needs('systemd-analyze').it('is a unit without faults, of low exposure', () => {
    const file = join(folder, 'bpfload@test.service');
    writeFileSync(
      file,
      unit.replace('/usr/bin/bpfload', '/bin/true').replace(/^Documentation=.*\n/m, ''),
    );
    const checked = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect(checked).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const security = spawnSync('systemd-analyze', ['security', '--offline=yes', file], {
      encoding: 'utf8',
    });
    const exposure = /Overall exposure level for \S+: ([\d.]+)/.exec(security.stdout)?.[1];
    expect(Number(exposure)).toBeLessThanOrEqual(2);
  });

  needs('systemd-analyze').it.each(['files', 'measured', 'metrics'])(
    'makes sense with the drop-in for %s',
    (name) => {
      const own = join(folder, name);
      const dropIns = join(own, 'bpfload@test.service.d');
      mkdirSync(dropIns, { recursive: true });
      const file = join(own, 'bpfload@test.service');
      writeFileSync(
        file,
        unit.replace('/usr/bin/bpfload', '/bin/true').replace(/^Documentation=.*\n/m, ''),
      );
      const verify = () =>
        spawnSync('systemd-analyze', ['verify', file], {
          encoding: 'utf8',
          env: { ...process.env, SYSTEMD_UNIT_PATH: `${own}:` },
        });
      copyFileSync(join(SYSTEMD, 'drop-ins', `${name}.conf`), join(dropIns, `${name}.conf`));
      expect(verify()).toMatchObject({ status: 0, stdout: '', stderr: '' });
      // It is looked at.
      writeFileSync(join(dropIns, 'wrong.conf'), '[Service]\nNoSuchThing=1\n');
      expect(verify().stderr).toContain('NoSuchThing');
    },
  );
});

needs('root').describe('under the unit', () => {
  /** Words before a command that give it the unit's user and capabilities. */
  function confined(): readonly string[] {
    const [ambient = ''] = values('AmbientCapabilities');
    expect(values('CapabilityBoundingSet')).toEqual([ambient]);
    const sets = `-all,${ambient.toLowerCase().replaceAll('cap_', '+').replaceAll(' ', ',')}`;
    return [
      'setpriv',
      ...['--reuid', '65534', '--regid', '65534', '--clear-groups', '--no-new-privs'],
      ...[`--inh-caps=${sets}`, `--ambient-caps=${sets}`, `--bounding-set=${sets}`],
    ];
  }

  it('traces with names, as a user that is not root', () => {
    // Where that user may read.
    const open = join(folder, 'open');
    mkdirSync(open);
    for (const path of [folder, open]) chmodSync(path, 0o755);
    copyFileSync(LOADER, join(open, 'bpfload'));
    const object = writeObject(
      open,
      'unit',
      `tracepoint:sched:sched_switch { @events = count(); } profile:hz:99 { @[ustack(2), kstack(2)] = count(); }
       interval:ms:700 { printf("%s %s\\n", comm, username); exit(); }`,
    );
    chmodSync(object, 0o644);
    const [program = '', ...words] = confined();
    const result = spawnSync(program, [...words, join(open, 'bpfload'), object], {
      encoding: 'latin1',
      timeout: HANGS_MS,
    });
    expect(result.stderr).toBe('Attached 3 probes\n');
    expect(result.status).toBe(0);
    expect(result.stdout).toMatch(/@events: \d+/);
    expect(result.stdout).toMatch(/\w+\+\d+\n/);
  });

  it('reports where the unit lets it, with options and parameters of its file', () => {
    const own = join(folder, 'run');
    mkdirSync(own);
    for (const path of [folder, own]) chmodSync(path, 0o755);
    chownSync(own, 65534, 65534);
    copyFileSync(LOADER, join(own, 'bpfload'));
    const object = writeObject(
      own,
      'unit',
      'BEGIN { printf("%d\\n", getopt("least", 1, "x")); exit(); }',
    );
    chmodSync(object, 0o644);
    const [command = ''] = values('ExecStart');
    expect(values('RuntimeDirectory')).toEqual(['bpfload/%i']);
    const words = command
      .replace('/usr/bin/', `${own}/`)
      .replace('/run/bpfload/%i/', `${own}/`)
      .replace('/var/lib/bpfload/%i.o', object)
      .replace('$OPTIONS', '-q -f json')
      .replace('$PARAMETERS', '--least=7')
      .split(' ');
    const [program = '', ...before] = confined();
    const result = spawnSync(program, [...before, ...words], { encoding: 'latin1' });
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(result.stdout).toContain('"7\\n"');
    const report = startReport(readFileSync(join(own, 'start.json'), 'utf8').trim());
    expect(report).toMatchObject({ dry_run: false, status: 0, probes: { attached: 1 } });
  });

  it('feeds the watchdog while it traces', async () => {
    const listener = join(folder, 'listener');
    execFileSync('gcc', ['-Wall', '-o', listener, join(import.meta.dirname, 'notify/listener.c')]);
    const path = join(folder, 'notify');
    const manager = spawn(listener, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let heard = '';
    manager.stdout.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
    });
    const hears = async (text: RegExp) => {
      while (!text.test(heard)) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const traced = (environment: Readonly<Record<string, string>>, until: RegExp) =>
      runObject(writeObject(folder, 'timer', 'interval:s:100 { }'), {
        environment: { NOTIFY_SOCKET: path, ...environment },
        workload: () => hears(until),
      });
    try {
      await hears(/listening\n/);
      const fed = await traced({ WATCHDOG_USEC: '100000' }, /READY=1\n(WATCHDOG=1\n){3}/);
      expect(fed.status).toBe(0);
      heard = '';
      // Meant for another process.
      await traced({ WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' }, /READY=1\n/);
      await hears(/STOPPING=1\n/);
      expect(heard).toBe('READY=1\nSTOPPING=1\n');
    } finally {
      manager.kill();
    }
  });
});
