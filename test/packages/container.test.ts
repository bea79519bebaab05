/**
 * The recipe of an image with the loader and objects alone: built by buildah, and run in its own root. What runs containers
 * may not be allowed to on a machine of tests (limits, control groups), so the root is entered without it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { LOADER } from '../support/run.ts';
import { VERSION } from './support.ts';

const folder = temporaryFolder();
const OWN = [
  '--storage-driver',
  'vfs',
  '--root',
  join(folder, 'r'),
  '--runroot',
  join(folder, 'run'),
];

function buildah(...words: readonly string[]): string {
  return execFileSync('buildah', [...OWN, ...words], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

describe('the image of loader and objects', () => {
  let container = '';
  let root = '';

  beforeAll(() => {
    mkdirSync(join(folder, 'objects'));
    copyFileSync(LOADER, join(folder, 'bpfload'));
    for (const name of ['prints.o', 'kernel.o'])
      copyFileSync(join('test/versions', VERSION, name), join(folder, 'objects', name));
    copyFileSync('packaging/Containerfile', join(folder, 'Containerfile'));
    buildah('bud', '--isolation', 'chroot', '-t', 'tracing', '-f', 'Containerfile', '.');
    container = buildah('from', 'tracing');
    root = buildah('mount', container);
  }, 120_000);
  afterAll(() => {
    buildah('umount', container);
  });

  it('has these two and nothing else', () => {
    expect(readdirSync(root).sort()).toEqual(['bpfload', 'objects']);
    expect(buildah('inspect', '--format', '{{.OCIv1.Config.Entrypoint}}', 'tracing')).toBe(
      '[/bpfload]',
    );
  });

  it('starts the loader, which says what it lacks where the container may not trace', () => {
    const run = (...words: readonly string[]) =>
      spawnSync('buildah', [...OWN, 'run', '--isolation', 'chroot', container, '--', ...words], {
        encoding: 'utf8',
      });
    expect(run('/bpfload', '--version').stdout).toBe(`bpfload ${VERSION}\n`);
    const { status, stderr } = run('/bpfload', '/objects/prints.o');
    expect(status).toBe(4);
    expect(stderr).toContain('ERROR: No permission: CAP_BPF');
  });

  it('runs its objects with what the recipe says that it is given', () => {
    const inside = (words: string) =>
      spawnSync(
        'unshare',
        [
          ...['--mount', '--pid', '--fork', '--kill-child', '--net', 'bash', '-ec'],
          `mkdir -p "$0/proc" "$0/sys"; mount -t proc proc "$0/proc"; mount --rbind /sys "$0/sys"; exec chroot "$0" ${words}`,
          root,
        ],
        { encoding: 'utf8' },
      );
    const { status, stdout, stderr } = inside('/bpfload -q /objects/prints.o --times=5');
    expect(stderr).toBe('');
    expect(stdout).toContain('nobody 5 ff\n');
    expect(status).toBe(4);
  });
});
