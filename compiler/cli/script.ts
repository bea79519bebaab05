/** Reads the script that a command line names and compiles it, with its diagnostics printed to stderr. */
import { Option } from 'commander';
import { meaning } from '../source/closest.ts';
import { type DiagnosticCode, WARNING_CODES } from '../source/codes.ts';
import type { Diagnostic } from '../source/diagnostics.ts';
import { type DiagnosticForm, RENDERERS } from '../source/render/render.ts';
import type { Report } from '../source/render/report.ts';
import { scriptText, TextError } from '../source/script-text.ts';
import type { Source } from '../source/source.ts';
import { unknownWarning } from '../syntax/allow.ts';
import { reasonOf, UserError } from './errors.ts';
import { readWhole } from './input.ts';
import { EXIT } from './status.ts';
import type { Timings } from './timings.ts';
import { version } from './version.ts';

export interface ScriptOptions {
  /** Program text of `-e`. */
  readonly e?: string;
  readonly kernel?: readonly string[];
  readonly unsafe?: boolean;
  /** --allow-run: of what is unsafe, commands are allowed. */
  readonly allowRun?: boolean;
  /** False with --no-warnings. */
  readonly warnings: boolean;
  /** Codes of warnings that are not shown. */
  readonly allow?: readonly DiagnosticCode[];
  readonly diagnostics: DiagnosticForm;
  /** Folders of C headers (-I), and headers that are read first. */
  readonly I?: readonly string[];
  readonly include?: readonly string[];
  /** Folders of separate debug files, separated by colons. */
  readonly debuginfo?: string;
  /** The process that is traced. */
  readonly pid?: string;
  /** Its positional parameters, where it is compiled to be run at once. */
  readonly parameters?: readonly string[];
  /** -k */
  readonly reportsHelpers?: boolean;
  /** Told of each file that the object depends on, beside the script and descriptions of kernels. */
  readonly onFile?: (path: string) => void;
  /** The object will be asked for. */
  readonly ahead?: boolean;
  /** --timings */
  readonly onStage?: Timings['onStage'];
}

/** `--diagnostics`, for commands that compile. */
export function diagnosticsOption(): Option {
  return new Option('--diagnostics <form>', 'how errors and warnings are written')
    .choices(Object.keys(RENDERERS))
    .default('text');
}

/** `--allow`, likewise. */
export function allowOption(): Option {
  return new Option('--allow <code>', 'do not show warnings with this code; may be repeated')
    .choices(WARNING_CODES)
    .argParser(allowed);
}

function allowed(text: string, list: readonly DiagnosticCode[] = []): readonly DiagnosticCode[] {
  const code = WARNING_CODES.find((each) => each === text);
  if (code !== undefined) return [...list, code];
  const { message, near } = unknownWarning(text);
  throw new UserError(`--allow: ${message}`, {
    status: EXIT.usage,
    hint: near.length > 0 ? meaning(near) : '`bpfscript explain` lists all codes',
  });
}

/** FILE, `-` for standard input, or `-e PROGRAM`. */
export function readScript(file: string | undefined, options: Pick<ScriptOptions, 'e'>): Source {
  if (options.e !== undefined) return { name: 'stdin', text: options.e };
  if (file === undefined) {
    throw new UserError("USAGE: filename or -e 'program' required.", {
      status: EXIT.usage,
      hint: 'bpfscript --help shows examples',
    });
  }
  try {
    return {
      name: file === '-' ? 'stdin' : file,
      text: scriptText(readWhole(file === '-' ? 0 : file)),
      ...(file === '-' ? {} : { path: file }),
    };
  } catch (error) {
    throw new UserError(
      `cannot read the script ${file}: ${reasonOf(error)}`,
      error instanceof TextError ? { hint: error.hint } : {},
    );
  }
}

/** Those whose registers and system calls are known. */
export const ARCHITECTURES = ['x86_64', 'aarch64'];
/** Other names that kernels, Debian and Node have for them. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  arm64: 'aarch64',
  amd64: 'x86_64',
  'x86-64': 'x86_64',
};

/** The argument of -p. Throws a UserError for what is none. */
export function readPid(text: string): number {
  const pid = Number(text);
  if (!/^[0-9]+$/.test(text) || pid < 1 || pid > 4_194_304)
    throw new UserError(`-p takes a process id from 1 to 4194304, not ${text}`, {
      status: EXIT.usage,
      hint: '`bpfscript --help` lists the options',
    });
  return pid;
}

/** `--arch`, for commands that compile: as `uname -m` says it. */
export function architectureOption(): Option {
  return new Option(
    '--arch <machine>',
    'what the object is for: x86_64 or arm64 (default: what the kernel description is of)',
  ).argParser((text: string) => {
    const machine = OTHER_NAMES[text] ?? text;
    if (ARCHITECTURES.includes(machine)) return machine;
    throw new UserError(`--arch: '${text}' is not supported`, {
      status: EXIT.usage,
      hint: `Scripts are compiled for ${ARCHITECTURES.join(' and ')}`,
    });
  });
}

/** `--kernel`, which may be repeated; without it the embedded description is taken, or what is said here. */
export function kernelOption(unnamed = 'the embedded one'): Option {
  return new Option(
    '--kernel <which>',
    `kernel description: default (embedded), host, a name, or a file; may be repeated (default: ${unnamed})`,
  ).argParser(collect);
}

/** `-I`, for commands that compile. */
export function includeFolderOption(): Option {
  return new Option('-I <folder>', 'a folder of C headers; may be repeated').argParser(collect);
}

/** `--debuginfo`, likewise: for the types of traced programs. */
export function debugFolderOption(): Option {
  return new Option(
    '--debuginfo <folders>',
    'look for separate debug files in these folders, separated by colons',
  );
}

export function debugFolders({ debuginfo }: Pick<ScriptOptions, 'debuginfo'>): readonly string[] {
  return (debuginfo ?? '').split(':').filter((folder) => folder !== '');
}

/** `--include`, likewise. */
export function headerOption(): Option {
  return new Option('--include <file>', 'a C header to read first; may be repeated').argParser(
    collect,
  );
}

/** Values of an option that may be repeated. */
export function collect(value: string, list: readonly string[] = []): readonly string[] {
  return [...list, value];
}

/** The diagnostics that the user wants to see, in the order of the text; the passes found them in another. */
export function shown(
  { diagnostics }: Pick<Report, 'diagnostics'>,
  { warnings, allow = [] }: Pick<ScriptOptions, 'warnings' | 'allow'>,
): readonly Diagnostic[] {
  const place = ({ range }: Diagnostic): number => range?.start ?? Number.MAX_SAFE_INTEGER;
  return diagnostics
    .filter(({ severity, code }) => severity === 'error' || (warnings && !allow.includes(code)))
    .toSorted((one, other) => place(one) - place(other));
}

export function hasErrors({ diagnostics }: Pick<Report, 'diagnostics'>): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

/** With `codes` the text form names them: that of bpftrace, which other commands keep to, has none. */
export function renderDiagnostics(
  reports: readonly Report[],
  form: DiagnosticForm,
  codes = false,
): string {
  return RENDERERS[form](reports, { color: useColor(), codes, version: version() });
}

function useColor(): boolean {
  const wish = process.env.BPFTRACE_COLOR ?? 'auto';
  if (wish === 'always') return true;
  return wish !== 'never' && Boolean(process.stdout.isTTY) && Boolean(process.stderr.isTTY);
}
