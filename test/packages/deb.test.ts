/** The Debian packages: looked at by lintian, installed in a fresh Debian 12, used, and removed. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { cleanRoot, PACKAGES, VERSION } from './support.ts';

const TIMEOUT = 300_000;
const execute = promisify(execFile);
const loader = `bpfload_${VERSION}_amd64.deb`;
const compiler = `bpfscript_${VERSION}_amd64.deb`;

/** Debian 12 has Node 18; who wants 20 has a package of this name from elsewhere. This one leads to the mounted Node. */
const NODE = `
  mkdir -p /root/node/DEBIAN /root/node/usr/bin
  ln -s /usr/local/bin/node /root/node/usr/bin/node
  printf 'Package: nodejs\\nVersion: 20.19.0\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nDescription: x\\n' >/root/node/DEBIAN/control
  dpkg-deb --build /root/node /root/node.deb >/dev/null
  dpkg -i /root/node.deb >/dev/null`;

describe('a Debian package', () => {
  it.each([loader, compiler])(
    '%s has nothing that lintian calls an error',
    async (name) => {
      const words = ['--allow-root', '--fail-on', 'error', join(PACKAGES, name)];
      await expect(execute('lintian', words)).resolves.toBeDefined();
    },
    TIMEOUT,
  );

  it('is listed with its SHA-256 sum', () => {
    const sums = readFileSync(join(PACKAGES, 'SHA256SUMS'), 'utf8');
    for (const name of [loader, compiler]) expect(sums).toContain(`  ${name}\n`);
    execFileSync('sha256sum', ['--quiet', '--check', 'SHA256SUMS'], { cwd: PACKAGES });
  });

  it('of the same files has the same bytes', () => {
    const folder = temporaryFolder();
    for (const name of [loader, compiler]) {
      const unpacked = join(folder, name);
      execFileSync('dpkg-deb', ['-R', join(PACKAGES, name), unpacked]);
      const time = execFileSync('dpkg-deb', ['--fsys-tarfile', join(PACKAGES, name)], {
        maxBuffer: 1 << 28,
      });
      // All times are that of the commit.
      const listed = spawnSync('tar', ['-tv', '--full-time', '--utc'], {
        input: time,
        encoding: 'utf8',
      });
      const times = new Set(
        listed.stdout
          .trim()
          .split('\n')
          .map((line) => line.split(/\s+/).slice(3, 5).join(' ')),
      );
      expect(times.size).toBe(1);
    }
  });
});

describe('bpfload from its Debian package', () => {
  const root = cleanRoot();

  it('is installed, is complete, runs objects, and leaves nothing behind', async () => {
    const { status, stdout, stderr } = await root.run(`
      find / -xdev -path /proc -prune -o -path /sys -prune -o -path /dev -prune -o -path /var -prune -o -print | sort >/tmp/before
      dpkg -i /packages/${loader} >/dev/null
      bpfload --version
      test -s /usr/share/man/man1/bpfload.1.gz -o -f /etc/dpkg/dpkg.cfg.d/excludes
      test -s /lib/systemd/system/bpfload@.service
      test -s /usr/share/bash-completion/completions/bpfload
      grep -q '^signature required' /usr/share/doc/bpfload/examples/policy
      test -d /etc/bpfload/keys
      dpkg --verify bpfload
      bpfload --check /packages/SHA256SUMS || echo status $?
      # The example is a policy that bpfload takes.
      cp /usr/share/doc/bpfload/examples/policy /etc/bpfload/policy
      bpfload --check /packages/SHA256SUMS 2>&1 | grep -c policy || true
      rm /etc/bpfload/policy
      dpkg --purge bpfload >/dev/null
      find / -xdev -path /proc -prune -o -path /sys -prune -o -path /dev -prune -o -path /var -prune -o -print | sort >/tmp/after
      grep -v '^/tmp/' /tmp/before >/tmp/b; grep -v '^/tmp/' /tmp/after >/tmp/a; cmp /tmp/b /tmp/a`);
    expect(status, stderr).toBe(0);
    expect(stdout).toBe(`bpfload ${VERSION}\nstatus 5\n0\n`);
  }, 120_000);
});

describe(
  'bpfscript from its Debian package',
  () => {
    const root = cleanRoot({ node: true });

    it('wants the loader of its version and Node 20', async () => {
      const { status, stderr } = await root.run(`dpkg -i /packages/${compiler}`);
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/depends on bpfload \(= [\d.]+\)/);
      await root.run('dpkg --purge bpfscript');
    });

    it('compiles, runs, and becomes the one loader of the machine', async () => {
      const { status, stdout, stderr } = await root.run(`${NODE}
      dpkg -i /packages/${loader} /packages/${compiler} >/dev/null
      bpfscript --version
      bpfscript -q -e 'begin { printf("hello\\n"); exit(); }'
      cd /root
      bpfscript build -e 'begin { printf("built\\n"); exit(); }' -o t.o
      bpfload -q t.o
      test "$(find / -xdev -name bpfload -type f -size +100k | wc -l)" = 1`);
      expect(status, stderr).toBe(0);
      expect(stdout).toBe(`bpfscript v${VERSION}\nhello\n\n\nbuilt\n\n\n`);
    });

    it('goes without a trace', async () => {
      const { status, stdout } = await root.run(`
      dpkg --purge bpfscript bpfload >/dev/null
      find / -xdev -path /packages -prune -o -name '*bpfscript*' -print -o -name '*bpfload*' -print | grep -v '^/var/\\|^/proc\\|^/sys\\|^/dev\\|^/root' || true`);
      expect(status).toBe(0);
      expect(stdout).toBe('');
    });
  },
  TIMEOUT,
);

describe('the loader', () => {
  it('has the same bytes wherever its source stands', async () => {
    const binaries: Buffer[] = [];
    for (const name of ['one', 'another/of a longer name']) {
      const folder = join(temporaryFolder(), name);
      mkdirSync(join(folder, 'loader'), { recursive: true });
      copyFileSync('package.json', join(folder, 'package.json'));
      const copy = 'tar -c -C loader --exclude="build*" . | tar -x -C "$0/loader"';
      execFileSync('bash', ['-c', copy, folder]);
      await execute('make', ['-s', '-j2', '-C', join(folder, 'loader'), 'build/bpfload']);
      binaries.push(readFileSync(join(folder, 'loader/build/bpfload')));
    }
    expect(binaries[0]?.equals(binaries[1] ?? Buffer.of())).toBe(true);
    // And it is the one that was packaged.
    expect(binaries[0]?.equals(readFileSync('loader/build/bpfload'))).toBe(true);
  }, 600_000);
});
