import { Argument, type Command } from 'commander';
import { closest, meaning } from '../../source/closest.ts';
import {
  DIAGNOSTIC_CODES,
  type DiagnosticCode,
  isDiagnosticCode,
  kindOf,
} from '../../source/codes.ts';
import { explainCode } from '../../source/explanation.ts';
import { UserError } from '../errors.ts';
import { EXIT } from '../status.ts';

export function registerExplain(program: Command): void {
  program
    .command('explain')
    .summary('say what the code of an error or a warning means')
    .description(
      'Explains the code of an error or a warning, with an example; without a code it lists all of them.',
    )
    .addArgument(
      new Argument('[code]', 'such as unknown-identifier')
        .choices(DIAGNOSTIC_CODES)
        .argParser(readCode),
    )
    .addHelpText(
      'after',
      `
Examples:
  bpfscript explain
  bpfscript explain unknown-identifier`,
    )
    .action((code: DiagnosticCode | undefined) => {
      process.stdout.write(code === undefined ? listCodes() : `${titled(code)}\n`);
    });
}

function readCode(text: string): DiagnosticCode {
  if (isDiagnosticCode(text)) return text;
  const near = closest(text, DIAGNOSTIC_CODES);
  throw new UserError(`'${text}' is not the code of an error or a warning`, {
    status: EXIT.usage,
    hint: near.length > 0 ? meaning(near) : '`bpfscript explain` lists all codes',
  });
}

function titled(code: DiagnosticCode): string {
  return `${code} (${kindOf(code).severity})\n\n${explainCode(code)}`;
}

function listCodes(): string {
  const width = Math.max(...DIAGNOSTIC_CODES.map((code) => code.length));
  return DIAGNOSTIC_CODES.map((code) => {
    const { severity, explanation } = kindOf(code);
    return `${code.padEnd(width)}  ${severity.padEnd('warning'.length)}  ${explanation}\n`;
  }).join('');
}
