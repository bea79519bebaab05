/** Which tests are about which folder of compiler and linker. */
import { importsOf } from '../architecture/references.ts';

/** Folders whose tests stand elsewhere, as they are parts of commands. */
const ELSEWHERE: Readonly<Record<string, RegExp>> = {
  'compiler/binary': /^test\/compiler\/(?:binary|probes|dwarf|exploration)\//,
  'compiler/deployment': /^test\/compiler\/(?:deployment\/|cli\/(?:kube|rollout))/,
  'compiler/guest': /^test\/compiler\/(?:guest\/|cli\/kernel)/,
  'compiler/registry':
    /^test\/compiler\/(?:registry\/|cli\/(?:push|registry|attached|bad-input)|image\/)/,
  'compiler/rollout': /^test\/compiler\/(?:rollout\/|cli\/rollout)/,
  'compiler/sbom': /^test\/compiler\/(?:sbom\/|cli\/(?:dependencies|attached))/,
  compiler: /^test\/compiler\/[^/]+\.test\.ts$/,
};

export const mirrors = (file: string, { room }: { readonly room: string }): boolean =>
  ELSEWHERE[room]?.test(file) ?? file.startsWith(`test/${room}/`);

const COMMAND = 'test/support/command.ts';

/** Whether tests of the file, or helpers of theirs, start the command: each time costs a Node that loads a bundle. */
export const startsCommands = (file: string): boolean => reaches(file, new Set());

function reaches(file: string, seen: Set<string>): boolean {
  if (file === COMMAND) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  return importsOf(file).some(({ to }) => to.startsWith('test/') && reaches(to, seen));
}
