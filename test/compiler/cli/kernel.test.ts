/** Kernel descriptions on the command line: captured of files, and kept by names. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeKernelFile } from '../../../compiler/kernel/file.ts';
import { loadKernelDescription } from '../../../compiler/kernel/load.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { readBtf } from '../../../linker/btf/read.ts';
import { writeBtf } from '../../linker/synthetic.ts';
import { temporaryFolder, withFolder } from '../../support/build.ts';
import { COMMAND } from '../../support/command.ts';
import { runHere } from '../../support/command-here.ts';
import { needs } from '../../support/needs.ts';

const BTF = writeBtf([{ name: 'int', kind: BTF_KIND.int, sizeOrType: 4, words: [(1 << 24) | 32] }]);

describe('bpfscript kernel', () => {
  it('keeps a description by a name, lists it, and takes it by the name', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'mine.kernel');
    writeFileSync(file, encodeKernelFile({ release: '5.15.7', arch: 'x86_64' }, { btf: BTF }));
    const env = { XDG_DATA_HOME: folder };
    expect(await runHere(['kernel', 'add', file], { env })).toMatchObject({ status: 0 });
    expect((await runHere(['kernel', 'list'], { env })).stdout).toContain(
      '5.15-x86_64\tLinux 5.15.7 x86_64',
    );
    expect((await runHere(['kernel', 'show', '5.15-amd64'], { env })).stdout).toBe(
      'Linux 5.15.7 x86_64\n',
    );
  });

  it('keeps a description whatever its file is called, and says which one it takes the place of', async () => {
    const folder = temporaryFolder();
    const env = { XDG_DATA_HOME: folder };
    const added = (release: string) => {
      const file = join(folder, `description-${release}`);
      writeFileSync(file, encodeKernelFile({ release, arch: 'x86_64' }, { btf: BTF }));
      return runHere(['kernel', 'add', file], { env });
    };
    const line = (release: string) =>
      expect.stringMatching(new RegExp(`^5\\.15-x86_64\tLinux ${release} x86_64\t/`));
    expect(await added('5.15.7')).toMatchObject({
      status: 0,
      stdout: line('5.15.7'),
      stderr: '',
    });
    expect(await added('5.15.7')).toMatchObject({ status: 0, stderr: '' });
    expect(await added('5.15.9')).toMatchObject({
      status: 0,
      stdout: line('5.15.9'),
      stderr: expect.stringContaining(
        'WARNING: 5.15-x86_64 was Linux 5.15.7 x86_64 until now; with --as ',
      ),
    });
    const file = join(folder, 'script.bt');
    writeFileSync(file, 'begin { }');
    expect(await runHere(['kernel', 'add', file], { env })).toMatchObject({
      status: 1,
      stderr: `ERROR: there is no vmlinuz in ${file}\n`,
    });
  });

  it('takes a name for that of the architecture that is asked for', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'mine.kernel');
    writeFileSync(file, encodeKernelFile({ release: '6.1.9', arch: 'aarch64' }, { btf: BTF }));
    const env = { XDG_DATA_HOME: folder };
    expect(await runHere(['kernel', 'add', file], { env })).toMatchObject({ status: 0 });
    for (const name of ['6.1', 'debian-12'])
      expect(
        await runHere(['check', '-e', 'begin { exit(); }', '--arch', 'arm64', '--kernel', name], {
          env,
        }),
      ).toMatchObject({ status: 0, stderr: '' });
  });

  it('writes down what the running kernel is like, with its configuration, symbols and modules', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'host.kernel');
    const { status, stderr } = await runHere(['kernel', 'capture', '-o', file]);
    expect(status, stderr).toBe(0);
    const [captured, host] = [loadKernelDescription(file), loadKernelDescription('host')];
    expect(captured.release).toBe(release());
    expect(captured.config()).toEqual(host.config());
    expect(captured.symbols()?.has('vfs_read')).toBe(true);
    expect(
      [...(captured.symbols() ?? [])].some((name) => /^bpf_prog_[0-9a-f]{16}_/.test(name)),
    ).toBe(false);
    expect(captured.modules()).toEqual(
      host.modules().filter((name) => existsSync(join('/sys/kernel/btf', name))),
    );
  });

  needs('root').it('writes what a user without rights may read, and says what lacks', () =>
    withFolder((folder) => {
      chmodSync(folder, 0o777);
      const file = join(folder, 'host.kernel');
      const run = spawnSync(process.execPath, [COMMAND, 'kernel', 'capture', '-o', file], {
        encoding: 'utf8',
        uid: 65534,
        gid: 65534,
      });
      expect(run.status, run.stderr).toBe(0);
      expect(run.stderr).toContain(
        'WARNING: the description lacks tracepoints and the list of functions',
      );
      const kernel = loadKernelDescription(file);
      expect(kernel.types.struct('struct', 'task_struct')).toBeDefined();
      expect(kernel.symbols()?.size).toBeGreaterThan(10_000);
      expect(() => kernel.matchTracepoints('*', '*')).toThrow('has no tracepoints');
    }),
  );

  it('writes the types that an object needs of a kernel, and no more', async () => {
    const folder = temporaryFolder();
    const [object, types] = [join(folder, 'x.o'), join(folder, 'x.btf')];
    const text = 'kprobe:vfs_read { @[((struct file *)arg0).f_path.dentry.d_name.len] = count(); }';
    expect((await runHere(['build', '-e', text, '-o', object])).status).toBe(0);
    const run = await runHere(['kernel', 'min-btf', object, '--kernel', 'default', '-o', types]);
    expect(run.status, run.stderr).toBe(0);
    const btf = readBtf(readFileSync(types));
    expect(btf.named('dentry')).toHaveLength(1);
    expect(btf.named('task_struct')).toEqual([]);
    const none = await runHere(['kernel', 'min-btf', types, '--kernel', 'default', '-o', object]);
    expect(none).toMatchObject({ stderr: expect.stringContaining('is not an object') });
  });

  it('says how to get a description that is not there', async () => {
    const { status, stderr } = await runHere([
      'build',
      '-e',
      'begin { exit() }',
      '-o',
      '-',
      '--kernel',
      '4.4',
    ]);
    expect(status).not.toBe(0);
    expect(stderr).toContain('there is no kernel description 4.4');
    expect(stderr).toContain('bpfscript kernel add 4.4');
  });

  it('refuses packages that are none', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'linux.deb');
    writeFileSync(file, 'nothing');
    const output = join(folder, 'out.kernel');
    const { status, stderr } = await runHere(['kernel', 'capture', file, '-o', output]);
    expect(status).not.toBe(0);
    expect(stderr).toContain('is no Debian package');
  });
});
