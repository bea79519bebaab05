/** Scripts and commands of pages: they compile, and commands and flags are there. Or a block says why not. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { completedProgram } from '../../compiler/cli/completion/words.ts';
import { wholeProgram } from '../../compiler/cli/program.ts';
import { diagnose } from '../support/build.ts';
import { commandsOf, type ShownCommand } from './commands.ts';
import { fences, pages } from './pages.ts';

/** The word behind `bt`, or the name of the file that the script becomes. */
const REASONS: Readonly<Record<string, string>> = {
  fragment: 'a part of a script, or several parts',
  files: 'it takes files, programs or processes that are not here',
  older: 'it is of the older dialect, in which more compiled',
  kernel: 'it takes a kernel that is not the embedded one',
};

const shown = pages().filter(({ path }) => /^(docs\/|README\.md)/.test(path));
const blocks = shown.flatMap(({ path, text }) =>
  fences(text).map(({ language, lines }) => ({
    path,
    language,
    script: lines.join('\n'),
    title: `${path}: ${lines[0]?.slice(0, 60)}`,
  })),
);
const scripts = blocks.filter(({ language }) => language.split(' ')[0] === 'bt');

function errorsIn(script: string, unsafe: boolean): readonly string[] {
  return diagnose(script, { unsafe })
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);
}

describe('a script on a page', () => {
  const excused = (language: string): boolean =>
    Object.hasOwn(REASONS, language.split(' ')[1] ?? '');

  it.each(scripts.filter(({ language }) => !excused(language)))('$title', ({ script }) => {
    expect(errorsIn(script, true)).toEqual([]);
  });

  it.each(scripts.filter(({ language }) => excused(language)))(
    'does not compile as it stands, as it says: $title',
    ({ script }) => {
      expect(errorsIn(script, true)).not.toEqual([]);
    },
  );

  it('is called one', () => {
    const probe = /^(?:[a-z]+:[^\s"]\S*|begin|end|BEGIN|END)(?: +\/.*\/)?(?: *\{|$)/m;
    const unnamed = blocks.filter(
      ({ language, script }) => language === '' && probe.test(script) && !script.startsWith('$ '),
    );
    expect(unnamed.map(({ title }) => title)).toEqual([]);
  });
});

describe('a command on a page', async () => {
  const commands = shown.flatMap(({ path, text }) =>
    commandsOf(text).map((command) => ({ path, command, title: `${path}: ${command.line}` })),
  );
  const program = completedProgram(await wholeProgram());
  const ofLoader = [
    ...readFileSync('loader/src/session/option_flags.c', 'utf8').matchAll(
      /^\t\{(?:0|'.'), "([\w-]+)"/gm,
    ),
  ].map(([, name]) => `--${name}`);

  function unknownFlags({ name, words }: ShownCommand): readonly string[] {
    const command = program.commands.find((each) => each.name === words[0]) ?? program.commands[0];
    const ofCommand = command.flags.flatMap(({ spellings }) => spellings);
    const flags = new Set(name === 'bpfload' ? ofLoader : [...ofCommand, '--version']);
    // Behind the script or the object stand its own parameters.
    const end = words.findIndex((word) => word === '--' || /\.(o|bt)$/.test(word));
    const own = words[0] === 'check' || words[0] === 'build' || words[0] === 'sign' || end < 0;
    return (own ? words : words.slice(0, end))
      .map((word) => word.replace(/=.*/s, ''))
      .filter((word) => /^--[a-z]/.test(word) && !flags.has(word));
  }

  it.each(commands)('$title', ({ command }) => {
    const { words } = command;
    const at = words.indexOf('-e');
    const script = at < 0 ? undefined : words[at + 1];
    if (script !== undefined && !words.includes('list')) {
      expect(errorsIn(script, words.includes('--unsafe') || words.includes('--allow-run'))).toEqual(
        [],
      );
    }
    const files = words.filter((word) => /^examples\/[\w-]+\.bt$/.test(word));
    for (const file of files) expect(readFileSync(file, 'utf8')).not.toBe('');
    expect(unknownFlags(command)).toEqual([]);
  });
});
