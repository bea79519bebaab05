/** Which kernel lists are of, where none is named. */
import { accessSync, constants as files } from 'node:fs';
import type { KernelChoice } from '../kernel/named.ts';
import { hostBtf } from '../kernel/running.ts';

/** The running kernel where anything of it can be read; without root that is its BTF. */
export function hostOrDefault(): KernelChoice {
  // Somebody who names a file wants to hear that it cannot be read.
  if (process.env.BPFTRACE_BTF) return 'host';
  const isReadable = (path: string): boolean => {
    try {
      accessSync(path, files.R_OK);
      return true;
    } catch {
      return false;
    }
  };
  return [hostBtf(), '/sys/kernel/tracing/events'].some(isReadable) ? 'host' : 'default';
}
