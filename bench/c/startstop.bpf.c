#include "bench.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
} starts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} sums SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_write")
int probe_enter(struct sys_enter *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid();
	__u64 now = bpf_ktime_get_boot_ns();

	bpf_map_update_elem(&starts, &tid, &now, BPF_ANY);
	return 1;
}

SEC("tracepoint/syscalls/sys_exit_write")
int probe_exit(struct sys_exit *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid(), zero = 0;
	__u64 *start = bpf_map_lookup_elem(&starts, &tid), *sum;

	if (!start)
		return 1;
	sum = bpf_map_lookup_elem(&sums, &zero);
	if (sum)
		*sum += bpf_ktime_get_boot_ns() - *start;
	bpf_map_delete_elem(&starts, &tid);
	return 1;
}
