/** `bpfload --report`: how a start went, whatever came of it. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, release } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { startReport } from '../support/json.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, runObject } from '../support/run.ts';

const folder = temporaryFolder();
const EVENT = 'tracepoint:syscalls:sys_enter_close { @ = count(); }';
const NONE = 'tracepoint:syscalls:sys_enter_nothing { @a = count(); }';

function bpfload(...words: readonly string[]) {
  return spawnSync(LOADER_ASAN, words, { encoding: 'latin1' });
}

needs('root').describe('the report of a start', () => {
  it('says what is attached, of which object, where', () => {
    const object = writeObject(folder, 'right', `BEGIN { } ${EVENT}`);
    const { stdout, stderr, status } = bpfload('--dry-run', '--report', '-', object);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const digest = createHash('sha256').update(readFileSync(object)).digest('hex');
    expect(startReport(stdout)).toMatchObject({
      host: hostname(),
      kernel: { release: release() },
      object: { file: object, digest: `sha256:${digest}`, script: 'stdin' },
      dry_run: true,
      status: 0,
      probes: { attached: 2, left_out: 0 },
    });
    expect(startReport(stdout)).not.toHaveProperty('failure');
  });

  it('is there as soon as a real run has attached, and stays as it is', async () => {
    const file = join(folder, 'real.json');
    let during = '';
    const result = await runObject(writeObject(folder, 'real', EVENT), {
      flags: ['--report', file],
      loader: LOADER_ASAN,
      workload: () => {
        during = readFileSync(file, 'utf8');
      },
    });
    expect(result.status).toBe(0);
    expect(startReport(during)).toMatchObject({ dry_run: false, status: 0 });
    expect(readFileSync(file, 'utf8')).toBe(during);
  });

  it('names probes that the script goes on without', () => {
    const script = `config = { missing_probes = "ignore" } ${EVENT} ${NONE}`;
    const { stdout } = bpfload('--dry-run', '--report', '-', writeObject(folder, 'some', script));
    expect(startReport(stdout)).toMatchObject({
      status: 0,
      probes: {
        attached: 1,
        left_out: 1,
        missing: [{ probe: 'tracepoint:syscalls:sys_enter_nothing' }],
      },
    });
  });

  it('says why nothing is attached, with the place, as standard error does', () => {
    const file = join(folder, 'missing.json');
    const object = writeObject(
      folder,
      'missing',
      `${EVENT}\nuprobe:/bin/sh:no_such { @ = count(); }`,
    );
    const { stderr, status } = bpfload('--report', file, object);
    expect(status).toBe(1);
    const report = startReport(readFileSync(file, 'utf8'));
    expect(report).toMatchObject({
      status: 1,
      probes: { attached: 0 },
      failure: { code: 'script', stage: 'load', file: 'stdin', line: 2, column: 1 },
    });
    const { reason } = report.failure as { readonly reason: string };
    expect(stderr).toContain(`stdin:2:1: ERROR: ${reason}`);
  });

  it('is of files that are no objects, too, and of objects that do not exist', () => {
    const text = join(folder, 'text.o');
    writeFileSync(text, 'no object');
    const read = bpfload('--dry-run', '--report', '-', text);
    expect(read.status).toBe(5);
    expect(startReport(read.stdout)).toMatchObject({
      status: 5,
      failure: { code: 'object', stage: 'read', file: text },
    });
    const none = bpfload('--dry-run', '--report', '-', join(folder, 'none.o'));
    const report = startReport(none.stdout);
    expect(report).toMatchObject({ status: 1, failure: { stage: 'read' } });
    expect(report.object).toEqual({ file: join(folder, 'none.o') });
  });

  it('takes the place of the one before as a whole, and of nothing else', () => {
    const object = writeObject(folder, 'again', EVENT);
    const own = join(folder, 'own');
    mkdirSync(own);
    const file = join(own, 'report.json');
    writeFileSync(file, 'x'.repeat(100_000));
    expect(bpfload('--dry-run', '--report', file, object).status).toBe(0);
    startReport(readFileSync(file, 'utf8'));
    expect(readdirSync(own)).toEqual(['report.json']);
    const link = join(own, 'link');
    symlinkSync(file, link);
    for (const place of ['/dev/null', link, own, join(folder, 'none/report.json')]) {
      const { status, stderr } = bpfload('--dry-run', '--report', place, object);
      expect(status).toBe(1);
      expect(stderr).toContain(`cannot write the report ${place}: `);
    }
    expect(existsSync('/dev/null')).toBe(true);
    startReport(readFileSync(file, 'utf8'));
  });

  it('is one line of JSON whatever files are called', () => {
    const object = join(folder, 'a\n"\u0007b.o');
    copyFileSync(writeObject(folder, 'named', EVENT), object);
    const { stdout } = bpfload('--dry-run', '--report', '-', object);
    expect(stdout.match(/\n/g)).toHaveLength(1);
    expect(startReport(stdout)).toMatchObject({ object: { file: object } });
  });
});

it.each([
  [['--report', '-', 'tool.o'], '--report - goes with --dry-run'],
  [['--report', 'r.json', '--test', 'tool.o'], '--report is for what attaches'],
])('%j is no command', (words, message) => {
  const { status, stderr } = bpfload(...words);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});
