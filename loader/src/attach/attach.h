/*
 * Attaching probes: one file a provider, one line in the table of attach.c. A provider
 * first finds what a probe attaches to on this host, before programs are loaded, so that probes
 * that cannot exist are told at once and left out where the script allows it; and attaches it when
 * the maps are there.
 */
#ifndef BPFLOAD_ATTACH_H
#define BPFLOAD_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "session/session.h"

struct bpf_link;
struct perf_counter;
struct usdt_operand;

/* One thing that a probe attaches to; a wildcard has several. */
struct attach_target {
	const struct mf_probe *probe;
	/* Cookie that bpf_get_attach_cookie gives; 0 where the probe does not ask. */
	uint64_t cookie;
	/* By provider: */
	const char *category, *event; /* tracepoint, rawtracepoint; category: kprobe, a module */
	int64_t event_id;	      /* tracepoint */
	const char *path;	      /* uprobe: the file */
	const char *function;	      /* kprobe, fentry; uprobe, for messages */
	uint32_t btf_id;   /* fentry, rawtracepoint: of the function or event that a copy is for; 0:
			      none */
	int bpf;	   /* fentry: descriptor of the BPF program that the function is of */
	uint64_t offset;   /* kprobe: in the function; uprobe: in the file; watchpoint: address */
	bool is_frequency; /* interval, profile */
	uint64_t period;   /* ns, or Hz; software, hardware: events; watchpoint: bytes */
	uint32_t watch_mode;		     /* watchpoint: HW_BREAKPOINT_* */
	const struct perf_counter *counter;  /* software, hardware */
	uint64_t semaphore;		     /* usdt: its offset in the file; 0: none */
	const struct usdt_operand *operands; /* usdt: where arguments are; NULL: not asked for */
	uint32_t site;			     /* usdt: element of `usdt_sites` */
	/* uprobe: several places of the file, with the cookie of each; NULL: `offset` alone. */
	const uint64_t *offsets, *cookies;
	/* kprobe: several functions, with the cookie of each; NULL: `function` alone. */
	const char **functions;
	/* kprobe: it stands for `partner` too, a kretprobe, by the program of this session; NULL:
	 * no. Partners are not attached on their own then. */
	const struct mf_session *merged;
	const struct attach_target *partner;
	const uint64_t *session_cookies;
	bool is_partner;
	uint32_t events; /* how many the target stands for (syscalls, uprobe, kprobe); 0: one */
};

struct attachments {
	struct session *session;
	/* In the order of the script. */
	struct attach_target *targets;
	uint32_t target_count, target_room;
	struct bpf_link **links;
	uint32_t link_count, link_room;
	/* Links that libbpf has no type for. */
	int *descriptors;
	uint32_t descriptor_count, descriptor_room;
	/* Events of all targets. */
	uint32_t found;
	/* Events that --probe-filter keeps out. */
	uint32_t filtered;
	/* Probes that are attached: what "Attached N probes" counts, begin and end aside. */
	uint32_t attached;
};

enum attach_result {
	ATTACH_OK,
	/* One of many that a pattern matches, which the kernel does not let be traced. */
	ATTACH_LEFT_OUT,
	/* Not there on this host; `why` is set. missing_probes says what becomes of it. */
	ATTACH_MISSING,
	/* An error whatever missing_probes says; already told, the status is in `status`. */
	ATTACH_FAILED,
};

struct attach_failure {
	/* A sentence: `No matches for tracepoint a:b.` */
	char why[512];
	int status;
};

struct attach_provider {
	/* Attached in the reverse of the script's order, since the kernel runs the newest first.
	 * NULL: never. */
	bool (*is_newest_first)(const struct attach_target *target);
	/* Adds the targets of a probe: of a pattern, those that attach_is_wanted lets in. `probe`
	 * is a copy with parameters put in. */
	enum attach_result (*find)(struct attachments *attachments, const struct mf_probe *probe,
				   struct attach_failure *failure);
	/* Attaches one; adds its links. */
	enum attach_result (*attach)(struct attachments *attachments,
				     const struct attach_target *target,
				     struct attach_failure *failure);
};

extern const struct attach_provider attach_tracepoint, attach_rawtracepoint, attach_kprobe,
	attach_kretprobe, attach_fentry, attach_uprobe, attach_usdt, attach_timer, attach_counter,
	attach_watchpoint, attach_iter, attach_syscalls;

/* What the providers call: */

/* For providers whose events all run the newest first. */
bool attach_always(const struct attach_target *target);

/* Whether --probe-filter lets an event of that full name in; counts it where not. */
bool attach_is_wanted(struct attachments *attachments, const char *name);

/* Adds a target (copied), with the probe's own name or a name of its own for wildcards. */
enum attach_result attach_add_target(struct attachments *attachments,
				     const struct attach_target *target,
				     struct attach_failure *failure);
/* Takes over a link; `link` NULL: errno says why it failed. */
enum attach_result attach_add_link(struct attachments *attachments, struct bpf_link *link,
				   const struct mf_probe *probe, struct attach_failure *failure);
/* The same for the descriptor of a link; -1: errno says why it failed. */
enum attach_result attach_add_descriptor(struct attachments *attachments, int link,
					 const struct mf_probe *probe,
					 struct attach_failure *failure);
/* Attaches the program to a perf event that `fd` is, which is closed on failure. */
enum attach_result attach_perf_event(struct attachments *attachments,
				     const struct attach_target *target, int fd,
				     struct attach_failure *failure);
enum attach_result attach_missing(struct attach_failure *failure, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same where the kernel has no such probes at all. */
enum attach_result attach_lacking(struct attach_failure *failure, const char *why);
enum attach_result attach_failed(struct attach_failure *failure, int status, const char *format,
				 ...) __attribute__((format(printf, 3, 4)));
/* The same with errno's text, and the status that errno means. */
enum attach_result attach_refused(struct attach_failure *failure, const struct mf_probe *probe,
				  int error);
/* The program of a target's probe. */
struct bpf_program *attach_program(const struct attachments *attachments,
				   const struct mf_probe *probe);

/* What the session calls. Results are exit statuses; messages are already told. */

/*
 * Finds the targets of all probes. session->programs entries of probes that have none and may be
 * missing become NULL.
 */
int attach_find(struct attachments *attachments, struct session *session);
int attach_all(struct attachments *attachments);
/* Detaches everything. May be called again. */
void attach_release(struct attachments *attachments);
void attach_free(struct attachments *attachments);

#endif
