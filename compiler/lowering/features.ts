/**
 * Kernel features that programs may need, by the names that stand in a manifest's `features`, each with the
 * first kernel that has it. Helpers are called as in include/uapi/linux/bpf.h.
 */
import type { HelperName } from './helpers.ts';

export const FEATURES: Readonly<Record<string, string>> = {
  bpf_override_return: '4.16',
  bpf_get_stack: '4.18',
  bpf_get_current_cgroup_id: '4.18',
  bounded_loops: '5.3',
  bpf_send_signal: '5.3',
  bpf_probe_read_kernel: '5.5',
  bpf_probe_read_user: '5.5',
  bpf_probe_read_kernel_str: '5.5',
  bpf_probe_read_user_str: '5.5',
  tp_btf: '5.5',
  fentry: '5.5',
  fexit: '5.5',
  bpf_skb_output: '5.5',
  bpf_jiffies64: '5.6',
  bpf_send_signal_thread: '5.6',
  bpf_get_ns_current_pid_tgid: '5.7',
  ringbuf: '5.8',
  bpf_ktime_get_boot_ns: '5.8',
  bpf_d_path: '5.10',
  bpf_per_cpu_ptr: '5.10',
  bpf_this_cpu_ptr: '5.10',
  bpf_get_current_task_btf: '5.11',
  large_keys: '5.11',
  atomic_exchange: '5.12',
  // For tracing programs; others have had it for longer.
  bpf_get_socket_cookie: '5.12',
  bpf_for_each_map_elem: '5.13',
  bpf_get_func_ip: '5.15',
  bpf_get_attach_cookie: '5.15',
  bpf_task_pt_regs: '5.15',
  bpf_loop: '5.17',
  bpf_strncmp: '5.17',
  bpf_map_lookup_percpu_elem: '5.19',
  bpf_ktime_get_tai_ns: '6.1',
};

/** The feature that a helper is, or undefined if every kernel that can be meant has it. */
export function featureOfHelper(helper: HelperName): string | undefined {
  if (helper.startsWith('ringbuf_')) return 'ringbuf';
  const name = `bpf_${helper}`;
  return name in FEATURES ? name : undefined;
}
