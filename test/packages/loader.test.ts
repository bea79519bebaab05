/** The static loader in a fresh Debian 12, and what it was linked of. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkCycloneDx } from '../support/cyclonedx.ts';
import { cleanRoot, PACKAGES, VERSION } from './support.ts';

const name = `bpfload-${VERSION}-linux-x64`;
const folder = mkdtempSync(join(tmpdir(), 'bpfload-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the tarball of the loader', () => {
  it('is one static file that runs where nothing else is', async () => {
    const { status, stdout, stderr } = await cleanRoot().run(`
      tar -C /usr/local -xzf /packages/${name}.tar.gz
      /usr/local/${name}/bpfload --version
      /usr/local/${name}/bpfload --info | head -1`);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain(`bpfload ${VERSION}\n`);
  }, 120_000);

  it('can be linked again from its objects, with the same result', () => {
    for (const each of [name, `${name}-objects`])
      execFileSync('tar', ['-C', folder, '-xzf', join(PACKAGES, `${each}.tar.gz`)]);
    const objects = join(folder, `${name}-objects`);
    execFileSync('./link.sh', { cwd: objects });
    expect(readFileSync(join(objects, 'bpfload'))).toEqual(
      readFileSync(join(folder, name, 'bpfload')),
    );
  }, 120_000);

  it('names every library that it is linked with, and their licences', () => {
    const sbom = JSON.parse(readFileSync(join(folder, name, 'sbom.cdx.json'), 'utf8')) as {
      readonly components: readonly { readonly name: string; readonly version: string }[];
    };
    checkCycloneDx(sbom);
    const libraries = [
      'libbpf',
      'elfutils (libelf)',
      'zlib',
      'libiberty',
      'libsodium',
      'glibc',
      'libgcc',
    ];
    expect(sbom.components.map((part) => part.name).sort()).toEqual(libraries.sort());
    // What the Makefile links has a row.
    const linked = /^LIBRARIES := .*$/m.exec(readFileSync('loader/Makefile', 'utf8'))?.[0] ?? '';
    expect(linked.match(/ -l\w+/g)).toEqual([' -lbpf', ' -lelf', ' -lz', ' -liberty', ' -lsodium']);
    const notices = readFileSync(join(folder, name, 'THIRD-PARTY.txt'), 'utf8');
    for (const library of libraries) expect(notices).toContain(`\n${library} `);
    expect(notices).toContain('GNU LESSER GENERAL PUBLIC LICENSE');
  });
});
