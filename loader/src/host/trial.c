#include "host/trial.h"

#include <bpf/bpf.h>
#include <unistd.h>

bool trial_load(enum bpf_prog_type type, uint32_t attach, const struct bpf_insn *code, size_t count,
		char log[TRIAL_LOG])
{
	LIBBPF_OPTS(bpf_prog_load_opts, load, .log_buf = log, .log_size = TRIAL_LOG,
		    .log_level = 1);
	int fd;

	log[0] = '\0';
	if (type == BPF_PROG_TYPE_TRACING) {
		load.expected_attach_type = BPF_TRACE_RAW_TP;
		load.attach_btf_id = attach;
	}
	fd = bpf_prog_load(type, "trial", "GPL", code, count, &load);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
