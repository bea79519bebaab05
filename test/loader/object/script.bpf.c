/* What the compiler makes of a script, by hand: see script.ts for the manifest that goes with it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SEEN 4096

struct header {
	__u32 event;
	__u32 cpu;
};

enum { EVENT_NUMBER, EVENT_EXIT };

struct number_event {
	struct header header;
	__u64 value;
};

struct exit_event {
	struct header header;
	__u8 code;
	__u8 padding[7];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SEEN);
	__type(key, __u64);
	__type(value, __s64);
} AT_seen SEC(".maps");

__u64 sleeping, exit_mark;
__s64 AT_calls;
__u64 AT_calls_present;

const volatile __u32 filter_pid;
const volatile __u64 start, cpus, param_count;
const volatile __s64 param1;
const volatile char param2[16];

static __always_inline long wake(void)
{
	if (!sleeping)
		return BPF_RB_NO_WAKEUP;
	sleeping = 0;
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void count_lost(__u32 event)
{
	__u64 *count = bpf_map_lookup_elem(&lost, &event);

	if (count)
		*count += 1;
}

static __always_inline void emit_number(__u64 value)
{
	struct number_event *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);

	if (!record) {
		count_lost(EVENT_NUMBER);
		return;
	}
	record->header.event = EVENT_NUMBER;
	record->header.cpu = bpf_get_smp_processor_id();
	record->value = value;
	bpf_ringbuf_submit(record, wake());
}

static __always_inline void emit_exit(__u8 code)
{
	struct exit_event *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);

	if (!record) {
		count_lost(EVENT_EXIT);
		exit_mark = 1 + code;
		return;
	}
	record->header.event = EVENT_EXIT;
	record->code = code;
	bpf_ringbuf_submit(record, wake());
}

SEC("raw_tp")
int begin(void *ctx)
{
	emit_number(param1);
	emit_number(param2[0]);
	emit_number(param_count);
	return 0;
}

SEC("raw_tp/end")
int end(void *ctx)
{
	emit_number(1000000 + AT_calls);
	return 0;
}

/* The offset of `id` is wrong on purpose (it is 8): the loader has to patch it. */
SEC("tracepoint/raw_syscalls/sys_enter")
int syscalls(void *ctx)
{
	__u64 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 id = *(__u64 *)(ctx + 0x58);

	if (filter_pid && filter_pid != pid)
		return 1;
	/* getpgid, which nothing calls but a test. */
	if (id != 121)
		return 1;
	AT_calls++;
	AT_calls_present = 1;
	return 1;
}

SEC("perf_event")
int tick(void *ctx)
{
	emit_exit(7);
	return 0;
}

SEC("uprobe")
int called(void *ctx)
{
	AT_calls++;
	AT_calls_present = 1;
	return 0;
}

/* More than any ring holds, between two looks of the reader; then exit(), which must not be lost.
 */
static long flood_step(__u32 index, void *context)
{
	emit_number(index);
	return 0;
}

SEC("raw_tp/flood")
int flood(void *ctx)
{
	bpf_loop(1 << 20, flood_step, 0, 0);
	emit_exit(9);
	return 0;
}

/* No record is that long: the verifier refuses it. */
SEC("tracepoint/raw_syscalls/sys_exit")
int refused(void *ctx)
{
	return *(volatile __u64 *)(ctx + 16000);
}

char _license[] SEC("license") = "GPL";
