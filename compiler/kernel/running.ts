/** Where the running kernel has its types, and what machine this is: without all that reads them. */
import { arch } from 'node:os';
import { join } from 'node:path';

/** Names that Node gives to machines whose `uname -m` is another. */
const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** Where the running kernel has its types, and beside them those of each loaded module. */
export const RUNNING_TYPES = '/sys/kernel/btf';

/** The running kernel's BTF, or the file that takes its place. */
export function hostBtf(): string {
  return process.env.BPFTRACE_BTF || join(RUNNING_TYPES, 'vmlinux');
}

/** This machine, as `uname -m` says it. */
export function machine(): string {
  return MACHINES[arch()] ?? arch();
}
