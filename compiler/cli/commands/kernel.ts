import type { Command } from 'commander';
import { capture, captureHost } from '../../kernel/capture.ts';
import { imageFiles } from '../../kernel/host.ts';
import { UserError } from '../errors.ts';
import { writeWhole } from '../output.ts';
import { openKernel } from '../script.ts';

export function registerKernel(program: Command): void {
  const kernel = program
    .command('kernel')
    .description('Kernel descriptions: what the compiler knows of a kernel.')
    .addHelpText(
      'after',
      `
Examples:
  bpfscript kernel capture -o this.kernel      as root, on the machine that will be traced
  bpfscript kernel capture --vmlinux vmlinux --tracing COPY -o other.kernel
  bpfscript build tool.bt --kernel this.kernel -o tool.o
  bpfscript kernel show this.kernel`,
    );
  kernel
    .command('capture')
    .description(
      'Writes a description of the running kernel, or of one in files, for `build --kernel FILE`.',
    )
    .requiredOption('-o, --output <file>', 'where to write')
    .option('--vmlinux <file>', 'an uncompressed kernel with BTF, in place of the running one')
    .option('--btf <file>', 'the BTF of a kernel, in place of the running one')
    .option('--tracing <dir>', 'a copy of its tracefs: events, available_filter_functions')
    .option('--release <release>', 'which kernel it is, where the file does not say it')
    .option('--arch <machine>', 'its machine, as `uname -m` says it')
    .action((options: CaptureOptions) => {
      try {
        writeWhole(options.output, captured(options));
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new UserError(error instanceof Error ? error.message : String(error));
      }
    });
  kernel
    .command('show')
    .description('Says which kernel a description is of.')
    .argument('[which]', 'default, host, or a file', 'default')
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
  readonly release?: string;
  readonly arch?: string;
}

function captured({ vmlinux, btf, tracing, release, arch }: CaptureOptions): Uint8Array {
  if (vmlinux !== undefined && btf !== undefined)
    throw new UserError('--vmlinux and --btf are two names of one thing: give one of them');
  const file = vmlinux ?? btf;
  if (file !== undefined) return capture(imageFiles({ file, tracing, release, arch }));
  if (tracing !== undefined || release !== undefined || arch !== undefined)
    throw new UserError(
      '--tracing, --release and --arch belong to a kernel in a file: name it with --vmlinux or --btf',
    );
  return captureHost();
}
