import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { downloadKernel } from '../../image/apt.ts';
import { capturePackages, type PackageOptions } from '../../image/package.ts';
import { type CaptureReport, capture, captureHost } from '../../kernel/capture.ts';
import { hintOf, KernelDescriptionError } from '../../kernel/error.ts';
import { KERNEL_MAGIC } from '../../kernel/file.ts';
import { imageFiles } from '../../kernel/host.ts';
import { loadKernelDescription } from '../../kernel/load.ts';
import { fullName, isName, namedDescriptions, userFolder } from '../../kernel/named.ts';
import { beginsWith, withTemporaryFolder } from '../../paths.ts';
import { UserError } from '../errors.ts';
import { openKernel } from '../kernel.ts';
import { writeWhole } from '../output.ts';
import { say } from '../say.ts';
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
    .argument(
      '<what...>',
      'names such as debian-12, 6.18 or 6.12-arm64, a description, or packages or files of one kernel',
    )
    .option('--as <name>', 'the name, where it is not that of the series and machine')
    .option('--folder <dir>', 'where it is kept (default: the folder that names are looked up in)')
    .action((what: readonly string[], options: AddOptions) => explained(() => add(what, options)));
  registerMinBtf(kernel);
  kernel
    .command('list')
    .description('Lists the descriptions that have names.')
    .action(() => {
      for (const { name, path } of namedDescriptions()) {
        process.stdout.write(`${name}\t${textOf(openKernel(path))}\t${path}\n`);
      }
    });
  kernel
    .command('show')
    .description('Says which kernel a description is of.')
    .argument('[which]', 'default, host, a name, or a file', 'default')
    .action((which: string) => {
      process.stdout.write(`${textOf(openKernel(which))}\n`);
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
    throw new UserError(error instanceof Error ? error.message : String(error), {
      hint: hintOf(error),
    });
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
  if (file !== undefined) return capture(imageFiles({ file, ...own }), REPORT);
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
    say('WARNING', `the description lacks ${what}: ${why}`);
  },
};

interface AddOptions {
  readonly as?: string;
  readonly folder?: string;
}

/** Names of kernels, each by itself; or a description; or the packages and files of one kernel. */
function add(what: readonly string[], { as, folder = userFolder() }: AddOptions): void {
  const [first = ''] = what;
  if (as !== undefined && !isName(as))
    throw new UserError(`'${as}' is no name of a description`, { status: EXIT.usage });
  const keep = (name: string, kernel: KernelIdentity, write: (path: string) => void): void => {
    const path = join(folder, `${name}.kernel`);
    mkdirSync(folder, { recursive: true });
    const before = identityOf(path);
    write(path);
    progress('');
    const now = textOf(kernel);
    if (before !== undefined && before !== now)
      say(
        'WARNING',
        `${name} was ${before} until now; with --as a description keeps a name of its own`,
      );
    process.stdout.write(`${name}\t${now}\t${path}\n`);
  };
  if (what.length === 1 && (first.endsWith('.kernel') || isDescription(first))) {
    const kernel = openKernel(first);
    keep(as ?? nameOf(kernel), kernel, (path) => copyFileSync(first, path));
    return;
  }
  if (what.every((each) => isName(each) && !/\.(deb|rpm)$/.test(each) && !existsSync(each))) {
    if (as !== undefined && what.length > 1)
      throw new UserError('--as is the name of one description, not of several', {
        status: EXIT.usage,
      });
    for (const name of what)
      withTemporaryFolder((work) => {
        const { bytes, ...kernel } = capturePackages(downloadKernel(name, work, progress), REPORT);
        keep(as ?? fullName(name), kernel, (path) => writeWhole(path, bytes));
      });
    return;
  }
  const { bytes, ...kernel } = capturePackages(what, REPORT);
  keep(as ?? nameOf(kernel), kernel, (path) => writeWhole(path, bytes));
}

interface KernelIdentity {
  readonly release: string;
  readonly arch: string;
}

function textOf({ release, arch }: KernelIdentity): string {
  return `Linux ${release} ${arch}`;
}

/** Which kernel the description there is of; undefined where there is none that could be used. */
function identityOf(path: string): string | undefined {
  try {
    return existsSync(path) ? textOf(loadKernelDescription(path)) : undefined;
  } catch (error) {
    if (error instanceof KernelDescriptionError) return undefined;
    throw error;
  }
}

function isDescription(file: string): boolean {
  return (
    statSync(file, { throwIfNoEntry: false })?.isFile() === true && beginsWith(file, KERNEL_MAGIC)
  );
}

/** `6.12-x86_64` */
function nameOf({ release, arch }: KernelIdentity): string {
  return `${/^\d+\.\d+/.exec(release)?.[0] ?? release}-${arch}`;
}
