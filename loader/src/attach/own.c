/* begin, end, self, test and bench: programs that the loader runs itself. */
#include <bpf/libbpf.h>

#include "attach/attach.h"
#include "session/kernel_targets.h"

static bool fits(const struct session *session, const struct mf_probe *probe,
		 const struct bpf_program *program)
{
	(void)session;
	(void)probe;
	return kernel_target_type(program) == BPF_PROG_TYPE_RAW_TRACEPOINT;
}

const struct attach_provider attach_own = {.fits = fits};
