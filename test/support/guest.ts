/** Boots other kernels with a set of objects and gives what each printed. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { insideOf } from '../../compiler/image/image.ts';
import { GUEST_LIMITS } from './patience.ts';
import { LOADER, type RunResult, WORKLOAD } from './run.ts';

const root = join(import.meta.dirname, '../..');

export interface GuestCommand {
  /** Object in the payload folder, by file name. */
  readonly object: string;
  /** Arguments of the workload program. */
  readonly workload?: string;
  /** A shell script to run instead of the workload program. */
  readonly script?: string;
  readonly parameters?: string;
  readonly flags?: string;
  /** The script ends by itself. */
  readonly endsItself?: boolean;
}

export type GuestResult = Omit<RunResult, 'endedAfter'>;

/** The series of the embedded kernel description. */
export const DESCRIBED = '6.12';

const ALL_SERIES: readonly string[] = (process.env.BPFSCRIPT_KERNELS ?? '6.1 6.12').split(' ');

const isArm64 = (series: string): boolean => series.startsWith('arm64-');

/** What `npm run matrix` builds for them. */
const ARM64_PROGRAMS = {
  loader: join(root, 'loader/build-arm64/bpfload'),
  workload: join(root, 'test/workload/build-arm64/workload'),
};

/** The loader and the workload of a series' architecture. */
export function programsOf(series: string): typeof ARM64_PROGRAMS {
  return isArm64(series) ? ARM64_PROGRAMS : { loader: LOADER, workload: WORKLOAD };
}

/** The kernel series of x86-64 whose guests are booted: two in `npm test`, more in `npm run matrix`. */
export const SERIES: readonly string[] = ALL_SERIES.filter((series) => !isArm64(series));

/**
 * Of these, where many scripts run: in `npm test` only kernels that objects are not built for, since those are what can go
 * wrong, and a guest takes a second a script.
 */
export const FOREIGN_SERIES: readonly string[] =
  process.env.BPFSCRIPT_KERNELS === undefined
    ? SERIES.filter((series) => series !== DESCRIBED)
    : SERIES;

/** Those of arm64, which is emulated slowly: none in `npm test`. */
export const ARM64_SERIES: readonly string[] = ALL_SERIES.filter(isArm64);

/** Whether a series is of a kernel before that of another: `isBefore('5.10', '5.15')`. */
export function isBefore(series: string, other: string): boolean {
  const [major = 0, minor = 0] = series.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/**
 * Runs commands in one boot of a kernel series. `folder` holds the objects and becomes the guest's root, with
 * the loader and the workload.
 */
export async function runInGuest(
  series: string,
  folder: string,
  commands: readonly GuestCommand[],
  { processors = 1 }: { readonly processors?: number } = {},
): Promise<readonly GuestResult[]> {
  const results = join(folder, `.results-${series}`);
  const payload = join(folder, 'payload');
  mkdirSync(payload, { recursive: true });
  mkdirSync(results, { recursive: true });
  for (const command of commands)
    copyFileSync(join(folder, command.object), join(payload, command.object));
  const programs = programsOf(series);
  copyFileSync(programs.loader, join(payload, 'bpfload'));
  copyFileSync(programs.workload, join(payload, 'workload'));
  commands.forEach((command, index) => {
    if (command.script) writeFileSync(join(payload, `script-${index}.sh`), command.script);
  });
  const driver = join(payload, 'drive');
  writeFileSync(driver, DRIVER);
  chmodSync(driver, 0o755);
  const batch = join(folder, `batch-${series}`);
  writeFileSync(batch, commands.map((command, index) => `${line(command, index)}\n`).join(''));
  const kernel = bootable(series);
  const flags = ['-n', String(processors), '-b', batch, '-o', results];
  const log = await boot([...flags, kernel, payload]);
  return commands.map((_command, index) => {
    const file = (suffix: string): string => join(results, `${index + 1}.${suffix}`);
    if (!existsSync(file('rc')))
      throw new Error(`the ${series} guest did not run command ${index + 1}:\n${log}`);
    return {
      stdout: readFileSync(file('out'), 'latin1').replace(
        '__BPFTRACE_NOTIFY_PROBES_ATTACHED\n',
        '',
      ),
      stderr: readFileSync(file('err'), 'latin1'),
      status: Number(readFileSync(file('rc'), 'utf8')),
    };
  });
}

/**
 * What vmrun.sh boots of a series: of x86-64 the kernel unpacked, which an emulated processor takes a second for. It is
 * kept for other files, which may make it at the same time.
 */
export function bootable(series: string): string {
  const folder = join(root, '.cache/kernels', series);
  if (isArm64(series)) return folder;
  const [name = ''] = readdirSync(join(folder, 'boot'));
  const image = join(folder, 'boot', name);
  const kept = join(root, '.cache/guests', `${name}-${statSync(image).size}`);
  if (!existsSync(kept)) {
    mkdirSync(dirname(kept), { recursive: true });
    const made = `${kept}.${process.pid}`;
    const unpacked = insideOf(readFileSync(image));
    if (!unpacked) throw new Error(`${image} is no bzImage`);
    writeFileSync(made, unpacked);
    renameSync(made, kept);
  }
  return kept;
}

/**
 * Boots a guest by vmrun.sh, and gives what that said; while it runs, the test runner has to hear from this process. Once more
 * where the kernel ended before its first program: emulated processors may run code that the kernel changes under way, such
 * as static branches (jump_label), half old and half new. What ends behind that is a fault.
 */
export async function boot(args: readonly string[]): Promise<string> {
  const said = await bootOnce(args);
  if (!said.includes('ended without an exit status (last: )')) return said;
  process.stderr.write(
    `A guest ended before its first program, and is booted once more.\n${said}\n`,
  );
  return bootOnce(args);
}

function bootOnce(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      join(root, 'test/guest/vmrun.sh'),
      [...GUEST_LIMITS, ...args],
      (_error, stdout, stderr) => resolve(`${stdout}${stderr}`),
    );
  });
}

function line(command: GuestCommand, index: number): string {
  const program = command.workload ? `/workload ${command.workload}` : 'true';
  const workload = command.script ? `sh /script-${index}.sh` : program;
  return `/drive ${command.endsItself ? 'wait' : 'signal'} "${workload}" ${command.flags ?? ''} /${command.object} -- ${command.parameters ?? ''}`;
}

/** In the guest: starts the loader, waits until it says that it is attached, runs the workload, ends it. */
const DRIVER = `#!/bin/sh
how=$1 workload=$2
shift 2
out=/tmp/drive.$$
: >$out
__BPFTRACE_NOTIFY_PROBES_ATTACHED=1 /bpfload "$@" >$out &
loader=$!
until grep -q __BPFTRACE_NOTIFY_PROBES_ATTACHED $out; do
  kill -0 $loader 2>/dev/null || break
  usleep 20000
done
if kill -0 $loader 2>/dev/null; then
  $workload
  usleep 100000
  [ $how = wait ] || kill -INT $loader 2>/dev/null
fi
wait $loader
status=$?
cat $out
exit $status
`;
