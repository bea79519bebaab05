/** `bpfscript check OBJECT...`: its forms, its statuses, and files that are none. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { encodeKernelFile } from '../../../compiler/kernel/file.ts';
import { loadKernelDescription } from '../../../compiler/kernel/load.ts';
import { temporaryFolder, writeObject } from '../../support/build.ts';
import { bpfscript, COMMAND } from '../../support/command.ts';
import { runHere } from '../../support/command-here.ts';
import { kernelWithout } from '../compatibility/kernels.ts';

const folder = temporaryFolder();
const object = writeObject(
  folder,
  'tool',
  'rawtracepoint:sched_wakeup {\n  @[args.p.pid] = count();\n}\nprofile:hz:1 { @ticks[reg("ip")] = count(); }\n',
);
const { btf, release } = loadKernelDescription('default');
const bare = join(folder, 'bare.kernel');
writeFileSync(bare, encodeKernelFile({ release: '4.4.0', arch: 'x86_64' }, { btf }));
const foreign = join(folder, 'foreign.kernel');
writeFileSync(foreign, encodeKernelFile({ release: '6.12.1', arch: 'aarch64' }, { btf }));

describe('bpfscript check of objects', () => {
  it('prints a table with a column for each kernel, and status 0 where they load', async () => {
    const { stdout, stderr, status } = bpfscript(['check', object]);
    expect(stderr).toBe('');
    expect(stdout).toContain(`${object}`);
    expect(stdout).toMatch(/^member struct task_struct\.pid +ok$/m);
    expect(stdout).toMatch(/^loads +yes$/m);
    expect(status).toBe(0);
    const both = await runHere(['check', object, '--kernel', 'default', '--kernel', foreign]);
    expect(both.stdout.split('\n')[0]).toMatch(
      new RegExp(`${release.replaceAll('.', '\\.').replaceAll('+', '\\+')} +6\\.12\\.1$`),
    );
    expect(both.stdout).toMatch(/^architecture x86_64 +ok +missing$/m);
    expect(both.stdout).toMatch(/^member struct task_struct\.pid +ok +-$/m);
    expect(both.stdout).toMatch(/^loads +yes +no$/m);
  });

  it('ends with status 3 where one does not load, and says why', async () => {
    const { stderr, status } = await runHere(['check', object, '--kernel', foreign]);
    expect(status).toBe(3);
    expect(stderr).toContain(
      'ERROR: Linux 6.12.1: The object was built for x86_64, and this kernel is of aarch64: reg("ip") is a register of x86_64. [missing-on-kernel]',
    );
  });

  it('shows the expression that the kernel has nothing for, also where the line has events', async () => {
    const kernel = join(folder, 'without.kernel');
    const types = { btf: kernelWithout('sk_mark').btf };
    writeFileSync(kernel, encodeKernelFile({ release: '4.5.0', arch: 'x86_64' }, types));
    const line = '  @[((struct sock *)arg0).sk_mark] = count();';
    const reads = writeObject(folder, 'reads', `kprobe:tcp_close {\n${line}\n}\n`);
    const { stderr, status } = await runHere(['check', reads, '--no-warnings', '--kernel', kernel]);
    expect(status).toBe(3);
    expect(stderr).toMatch(
      /^stdin:2:5-6: ERROR: Linux 4\.5\.0: This kernel has no struct sock\.sk_mark, /m,
    );
    expect(stderr).toContain(`\n${line}\n`);
  });

  it('takes an object for another architecture that nothing ties to its own', async () => {
    const free = writeObject(folder, 'free', 'kprobe:vfs_read { @[comm] = count(); }');
    const { stdout, status } = await runHere(['check', free, '--kernel', foreign]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^architecture any +ok$/m);
    const { stderr, status: refusal } = await runHere(['check', free, '--arch', 'arm64']);
    expect(refusal).toBe(2);
    expect(stderr).toContain('--arch is for scripts');
  });

  it('writes the forms for programs to standard output', async () => {
    const inForm = (form: string) =>
      runHere(['check', object, '--diagnostics', form, '--kernel', 'default', '--kernel', foreign]);
    const json = await inForm('json');
    expect(json).toMatchObject({ stderr: '', status: 3 });
    const lines = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type }) => type)).toEqual(['check', 'check', 'diagnostic']);
    const validate = new Ajv2020().compile(
      JSON.parse(readFileSync('docs/check.schema.json', 'utf8')),
    );
    for (const line of lines.slice(0, 2))
      expect(validate(line), JSON.stringify(validate.errors)).toBe(true);
    expect(lines[0].data).toMatchObject({ object, kernel: release, loads: true });
    expect(JSON.parse((await inForm('sarif')).stdout)).toMatchObject({
      runs: [{ results: [{ ruleId: 'missing-on-kernel', level: 'error' }] }],
    });
    expect((await inForm('github')).stdout).toMatch(
      /^::error .*title=missing-on-kernel::Linux 6\.12\.1: /,
    );
  });

  it('opens no compiler', () => {
    const loaded = 'process.on("exit",()=>console.error(process.report.getReport().sharedObjects))';
    const { stderr, status } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${loaded}`, COMMAND, 'check', object],
      { encoding: 'utf8' },
    );
    expect(status).toBe(0);
    expect(stderr).toContain('libc');
    expect(stderr).not.toMatch(/llvm|backend/i);
  });

  it('warns of what a description does not say', async () => {
    const script = writeObject(folder, 'pattern', 'kprobe:vfs_rea* { @ = count(); }');
    const { stderr, status } = await runHere(['check', script, '--kernel', bare]);
    expect(status).toBe(0);
    expect(stderr).toContain(
      'WARNING: Linux 4.4.0: The description of the kernel does not list its functions.',
    );
    expect((await runHere(['check', script, '--kernel', bare, '--no-warnings'])).stderr).toBe('');
    const field = writeObject(
      folder,
      'field',
      'tracepoint:block:block_rq_issue { @ = args.bytes; }',
    );
    const { stderr: unknown } = await runHere(['check', field, '--kernel', bare]);
    expect(unknown).toContain(
      "HINT: `bpfscript kernel capture` takes tracepoints from the kernel's",
    );
    expect(unknown).not.toContain('Build the script with --kernel');
  });

  it('refuses damaged objects with status 5, and scripts beside objects with status 2', async () => {
    const bytes = readFileSync(object);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    const damaged = join(folder, 'damaged.o');
    writeFileSync(damaged, bytes);
    const { stdout, stderr, status } = await runHere(['check', damaged]);
    expect({ stdout, status }).toEqual({ stdout: '', status: 5 });
    expect(stderr).toMatch(/^ERROR: .*damaged\.o is not an object of bpfscript: /);
    const script = join(folder, 'script.bt');
    writeFileSync(script, 'begin { }');
    expect((await runHere(['check', object, script])).status).toBe(2);
  });

  it('takes no damaged part of a description for one that is not there', async () => {
    const whole = readFileSync(bare);
    const cut = join(folder, 'cut.kernel');
    writeFileSync(cut, whole.subarray(0, whole.length / 2));
    const changed = join(folder, 'changed.kernel');
    const bytes = Buffer.from(whole);
    bytes.fill(0, bytes.length - 200, bytes.length - 100);
    writeFileSync(changed, bytes);
    for (const [file, why] of [
      [cut, 'it is cut off'],
      [changed, 'it is damaged (section btf)'],
    ] as const) {
      const { stdout, stderr, status } = await runHere(['check', object, '--kernel', file]);
      expect([stdout, status]).toEqual(['', 1]);
      expect(stderr.split('\n')).toEqual([
        `ERROR: cannot read the kernel description ${file}: ${why}`,
        expect.stringMatching(/^HINT: `bpfscript kernel capture -o FILE` writes /),
        '',
      ]);
    }
  });

  it('reads scripts from pipes as a whole, and nothing without an end', () => {
    const script = 'begin { exit(); }';
    const piped = spawnSync('bash', [
      '-c',
      `${process.execPath} ${COMMAND} check <(echo '${script}')`,
    ]);
    expect([piped.stderr.toString(), piped.status]).toEqual(['', 0]);
    for (const file of ['check', 'inspect']) {
      const { stderr, status } = bpfscript([file, '/dev/zero']);
      expect(stderr).toMatch(/^ERROR: cannot read .*\/dev\/zero: it has more than 64 MiB\n/);
      expect(status).toBe(1);
    }
  });

  it('refuses damaged descriptions with status 1', async () => {
    const cut = join(folder, 'cut.kernel');
    writeFileSync(
      cut,
      encodeKernelFile({ release: '6.9.0', arch: 'x86_64' }, { btf: Buffer.alloc(64) }),
    );
    const { stdout, stderr, status } = await runHere(['check', object, '--kernel', cut]);
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toContain('ERROR: the kernel description ');
  });
});
