/** Kernel descriptions on the command line: captured of files, and kept by names. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeKernelFile } from '../../../compiler/kernel/file.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { writeBtf } from '../../linker/synthetic.ts';
import { withFolder } from '../../support/build.ts';
import { bpfscript } from '../../support/command.ts';

const BTF = writeBtf([{ name: 'int', kind: BTF_KIND.int, sizeOrType: 4, words: [(1 << 24) | 32] }]);

describe('bpfscript kernel', () => {
  it('keeps a description by a name, lists it, and takes it by the name', () =>
    withFolder((folder) => {
      const file = join(folder, 'mine.kernel');
      writeFileSync(file, encodeKernelFile({ release: '5.15.7', arch: 'x86_64' }, { btf: BTF }));
      const env = { ...process.env, XDG_DATA_HOME: folder };
      expect(bpfscript(['kernel', 'add', file], { env })).toMatchObject({ status: 0 });
      expect(bpfscript(['kernel', 'list'], { env }).stdout).toContain(
        '5.15-x86_64\tLinux 5.15.7 x86_64',
      );
      expect(bpfscript(['kernel', 'show', '5.15-amd64'], { env }).stdout).toBe(
        'Linux 5.15.7 x86_64\n',
      );
    }));

  it('says how to get a description that is not there', () => {
    const { status, stderr } = bpfscript([
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

  it('refuses packages that are none', () =>
    withFolder((folder) => {
      const file = join(folder, 'linux.deb');
      writeFileSync(file, 'nothing');
      const output = join(folder, 'out.kernel');
      const { status, stderr } = bpfscript(['kernel', 'capture', file, '-o', output]);
      expect(status).not.toBe(0);
      expect(stderr).toContain('is no Debian package');
    }));
});
