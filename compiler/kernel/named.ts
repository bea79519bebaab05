/** Descriptions that have a name, such as `6.1` or `6.12-aarch64`: those of the package, and those that were added. */
import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../paths.ts';
import { KernelDescriptionError } from './error.ts';
import { machine } from './running.ts';

/** `default` is the embedded one, `host` the running kernel, anything else a file. */
export type KernelChoice = 'default' | 'host' | (string & {});

/** A long-term series, so that most of what scripts name is there; made by scripts/capture-kernel.sh. */
const DEFAULT = 'stdlib/kernels/6.12-x86_64.kernel';

/** Releases of distributions, by the series of the kernel that they came with. */
const DISTRIBUTIONS: Readonly<Record<string, string>> = {
  'debian-11': '5.10',
  'debian-12': '6.1',
  'debian-13': '6.12',
};

/** Where the user's own stand. */
export function userFolder(): string {
  const data = process.env.XDG_DATA_HOME || join(homedir(), '.local', 'share');
  return join(data, 'bpfscript', 'kernels');
}

/** Folders with descriptions, the user's first. */
function folders(): readonly string[] {
  return [userFolder(), join(packageRoot(), 'stdlib', 'kernels')];
}

/** `debian-12` and `6.1` are `6.1-x86_64`: without a machine it is that of this host. */
export function fullName(name: string): string {
  const [, base = name, arch = machine()] = /^(.*?)-(x86_64|aarch64|amd64|arm64)$/.exec(name) ?? [];
  const machines: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };
  return `${DISTRIBUTIONS[base] ?? base}-${machines[arch] ?? arch}`;
}

export interface NamedDescription {
  readonly name: string;
  readonly path: string;
}

/** All that there are, by their names; what the user added goes before what the package has. */
export function namedDescriptions(): readonly NamedDescription[] {
  const found = new Map<string, string>();
  for (const folder of folders())
    for (const entry of entriesOf(folder)) {
      const [, name] = /^(.+)\.kernel$/.exec(entry) ?? [];
      if (name !== undefined && !found.has(name)) found.set(name, join(folder, entry));
    }
  return [...found]
    .map(([name, path]) => ({ name, path }))
    .sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }));
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Nobody has added one.
    return [];
  }
}

/** The name as it is, or that of the description of a machine, where only that one is there: `6.12` of aarch64. */
export function describedName(which: string, arch: string | undefined): string {
  if (arch === undefined || !isName(which)) return which;
  const name = `${DISTRIBUTIONS[which] ?? which}-${arch}`;
  return namedDescriptions().some((each) => each.name === name) ? name : which;
}

/** A name is one word, such as a file beside the script would have with its ending. */
export function isName(text: string): boolean {
  return /^[\w.+-]+$/.test(text) && !text.endsWith('.kernel') && !/^\.+$/.test(text);
}

/** The file of a description by its name or its path. Throws KernelDescriptionError for an unknown name. */
export function findDescription(which: string): string {
  if (!isName(which) || statSync(which, { throwIfNoEntry: false })?.isFile()) return which;
  const all = namedDescriptions();
  const found = all.find(({ name }) => name === which || name === fullName(which));
  if (found) return found.path;
  throw new KernelDescriptionError(
    `there is no kernel description ${which}: \`bpfscript kernel list\` shows those that there are, and ` +
      `\`bpfscript kernel add ${which}\` makes one of Debian's packages`,
  );
}

/** Of any but the running kernel. Throws KernelDescriptionError for a name that there is none of. */
export function descriptionFile(which: KernelChoice): string {
  return which === 'default' ? join(packageRoot(), DEFAULT) : findDescription(which);
}
