/** What the reference (docs/builtins) shows of a thing of the language, beside what its table knows of it. */

export interface Entry {
  /** A script that shows what it is for, and ends by itself. */
  readonly script: string;
  /** What `bpfscript` needs to run it. */
  readonly flags?: readonly string[];
  /** What a machine needs for it that not every one has; its output is not shown then. */
  readonly needs?: string;
  /** What it needs of the kernel, where the manifest of the script does not tell. */
  readonly kernel?: string;
  /** A script with a mistake that is easily made. */
  readonly wrong?: string;
}

/** The command that runs an example, as a user writes it without the script. */
export function commandOf({ flags = [] }: Entry): string {
  return ['bpfscript', ...flags.map((flag) => (/[ ;]/.test(flag) ? `'${flag}'` : flag))].join(' ');
}
