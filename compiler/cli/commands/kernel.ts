import type { Command } from 'commander';
import { captureHost } from '../../kernel/capture.ts';
import { UserError } from '../errors.ts';
import { writeWhole } from '../output.ts';
import { readKernel } from '../script.ts';

export function registerKernel(program: Command): void {
  const kernel = program
    .command('kernel')
    .description('Kernel descriptions: what the compiler knows of a kernel.')
    .addHelpText(
      'after',
      `
Examples:
  bpfscript kernel capture -o this.kernel      as root, on the machine that will be traced
  bpfscript build tool.bt --kernel this.kernel -o tool.o
  bpfscript kernel show this.kernel`,
    );
  kernel
    .command('capture')
    .description('Writes a description of the running kernel, for `build --kernel FILE`.')
    .requiredOption('-o, --output <file>', 'where to write')
    .action((options: { readonly output: string }) => {
      let bytes: Uint8Array;
      try {
        bytes = captureHost();
      } catch (error) {
        throw new UserError(error instanceof Error ? error.message : String(error));
      }
      writeWhole(options.output, bytes);
    });
  kernel
    .command('show')
    .description('Says which kernel a description is of.')
    .argument('[which]', 'default, host, or a file', 'default')
    .action((which: string) => {
      const description = readKernel(which);
      process.stdout.write(`Linux ${description.release} ${description.arch}\n`);
    });
}
