import type { Command } from 'commander';
import { renderInspection } from '../../../linker/inspect/render.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { noObject, readInput } from '../input.ts';

export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .summary('show what an object holds')
    .description(
      'Shows programs, attach points, maps, events, relocations, needed features and sizes of an object.',
    )
    .argument('<object>', 'an object that `bpfscript build` wrote')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Examples:
  bpfscript inspect tool.o
  bpfscript inspect --json tool.o | jq .manifest.probes`,
    )
    .action((file: string, options: { readonly json?: boolean }) => {
      const inspection = read(file);
      process.stdout.write(
        options.json ? `${JSON.stringify(inspection, null, 2)}\n` : renderInspection(inspection),
      );
    });
}

function read(file: string): ReturnType<typeof inspectObject> {
  const bytes = readInput(file);
  try {
    return inspectObject(bytes);
  } catch (error) {
    throw noObject(file, error);
  }
}
