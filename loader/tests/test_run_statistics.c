/* How often programs ran, and for how long, without what measuring takes. */
#include "host/run_statistics.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/failure.h"
#include "check.h"

/* A descriptor of a program that runs. */
#define PROGRAM 1000

/* What this kernel answers: 0 or an errno; what it counted of the program that does nothing, and of
 * another. */
static int no_statistics, no_program, no_run;
static uint64_t empty_runs, empty_ns, runs, ns;
static int was_opened;

int bpf_enable_stats(enum bpf_stats_type type)
{
	CHECK(type == BPF_STATS_RUN_TIME);
	errno = no_statistics;
	return no_statistics ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
		  const struct bpf_insn *instructions, size_t count,
		  const struct bpf_prog_load_opts *options)
{
	(void)name;
	(void)license;
	(void)options;
	CHECK(type == BPF_PROG_TYPE_SOCKET_FILTER && count == 2);
	CHECK(instructions[0].code == (BPF_ALU64 | BPF_MOV | BPF_K) && instructions[0].imm == 0);
	was_opened = no_program ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
	return was_opened;
}

int bpf_prog_test_run_opts(int program, struct bpf_test_run_opts *options)
{
	CHECK(program == was_opened && options->repeat > 1 && options->data_size_in >= 14);
	return no_run ? -1 : 0;
}

int bpf_obj_get_info_by_fd(int fd, void *asked, uint32_t *size)
{
	struct bpf_prog_info *info = asked;
	bool is_empty = fd == was_opened;

	CHECK(*size == sizeof(*info) && info->run_cnt == 0);
	if (fd == -1)
		return -1;
	info->run_cnt = is_empty ? empty_runs : runs;
	info->run_time_ns = is_empty ? empty_ns : ns;
	return 0;
}

static struct run_statistics opened(void)
{
	struct run_statistics statistics;
	struct failure failure = {0};

	CHECK(run_statistics_open(&statistics, "--cost", &failure) == STATUS_OK);
	CHECK(statistics.enabled >= 0 && fcntl(statistics.enabled, F_GETFD) >= 0);
	/* The program that does nothing has gone. */
	CHECK(was_opened < 0 || fcntl(was_opened, F_GETFD) == -1);
	was_opened = -2;
	return statistics;
}

static void end(struct run_statistics *statistics)
{
	int enabled = statistics->enabled;

	run_statistics_close(statistics);
	CHECK(statistics->enabled == -1 && fcntl(enabled, F_GETFD) == -1);
	/* Nothing is left to be closed. */
	run_statistics_close(statistics);
	CHECK(statistics->enabled == -1);
}

static void measuring_is_taken_away(void)
{
	struct run_statistics statistics;
	struct run_count count;

	empty_runs = 4;
	empty_ns = 90;
	statistics = opened();
	CHECK(statistics.empty_ns == 22.5);
	runs = 10;
	ns = 1000;
	CHECK(run_statistics_read(&statistics, PROGRAM, &count));
	CHECK(count.runs == 10 && count.ns == 1000 - 225);
	/* A program that was no slower than one that does nothing took nothing. */
	ns = 225;
	CHECK(run_statistics_read(&statistics, PROGRAM, &count) && count.ns == 0);
	ns = 226;
	CHECK(run_statistics_read(&statistics, PROGRAM, &count) && count.ns == 1);
	ns = 3;
	CHECK(run_statistics_read(&statistics, PROGRAM, &count) && count.ns == 0 &&
	      count.runs == 10);
	CHECK(!run_statistics_read(&statistics, -1, &count));
	end(&statistics);
}

static void nothing_is_taken_away(void)
{
	struct run_statistics statistics;
	struct run_count count;

	for (int why = 0; why < 3; why++) {
		no_program = why == 0;
		no_run = why == 1;
		empty_runs = why == 2 ? 0 : 4;
		statistics = opened();
		CHECK(statistics.empty_ns == 0);
		runs = 1;
		ns = 50;
		CHECK(run_statistics_read(&statistics, PROGRAM, &count) && count.ns == 50);
		end(&statistics);
	}
	no_program = no_run = 0;
}

static void refused(int error, int status, const char *text, bool has_hint)
{
	struct run_statistics statistics;
	struct failure failure = {0};

	no_statistics = error;
	CHECK(run_statistics_open(&statistics, "--cost", &failure) == status);
	CHECK(failure.status == status && statistics.enabled == -1);
	if (!CHECK(strcmp(failure.text, text) == 0))
		fprintf(stderr, "  %s\n", failure.text);
	CHECK((failure.hint[0] != '\0') == has_hint);
	run_statistics_close(&statistics);
	failure_clear(&failure);
	no_statistics = 0;
}

int main(void)
{
	measuring_is_taken_away();
	nothing_is_taken_away();
	refused(EPERM, STATUS_PERMISSION, "--cost: permission denied, CAP_SYS_ADMIN is missing.",
		true);
	refused(EINVAL, STATUS_KERNEL,
		"--cost: this kernel does not measure programs. Linux 5.8 brings that.", false);
	refused(ENFILE, STATUS_FAILED,
		"--cost: cannot have programs measured: Too many open files in system.", false);
	return check_result("run_statistics");
}
