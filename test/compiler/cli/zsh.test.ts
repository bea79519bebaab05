/** Completion in a real zsh: words are typed into a terminal of its own, with Tab behind them. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';

const folder = temporaryFolder();
mkdirSync(join(folder, 'functions'));
for (const name of ['bpfscript', 'bpfload'])
  copyFileSync(`dist/completions/${name}.zsh`, join(folder, 'functions', `_${name}`));

/** What stands on the line after Tab. Reading waits for the line's own end, so nothing depends on time. */
function completed(words: string): string {
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
  const { stdout } = spawnSync('zsh', ['-f', script], { encoding: 'utf8', timeout: 25_000 });
  return /<([^<>]*)>/.exec(stdout)?.[1]?.trim() ?? stdout;
}

describe('zsh', () => {
  it.each([
    ['a command', 'bpfscript ins', 'bpfscript inspect'],
    ['a flag of a command', 'bpfscript build --ti', 'bpfscript build --timings'],
    ['a flag of the command that is meant', 'bpfscript --max-ev', 'bpfscript --max-events'],
    ['a value of a flag', 'bpfscript build --emit man', 'bpfscript build --emit manifest'],
    ['a flag of the loader', 'bpfload --max-ev', 'bpfload --max-events'],
  ])('completes %s', (_what, typed, line) => {
    expect(completed(typed)).toBe(line);
  });
});
