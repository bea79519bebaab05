/* watchpoint: reads and writes of an address, and jumps to it, by hardware breakpoints. */
#include <linux/hw_breakpoint.h>
#include <string.h>

#include "attach/perf.h"
#include "base/exit_status.h"
#include "session/params.h"

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
			       struct attach_failure *failure)
{
	struct attach_target target = {.probe = probe, .watch_mode = mode_bits(probe->mode)};
	int64_t address, length;

	if (!parse_integer(probe->address, &address) || address == 0)
		return attach_failed(failure, STATUS_FAILED,
				     "watchpoint must be attached to a non-zero address, not '%s'.",
				     probe->address);
	if (!parse_integer(probe->length, &length) ||
	    (length != 1 && length != 2 && length != 4 && length != 8))
		return attach_failed(failure, STATUS_FAILED,
				     "watchpoint length must be one of (1,2,4,8), not '%s'.",
				     probe->length);
	if (!target.watch_mode)
		return attach_failed(failure, STATUS_FAILED, "invalid watchpoint mode: %s",
				     probe->mode);
	target.offset = (uint64_t)address;
	target.period = (uint64_t)length;
	return attach_add_target(attachments, &target, failure);
}

static enum attach_result attach(struct attachments *attachments,
				 const struct attach_target *target, struct attach_failure *failure)
{
	const struct session *session = attachments->session;
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_BREAKPOINT,
		.bp_type = target->watch_mode,
		.bp_addr = target->offset,
		/* An instruction has the length of a long (perf_event_open(2)). */
		.bp_len = target->watch_mode == HW_BREAKPOINT_X ? sizeof(long) : target->period,
		.sample_period = 1,
	};

	if (session->options->pid)
		return perf_attach_to_process(attachments, target, &attributes, failure);
	if (session->child_pid)
		return perf_attach_to_command(attachments, target, &attributes, failure);
	return perf_attach_to_cpus(attachments, target, &attributes, session->online_cpu_count,
				   failure);
}

const struct attach_provider attach_watchpoint = {.find = find, .attach = attach};
