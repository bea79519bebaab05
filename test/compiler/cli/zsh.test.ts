/** Completion in a real zsh: words are typed into a terminal of its own, with Tab behind them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';
import { runHere } from '../../support/command-here.ts';
import { HANGS_MS } from '../../support/patience.ts';

const folder = temporaryFolder();
mkdirSync(join(folder, 'functions'));
for (const name of ['note.txt', '4711.txt']) writeFileSync(join(folder, name), '');

/** What stands on the line after Tab. Reading waits for the line's own end, so nothing depends on time. */
async function completed(words: string): Promise<string> {
  for (const name of ['bpfscript', 'bpfload']) {
    const { stdout } = await runHere(['completion', 'zsh', name]);
    writeFileSync(join(folder, 'functions', `_${name}`), stdout);
  }
  const script = join(folder, 'type.zsh');
  writeFileSync(
    script,
    `zmodload zsh/zpty
zpty shell "TERM=dumb zsh -f -i"
zpty -w shell "fpath=(${folder}/functions \\$fpath); autoload -Uz compinit; compinit -u -d ${folder}/dump; unsetopt zle_bracketed_paste; bindkey '^I' complete-word; setopt no_list_beep; show() { print -r -- \\"<\\$BUFFER>\\" }; zle -N show; bindkey '^T' show; echo ON''LINE"
zpty -r shell out '*ONLINE*'
zpty -w -n shell $'${words}\\t\\C-t'
zpty -r shell out '*<*>*'
print -r -- "$out"
zpty -d shell
`,
  );
  const { stdout } = spawnSync('zsh', ['-f', script], {
    encoding: 'utf8',
    timeout: HANGS_MS,
    cwd: folder,
  });
  return /<([^<>]*)>/.exec(stdout)?.[1]?.trim() ?? stdout;
}

describe('zsh', () => {
  it.each([
    ['a command', 'bpfscript ins', 'bpfscript inspect'],
    ['a flag of a command', 'bpfscript build --ti', 'bpfscript build --timings'],
    ['a flag of the command that is meant', 'bpfscript --max-ev', 'bpfscript --max-events'],
    ['a value of a flag', 'bpfscript build --emit man', 'bpfscript build --emit manifest'],
    ['the other name of a flag', 'bpfscript build -o x --out', 'bpfscript build -o x --output'],
    ['values of a flag by its command', 'bpfscript run -f open', 'bpfscript run -f openmetrics'],
    ['a word of a list', 'bpfscript explain unknown-ident', 'bpfscript explain unknown-identifier'],
    ['a command below another', 'bpfscript kernel capt', 'bpfscript kernel capture'],
    ['a file', 'bpfscript inspect not', 'bpfscript inspect note.txt'],
    ['a file where a script may stand', 'bpfscript not', 'bpfscript note.txt'],
    ['a file of a flag', 'bpfscript build -o not', 'bpfscript build -o note.txt'],
    ['no file where a process stands', 'bpfscript run -p 4711', 'bpfscript run -p 4711'],
    ['a flag of the loader', 'bpfload --max-ev', 'bpfload --max-events'],
    ['a flag of a command of the loader', 'bpfload list --no-w', 'bpfload list --no-warnings'],
  ])('completes %s', async (_what, typed, line) => {
    expect(await completed(typed)).toBe(line);
  });
});
