/* One link for uprobes at many places of a file (Linux 6.6). */
#ifndef BPFLOAD_UPROBE_MULTI_H
#define BPFLOAD_UPROBE_MULTI_H

#include <stdbool.h>
#include <stdint.h>

/* BPF_TRACE_UPROBE_MULTI (enum bpf_attach_type, include/uapi/linux/bpf.h), which headers before
 * Linux 6.6 lack: what a program must be loaded with. */
#define UPROBE_MULTI_ATTACH_TYPE 48

struct uprobe_multi {
	int program;
	const char *path;
	/* In the file, and what bpf_get_attach_cookie gives there. */
	const uint64_t *offsets, *cookies;
	/* Offsets of words that count who is traced; NULL: there are none. */
	const uint64_t *semaphores;
	uint32_t count;
	/* 0: all processes. */
	uint32_t pid;
	bool at_return;
};

/* Whether this kernel has such links, with a filter by process where one is asked for. */
bool uprobe_multi_is_supported(bool by_process);

/* File descriptor of the link, or -1 and errno. */
int uprobe_multi_attach(const struct uprobe_multi *probes);

#endif
