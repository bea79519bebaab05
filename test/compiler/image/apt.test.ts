/** Packages of Debian's kernels, of an apt that answers as it is told and writes down what it was asked. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { downloadKernel } from '../../../compiler/image/apt.ts';
import { temporaryFolder } from '../../support/build.ts';

const folder = temporaryFolder();
let count = 0;

interface Apt {
  /** Of this machine, as Debian calls it. */
  readonly machine?: string;
  /** Lines of `MIRROR SUITE` that apt is configured with. */
  readonly mirrors?: readonly string[];
  /** Suites whose lists cannot be read. */
  readonly unreadable?: readonly string[];
  /** What a search finds by suite, and in the machine's own lists (`own`). */
  readonly packages?: Readonly<Record<string, readonly string[]>>;
  /** Programs that are not there, or fail. */
  readonly missing?: readonly string[];
  readonly failing?: string;
}

/** What downloadKernel() gives or throws, and what it asked of whom. */
function download(name: string, apt: Apt) {
  count += 1;
  const programs = join(folder, `programs${count}`);
  const work = join(folder, `work${count}`);
  const log = join(folder, `log${count}`);
  for (const each of [programs, work]) mkdirSync(each);
  writeFileSync(log, '');
  const { machine = 'amd64', mirrors = [], packages = {}, missing = [] } = apt;
  const found = Object.entries(packages).map(
    ([suite, names]) => `${suite}) printf '%s - a kernel\\n' ${names.join(' ')};;`,
  );
  const suite = `suite=own; for word; do case $word in Dir::Etc::sourcelist=*) suite=$(cut -d' ' -f4 "\${word#*=}");; esac; done\n`;
  const bodies: Readonly<Record<string, string>> = {
    dpkg: `echo ${machine}\n`,
    'apt-cache': `${suite}case $suite in ${found.join(' ')} *) ;; esac\n`,
    'apt-get': `${suite}case " $* " in
      *' indextargets '*) printf '%s\\n' ${mirrors.map((each) => `'${each}'`).join(' ')};;
      *' update '*) case $suite in ${(apt.unreadable ?? []).map((each) => `${each}) exit 100;;`).join(' ')} esac;;
      *' download '*) for word; do case $word in linux-*) : >"$word"_1_all.deb;; esac; done; : >index;;
    esac\n`,
  };
  for (const [program, body] of Object.entries(bodies)) {
    if (missing.includes(program)) continue;
    const path = join(programs, program);
    const fails = apt.failing === program ? 'echo "E: nothing works" >&2; exit 100\n' : '';
    writeFileSync(path, `#!/bin/sh\necho "${program} $*" >>${log}\n${fails}${body}`);
    chmodSync(path, 0o755);
  }
  const steps: string[] = [];
  vi.stubEnv('PATH', missing.length > 0 ? programs : `${programs}:/usr/bin:/bin`);
  try {
    const files = downloadKernel(name, work, (what) => steps.push(what));
    return { files: files.map((file) => basename(file)), steps, asked: askedIn(log), work };
  } catch (error) {
    const { message, hint } = error as Error & { readonly hint?: string };
    return { message, hint, steps, asked: askedIn(log), work };
  } finally {
    vi.unstubAllEnvs();
  }
}

/** Without the options of lists of our own. */
const askedIn = (log: string): readonly string[] =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/(?: -o [\w:]+=\S+)+/, ' LISTS'));

const SEARCH = (series: string, machine: string) =>
  `search --names-only ^linux-(image|binary|modules|base)-${series}[.].*-${machine}$`;
const TARGETS =
  'apt-get indextargets --format $(REPO_URI) $(RELEASE) Created-By: Packages Component: main';

