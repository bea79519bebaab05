/** Kernel features that programs may need. */

export interface KernelFeature {
  /** First kernel that has it. */
  readonly since: `${number}.${number}`;
  /**
   * The helper that it is, by its name without `bpf_`: kernels are asked for it, since distributions bring helpers to
   * older ones. Without it, and for helpers of tracing programs alone, the version decides.
   */
  readonly helper?: string;
}

/** By the names that stand in a manifest's `features`. Helpers are called as in include/uapi/linux/bpf.h. */
export const FEATURES = {
  bpf_override_return: { since: '4.16', helper: 'override_return' },
  bpf_get_stack: { since: '4.18', helper: 'get_stack' },
  bpf_get_current_cgroup_id: { since: '4.18', helper: 'get_current_cgroup_id' },
  bounded_loops: { since: '5.3' },
  bpf_send_signal: { since: '5.3', helper: 'send_signal' },
  bpf_probe_read_kernel: { since: '5.5', helper: 'probe_read_kernel' },
  bpf_probe_read_user: { since: '5.5', helper: 'probe_read_user' },
  bpf_probe_read_kernel_str: { since: '5.5', helper: 'probe_read_kernel_str' },
  bpf_probe_read_user_str: { since: '5.5', helper: 'probe_read_user_str' },
  tp_btf: { since: '5.5' },
  fentry: { since: '5.5' },
  fexit: { since: '5.5' },
  bpf_skb_output: { since: '5.5' },
  bpf_jiffies64: { since: '5.6', helper: 'jiffies64' },
  bpf_send_signal_thread: { since: '5.6', helper: 'send_signal_thread' },
  bpf_get_ns_current_pid_tgid: { since: '5.7', helper: 'get_ns_current_pid_tgid' },
  ringbuf: { since: '5.8', helper: 'ringbuf_reserve' },
  bpf_ktime_get_boot_ns: { since: '5.8', helper: 'ktime_get_boot_ns' },
  bpf_d_path: { since: '5.10' },
  bpf_per_cpu_ptr: { since: '5.10', helper: 'per_cpu_ptr' },
  bpf_this_cpu_ptr: { since: '5.10', helper: 'this_cpu_ptr' },
  large_keys: { since: '5.11' },
  bpf_get_current_task_btf: { since: '5.11', helper: 'get_current_task_btf' },
  atomic_exchange: { since: '5.12' },
  /** For tracing programs; others have had it for longer. */
  bpf_get_socket_cookie: { since: '5.12' },
  bpf_for_each_map_elem: { since: '5.13', helper: 'for_each_map_elem' },
  bpf_snprintf: { since: '5.13', helper: 'snprintf' },
  bpf_get_func_ip: { since: '5.15', helper: 'get_func_ip' },
  bpf_get_attach_cookie: { since: '5.15', helper: 'get_attach_cookie' },
  bpf_task_pt_regs: { since: '5.15', helper: 'task_pt_regs' },
  bpf_loop: { since: '5.17', helper: 'loop' },
  bpf_strncmp: { since: '5.17', helper: 'strncmp' },
  bpf_map_lookup_percpu_elem: { since: '5.19', helper: 'map_lookup_percpu_elem' },
  bpf_ktime_get_tai_ns: { since: '6.1', helper: 'ktime_get_tai_ns' },
} as const satisfies Readonly<Record<string, KernelFeature>>;

export type FeatureName = keyof typeof FEATURES;
