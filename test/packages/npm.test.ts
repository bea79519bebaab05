/** The npm packages, installed in a fresh Debian 12 with Node 20 and nothing else. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanRoot, PACKAGES, VERSION } from './support.ts';

const TIMEOUT = 300_000;
const whole = `bpfscript-${VERSION}-linux-x64.tgz`;

describe(
  'the package with everything',
  () => {
    const root = cleanRoot({ node: true });
    beforeAll(async () => {
      const { status, stderr } = await root.run(`npm install -g /packages/${whole}`);
      expect(status, stderr).toBe(0);
    }, TIMEOUT);

    it('was installed without network, compiler or headers, and takes at most 60 MB', async () => {
      const { status, stdout } = await root.run(`
      for tool in gcc cc c++ clang make cmake llvm-config-14; do
        if command -v $tool; then exit 1; fi
      done
      du -sm /usr/local/lib/node_modules/bpfscript | cut -f1`);
      expect(status).toBe(0);
      expect(Number(stdout)).toBeLessThan(60);
    });

    it('compiles a script and runs it', async () => {
      expect(await root.run(`bpfscript -q -e 'BEGIN { printf("hello\\n"); exit(); }'`)).toEqual({
        status: 0,
        stdout: 'hello\n\n\n',
        stderr: '',
      });
    });

    it('builds objects, which bpfload runs, with parameters', async () => {
      const { status, stdout, stderr } = await root.run(`
      cd /root
      printf '#!/bin/sh\\ncd /tmp\\n' >go.sh; chmod +x go.sh
      bpfscript build -e 'tracepoint:syscalls:sys_enter_chdir /pid == cpid/ { printf("%s %s\\n", str($1), str(args.filename)); }' -o t.o
      bpfload -q -c ./go.sh t.o to`);
      expect(stderr).toBe('');
      expect(stdout).toBe('to /tmp\n\n\n');
      expect(status).toBe(0);
    });

    it('has the standard library, descriptions, constants and manual pages', async () => {
      const { status, stdout, stderr } = await root.run(`
      bpfscript kernel list
      bpfscript check -e '#include <linux/socket.h>
      BEGIN { if (is_err(-1)) { print(AF_INET6); } }'
      bpfscript list --kernel default tracepoint:sched:sched_switch
      test -s /usr/local/share/man/man1/bpfscript.1 -a -s /usr/local/share/man/man1/bpfload.1
      bpfscript --version; bpfload --version`);
      expect(status, stderr).toBe(0);
      expect(stdout).toContain('tracepoint:sched:sched_switch\n');
      expect(stdout).toContain(`bpfscript v${VERSION}\nbpfload ${VERSION}\n`);
    });

    it('passes the exit status of scripts on, and finds nothing to complain about the loader', async () => {
      expect((await root.run(`bpfscript -q -e 'BEGIN { exit(7); }'`)).status).toBe(7);
      expect((await root.run('bpfload --check /packages/SHA256SUMS')).status).toBe(5);
    });

    it('says in one line what an installation lacks', async () => {
      const at = '/usr/local/lib/node_modules/bpfscript';
      const lacking = (path: string, command: string) =>
        root.run(
          `mv ${at}/${path} /root/kept; ${command} || status=$?; mv /root/kept ${at}/${path}; exit $status`,
        );
      const build = `bpfscript build -e 'BEGIN { exit(); }' -o /root/x.o`;
      for (const [path, what] of [
        [
          'node_modules/bpfscript-linux-x64',
          /^ERROR: this installation has no backend\.node for x64 .*\nHINT: .*--omit=optional.*\n$/,
        ],
        [
          'node_modules/bpfscript-linux-x64/backend.node',
          /^ERROR: this installation has no backend\.node for x64 .*\nHINT: .*\n$/,
        ],
        ['dist/parts/first.cjs', /^ERROR: bpfscript cannot start: .*first\.cjs.*\n$/],
        ['dist/parts/compiling.cjs', /^ERROR: bpfscript cannot start: .*compiling\.cjs.*\n$/],
        ['stdlib', /^ERROR: the standard library is missing .*\nHINT: .*\n$/],
      ] as const) {
        const { status, stderr } = await lacking(path, build);
        expect(stderr).toMatch(what);
        expect(status).toBe(1);
      }
      const loader = await lacking('node_modules/bpfscript-linux-x64/bpfload', 'bpfload --version');
      expect(loader.stderr).toMatch(
        /^ERROR: this installation has no bpfload for x64 .*\nHINT: .*\n$/,
      );
      expect(loader.status).toBe(1);
      const damaged = await root.run(
        `cd ${at}/node_modules/bpfscript-linux-x64; mv backend.node kept; echo >backend.node; ${build} || status=$?; mv kept backend.node; exit $status`,
      );
      expect(damaged.stderr).toMatch(/^ERROR: cannot load .*backend\.node: .*\nHINT: .*\n$/);
      expect(damaged.status).toBe(1);
      expect((await root.run(build)).status).toBe(0);
    });

    it('says that it is made for a newer Node', async () => {
      const old = await root.run(`
      echo "Object.defineProperty(process, 'versions', { value: { node: '18.20.4' } })" >/root/old.js
      NODE_OPTIONS=--require=/root/old.js bpfscript --version`);
      expect(old.stderr).toMatch(
        /^ERROR: bpfscript cannot start: it needs Node 20 or newer, .*\n$/,
      );
      expect(old.status).toBe(1);
    });

    it('is gone when it is uninstalled', async () => {
      const { status, stdout } = await root.run(`
      npm uninstall -g bpfscript >/dev/null
      find /usr/local -name '*bpf*'`);
      expect(stdout).toBe('');
      expect(status).toBe(0);
    });
  },
  TIMEOUT,
);

describe(
  'the packages of a registry',
  () => {
    const asked: string[] = [];
    let server: Server;
    let registry = '';
    beforeAll(async () => {
      server = createServer((request, response) => {
        const url = request.url ?? '';
        asked.push(url);
        const file = /\/([^/]+\.tgz)$/.exec(url)?.[1];
        if (file) return void response.end(readFileSync(join(PACKAGES, file)));
        const name = url.slice(1);
        try {
          response.end(JSON.stringify(described(name, registry)));
        } catch {
          response.writeHead(404).end('{}');
        }
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      registry = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    });
    afterAll(() => {
      server.close();
    });

    it('are the command and what is compiled for this architecture', async () => {
      const root = cleanRoot({ node: true, network: true });
      const { status, stderr } = await root.run(`npm install -g --registry ${registry} bpfscript`);
      expect(status, stderr).toBe(0);
      const tarballs = asked.filter((url) => url.endsWith('.tgz')).sort();
      expect(tarballs).toEqual([
        `/bpfscript-${VERSION}.tgz`,
        `/bpfscript-linux-x64-${VERSION}.tgz`,
      ]);
      expect(
        (await root.run(`bpfscript -q -e 'BEGIN { printf("hello\\n"); exit(); }'`)).stdout,
      ).toBe('hello\n\n\n');
    });
  },
  TIMEOUT,
);

/** What a registry says of a package; throws where it has none. */
function described(name: string, registry: string): unknown {
  const file = `${name}-${VERSION}.tgz`;
  const bytes = readFileSync(join(PACKAGES, file));
  const manifest = JSON.parse(manifestOf(bytes));
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  const dist = { tarball: `${registry}/${file}`, integrity };
  return { name, 'dist-tags': { latest: VERSION }, versions: { [VERSION]: { ...manifest, dist } } };
}

/** package/package.json of a tarball. */
function manifestOf(bytes: Buffer): string {
  const tar = gunzipSync(bytes);
  for (let at = 0; at < tar.length; ) {
    const name = tar.toString('latin1', at, tar.indexOf(0, at));
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8) || 0;
    if (name === 'package/package.json') return tar.toString('utf8', at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error('no package.json');
}
