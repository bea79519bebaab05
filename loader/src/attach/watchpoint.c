/* watchpoint: reads and writes of an address, and jumps to it, by hardware breakpoints. */
#include <linux/hw_breakpoint.h>
#include <string.h>

#include "attach/perf.h"
#include "session/params.h"

struct watchpoint {
	uint64_t address, length;
	/* HW_BREAKPOINT_* */
	uint32_t mode;
};

/* HW_BREAKPOINT_*; 0: no mode. */
static uint32_t mode_bits(const char *mode)
{
	uint32_t bits = 0;

	for (; *mode; mode++) {
		uint32_t bit = *mode == 'r'   ? HW_BREAKPOINT_R
			       : *mode == 'w' ? HW_BREAKPOINT_W
			       : *mode == 'x' ? HW_BREAKPOINT_X
					      : 0;

		if (!bit || (bits & bit))
			return 0;
		bits |= bit;
	}
	return bits;
}

static enum attach_result find(struct attachments *attachments, const struct mf_probe *probe,
			       struct failure *failure)
{
	const struct mf_watchpoint_target *wanted = probe->target;
	const struct attach_target target = {.probe = probe};
	struct watchpoint watchpoint = {.mode = mode_bits(wanted->mode)};
	int64_t address, length;

	if (!parse_integer(wanted->address, &address) || address == 0)
		return attach_failed(failure, STATUS_FAILED,
				     "watchpoint must be attached to a non-zero address, not '%s'.",
				     wanted->address);
	if (!parse_integer(wanted->length, &length) ||
	    (length != 1 && length != 2 && length != 4 && length != 8))
		return attach_failed(failure, STATUS_FAILED,
				     "watchpoint length must be one of (1,2,4,8), not '%s'.",
				     wanted->length);
	if (!watchpoint.mode)
		return attach_failed(failure, STATUS_FAILED, "invalid watchpoint mode: %s",
				     wanted->mode);
	watchpoint.address = (uint64_t)address;
	watchpoint.length = (uint64_t)length;
	return attach_add_target(attachments, &target, &watchpoint, sizeof(watchpoint), failure);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct failure *failure)
{
	const struct session *session = attachments->session;
	const struct watchpoint *watchpoint = target->own;
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_BREAKPOINT,
		.bp_type = watchpoint->mode,
		.bp_addr = watchpoint->address,
		/* An instruction has the length of a long (perf_event_open(2)). */
		.bp_len = watchpoint->mode == HW_BREAKPOINT_X ? sizeof(long) : watchpoint->length,
		.sample_period = 1,
	};

	if (session->options->pid)
		return perf_attach_to_process(attachments, target, &attributes, failure);
	if (session->child_pid)
		return perf_attach_to_command(attachments, target, &attributes, failure);
	return perf_attach_to_cpus(attachments, target, &attributes, session->online_cpu_count,
				   failure);
}

const struct attach_provider attach_watchpoint = {
	.fits = attach_fits_perf_event, .find = find, .attach = attach};
