/** The probe bodies that are measured, as scripts; bench/c has the hand-written counterpart of each. */

export interface Body {
  readonly name: string;
  /** In the dialect that old and new bpftrace share. */
  readonly script: string;
  /** Programs that run for one write(2). */
  readonly programs: number;
}

const ENTER = 'tracepoint:syscalls:sys_enter_write';
const EXIT = 'tracepoint:syscalls:sys_exit_write';

export const BODIES: readonly Body[] = [
  { name: 'empty', programs: 1, script: `${ENTER} { $nothing = 0; }` },
  { name: 'count', programs: 1, script: `${ENTER} { @ = count(); }` },
  { name: 'comm', programs: 1, script: `${ENTER} { @[comm] = count(); }` },
  { name: 'pidtid', programs: 1, script: `${ENTER} { @[pid, tid] = count(); }` },
  { name: 'string', programs: 1, script: `${ENTER} { @[str(args->buf)] = count(); }` },
  { name: 'kstack', programs: 1, script: `${ENTER} { @[kstack] = count(); }` },
  { name: 'ustack', programs: 1, script: `${ENTER} { @[ustack] = count(); }` },
  { name: 'sum', programs: 1, script: `${ENTER} { @ = sum(args->count); }` },
  { name: 'hist', programs: 1, script: `${ENTER} { @ = hist(args->count); }` },
  {
    name: 'startstop',
    programs: 2,
    script: `${ENTER} { @start[tid] = nsecs; } ${EXIT} /@start[tid]/ { @ = sum(nsecs - @start[tid]); delete(@start[tid]); } END { clear(@start); }`,
  },
  { name: 'predicate', programs: 1, script: `${ENTER} /comm == "workload"/ { @ = count(); }` },
  {
    name: 'printf',
    programs: 1,
    script: `${ENTER} { printf("%d %d\\n", args->fd, args->count); }`,
  },
];
