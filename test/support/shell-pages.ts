/** Pages whose blocks are to be typed in: what of them is a command, a file, or output. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fences } from '../docs/pages.ts';
import { COMMAND } from './command.ts';
import { HANGS_MS } from './patience.ts';
import { LOADER } from './run.ts';

export interface Step {
  /** Of the shell: `sh`, or `sh fails` where it does not end with status 0. */
  readonly command: string;
  readonly fails: boolean;
  /** Lines that have to come out, in kind; none where the page shows no output. */
  readonly shown: string;
  /** What the page has written to files before. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

/** ```sh, perhaps with ```text behind it; ```bt NAME.bt is a file. */
export function stepsOf(page: string): readonly Step[] {
  const steps: Step[] = [];
  let files: { name: string; text: string }[] = [];
  for (const { language, lines } of fences(page)) {
    const [kind, second] = language.split(' ');
    const name = language.split(' ').find((word) => word.endsWith('.bt'));
    const text = lines.join('\n');
    const last = steps.at(-1);
    if (kind === 'bt' && name !== undefined) files.push({ name, text: `${text}\n` });
    else if (kind === 'sh') {
      steps.push({ command: text, fails: second === 'fails', shown: '', files });
      files = [];
    } else if (kind === 'text' && last) {
      steps[steps.length - 1] = { ...last, shown: text };
    }
  }
  return steps;
}

/** A folder in which commands of pages run: `bpfscript` and `bpfload` are those of this clone. */
export function shellIn(folder: string): (step: Step) => { status: number | null; output: string } {
  const bin = join(folder, 'bin');
  const work = join(folder, 'work');
  for (const each of [bin, work]) mkdirSync(each, { recursive: true });
  const shims = { bpfscript: `${process.execPath} ${COMMAND}`, bpfload: LOADER };
  for (const [name, command] of Object.entries(shims)) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return ({ command, files }) => {
    for (const { name, text } of files) writeFileSync(join(work, name), text);
    const { status, stdout } = spawnSync('bash', ['-ec', `exec 2>&1\n${command}`], {
      cwd: work,
      encoding: 'latin1',
      timeout: HANGS_MS,
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, XDG_CACHE_HOME: folder },
    });
    return { status, output: stdout };
  };
}
