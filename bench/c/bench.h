// Common to the hand-written programs that the benchmark compares with. BPF side.
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

// include/linux/trace_events.h in the kernel: what a sys_enter or sys_exit tracepoint's record
// looks like.
struct sys_enter {
	__u64 common;
	long id;
	unsigned long args[6];
};

struct sys_exit {
	__u64 common;
	long id;
	long ret;
};

#define ENTRIES 4096

char LICENSE[] SEC("license") = "GPL";
