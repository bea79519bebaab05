/**
 * Integer constants of kernel and C headers, for machines on which those are not installed: a table of stdlib/, that
 * scripts/constants.sh makes and describes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../paths.ts';
import type { Range } from '../source/source.ts';

export interface HeaderConstant {
  readonly value: bigint;
  /** One that defines it, as includes write it: `<linux/socket.h>`. */
  readonly header: string;
}

export interface HeaderConstants {
  /**
   * Whether the script may use them without more: it includes something. The headers inside of a kernel include each
   * other, so which of them it is does not matter.
   */
  readonly included: boolean;
  /** `at` is where an expression uses it. */
  find(name: string, at?: Range): HeaderConstant | undefined;
  /** What expressions use that has another value on another architecture. */
  ties(): readonly { readonly reason: string; readonly range: Range }[];
}

export const NO_CONSTANTS: HeaderConstants = {
  included: false,
  find: () => undefined,
  ties: () => [],
};

/** Read when the first name is looked up, which few scripts make necessary, and then no more in this process. */
let text: string | undefined;

function readTable(): string {
  text ??= readFileSync(join(packageRoot(), 'stdlib', 'constants.txt'), 'utf8');
  return text;
}

export function headerConstants(arch: string, included: boolean): HeaderConstants {
  const differing = new Map<string, Range>();
  return {
    included,
    ties: () =>
      [...differing].map(([name, range]) => ({ reason: `${name} is that of ${arch}`, range })),
    find(name, at) {
      if (!/^[A-Z][A-Z0-9_]*$/.test(name)) return undefined;
      const table = readTable();
      const start = table.indexOf(`\n${name} `);
      if (start < 0) return undefined;
      const line = table.slice(start + 1, table.indexOf('\n', start + 1));
      const [, value, onArm64 = value] = line.split(' ');
      if (at && value !== onArm64) differing.set(name, at);
      const heading = table.lastIndexOf('\n<', start) + 1;
      const header = table.slice(heading, table.indexOf('\n', heading));
      // Of what only one architecture has, the other's place is a dash.
      const own = arch === 'aarch64' ? onArm64 : value;
      return own === undefined || own === '-' ? undefined : { value: BigInt(own), header };
    },
  };
}
