import { type Command, Option } from 'commander';
import { becomeLoader } from '../loader.ts';

interface ReportOptions {
  readonly output?: string;
  readonly format?: string;
  readonly quiet?: boolean;
  readonly warnings: boolean;
  readonly debuginfo?: string;
}

export function registerReport(program: Command): void {
  program
    .command('report')
    .summary('print what a recording holds')
    .description(
      'Prints what `bpfload record` recorded, as bpfload would have printed it: later, on any machine, in any form.',
    )
    .argument('<recording>', 'a file of `bpfload record`')
    .addOption(
      new Option(
        '-f, --format <form>',
        'as text (default), json or json2 (one object a line), or folded (stacks)',
      ).choices(['text', 'json', 'json2', 'folded']),
    )
    .option('-o, --output <file>', 'write it to a file')
    .option('-q, --quiet', 'no "Attached" line')
    .option('--no-warnings', 'no warnings of the run; lost events are told')
    .option(
      '--debuginfo <folders>',
      'name what has no name yet from files in these folders, by their build ids',
    )
    .addHelpText(
      'after',
      `
Examples:
  bpfload record -o tool.rec --timeout 1m tool.o      on the traced host
  bpfscript report tool.rec -f json2 -o tool.json`,
    )
    .action((recording: string, options: ReportOptions) =>
      becomeLoader(['report', recording, ...flagsOf(options)]),
    );
}

function flagsOf({ format, output, quiet, warnings, debuginfo }: ReportOptions): readonly string[] {
  return [
    ...(format === undefined ? [] : ['-f', format]),
    ...(output === undefined ? [] : ['-o', output]),
    ...(quiet ? ['-q'] : []),
    ...(warnings ? [] : ['--no-warnings']),
    ...(debuginfo === undefined ? [] : ['--debuginfo', debuginfo]),
  ];
}
