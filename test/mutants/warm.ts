/** Runs of vitest that try faults: warm, many in one process, and cold, one with a fault from the beginning. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BUNDLE, type Fault, WORK } from './faults.ts';

/** What the process of the tests is asked for. */
export interface Order {
  readonly faults: readonly { readonly id: string; readonly room: string }[];
  /** Whether faults meet the quick tests of their own folder, or all others. */
  readonly own: boolean;
  /** Milliseconds of CPU time for the tests of one fault. */
  readonly budget: number;
  /** Tests that have tried all of theirs. */
  readonly done: readonly string[];
  readonly log: string;
  readonly covered: string;
}

/** What it says, one a line. */
export type Word =
  | {
      readonly kind: 'met';
      readonly file: string;
      readonly ids: readonly string[];
      readonly atLoad: readonly string[];
    }
  | { readonly kind: 'trial'; readonly fault: string; readonly test: string }
  | {
      readonly kind: 'noticed';
      readonly fault: string;
      readonly test: string;
      readonly hangs: boolean;
    }
  | { readonly kind: 'doubt'; readonly faults: readonly string[]; readonly test: string }
  | { readonly kind: 'done'; readonly test: string }
  /** Of a file. */
  | { readonly kind: 'end' };

export interface Noticed {
  readonly test: string;
  readonly hangs: boolean;
}

export interface Pass {
  readonly noticed: ReadonlyMap<string, Noticed>;
  /** Test files by fault that they meet while they run. */
  readonly met: ReadonlyMap<string, ReadonlySet<string>>;
  /** Faults that are met when modules are loaded: only a process of their own shows them. */
  readonly atLoad: ReadonlySet<string>;
  /** Faults that left something behind, perhaps. */
  readonly doubtful: ReadonlySet<string>;
}

/** A trial that is silent for so long does not end. */
const SILENT_MS = 45_000;
/** Loading, and tests that take their time. */
const LOADING_MS = 300_000;

/** What a fault in the code that keeps files may write to, or empty. */
const HOMES = {
  HOME: join(process.cwd(), WORK, 'home'),
  XDG_CACHE_HOME: join(process.cwd(), WORK, 'home/.cache'),
};

function vitest(
  files: readonly string[],
  env: Readonly<Record<string, string>>,
  ...flags: readonly string[]
): ChildProcess {
  mkdirSync(HOMES.XDG_CACHE_HOME, { recursive: true });
  const output = openSync(join(WORK, 'vitest.log'), 'w');
  const child = spawn(
    'node_modules/.bin/vitest',
    ['run', '--config', 'test/mutants/vitest.config.ts', ...flags, ...files],
    {
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...process.env, ...HOMES, BPFSCRIPT_COMMAND: join(process.cwd(), BUNDLE), ...env },
    },
  );
  closeSync(output);
  return child;
}

function end({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

const wordsOf = (log: string): readonly Word[] =>
  existsSync(log)
    ? readFileSync(log, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Word)
    : [];

/** Tries the faults in all tests of the files, of their own folders or of others. */
export async function warm(
  faults: readonly Fault[],
  files: readonly string[],
  options: { readonly own: boolean; readonly budget: number },
): Promise<Pass> {
  const noticed = new Map<string, Noticed>();
  const met = new Map<string, Set<string>>();
  const atLoad = new Set<string>();
  const done = new Set<string>();
  const log = join(process.cwd(), WORK, 'log');
  const covered = join(process.cwd(), WORK, 'covered');
  const order = join(process.cwd(), WORK, 'order.json');
  const doubtful = new Set<string>();
  for (let finished = files.length === 0; !finished; ) {
    rmSync(log, { force: true });
    const left = faults.filter(({ id }) => !noticed.has(id) && !doubtful.has(id));
    if (left.length === 0) break;
    writeFileSync(
      order,
      JSON.stringify({ ...options, faults: left, done: [...done], log, covered } satisfies Order),
    );
    finished = await run();
    for (const word of wordsOf(log)) {
      if (word.kind === 'done') done.add(word.test);
      else if (word.kind === 'noticed') noticed.set(word.fault, word);
      else if (word.kind === 'doubt') for (const id of word.faults) doubtful.add(id);
      else if (word.kind === 'met') {
        for (const id of word.atLoad) atLoad.add(id);
        for (const id of word.ids) met.set(id, (met.get(id) ?? new Set()).add(word.file));
      }
    }
  }
  return { noticed, met, atLoad, doubtful };

  /** Whether it came to its end: a trial that did not was noticed. */
  async function run(): Promise<boolean> {
    const child = vitest(files, { BPFSCRIPT_MUTANTS: order });
    let isRunning = true;
    child.on('exit', () => (isRunning = false));
    const begun = Date.now();
    while (isRunning) {
      await sleep(2000);
      const words = wordsOf(log);
      const last = words.at(-1);
      if (last?.kind === 'doubt') {
        end(child);
        return false;
      }
      const silent = Date.now() - (existsSync(log) ? statSync(log).mtimeMs : begun);
      if (last?.kind === 'trial' && silent > SILENT_MS) {
        end(child);
        noticed.set(last.fault, { test: last.test, hangs: true });
        return false;
      }
      if (silent > LOADING_MS) {
        end(child);
        throw new Error(`the tests do not go on after ${JSON.stringify(last)}`);
      }
    }
    const words = wordsOf(log);
    const last = words.at(-1);
    if (words.filter(({ kind }) => kind === 'end').length === files.length) return true;
    // The process ended in the middle: because of the fault, if it was trying one.
    if (last?.kind === 'trial') noticed.set(last.fault, { test: last.test, hangs: false });
    else if (!words.some(({ kind }) => kind === 'done' || kind === 'noticed'))
      throw new Error(`vitest ended without having tried anything: see ${WORK}/vitest.log`);
    return false;
  }
}

/** What both passes say of the same faults. */
export function joined(first: Pass, second: Pass): Pass {
  const met = new Map([...first.met, ...second.met]);
  for (const [id, files] of first.met)
    met.set(id, new Set([...files, ...(second.met.get(id) ?? [])]));
  return {
    noticed: new Map([...first.noticed, ...second.noticed]),
    met,
    atLoad: new Set([...first.atLoad, ...second.atLoad]),
    doubtful: new Set([...first.doubtful, ...second.doubtful]),
  };
}

/** Whether the tests of the files notice a fault that is there from the beginning. */
export async function cold(
  fault: Fault | undefined,
  files: readonly string[],
): Promise<Noticed | undefined> {
  const child = vitest(
    files,
    { BPFSCRIPT_MUTANTS: '', ...(fault ? { __STRYKER_ACTIVE_MUTANT__: fault.id } : {}) },
    '--bail=1',
  );
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const status = await Promise.race([ended, sleep(LOADING_MS, 'hangs' as const, { ref: false })]);
  end(child);
  if (status === 0) return undefined;
  return { test: `${files.join(' ')} from the beginning`, hangs: status === 'hangs' };
}
