/** Completion scripts, asked by the shells that they are for, beside what commander knows of the commands. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { completedLoader, completedProgram } from '../../../compiler/cli/completion/words.ts';
import { wholeProgram } from '../../../compiler/cli/program.ts';
import { temporaryFolder } from '../../support/build.ts';
import { runHere } from '../../support/command-here.ts';

const folder = temporaryFolder();
const root = join(import.meta.dirname, '../../..');

const scriptOf = async (shell: string, ...command: readonly string[]): Promise<string> => {
  const { stdout, stderr, status } = await runHere(['completion', shell, ...command]);
  expect([stderr, status]).toEqual(['', 0]);
  return stdout;
};

/** Where a question ends, in what shells print. */
const END = '=end=';

const asking = join(temporaryFolder(), 'asking');

function answered(
  shell: readonly [string, ...string[]],
  text: string,
): readonly (readonly string[])[] {
  writeFileSync(asking, text);
  const [program, ...words] = shell;
  const { stdout, stderr } = spawnSync(program, [...words, asking], {
    encoding: 'utf8',
    cwd: folder,
  });
  expect(stderr).toBe('');
  return stdout
    .split(`${END}\n`)
    .slice(0, -1)
    .map((answer) => answer.split('\n').filter(Boolean));
}

/** What bash replies to words, of which the last is completed. */
async function bash(...questions: readonly string[]): Promise<readonly (readonly string[])[]> {
  const asks = questions.map((question) => {
    const words = question.split(' ').map((word) => `'${word}'`);
    return `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _${words[0]?.slice(1, -1)}; printf '%s\\n' "\${COMPREPLY[@]}" ${END}\n`;
  });
  return answered(
    ['bash', '--noprofile', '--norc'],
    `${await scriptOf('bash')}
bpfscript() { printf '%s\\n' "asked:$*" a:b:c; }
bpfload() { bpfscript "$@"; }
${asks.join('')}`,
  );
}

/** What fish offers for the beginnings of lines, with tabs before help. */
async function fish(...lines: readonly string[]): Promise<readonly (readonly string[])[]> {
  return answered(
    ['fish', '--no-config'],
    `${await scriptOf('fish')}
function bpfscript; echo "asked:$argv"; end
function bpfload; echo "asked:$argv"; end
${lines.map((line) => `complete -C '${line}'; echo ${END}\n`).join('')}`,
  );
}

const optionsOf = (command: Command): readonly Option[] => [
  ...command.options,
  ...command.commands.flatMap((inner) => inner.options),
];
const spelled = ({ short, long }: Option): readonly string[] =>
  [short, long].flatMap((flag) => (flag ? [flag] : []));
const sorted = (words: Iterable<string>): readonly string[] => [...new Set(words)].sort();
const commands = (await wholeProgram()).commands;
const names = commands.map((command) => command.name());

describe('bash', () => {
  it('completes each command with all of its flags, and with those of run where none is named', async () => {
    const answers = await bash('bpfscript -', ...names.map((name) => `bpfscript ${name} -`));
    const flags = commands.map((command) => [
      ...optionsOf(command).flatMap(spelled),
      ...['-h', '--help'],
    ]);
    expect(answers.map(sorted)).toEqual([flags[0] ?? [], ...flags].map(sorted));
  });

  it('completes values of flags that have a list of them', async () => {
    // -f of run writes more forms than that of report.
    const listed = commands.flatMap((command) =>
      optionsOf(command).flatMap((option) =>
        option.argChoices
          ? spelled(option).map((flag) => [command.name(), flag, option.argChoices] as const)
          : [],
      ),
    );
    expect(listed.length).toBeGreaterThan(15);
    const answers = await bash(...listed.map(([name, flag]) => `bpfscript ${name} ${flag} `));
    expect(answers.map(sorted)).toEqual(listed.map(([, , choices]) => sorted(choices ?? [])));
  });

  it('completes commands, files, processes and nothing, each in its place', async () => {
    const [first, inner, shells, files, output, pids, times, behind, loader] = await bash(
      ...['bpfscript ', 'bpfscript kernel ', 'bpfscript completion ', 'bpfscript build '],
      ...['bpfscript build -o ', 'bpfscript -p ', 'bpfscript --timeout '],
      ...['bpfscript keygen comp', 'bpfload '],
    );
    expect(sorted(first ?? [])).toEqual(sorted([...names, ...FILES]));
    expect(sorted(inner ?? [])).toEqual(['add', 'capture', 'list', 'min-btf', 'show']);
    expect(sorted(shells ?? [])).toEqual(['bash', 'fish', 'zsh']);
    expect([files, output].map((words) => sorted(words ?? []))).toEqual([FILES, FILES]);
    expect(pids).toContain('1');
    expect(pids?.every((pid) => /^\d+$/.test(pid))).toBe(true);
    expect([times, behind]).toEqual([[], []]);
    expect(loader).toEqual(expect.arrayContaining(['list', ...FILES]));
  });

  it('asks for probes, and replaces what stands behind the last colon', async () => {
    const [plain, colons, path, empty] = await bash(
      ...['bpfscript list ite', 'bpfscript list a:b:', 'bpfload list ./no', 'bpfload list '],
    );
    expect(plain).toEqual(['asked:list', '--no-warnings', 'ite*', 'a:b:c']);
    expect(colons).toEqual(['asked:list', '--no-warnings', '*', 'c']);
    expect(path).toEqual(['./note.txt']);
    expect(sorted(empty ?? [])).toEqual(FILES);
  });
});

