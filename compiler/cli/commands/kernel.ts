import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { capturePackages, type PackageOptions } from '../../image/package.ts';
import { type CaptureReport, capture, captureHost } from '../../kernel/capture.ts';
import { imageFiles } from '../../kernel/host.ts';
import { fullName, isName, namedDescriptions, userFolder } from '../../kernel/named.ts';
import { withTemporaryFolder } from '../../paths.ts';
import { UserError } from '../errors.ts';
import { writeWhole } from '../output.ts';
import { openKernel } from '../script.ts';
import { EXIT } from '../status.ts';
import { registerMinBtf } from './min-btf.ts';

export function registerKernel(program: Command): void {
  const kernel = program
    .command('kernel')
    .description('Kernel descriptions: what the compiler knows of a kernel.')
    .addHelpText(
      'after',
      `
Examples:
  bpfscript kernel capture -o this.kernel      as root, on the machine that will be traced
  bpfscript kernel capture linux-image-6.12.117+deb12-amd64_*.deb -o other.kernel
  bpfscript kernel capture --vmlinux vmlinux --tracing COPY -o other.kernel
  bpfscript kernel add debian-12
  bpfscript build tool.bt --kernel this.kernel -o tool.o
  bpfscript kernel show this.kernel`,
    );
  kernel
    .command('capture')
    .description(
      'Writes a description of the running kernel, or of one in packages or files, for `build --kernel FILE`.',
    )
    .argument(
      '[packages...]',
      'Debian packages of a kernel, or folders or files of them, such as vmlinuz',
    )
    .requiredOption('-o, --output <file>', 'where to write')
    .option('--vmlinux <file>', 'an uncompressed kernel with BTF, in place of the running one')
    .option('--btf <file>', 'the BTF of a kernel, in place of the running one')
    .option('--tracing <dir>', 'a copy of its tracefs: events, available_filter_functions')
    .option('--config <file>', 'its configuration')
    .option('--symbols <file>', 'its System.map, or a copy of /proc/kallsyms')
    .option('--release <release>', 'which kernel it is, where the file does not say it')
    .option('--arch <machine>', 'its machine, as `uname -m` says it')
    .action((packages: readonly string[], options: CaptureOptions) =>
      explained(() => writeWhole(options.output, captured(packages, options))),
    );
  kernel
    .command('add')
    .description(
      "Keeps a description by a name for `--kernel NAME`: of a file, or of Debian's packages, which apt downloads.",
    )
    .argument('<what...>', 'a name such as debian-12 or 6.12, a description, or packages')
    .option('--as <name>', 'the name, where it is not that of the series and machine')
    .action((what: readonly string[], options: { readonly as?: string }) =>
      explained(() => add(what, options.as)),
    );
  registerMinBtf(kernel);
  kernel
    .command('list')
    .description('Lists the descriptions that have names.')
    .action(() => {
      for (const { name, path } of namedDescriptions()) {
        const { release, arch } = openKernel(path);
        process.stdout.write(`${name}\tLinux ${release} ${arch}\t${path}\n`);
      }
    });
  kernel
    .command('show')
    .description('Says which kernel a description is of.')
    .argument('[which]', 'default, host, a name, or a file', 'default')
    .action((which: string) => {
      const description = openKernel(which);
      process.stdout.write(`Linux ${description.release} ${description.arch}\n`);
    });
}

interface CaptureOptions {
  readonly output: string;
  readonly vmlinux?: string;
  readonly btf?: string;
  readonly tracing?: string;
  readonly config?: string;
  readonly symbols?: string;
  readonly release?: string;
  readonly arch?: string;
}

/** What cannot be read or written is the user's to know. */
function explained(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(error instanceof Error ? error.message : String(error));
  } finally {
    progress('');
  }
}

