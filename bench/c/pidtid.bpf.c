#include "bench.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, __u64);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_write")
int probe(struct sys_enter *ctx)
{
	__u64 key = bpf_get_current_pid_tgid(), one = 1, *count;

	count = bpf_map_lookup_elem(&counts, &key);
	if (count)
		(*count)++;
	else
		bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
	return 1;
}
