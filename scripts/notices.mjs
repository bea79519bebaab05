// What a package contains that others wrote: `node scripts/notices.mjs KIND ARCH FOLDER` (called by the scripts that
// package) writes FOLDER/THIRD-PARTY.txt, with the licences, and FOLDER/sbom.cdx.json (CycloneDX 1.6).
//   KIND: `loader` (bpfload alone), `native` (back end and loader), `command` (what is JavaScript) or `all`
//   ARCH: x64 or arm64
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
const [kind, arch, folder] = process.argv.slice(2);
if (
  !['loader', 'native', 'command', 'all'].includes(kind) ||
  !['x64', 'arm64'].includes(arch) ||
  !folder
)
  throw new Error('usage: node scripts/notices.mjs loader|native|command|all x64|arm64 FOLDER');
const product = JSON.parse(readFileSync('package.json', 'utf8'));

/** Linked statically: name, Debian's package, licence, texts of it that are to go along, which program has it. */
const LINKED = [
  ['libbpf', 'libbpf-dev', 'LGPL-2.1-only OR BSD-2-Clause', ['LGPL-2.1'], ['loader']],
  [
    'elfutils (libelf)',
    'libelf-dev',
    'LGPL-3.0-or-later OR GPL-2.0-or-later',
    ['LGPL-3', 'GPL-3'],
    ['loader'],
  ],
  ['zlib', 'zlib1g-dev', 'Zlib', [], ['loader', 'back end']],
  ['libiberty', 'libiberty-dev', 'LGPL-2.0-or-later', ['LGPL-2'], ['loader']],
  ['libsodium', 'libsodium-dev', 'ISC', [], ['loader']],
  ['glibc', 'libc6-dev', 'LGPL-2.1-or-later', ['LGPL-2.1'], ['loader']],
  [
    'libgcc',
    'libgcc-12-dev',
    'GPL-3.0-or-later WITH GCC-exception-3.1',
    ['GPL-3'],
    ['loader', 'back end'],
  ],
  [
    'libstdc++',
    'libstdc++-12-dev',
    'GPL-3.0-or-later WITH GCC-exception-3.1',
    ['GPL-3'],
    ['back end'],
  ],
  ['LLVM', 'llvm-14-dev', 'Apache-2.0 WITH LLVM-exception', [], ['back end']],
];
/** Compiled into the back end from npm. */
const COMPILED = ['llvm-bindings', 'node-addon-api'];

const programs = {
  loader: ['loader'],
  native: ['loader', 'back end'],
  command: [],
  all: ['loader', 'back end'],
}[kind];
const of = (users) => users.filter((user) => programs.includes(user));

/** A field of an installed package of Debian. */
function installed(field, pack) {
  return execFileSync('dpkg-query', ['-W', `-f=\${${field}}`, pack], { encoding: 'utf8' });
}

function debianVersion(name) {
  if (arch === 'arm64') {
    for (const list of ['.cache/arm64/versions', '.cache/arm64-llvm/versions']) {
      if (!existsSync(list)) continue;
      const line = readFileSync(list, 'utf8')
        .split('\n')
        .find((row) => row.startsWith(`${name} `));
      if (line) return line.split(' ')[1];
    }
    // What the cross compiler brings has a package of its own.
    const cross = {
      'libc6-dev': 'libc6-dev-arm64-cross',
      'libgcc-12-dev': 'libgcc-12-dev-arm64-cross',
      'libstdc++-12-dev': 'libstdc++-12-dev-arm64-cross',
    }[name];
    if (!cross) throw new Error(`the version of ${name} for arm64 is not known`);
    return installed('Version', cross);
  }
  return installed('Version', name);
}

function debian([name, pack, license, texts, users]) {
  const source = installed('source:Package', pack);
  const version = debianVersion(pack);
  return {
    name,
    version,
    license,
    texts,
    where: `linked statically into the ${of(users).join(' and the ')}`,
    relation: 'STATIC_LINK',
    origin: `Debian's package ${pack} ${version}; its source is Debian's source package ${source}`,
    purl: `pkg:deb/debian/${encodeURIComponent(pack)}@${encodeURIComponent(version)}?arch=${arch === 'x64' ? 'amd64' : arch}&distro=bookworm`,
    text: readFileSync(`/usr/share/doc/${pack}/copyright`, 'utf8'),
  };
}