describe('the packages of a kernel', () => {
  it('are the newest that apt has for this machine, of usual kernels alone', () => {
    const own = [
      ...['linux-image-6.12.9+deb13-amd64', 'linux-image-6.12.41+deb13-amd64'],
      ...['linux-image-6.12.43+deb13-cloud-amd64', 'linux-image-6.12.43+deb13-rt-amd64'],
      ...['linux-image-6.12.43+deb13-amd64-unsigned', 'linux-image-6.12.43+deb13-amd64-dbg'],
      ...['linux-binary-6.12.41+deb13-amd64', 'linux-modules-6.12.41+deb13-amd64'],
      ...['linux-base-6.12.41+deb13-amd64', 'linux-modules-6.12.9+deb13-amd64'],
    ];
    const { files, steps, asked, work } = download('6.12', { packages: { own } });
    const newest = ['image', 'binary', 'modules', 'base'].map(
      (part) => `linux-${part}-6.12.41+deb13-amd64`,
    );
    expect(files?.toSorted()).toEqual(newest.map((each) => `${each}_1_all.deb`).toSorted());
    // Other files of the folder are none.
    expect(readdirSync(work)).toContain('index');
    expect(steps).toEqual(['looking for Linux 6.12', `downloading ${newest.join(', ')}`]);
    expect(asked).toEqual([
      'dpkg --print-architecture',
      `apt-cache ${SEARCH('6\\.12', 'amd64')}`,
      `apt-get download -qq ${newest.join(' ')}`,
    ]);
  });

  it('of another machine are in lists of our own, of the suite that has the series', () => {
    const { files, steps, asked, work } = download('debian-13-arm64', {
      mirrors: ['http://security/debian trixie-security', 'http://mirror/debian forky'],
      packages: { own: ['linux-image-6.12.1-arm64'], trixie: ['linux-image-6.12.2-arm64'] },
    });
    expect(files).toEqual(['linux-image-6.12.2-arm64_1_all.deb']);
    expect(steps).toEqual([
      'looking for Linux 6.12',
      'reading the packages of trixie',
      'downloading linux-image-6.12.2-arm64',
    ]);
    expect(asked).toEqual([
      ...['dpkg --print-architecture', TARGETS, 'apt-get LISTS update -qq'],
      `apt-cache LISTS ${SEARCH('6\\.12', 'arm64')}`,
      'apt-get LISTS download -qq linux-image-6.12.2-arm64',
    ]);
    const lists = join(work, 'apt', 'trixie-arm64');
    expect(readFileSync(join(lists, 'sources.list'), 'utf8')).toBe(
      'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror/debian trixie main\n',
    );
    expect(readdirSync(join(lists, 'lists'))).toEqual(['partial']);
    expect(readdirSync(join(lists, 'cache/archives'))).toEqual(['partial']);
  });

  it('are looked for in one suite behind another, each of a mirror of its kind', () => {
    const { files, asked, work } = download('6.12-arm64', {
      mirrors: ['http://mirror/debian sid', 'http://security/debian sid-security'],
      unreadable: ['trixie'],
      packages: { 'bookworm-security': ['linux-image-6.12.3-arm64'] },
    });
    expect(files).toEqual(['linux-image-6.12.3-arm64_1_all.deb']);
    // Of the first nothing is searched.
    expect(asked.filter((line) => line.startsWith('apt-cache'))).toHaveLength(1);
    const sources = (suite: string) =>
      readFileSync(join(work, 'apt', `${suite}-arm64`, 'sources.list'), 'utf8')
        .split(' ')
        .slice(2);
    expect(sources('trixie')).toEqual(['http://mirror/debian', 'trixie', 'main\n']);
    const security = ['http://security/debian', 'bookworm-security', 'main\n'];
    expect(sources('bookworm-security')).toEqual(security);
  });

  it('come from where the suite itself comes from, before others', () => {
    const { work } = download('6.1-arm64', {
      mirrors: [' ', 'http://one/debian trixie', 'http://two/debian bookworm'],
      packages: { bookworm: ['linux-image-6.1.0-arm64'] },
    });
    expect(readFileSync(join(work, 'apt/bookworm-arm64/sources.list'), 'utf8')).toContain(
      'http://two/debian bookworm main',
    );
  });

  it.each([
    ['5.10', ['bullseye']],
    ['6.1', ['bookworm']],
    ['6.12', ['trixie', 'bookworm-security']],
    ['6.18', ['trixie-backports', 'sid']],
  ])('of Linux %s are in %j', (series, suites) => {
    const { steps, message, hint, asked } = download(`${series}-amd64`, {
      mirrors: ['http://mirror/debian sid', 'http://security/debian sid-security'],
    });
    expect(steps).toEqual([
      `looking for Linux ${series}`,
      ...suites.map((suite) => `reading the packages of ${suite}`),
    ]);
    expect(message).toBe(
      `apt knows no kernel ${series} for amd64, and Debian's suites with such kernels cannot be read, or have none`,
    );
    expect(hint).toBe(
      'Name its packages or a description that was made elsewhere: `bpfscript kernel add FILE`',
    );
    // Those of this machine come first.
    expect(asked.filter((line) => line.startsWith('apt-cache'))).toHaveLength(1 + suites.length);
  });

  it('are not asked for where no mirror of that kind is configured', () => {
    const { asked, message } = download('6.12-arm64', { mirrors: ['http://a/b sid-security'] });
    expect(message).toContain('apt knows no kernel 6.12 for arm64');
    expect(asked.filter((line) => line.includes('update'))).toHaveLength(1);
  });
});

describe('what is no kernel of Debian', () => {
  it.each(['6.12-sparc64', 'tool', '6-amd64', '6.12.3-amd64', '-amd64'])('is told: %s', (name) => {
    const { message, hint, asked } = download(name, {});
    expect(message).toBe(`'${name}' is no name of a kernel of Debian`);
    expect(hint).toBe('Such as debian-12, 6.12 or 6.12-arm64; or name a package, or a description');
    expect(asked).toEqual([]);
  });
});

describe('an apt that does not work', () => {
  it('is told where it is not there', () => {
    for (const program of ['dpkg', 'apt-cache', 'apt-get']) {
      const { message, hint } = download('6.12-amd64', { missing: [program] });
      expect(message).toBe(`${program}, which knows Debian's packages, is not installed`);
      expect(hint).toContain('`bpfscript kernel add FILE`');
    }
  });

  it('is told with what it says', () => {
    const packages = { own: ['linux-image-6.12.1-amd64'] };
    for (const failing of ['dpkg', 'apt-cache', 'apt-get'])
      expect(download('6.12-amd64', { failing, packages }).message).toBe(
        `${failing} failed: E: nothing works`,
      );
  });
});
