#include "bench.h"

#define BUCKETS 66

struct hist {
	__u64 bucket[BUCKETS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hist);
} hists SEC(".maps");

static __always_inline __u32 log2_u32(__u32 v)
{
	__u32 r, shift;

	r = (v > 0xffff) << 4;
	v >>= r;
	shift = (v > 0xff) << 3;
	v >>= shift;
	r |= shift;
	shift = (v > 0xf) << 2;
	v >>= shift;
	r |= shift;
	shift = (v > 0x3) << 1;
	v >>= shift;
	r |= shift;
	return r | (v >> 1);
}

static __always_inline __u32 log2_u64(__u64 v)
{
	__u32 high = v >> 32;

	return high ? log2_u32(high) + 32 : log2_u32(v);
}

SEC("tracepoint/syscalls/sys_enter_write")
int probe(struct sys_enter *ctx)
{
	__u32 zero = 0, index;
	struct hist *hist = bpf_map_lookup_elem(&hists, &zero);
	long value = ctx->args[2];

	if (!hist)
		return 1;
	index = value < 0 ? 0 : value == 0 ? 1 : log2_u64(value) + 2;
	if (index < BUCKETS)
		hist->bucket[index]++;
	return 1;
}
