/** Manual pages, from small commands and texts of the test. */
import { Argument, Command, Option } from 'commander';
import { expect, it } from 'vitest';
import {
  renderLanguageManual,
  renderLoaderManual,
  renderManual,
} from '../../../compiler/cli/manual.ts';

const shared = {
  exitStatus: '# Exit status\nthe statuses\n',
  commandLine: '# Words\n## Environment\nVARIABLE\n## Files\n/etc/x\n## More\nnothing\n',
};
const SHARED = [
  ...['.SH EXIT STATUS', '.PP', 'the statuses', '.SH ENVIRONMENT', '.PP', 'VARIABLE'],
  ...['.SH FILES', '.PP', '/etc/x'],
];

it('A command has its synopsis, its commands with arguments and options, and all examples', () => {
  const program = new Command('tool').description('Does things. And more.');
  program
    .command('run')
    .description('Runs it.')
    .argument('<file>', 'a file')
    .addOption(new Option('-f, --form <form>', 'how').choices(['a', 'b']))
    .addHelpText('after', '\nExamples:\n  tool x.bt\n');
  const kernel = program.command('kernel').description('Knows kernels.');
  kernel
    .command('add')
    .description('Adds one.')
    .addArgument(new Argument('<what...>', 'which'))
    .option('--as <name>', 'its name');
  expect(renderManual(program, shared).split('\n')).toEqual([
    ...['.TH TOOL 1', '.SH NAME', 'tool \\- does things', '.SH SYNOPSIS'],
    ...['.br', '.B tool', '[options] <file>', '.br', '.B tool kernel', '[options] [command]'],
    ...['.SH DESCRIPTION', 'Does things. And more.'],
    ...['.SH RUN', 'Runs it.', '.TP', '.I file', 'a file', '.TP', '.B \\-f, \\-\\-form <form>'],
    ...['how (a, b)', '.SH KERNEL', 'Knows kernels.', '.SS kernel add', 'Adds one.'],
    ...['.TP', '.I what', 'which', '.TP', '.B \\-\\-as <name>', 'its name'],
    ...SHARED,
    ...['.SH EXAMPLES', '.PP', '.nf', '  tool x.bt', '.fi', '.SH SEE ALSO'],
    ...['.BR bpfload (1),', '.BR bpfscript-language (7)', ''],
  ]);
});

it('The loader has what its help says: usage, options with what goes on below them, and examples', () => {
  const help = `Usage: bpfload [options] OBJECT
       bpfload list [PATTERN...]
       bpfload --check OBJECT

Runs
an object.

Options:
  -o, --output FILE   write
                      there
  --short             at once

Behind
them.

Exit status:
  0

Examples:
  bpfload x.o
`;
  expect(renderLoaderManual(help, shared).split('\n')).toEqual([
    ...['.TH BPFLOAD 1', '.SH NAME', 'bpfload \\- runs objects that bpfscript built'],
    ...['.SH SYNOPSIS', '.br', '.B bpfload', '[options] OBJECT', '.br', '.B bpfload list'],
    ...['[PATTERN...]', '.br', '.B bpfload \\-\\-check', 'OBJECT', '.SH DESCRIPTION'],
    ...['Runs an object.', '.SH OPTIONS', '.TP', '.B \\-o, \\-\\-output FILE', 'write there'],
    ...['.TP', '.B \\-\\-short', 'at once', '.PP', 'Behind them.'],
    ...SHARED,
    ...['.SH EXAMPLES', '.PP', '.nf', '  bpfload x.o', '.fi', '.SH SEE ALSO'],
    ...['.BR bpfscript (1),', '.BR bpfscript-language (7)', ''],
  ]);
});

it('The language is its page, whose title becomes the description', () => {
  expect(renderLanguageManual('# The language\ntext\n\n## Part\nmore\n').split('\n')).toEqual([
    ...['.TH BPFSCRIPT\\-LANGUAGE 7', '.SH NAME'],
    'bpfscript\\-language \\- the language of bpfscript and bpftrace',
    ...['.SH Description', '.PP', 'text', '.SH Part', '.PP', 'more', '.SH SEE ALSO'],
    ...['.BR bpfscript (1),', '.BR bpfload (1)', ''],
  ]);
});
