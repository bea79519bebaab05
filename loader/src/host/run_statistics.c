#include "host/run_statistics.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"

/* Enough to make a hundredth of a nanosecond of what one run takes, within a millisecond. */
#define EMPTY_RUNS 10000
/* What test runs of such programs want at least: a header of Ethernet (bpf_prog_test_run_skb,
 * net/bpf/test_run.c). */
#define PACKET_SIZE 64

static bool read_info(int program, struct bpf_prog_info *info)
{
	uint32_t size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(program, info, &size) == 0;
}

/* Runs a program that does nothing; 0 where that cannot be: nothing is taken away then. */
static double measure_empty(void)
{
	static const struct bpf_insn instructions[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	char packet[PACKET_SIZE] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = EMPTY_RUNS);
	int program = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "empty", "GPL", instructions,
				    sizeof(instructions) / sizeof(*instructions), NULL);
	struct bpf_prog_info info;
	double ns = 0;

	if (program < 0)
		return 0;
	if (bpf_prog_test_run_opts(program, &options) == 0 && read_info(program, &info) &&
	    info.run_cnt)
		ns = (double)info.run_time_ns / (double)info.run_cnt;
	close(program);
	return ns;
}

int run_statistics_open(struct run_statistics *statistics, const char *option,
			struct failure *failure)
{
	statistics->enabled = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (statistics->enabled < 0 && errno == EPERM) {
		fail(failure, STATUS_PERMISSION, "%s: permission denied, CAP_SYS_ADMIN is missing.",
		     option);
		return fail_hint(failure,
				 "The kernel measures programs for those who have it alone.");
	}
	if (statistics->enabled < 0 && errno == EINVAL)
		return fail(failure, STATUS_KERNEL,
			    "%s: this kernel does not measure programs. Linux 5.8 brings that.",
			    option);
	if (statistics->enabled < 0)
		return fail(failure, STATUS_FAILED, "%s: cannot have programs measured: %s.",
			    option, strerror(errno));
	statistics->empty_ns = measure_empty();
	return STATUS_OK;
}

void run_statistics_close(struct run_statistics *statistics)
{
	if (statistics->enabled >= 0)
		close(statistics->enabled);
	statistics->enabled = -1;
}

bool run_statistics_read(const struct run_statistics *statistics, int program,
			 struct run_count *count)
{
	struct bpf_prog_info info;
	double measuring;

	if (!read_info(program, &info))
		return false;
	measuring = statistics->empty_ns * (double)info.run_cnt;
	count->runs = info.run_cnt;
	count->ns =
		measuring < (double)info.run_time_ns ? info.run_time_ns - (uint64_t)measuring : 0;
	return true;
}