function npm(name, where) {
  const at = join('node_modules', name);
  const manifest = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
  const file = ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'License.txt', 'README.md'].find(
    (candidate) => existsSync(join(at, candidate)),
  );
  return {
    name,
    version: manifest.version,
    license: manifest.license,
    texts: [],
    where,
    relation: 'CONTAINS',
    origin: `npm's package ${name} ${manifest.version}`,
    purl: `pkg:npm/${name.replace('@', '%40')}@${manifest.version}`,
    text:
      file === 'README.md' || !file
        ? `License: ${manifest.license}\n`
        : readFileSync(join(at, file), 'utf8'),
  };
}

/** The packages whose code is in the bundle. */
async function bundled() {
  const { metafile } = await build({
    entryPoints: ['compiler/cli/main.ts'],
    bundle: true,
    platform: 'node',
    write: false,
    metafile: true,
    format: 'cjs',
    logLevel: 'error',
  });
  const names = Object.keys(metafile.inputs).flatMap((file) => {
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
    return name ? [name] : [];
  });
  return [...new Set(names)].sort();
}

const components = [
  ...(kind === 'command' || kind === 'all'
    ? (await bundled()).map((name) => npm(name, 'bundled into the command'))
    : []),
  ...LINKED.filter(([, , , , users]) => of(users).length > 0).map(debian),
  ...(programs.includes('back end')
    ? COMPILED.map((name) => npm(name, 'compiled into the back end'))
    : []),
];

const ruler = '-'.repeat(100);
const texts = [...new Set(components.flatMap((component) => component.texts))].sort();
const relink = programs.includes('loader')
  ? `The loader (bpfload) is linked with libraries under the LGPL. Whoever wants to use other versions of these builds it
again: its complete source, with the Makefile that links it, is this project's own (folder loader, version ${product.version},
Apache-2.0), and the object files that were linked are in bpfload-${product.version}-linux-${arch}-objects.tar.gz beside the
other packages. Nothing forbids to take it apart for debugging such changes.

`
  : '';
writeFileSync(
  join(folder, 'THIRD-PARTY.txt'),
  `What bpfscript ${product.version} contains that others wrote, and its licences.

${components.map(({ name, version, license, where, origin }) => `${name} ${version}: ${where}\n    licence: ${license}\n    from: ${origin}\n`).join('\n')}
${relink}${components.map(({ name, text }) => `${ruler}\n${name}\n${ruler}\n\n${text.trim()}\n`).join('\n')}
${texts.map((name) => `${ruler}\n${name}\n${ruler}\n\n${readFileSync(`/usr/share/common-licenses/${name}`, 'utf8').trim()}\n`).join('\n')}`,
);

const reference = (name) => name.replaceAll(/[^A-Za-z0-9.-]+/g, '-').replaceAll(/^-|-$/g, '');
const subject = kind === 'loader' ? 'bpfload' : 'bpfscript';
const parts = components.map(({ name, version, license, origin, purl, where }) => ({
  'bom-ref': reference(name),
  type: 'library',
  name,
  version,
  licenses: [{ expression: license }],
  purl,
  properties: [
    { name: 'bpfscript:origin', value: origin },
    { name: 'bpfscript:use', value: where },
  ],
}));
const digits = createHash('sha256')
  .update(JSON.stringify([product.version, kind, arch, parts]))
  .digest('hex');
// The time of the commit, so that the same sources give the same file.
const seconds = Number(process.env.SOURCE_DATE_EPOCH ?? 0);
writeFileSync(
  join(folder, 'sbom.cdx.json'),
  `${JSON.stringify(
    {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      serialNumber: `urn:uuid:${[digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, `8${digits.slice(17, 20)}`, digits.slice(20, 32)].join('-')}`,
      version: 1,
      metadata: {
        timestamp: new Date(seconds * 1000).toISOString().replace('.000', ''),
        component: {
          'bom-ref': subject,
          type: 'application',
          name: subject,
          version: product.version,
          licenses: [{ expression: product.license }],
          properties: [{ name: 'bpfscript:architecture', value: arch }],
        },
      },
      components: parts,
      dependencies: [{ ref: subject, dependsOn: parts.map((part) => part['bom-ref']) }],
    },
    null,
    2,
  )}\n`,
);
