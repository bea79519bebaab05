/** Faults in TypeScript: StrykerJS's instrumenter puts all of a file into it, each behind a switch. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { build } from 'esbuild';

export const WORK = '.cache/mutants';
/** The command with the faults in it. */
export const BUNDLE = join(WORK, 'bpfscript.cjs');

/** A text of a message, or of a table, is worth no test of its own. */
const LEFT_OUT = ['StringLiteral', 'Regex'];
/** Files that are made of something else. */
const MADE = /(?:_pb|\/choices|\/outputs)\.ts$/;

/** Lines and columns begin at 0. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

interface Range {
  readonly start: Place;
  readonly end: Place;
}

export interface Fault extends Range {
  /** What the switch in the instrumented file asks for. */
  readonly id: string;
  readonly file: string;
  readonly room: string;
  readonly was: string;
  readonly became: string;
}

const silent = {
  ...{ isTraceEnabled: () => false, isDebugEnabled: () => false, isInfoEnabled: () => false },
  ...{ isWarnEnabled: () => false, isErrorEnabled: () => false, isFatalEnabled: () => false },
  ...{ trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} },
};

/** What tests mirror: `compiler/types`, `linker`. */
export const roomOf = (file: string): string =>
  file.startsWith('linker') ? 'linker' : dirname(file).split('/').slice(0, 2).join('/');

function textAt(source: string, { start, end }: Range): string {
  const lines = source.split('\n').slice(start.line, end.line + 1);
  lines[lines.length - 1] = (lines.at(-1) ?? '').slice(0, end.column);
  lines[0] = (lines[0] ?? '').slice(start.column);
  return lines.join('\n');
}

/** The files with switches for all faults in the ranges, and these faults. */
async function instrumented(
  files: readonly (readonly [file: string, ranges: true | readonly Range[]])[],
): Promise<{ readonly texts: ReadonlyMap<string, string>; readonly faults: readonly Fault[] }> {
  const sources = new Map(files.map(([file]) => [file, readFileSync(file, 'utf8')]));
  const result = await new Instrumenter(silent).instrument(
    files.map(([name, mutate]) => ({
      name,
      mutate: mutate === true ? true : [...mutate],
      content: sources.get(name) ?? '',
    })),
    { plugins: null, excludedMutations: LEFT_OUT, ignorers: [] },
  );
  return {
    texts: new Map(result.files.map(({ name, content }) => [name, content])),
    faults: result.mutants
      .filter(({ status }) => status !== 'Ignored')
      .map(({ id, fileName: file, location, replacement }) => ({
        ...{ id, file, room: roomOf(file), ...location },
        was: textAt(sources.get(file) ?? '', location),
        became: replacement ?? '',
      })),
  };
}

const identity = ({ file, start, end, became }: Fault): string =>
  JSON.stringify([file, start, end, became]);

/**
 * `count` faults of each folder, picked at random: the same ones alone and beside other folders, whatever else changes in the files. The instrumented files are in WORK, beside a list of them, and
 * the command made of them is BUNDLE.
 */
export async function pickFaults(
  files: readonly string[],
  count: number,
  seed: number,
): Promise<readonly Fault[]> {
  const seen = new Map<string, number>();
  /** Looks random, and is the fault's own: of equal ones in a file, each has its number. */
  const rank = ({ file, was, became }: Fault): string => {
    const text = JSON.stringify([seed, file, was, became]);
    const before = seen.get(text) ?? 0;
    seen.set(text, before + 1);
    return createHash('sha256').update(`${text}${before}`).digest('hex');
  };
  const own = files.filter((file) => !MADE.test(file));
  const all = (await instrumented(own.map((file) => [file, true]))).faults;
  const picked = [...new Set(all.map(({ room }) => room))].flatMap((room) => {
    const own = all
      .filter((fault) => fault.room === room)
      .map((fault) => [rank(fault), fault] as const);
    return own
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .slice(0, count)
      .map(([, fault]) => fault);
  });
  const chosen = new Set(picked.map(identity));
  const { texts, faults } = await instrumented(
    [...new Set(picked.map(({ file }) => file))].map((file) => [
      file,
      picked.filter((fault) => fault.file === file),
    ]),
  );
  for (const [file, text] of texts) {
    mkdirSync(join(WORK, 'sources', dirname(file)), { recursive: true });
    writeFileSync(join(WORK, 'sources', file), text);
  }
  await bundle(texts);
  const list = faults.filter((fault) => chosen.has(identity(fault)));
  writeFileSync(join(WORK, 'faults.json'), JSON.stringify(list, null, 1));
  return list;
}

/** What the command met of faults is written down when it ends, or becomes the loader: then nothing of Node is told. */
const COVERED = `{
  const write = () => {
    const met = Object.keys(globalThis.__stryker__?.mutantCoverage?.static ?? {});
    const file = process.env.BPFSCRIPT_MUTANTS_COVERED;
    if (file) require('node:fs').appendFileSync(file, met.map((id) => id + '\\n').join(''));
  };
  process.on('exit', write);
  const open = process.dlopen;
  process.dlopen = (module, ...rest) => {
    open.call(process, module, ...rest);
    const { become } = module.exports;
    if (become === undefined) return;
    module.exports = { ...module.exports, become: (...all) => (write(), become(...all)) };
  };
}`;

async function bundle(texts: ReadonlyMap<string, string>): Promise<void> {
  await build({
    entryPoints: ['compiler/cli/main.ts'],
    ...{ bundle: true, platform: 'node', format: 'cjs', outfile: BUNDLE, logLevel: 'warning' },
    banner: { js: COVERED },
    define: {
      'import.meta.filename': JSON.stringify(join(process.cwd(), 'dist/parts/first.cjs')),
      'import.meta.dirname': JSON.stringify(join(process.cwd(), 'dist/parts')),
    },
    plugins: [
      {
        name: 'faults',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const text = texts.get(path.slice(process.cwd().length + 1));
            return text === undefined ? undefined : { contents: text, loader: 'ts' };
          }),
      },
    ],
  });
}
