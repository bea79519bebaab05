import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { renderInspection } from '../../../linker/inspect/render.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { exploreObject } from '../../exploration/explore.ts';
import { printable } from '../../source/render/printable.ts';
import { noObject, readInput } from '../input.ts';

interface InspectOptions {
  readonly json?: boolean;
  readonly html?: boolean;
}

export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .summary('show what an object holds')
    .description(
      'Shows programs, attach points, maps, events, relocations, needed features and sizes of an object.',
    )
    .argument('<object>', 'an object that `bpfscript build` wrote')
    .addOption(new Option('--json', 'as JSON').conflicts('html'))
    .option('--html', 'as one page')
    .addHelpText(
      'after',
      `
Examples:
  bpfscript inspect tool.o
  bpfscript inspect --json tool.o | jq .manifest.probes`,
    )
    .action((file: string, options: InspectOptions) => {
      const inspection = read(file);
      process.stdout.write(
        options.html ? exploreObject(basename(file), inspection) : textOf(inspection, options),
      );
    });
}

function textOf(inspection: ReturnType<typeof read>, { json }: InspectOptions): string {
  return json
    ? `${JSON.stringify(inspection, null, 2)}\n`
    : printable(renderInspection(inspection));
}

function read(file: string): ReturnType<typeof inspectObject> {
  const bytes = readInput(file);
  try {
    return inspectObject(bytes);
  } catch (error) {
    throw noObject(file, error);
  }
}