/** Without help behind them. */
const words = (rows: readonly string[] = []): readonly string[] =>
  sorted(rows.map((row) => row.split('\t')[0] ?? ''));

describe('fish', () => {
  it('completes each command with all of its flags and their help, and those of run where none is named', async () => {
    const answers = await fish('bpfscript -', ...names.map((name) => `bpfscript ${name} -`));
    const flags = commands.map((command) =>
      optionsOf(command)
        .flatMap((option) => spelled(option).map((flag) => `${flag}\t${option.description}`))
        .concat('-h\tprint help', '--help\tprint help'),
    );
    expect(answers.map(words)).toEqual([flags[0] ?? [], ...flags].map(words));
    for (const [index, answer] of answers.slice(1).entries())
      for (const row of answer) expect(flags[index]).toContain(row);
  });

  it('completes commands with their help, values, files, processes and nothing, each in its place', async () => {
    const [first, inner, emitted, files, output, pids, times, codes, loader] = await fish(
      ...['bpfscript ', 'bpfscript kernel ', 'bpfscript build --emit ', 'bpfscript build '],
      ...['bpfscript build --output ', 'bpfscript --pid ', 'bpfscript --timeout '],
      ...['bpfscript explain ', 'bpfload --mode '],
    );
    for (const command of commands)
      expect(first).toContain(`${command.name()}\t${command.summary() || command.description()}`);
    expect(words(inner)).toEqual(['add', 'capture', 'list', 'min-btf', 'show']);
    const build = commands.find((command) => command.name() === 'build');
    const choices = build?.options.find(({ long }) => long === '--emit')?.argChoices;
    expect(words(emitted)).toEqual(sorted(choices ?? []));
    expect([words(files), words(output)]).toEqual([FILES, FILES]);
    expect(pids?.some((row) => row.startsWith('1\t'))).toBe(true);
    expect(times).toEqual([]);
    expect(words(codes)).toContain('unknown-identifier');
    expect(words(codes)).not.toContain('note.txt');
    expect(words(loader)).toEqual(['bench', 'test']);
  });

  it('asks for probes', async () => {
    const [own, loader] = await fish('bpfscript list ite', 'bpfload list ite');
    expect(own).toEqual(['asked:list --no-warnings ite*']);
    expect(loader).toEqual(['asked:list --no-warnings ite*']);
  });
});

/** What files are completed to. */
const FILES = ['note.txt', 'script.bt'];
for (const file of FILES) writeFileSync(join(folder, file), '');

describe('The words of the loader', () => {
  const help = `Usage: bpfload [options] OBJECT
       bpfload list [PATTERN...] [-v] [--pid PID]
       bpfload record [options] OBJECT
Options:
  -o, --output FILE   write
                      there
  -f FORM             as text or json
  -v, --verbose       more
      --odd           not at its place
  -p, --pid PID       a process
  -B WHEN             never
  --timeout TIME      end
Examples:

`;
  it('are read of its help, with the values that both know', async () => {
    const { name, commands } = completedLoader(help, completedProgram(await wholeProgram()));
    expect(name).toBe('bpfload');
    expect(commands.map(({ name, argument }) => [name, argument.kind])).toEqual([
      ...[
        ['', 'files'],
        ['list', 'probes'],
        ['record', 'files'],
      ],
    ]);
    const [own, list, record] = commands;
    expect(own?.flags).toEqual([
      { spellings: ['-o', '--output'], help: 'write there', argument: { kind: 'files' } },
      {
        spellings: ['-f'],
        help: 'as text or json',
        argument: { kind: 'words', words: ['text', 'json'] },
      },
      { spellings: ['-v', '--verbose'], help: 'more' },
      { spellings: ['-p', '--pid'], help: 'a process', argument: { kind: 'processes' } },
      { spellings: ['-B'], help: 'never', argument: { kind: 'unknown' } },
      { spellings: ['--timeout'], help: 'end', argument: { kind: 'unknown' } },
    ]);
    expect(list?.flags.map(({ spellings }) => spellings[0])).toEqual(['-v', '-p']);
    expect(list?.help).toBe('bpfload list [PATTERN...] [-v] [--pid PID]');
    expect(record?.flags).toEqual(own?.flags);
  });
});

describe('What is installed', () => {
  it.each(['bash', 'zsh', 'fish'])('for %s is what the command prints', async (shell) => {
    for (const name of ['bpfscript', 'bpfload'])
      expect(readFileSync(join(root, `dist/completions/${name}.${shell}`), 'utf8')).toBe(
        await scriptOf(shell, name),
      );
    expect(await scriptOf(shell)).toBe(
      (await scriptOf(shell, 'bpfscript')) + (await scriptOf(shell, 'bpfload')),
    );
  });
});
