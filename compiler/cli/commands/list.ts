import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import type { Report } from '../program.ts';
import { readKernel } from '../script.ts';
import { EXIT } from '../status.ts';

export function registerList(program: Command, _report: Report): void {
  program
    .command('list')
    .summary('list tracepoints')
    .description(
      'Lists the tracepoints of a kernel description that match a pattern, one a line, sorted.',
    )
    .argument(
      '[pattern]',
      'tracepoint:CATEGORY:EVENT, where * matches any run of characters',
      'tracepoint:*:*',
    )
    .option(
      '--kernel <which>',
      'kernel description: default (embedded), host (this machine), or a file',
      'default',
    )
    .action((pattern: string, options: { readonly kernel: string }) => {
      const [provider, category, event, ...rest] = pattern.split(':');
      if (
        !['tracepoint', 't', '*'].includes(provider ?? '') ||
        category === undefined ||
        rest.length > 0
      ) {
        throw new UserError(
          `list knows patterns of the form tracepoint:CATEGORY:EVENT, not ${pattern}`,
          {
            status: EXIT.usage,
          },
        );
      }
      // `tracepoint:*foo*` stands for any category.
      const names = readKernel(options.kernel).matchTracepoints(
        event === undefined ? '*' : category,
        event === undefined ? category : event,
      );
      process.stdout.write(names.map((name) => `tracepoint:${name}\n`).join(''));
    });
}
