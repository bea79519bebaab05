// The same meaning as a script's str(): strings up to 1023 bytes are told apart.
#include "bench.h"

#define LENGTH 1024

struct key {
	char text[LENGTH];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct key);
} buffer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, struct key);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_write")
int probe(struct sys_enter *ctx)
{
	__u32 zero = 0;
	__u64 one = 1, *count;
	struct key *key = bpf_map_lookup_elem(&buffer, &zero);

	if (!key)
		return 1;
	__builtin_memset(key, 0, sizeof(*key));
	bpf_probe_read_user_str(key->text, LENGTH, (void *)ctx->args[1]);
	count = bpf_map_lookup_elem(&counts, key);
	if (count)
		(*count)++;
	else
		bpf_map_update_elem(&counts, key, &one, BPF_ANY);
	return 1;
}