/** One line on a terminal, which the next one takes the place of. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function captured(packages: readonly string[], options: CaptureOptions): Uint8Array {
  const { vmlinux, btf, tracing, config, symbols, release, arch } = options;
  const own = { tracing, config, symbols, release, arch };
  const file = vmlinux ?? btf;
  if (vmlinux !== undefined && btf !== undefined)
    throw new UserError('--vmlinux and --btf are two names of one thing: give one of them');
  if (packages.length > 0) {
    if (file !== undefined || Object.values(own).some((value) => value !== undefined))
      throw new UserError('packages say themselves which kernel they have: leave the flags out');
    return capturePackages(packages, REPORT).bytes;
  }
  if (file !== undefined) return capture(imageFiles({ file, ...own }), 'quick', REPORT);
  if (Object.values(own).some((value) => value !== undefined))
    throw new UserError(
      '--tracing, --config, --symbols, --release and --arch belong to a kernel in a file: name it with --vmlinux or --btf',
    );
  progress('reading the kernel');
  return captureHost(REPORT);
}

/** What is missing is told also where nobody looks at the progress. */
const REPORT: PackageOptions & CaptureReport = {
  onProgress: progress,
  onPacked: (section) => progress(`compressing: ${section}`),
  onMissing(what, why) {
    progress('');
    process.stderr.write(`WARNING: the description lacks ${what}: ${why}\n`);
  },
};

function add(what: readonly string[], as: string | undefined): void {
  const [first = ''] = what;
  if (as !== undefined && !isName(as))
    throw new UserError(`'${as}' is no name of a description`, { status: EXIT.usage });
  const keep = (name: string, write: (path: string) => void): void => {
    const path = join(userFolder(), `${name}.kernel`);
    mkdirSync(userFolder(), { recursive: true });
    write(path);
    progress('');
    process.stdout.write(`${name}\t${path}\n`);
  };
  if (what.length === 1 && first.endsWith('.kernel')) {
    const { release, arch } = openKernel(first);
    keep(as ?? nameOf(release, arch), (path) => copyFileSync(first, path));
    return;
  }
  if (what.length === 1 && isName(first) && !/\.(deb|rpm)$/.test(first)) {
    withTemporaryFolder((folder) => {
      const packages = download(first, folder);
      const { bytes } = capturePackages(packages, REPORT);
      keep(as ?? fullName(first), (path) => writeWhole(path, bytes));
    });
    return;
  }
  const { release, arch, bytes } = capturePackages(what, REPORT);
  keep(as ?? nameOf(release, arch), (path) => writeWhole(path, bytes));
}

/** `6.12-x86_64` */
function nameOf(release: string, arch: string): string {
  return `${/^\d+\.\d+/.exec(release)?.[0] ?? release}-${arch}`;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** The newest kernel of the series that apt knows, in a folder. Since 7.x two packages have its parts. */
function download(name: string, folder: string): readonly string[] {
  const [, series = '', machine = ''] = /^(\d+\.\d+)-(\w+)$/.exec(fullName(name)) ?? [];
  const arch = ARCHITECTURES[machine];
  if (arch === undefined)
    throw new UserError(`'${name}' is no name of a kernel of Debian`, {
      status: EXIT.usage,
      hint: 'Such as debian-12, 6.12 or 6.12-arm64; or name a package, or a description',
    });
  const pattern = `^linux-(image|binary|modules)-${series.replace('.', '\\.')}\\.[0-9].*-${arch}$`;
  const found = run('apt-cache', ['search', '--names-only', pattern], folder)
    .split('\n')
    .map((line) => line.split(' ', 1)[0] ?? '')
    .filter((each) => each !== '' && !/-(cloud|rt|unsigned|16k)\b/.test(each));
  const versions = found.map((each) => each.replace(/^linux-(image|binary|modules)-/, ''));
  const newest = versions.toSorted((one, other) =>
    one.localeCompare(other, 'en', { numeric: true }),
  );
  const version = newest.at(-1);
  if (version === undefined)
    throw new UserError(`apt knows no kernel ${series} for ${arch}`, {
      hint: `Add the suite that has it to apt's sources (for another architecture: dpkg --add-architecture ${arch}), or name its package: \`bpfscript kernel add FILE.deb\``,
    });
  const suffix = run('dpkg', ['--print-architecture'], folder).trim() === arch ? '' : `:${arch}`;
  const packages = found.filter((each) => each.endsWith(`-${version}`));
  progress(`downloading ${packages.join(', ')}`);
  run('apt-get', ['download', '-qq', ...packages.map((each) => `${each}${suffix}`)], folder);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.deb'))
    .map((file) => join(folder, file));
}

function run(program: string, flags: readonly string[], folder: string): string {
  const done = spawnSync(program, flags, { cwd: folder, encoding: 'utf8' });
  if (done.error)
    throw new UserError(`${program}, which knows Debian's packages, is not installed`, {
      hint: 'Name a package or a description in a file instead: `bpfscript kernel add FILE`',
    });
  if (done.status === 0) return done.stdout;
  throw new UserError(`${program} failed: ${done.stderr.trim()}`);
}
