/** What this machine has of what tests need. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join(import.meta.dirname, '../../.cache/kernels');

function lines(path: string, pattern: RegExp): boolean {
  return existsSync(path) && pattern.test(readFileSync(path, 'utf8'));
}

/** The folder where the second version of cgroups is mounted. */
export const CGROUPS: string | undefined = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find(
  (folder) => existsSync(`${folder}/cgroup.controllers`) && statSync(folder).isDirectory(),
);

/** The command that compiles C for BPF. */
export const CLANG: string | undefined = ['clang-14', 'clang'].find(
  (name) => !spawnSync(name, ['--version']).error,
);

/** Whether `scripts/fetch-kernels.sh` has unpacked a kernel of the series. */
export function hasKernel(series: string): boolean {
  return existsSync(join(CACHE, series, 'boot'));
}

/** What `scripts/describe-kernels.sh` has written of a series: its kernel description. */
export function descriptionOf(series: string): string {
  return join(CACHE, series, 'description');
}

const WORKLOAD = join(import.meta.dirname, '../workload/build/workload');
/** Where Debian's packages of Go keep their sources, and one that `npm run matrix` sets up. */
export const GO_PACKAGES = '/usr/share/gocode';
const CILIUM = `${GO_PACKAGES}/src/github.com/cilium/ebpf`;

const COUNTERS = '/sys/bus/event_source/devices/cpu';

const HERE = {
  root: () => process.getuid?.() === 0,
  clang: () => CLANG !== undefined,
  chromium: () => !spawnSync('chromium', ['--version']).error,
  tmux: () => !spawnSync('tmux', ['-V']).error,
  lz4: () => !spawnSync('lz4', ['--version']).error,
  // A user may have none, and the program in it brings nothing of its own.
  'roots of users': () =>
    existsSync('/bin/busybox') && spawnSync('unshare', ['-r', '-R', '/', 'true']).status === 0,
  kubectl: () => !spawnSync('kubectl', ['version', '--client']).error,
  'ansible-playbook': () => !spawnSync('ansible-playbook', ['--version']).error,
  'docker-registry': () => !spawnSync('docker-registry', ['--version']).error,
  prometheus: () => !spawnSync('prometheus', ['--version']).error,
  'cilium/ebpf': () => existsSync(CILIUM) && !spawnSync('go', ['version']).error,
  'cgroup v2': () => CGROUPS !== undefined,
  'hardware counters': () => existsSync(COUNTERS),
  'a machine without hardware counters': () => !existsSync(COUNTERS),
  // With its compiler, and what asks it for the names of compiled methods.
  java: () => !spawnSync('javac', ['-version']).error && !spawnSync('jcmd', ['-h']).error,
  'systemd-analyze': () => spawnSync('systemd-analyze', ['--version']).status === 0,
  // Some virtual machines take them and never let them fire.
  'hardware breakpoints': () =>
    execFileSync(WORKLOAD, ['breakpoint', '10'], { encoding: 'utf8' }) === '10\n',
  // CONFIG_KALLSYMS_ALL.
  'a kernel that hides its variables': () => !lines('/proc/kallsyms', /^[0-9a-f]+ \w runqueues$/m),
} as const satisfies Readonly<Record<string, () => boolean>>;

export type Need = keyof typeof HERE | `Linux ${string}` | `modules of Linux ${string}`;

/** What `npm test` sets up, so that its lack is no excuse on CI. */
function isBrought(need: string): boolean {
  return (
    [
      'root',
      'clang',
      'chromium',
      'tmux',
      'prometheus',
      'docker-registry',
      'ansible-playbook',
    ].includes(need) || /^(modules of )?Linux /.test(need)
  );
}

/** Whether this machine has it. */
export function isHere(need: Need): boolean {
  return probe(need) ?? false;
}

function probe(need: string): boolean | undefined {
  const series = /^(modules of )?Linux (.*)$/.exec(need);
  if (series) {
    const [, modules, name = ''] = series;
    const folder = join(CACHE, name, 'modules');
    return hasKernel(name) && (!modules || (existsSync(folder) && readdirSync(folder).length > 0));
  }
  const known: Readonly<Record<string, (() => boolean) | undefined>> = HERE;
  return known[need]?.();
}

/** What is wrong with skipping a test of that title; nothing if its title names what lacks, and that does lack. */
export function wrongSkip(title: string, onCi: boolean): string | undefined {
  const lacking = /\(not here: ([^)]+)\)/.exec(title)?.[1]?.split(', ');
  if (!lacking) return 'does not say what lacks: use needs() of test/support/needs.ts';
  for (const need of lacking) {
    const here = probe(need);
    if (here === undefined) return `says that ${need} lacks, which is no need that is known`;
    if (here) return `says that ${need} lacks, which is here`;
    if (onCi && isBrought(need)) return `lacks ${need}, which has to be there on CI`;
  }
  return undefined;
}
