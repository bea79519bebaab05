/** What objects take capabilities for. Inspection and loader find out which of these an object has. */

export interface CapabilityUse {
  readonly capability: `CAP_${string}`;
  /** Behind "it takes CAP_X". */
  readonly for: string;
  /** Without it the object runs, and shows addresses in place of names. */
  readonly names?: true;
}

export const CAPABILITY_USES = {
  /** kernel/bpf/syscall.c, bpf_prog_load. */
  load: { capability: 'CAP_BPF', for: 'to load programs and maps' },
  trace: { capability: 'CAP_PERFMON', for: 'to read memory of the kernel and to attach probes' },
  /** Of root alone: events with their fields, and the list of functions for patterns. */
  tracefs: { capability: 'CAP_DAC_READ_SEARCH', for: 'to read tracefs, where it belongs to root' },
  /** kernel/events/core.c, perf_uprobe_event_init; kernel/trace/bpf_trace.c has links that want less. */
  'single-uprobes': {
    capability: 'CAP_SYS_ADMIN',
    for: 'to attach uprobes where the kernel has no uprobe.multi (before Linux 6.6, with -p 6.10)',
  },
  /** kernel/bpf/syscall.c, bpf_prog_get_fd_by_id. */
  'functions-of-programs': {
    capability: 'CAP_SYS_ADMIN',
    for: 'to find the functions of BPF programs',
  },
  /** kernel/trace/bpf_trace.c, bpf_get_probe_write_proto. */
  'writing-memory': { capability: 'CAP_SYS_ADMIN', for: 'to write memory of processes' },
  /** kernel/ksyms_common.c, kallsyms_show_value. */
  'kernel-addresses': { capability: 'CAP_SYSLOG', for: 'to know addresses of the kernel (kaddr)' },
  'kernel-names': { capability: 'CAP_SYSLOG', for: 'for names of kernel functions', names: true },
  /** fs/proc/task_mmu.c, proc_maps_open. */
  'user-names': {
    capability: 'CAP_SYS_PTRACE',
    for: "for names in other users' processes",
    names: true,
  },
} as const satisfies Readonly<Record<string, CapabilityUse>>;

export type CapabilityUseName = keyof typeof CAPABILITY_USES;
