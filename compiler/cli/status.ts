/** Exit statuses, the same for `bpfscript` and `bpfload` (docs/exit-status.md). */
export const EXIT = {
  ok: 0,
  /** The script, or attaching it, is at fault. */
  script: 1,
  usage: 2,
  /** The kernel lacks a feature. */
  kernel: 3,
  permission: 4,
  /** An object is not valid or not trusted. */
  object: 5,
  /** A bug of ours: EX_SOFTWARE of sysexits.h. */
  bug: 70,
} as const;

/** Where a command leaves its exit status. */
export type ReportStatus = (status: number) => void;
