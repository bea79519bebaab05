#include "bench.h"

// As bpftrace's kstack.
#define FRAMES 127

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, ENTRIES);
	__uint(key_size, 4);
	__uint(value_size, FRAMES * 8);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, long);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_write")
int probe(struct sys_enter *ctx)
{
	long key = bpf_get_stackid(ctx, &stacks, 0);
	__u64 one = 1, *count;

	count = bpf_map_lookup_elem(&counts, &key);
	if (count)
		(*count)++;
	else
		bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
	return 1;
}
