/** A terminal without a window: commands run in tmux, keys are sent to them, and their screen is read. */
import { execFileSync } from 'node:child_process';
import { until } from './patience.ts';

export interface Terminal {
  /** Keys as tmux calls them, such as `q`, `C-c`, `Enter`. */
  press(...keys: readonly string[]): void;
  /** Types a line, and ends it. */
  enter(line: string): void;
  screen(): readonly string[];
  /** Waits until the screen's text is so, and gives it. */
  until(what: RegExp | ((text: string) => boolean)): Promise<string>;
  resize(columns: number, lines: number): void;
  close(): void;
}

let count = 0;

/** A shell in a terminal; its prompt is `READY>`. */
export async function openTerminal(columns: number, lines: number): Promise<Terminal> {
  count += 1;
  const server = `bpfscript-${process.pid}-${count}`;
  const tmux = (...words: readonly string[]): string =>
    execFileSync('tmux', ['-L', server, '-f', '/dev/null', ...words], { encoding: 'utf8' });
  const screen = (): readonly string[] => tmux('capture-pane', '-p').split('\n').slice(0, -1);
  const terminal: Terminal = {
    press: (...keys) => tmux('send-keys', ...keys),
    enter: (line) => {
      tmux('send-keys', '-l', line);
      tmux('send-keys', 'Enter');
    },
    screen,
    async until(what) {
      const isSo = typeof what === 'function' ? what : (text: string) => what.test(text);
      let text = '';
      const isThere = (): boolean => {
        text = screen().join('\n');
        return isSo(text);
      };
      await until(isThere, () => `${what} in\n${text}`);
      return text;
    },
    resize: (width, height) => tmux('resize-window', '-x', String(width), '-y', String(height)),
    close: () => tmux('kill-server'),
  };
  const shell = ['env', 'PS1=READY>', 'LC_ALL=C.UTF-8', 'bash', '--norc', '--noprofile'];
  tmux('new-session', '-d', '-x', String(columns), '-y', String(lines), ...shell);
  await terminal.until(/READY>/);
  return terminal;
}
