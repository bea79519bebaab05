/** Runs clang, the C front end of preambles, and reads what it says. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** LLVM 14 is what the compiler itself uses; any later clang has the BPF target too. */
const COMMANDS: readonly string[] = ['clang-14', 'clang'];
/** Preprocessed kernel headers are a few megabytes. */
const LARGEST_OUTPUT = 256 << 20;

export interface ClangMessage {
  readonly severity: 'error' | 'warning' | 'note';
  readonly text: string;
  /** Empty where clang names no place. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** File and line of each `#include` that led to the place, the outermost last. */
  readonly includedFrom: readonly (readonly [file: string, line: number])[];
}

export interface ClangResult {
  readonly output: Buffer;
  readonly messages: readonly ClangMessage[];
  readonly failed: boolean;
}

export interface Clang {
  run(options: readonly string[], input: string): ClangResult;
}

/** undefined where clang is not installed. `folder` is what quoted includes are relative to. */
export function findClang(folder: string = process.cwd()): Clang | undefined {
  const command = COMMANDS.find(isInstalled);
  if (command === undefined) return undefined;
  return {
    run(options, input) {
      const result = spawnSync(
        command,
        [...BASE_OPTIONS, '-iquote', folder, ...options, '-o', '-', '-'],
        {
          input,
          maxBuffer: LARGEST_OUTPUT,
          env: { ...process.env, LC_ALL: 'C' },
        },
      );
      if (result.error) throw result.error;
      const text = result.stderr.toString('utf8');
      const messages = readMessages(text);
      const failed = result.status !== 0;
      if (failed && !messages.some((message) => message.severity === 'error'))
        messages.push(placeless(`${command} failed: ${text.trim()}`));
      return { output: result.stdout, messages, failed };
    },
  };
}

/** The files that a preprocessed text came from, by its line markers: headers, with the paths that they were found at. */
export function filesIn(preprocessed: string): readonly string[] {
  const markers = preprocessed.matchAll(/^# \d+ "([^"<\n][^"\n]*)"/gm);
  return [...new Set([...markers].map(([, file = '']) => file.replaceAll('\\\\', '\\')))].filter(
    (file) => existsSync(file),
  );
}

/** Looked up by hand: starting clang to see whether it is there takes as long as a small compilation. */
function isInstalled(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

const BASE_OPTIONS: readonly string[] = [
  '-target',
  'bpf',
  '-std=gnu11',
  '-fno-caret-diagnostics',
  '-fno-color-diagnostics',
  // C library headers are written for a machine that has these.
  '-Wno-pragma-once-outside-header',
  '-Wno-ignored-attributes',
];

function readMessages(text: string): ClangMessage[] {
  const messages: ClangMessage[] = [];
  let includedFrom: (readonly [string, number])[] = [];
  for (const line of text.split('\n')) {
    const included = /^(?:In file included|\s+) from (.*?):(\d+)[:,]$/.exec(line);
    if (included) {
      includedFrom.push([included[1] ?? '', Number(included[2])]);
      continue;
    }
    const placed = /^(.+?):(\d+):(\d+): (fatal error|error|warning|note): (.*)$/.exec(line);
    const placelessly = /^(?:\S*clang\S*: )?(fatal error|error|warning): (.*)$/.exec(line);
    if (placed) {
      messages.push({
        severity: severityOf(placed[4] ?? ''),
        text: placed[5] ?? '',
        file: placed[1] ?? '',
        line: Number(placed[2]),
        column: Number(placed[3]),
        includedFrom,
      });
      includedFrom = [];
    } else if (placelessly) {
      messages.push({
        ...placeless(placelessly[2] ?? ''),
        severity: severityOf(placelessly[1] ?? ''),
      });
    }
  }
  return messages;
}

function placeless(text: string): ClangMessage {
  return { severity: 'error', text, file: '', line: 0, column: 0, includedFrom: [] };
}

function severityOf(word: string): ClangMessage['severity'] {
  return word === 'warning' || word === 'note' ? word : 'error';
}
