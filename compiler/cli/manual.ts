/**
 * Manual pages: roff from what the commands say of themselves, and from pages of docs (scripts/manual.sh). Not a part of the
 * command.
 */
import type { Argument, Command, Option } from 'commander';
import { escaped, roffOfMarkdown, section } from './roff.ts';

/** What pages of docs say for both commands, as Markdown. */
export interface Shared {
  readonly exitStatus: string;
  /** docs/command-line.md, of which the parts Environment and Files are taken. */
  readonly commandLine: string;
}

/** bpfscript(1). */
export function renderManual(program: Command, shared: Shared): string {
  const name = program.name();
  return page([
    `.TH ${name.toUpperCase()} 1`,
    '.SH NAME',
    `${name} \\- ${escaped(firstSentence(program.description()))}`,
    '.SH SYNOPSIS',
    ...program.commands.flatMap((command) => [
      '.br',
      `.B ${name}${isDefault(command) ? '' : ` ${command.name()}`}`,
      escaped(command.usage()),
    ]),
    '.SH DESCRIPTION',
    escaped(program.description()),
    ...program.commands.flatMap(commandPart),
    ...sharedParts(shared),
    '.SH EXAMPLES',
    ...[program, ...program.commands].flatMap((command) => literal(examplesOf(command))),
    '.SH SEE ALSO',
    '.BR bpfload (1),',
    '.BR bpfscript-language (7)',
  ]);
}

/** bpfload(1), out of its --help. */
export function renderLoaderManual(help: string, shared: Shared): string {
  const [, intro = '', options = '', behind = ''] =
    /^\n(.*?)^Options:\n(.*?)^\n(.*?)^Exit status:/ms.exec(help) ?? [];
  const [, examples = ''] = /^Examples:\n(.*)/ms.exec(help) ?? [];
  const synopsis = [...help.matchAll(/^(?:Usage:| {6}) (bpfload(?: [a-z]+| --check)?) (.*)$/gm)];
  const entries = options.match(/^ {2}-.*\n(?: {10,}.*\n)*/gm) ?? [];
  return page([
    ...['.TH BPFLOAD 1', '.SH NAME', 'bpfload \\- runs objects that bpfscript built'],
    ...[
      '.SH SYNOPSIS',
      ...synopsis.flatMap(([, words = '', rest = '']) => [
        '.br',
        `.B ${escaped(words)}`,
        escaped(rest),
      ]),
    ],
    ...['.SH DESCRIPTION', escaped(flowing(intro)), '.SH OPTIONS'],
    ...entries.flatMap((entry) => {
      const [, flag = '', text = ''] = /^ {2}(\S.*?)(?: {2,}|\n)(.*)$/s.exec(entry) ?? [];
      return ['.TP', `.B ${escaped(flag)}`, escaped(flowing(text))];
    }),
    ...['.PP', escaped(flowing(behind))],
    ...sharedParts(shared),
    ...['.SH EXAMPLES', ...literal(examples)],
    ...['.SH SEE ALSO', '.BR bpfscript (1),', '.BR bpfscript-language (7)'],
  ]);
}

/** bpfscript-language(7): docs/language.md. */
export function renderLanguageManual(language: string): string {
  return page([
    '.TH BPFSCRIPT\\-LANGUAGE 7',
    '.SH NAME',
    'bpfscript\\-language \\- the language of bpfscript and bpftrace',
    ...roffOfMarkdown(language.replace(/^# .*\n/, '## Description\n')),
    '.SH SEE ALSO',
    '.BR bpfscript (1),',
    '.BR bpfload (1)',
  ]);
}

const page = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

const flowing = (text: string): string => text.trim().replace(/\s+/g, ' ');

/** Text whose lines stay lines. */
const literal = (text: string): readonly string[] =>
  text.trim() === '' ? [] : ['.PP', '.nf', escaped(text.replace(/\n+$/, '')), '.fi'];

function sharedParts({ exitStatus, commandLine }: Shared): readonly string[] {
  return [
    '.SH EXIT STATUS',
    ...roffOfMarkdown(exitStatus.replace(/^# .*\n/, '')),
    '.SH ENVIRONMENT',
    ...roffOfMarkdown(section(commandLine, 'Environment')),
    '.SH FILES',
    ...roffOfMarkdown(section(commandLine, 'Files')),
  ];
}

/** What --help has behind the options. */
function examplesOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return /^Examples:\n([\s\S]*)/m.exec(text)?.[1] ?? '';
}

/** Runs when no command is named. */
function isDefault(command: Command): boolean {
  return command.name() === 'run';
}

function commandPart(command: Command): readonly string[] {
  return [
    `.SH ${command.name().toUpperCase()}`,
    escaped(command.description()),
    ...command.registeredArguments.flatMap(argumentPart),
    ...command.options.flatMap(optionPart),
    ...command.commands.flatMap((inner) => [
      `.SS ${command.name()} ${inner.name()}`,
      escaped(inner.description()),
      ...inner.registeredArguments.flatMap(argumentPart),
      ...inner.options.flatMap(optionPart),
    ]),
  ];
}

function argumentPart(argument: Argument): readonly string[] {
  return ['.TP', `.I ${escaped(argument.name())}`, escaped(argument.description)];
}

function optionPart(option: Option): readonly string[] {
  const choices = option.argChoices ? ` (${option.argChoices.join(', ')})` : '';
  return ['.TP', `.B ${escaped(option.flags)}`, escaped(`${option.description}${choices}`)];
}

function firstSentence(text: string): string {
  return text.replace(/\..*$/s, '').replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}
