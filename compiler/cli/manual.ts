/** Manual pages: roff from what the commands say of themselves (`npm run docs`). */
import type { Argument, Command, Option } from 'commander';

/** A page of section 1. */
export function renderManual(program: Command): string {
  const name = program.name();
  return [
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
    '.SH SEE ALSO',
    '.BR bpfload (1)',
    '',
  ].join('\n');
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

/** Backslashes, hyphens that people copy, and what would begin a request at the start of a line. */
function escaped(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}
