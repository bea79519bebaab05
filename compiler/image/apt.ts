/**
 * Packages of Debian's kernels, by its apt client as it is configured. Suites that are not configured are read with
 * lists of our own, which stand in a temporary folder: nothing of the machine is changed, and root is not needed.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KernelDescriptionError } from '../kernel/error.ts';
import { fullName } from '../kernel/named.ts';

/** Debian's names of machines. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** Suites that have kernels of a series, the likeliest first. */
const SUITES: Readonly<Record<string, readonly string[]>> = {
  '5.10': ['bullseye'],
  '6.1': ['bookworm'],
  '6.12': ['trixie', 'bookworm-security'],
};
const NEWER_SUITES = ['trixie-backports', 'sid'] as const;

const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** What apt is told besides: nothing, or where lists of our own are. */
type Lists = readonly string[];

/**
 * Downloads the packages of the newest kernel that a name such as `debian-12`, `6.12` or `6.18-arm64` stands for, to an
 * empty folder, and gives their files. Since 7.x several packages have its parts. Throws KernelDescriptionError.
 */
export function downloadKernel(
  name: string,
  folder: string,
  onProgress: (what: string) => void = () => undefined,
): readonly string[] {
  const [, series = '', machine = ''] = /^(\d+\.\d+)-(\w+)$/.exec(fullName(name)) ?? [];
  const architecture = ARCHITECTURES[machine];
  if (architecture === undefined)
    throw new KernelDescriptionError(
      `'${name}' is no name of a kernel of Debian`,
      'Such as debian-12, 6.12 or 6.12-arm64; or name a package, or a description',
    );
  onProgress(`looking for Linux ${series}`);
  for (const lists of allLists(series, architecture, folder, onProgress)) {
    const packages = packagesOf(series, architecture, lists);
    if (packages.length === 0) continue;
    onProgress(`downloading ${packages.join(', ')}`);
    run('apt-get', [...lists, 'download', '-qq', ...packages], folder);
    return readdirSync(folder)
      .filter((file) => file.endsWith('.deb'))
      .map((file) => join(folder, file));
  }
  throw new KernelDescriptionError(
    `apt knows no kernel ${series} for ${architecture}, and Debian's suites with such kernels cannot be read, or have none`,
    `Name its packages or a description that was made elsewhere: \`bpfscript kernel add FILE\``,
  );
}

/** Those of apt itself, then, as far as they are asked for, of each suite that may have the series. */
function* allLists(
  series: string,
  architecture: string,
  folder: string,
  onProgress: (what: string) => void,
): Generator<Lists> {
  if (run('dpkg', ['--print-architecture'], folder).trim() === architecture) yield [];
  for (const suite of SUITES[series] ?? NEWER_SUITES) {
    onProgress(`reading the packages of ${suite}`);
    const lists = listsOf(suite, architecture, folder);
    if (lists) yield lists;
  }
}

/** undefined where no mirror is configured, or the mirror does not have the suite. */
function listsOf(suite: string, architecture: string, folder: string): Lists | undefined {
  const mirror = mirrorOf(suite, folder);
  if (mirror === undefined) return undefined;
  const own = join(folder, 'apt', `${suite}-${architecture}`);
  for (const part of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(own, part), { recursive: true });
  const sources = join(own, 'sources.list');
  writeFileSync(sources, `deb [signed-by=${KEYS}] ${mirror} ${suite} main\n`);
  const options = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(own, 'lists'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': join(own, 'cache'),
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  const lists = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const { status } = spawnSync('apt-get', [...lists, 'update', '-qq'], { stdio: 'ignore' });
  return status === 0 ? lists : undefined;
}

/** Where apt gets packages from. Updates for security come from a mirror of their own. */
function mirrorOf(suite: string, folder: string): string | undefined {
  const format = ['--format', '$(REPO_URI) $(RELEASE)'];
  const known = run(
    'apt-get',
    ['indextargets', ...format, 'Created-By: Packages', 'Component: main'],
    folder,
  )
    .split('\n')
    .map((line) => line.split(' '));
  const isSecurity = (release: string): boolean => release.endsWith('-security');
  const own = known.find(([, release]) => release === suite);
  const alike = known.find(
    ([mirror, release = '']) =>
      mirror !== '' && release !== '' && isSecurity(release) === isSecurity(suite),
  );
  return (own ?? alike)?.[0];
}

/** Of the newest kernel of a series for usual machines; none where these lists have none. */
function packagesOf(series: string, architecture: string, lists: Lists): readonly string[] {
  const pattern = `^linux-(image|binary|modules|base)-${series.replace('.', '\\.')}[.].*-${architecture}$`;
  const found = run('apt-cache', [...lists, 'search', '--names-only', pattern])
    .split('\n')
    .map((line) => line.split(' ', 1)[0] ?? '')
    .filter((each) => each !== '' && !/-(cloud|rt|unsigned|16k|dbg)\b/.test(each));
  const versionOf = (each: string): string =>
    each.replace(/^linux-(image|binary|modules|base)-/, '');
  const [newest] = found
    .map(versionOf)
    .sort((one, other) => other.localeCompare(one, 'en', { numeric: true }));
  return found.filter((each) => versionOf(each) === newest);
}

function run(program: string, flags: readonly string[], folder?: string): string {
  const done = spawnSync(program, flags, { cwd: folder, encoding: 'utf8' });
  if (done.error)
    throw new KernelDescriptionError(
      `${program}, which knows Debian's packages, is not installed`,
      'Name a package or a description in a file instead: `bpfscript kernel add FILE`',
    );
  if (done.status === 0) return done.stdout;
  throw new KernelDescriptionError(`${program} failed: ${done.stderr.trim()}`);
}
