/*
 * Attaching probes: one file a provider, and one line in the table of attach.c. A provider is a
 * struct of functions. It first finds what a probe attaches to on this host, before programs are
 * loaded, so that probes that cannot exist are told at once and left out where the script allows
 * it; and attaches it when the maps are there.
 */
#ifndef BPFLOAD_ATTACH_H
#define BPFLOAD_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "object/targets.h"
#include "session/session.h"

struct attach_provider;
struct bpf_link;

/* One thing that a probe attaches to; a wildcard has several. */
struct attach_target {
	const struct attach_provider *provider;
	/* With parameters put in. */
	const struct mf_probe *probe;
	/* Cookie that bpf_get_attach_cookie gives; 0 where the probe does not ask. */
	uint64_t cookie;
	/* How many events the target stands for; 0: one. */
	uint32_t events;
	/* Which of the events that the probe means, for messages; NULL: the probe's name says it.
	 */
	const char *shown;
	/* What the provider knows of it: a struct of the provider's. */
	void *own;
};

/* What holds a probe in its place, or one of several that do. */
struct attached {
	const struct mf_probe *probe;
	struct bpf_link *link;
	/* Where libbpf has no type for it (`link` is NULL); -1 else, and where another one holds
	 * the probe, too. */
	int descriptor;
};

/* A program that was loaded once more, for another function of its probe. */
struct program_copy {
	const struct mf_probe *probe;
	int program;
};

/* A probe that is not on this host, which the script goes on without. */
struct left_out {
	const struct mf_probe *probe;
	const char *reason;
};

/* Of so many it is kept why. */
#define MAX_LEFT_OUT 64

struct attachments {
	struct session *session;
	/* In the order of the script. */
	struct attach_target *targets;
	uint32_t target_count, target_room;
	struct attached *links;
	uint32_t link_count, link_room;
	/* They are kept to the end for what the kernel counted of them. */
	struct program_copy *copies;
	uint32_t copy_count, copy_room;
	/* Events of all targets. */
	uint32_t found;
	/* Events that --probe-filter keeps out. */
	uint32_t filtered;
	/* Probes that are attached: what "Attached N probes" counts, begin and end aside. */
	uint32_t attached;
	/* Probes that are missing, of the first of which it is known why. */
	struct left_out left_out[MAX_LEFT_OUT];
	uint32_t left_out_count;
	/* Of probes that are detached: release_leave lets go of them. */
	bool has_events_left;
};

enum attach_result {
	ATTACH_OK,
	/* Nothing to count or to tell: one of many that a pattern matches, which the kernel does
	 * not let be traced, or what another target attaches. */
	ATTACH_LEFT_OUT,
	/* Not there on this host; the failure is set. missing_probes says what becomes of it. */
	ATTACH_MISSING,
	/* An error whatever missing_probes says; the failure is set. */
	ATTACH_FAILED,
};

/* The functions may be NULL where nothing more is said. */
struct attach_provider {
	/* Whether the object's program is of the type that the probe attaches. */
	bool (*fits)(const struct session *session, const struct mf_probe *probe,
		     const struct bpf_program *program);
	/* Whether the probe means several things though its target has no `*`: its targets have
	 * names of their own then. NULL: never. */
	bool (*is_open)(const struct mf_probe *probe);
	/* Its targets have cookies of the provider's own, also where a name has parameters. */
	bool has_own_cookies;
	/* Its perf events take a grace period each to go: see attach/release.h. */
	bool has_slow_events;
	/* Attached in the reverse of the script's order, since the kernel runs the newest first.
	 * NULL: never. */
	bool (*is_newest_first)(const struct attach_target *target);
	/* Adds the targets of a probe: of a pattern, those that attach_is_wanted lets in. NULL: the
	 * loader runs the probe's program itself. */
	enum attach_result (*find)(struct attachments *attachments, const struct mf_probe *probe,
				   struct failure *failure);
	/* The name on this host that a probe may mean which is missing, or NULL. NULL: find and
	 * attach say it themselves, or there are none. */
	const char *(*near)(struct attachments *attachments, const struct mf_probe *probe);
	/* Decides what depends on all targets of all probes, once they are found; the result is an
	 * exit status. NULL: nothing does. */
	int (*settle)(struct attachments *attachments, struct failure *failure);
	/* Attaches one; adds its links. */
	enum attach_result (*attach)(struct attachments *attachments,
				     const struct attach_target *target, struct failure *failure);
};

extern const struct attach_provider attach_tracepoint, attach_rawtracepoint, attach_kprobe,
	attach_kretprobe, attach_fentry, attach_uprobe, attach_usdt, attach_timer, attach_counter,
	attach_watchpoint, attach_iter, attach_own;

const struct attach_provider *attach_provider_of(const struct mf_probe *probe);

/* What the providers call: */

/* For providers whose events all run the newest first. */
bool attach_always(const struct attach_target *target);

/* For providers of programs on perf events, and of kprobes' type. */
bool attach_fits_perf_event(const struct session *session, const struct mf_probe *probe,
			    const struct bpf_program *program);
bool attach_fits_kprobe(const struct session *session, const struct mf_probe *probe,
			const struct bpf_program *program);
/* The same for tracing programs (BPF_PROG_TYPE_TRACING) of a type of attaching. */
bool attach_is_tracing(const struct bpf_program *program, int type);

/* Whether --probe-filter lets an event of that full name in; counts it where not. */
bool attach_is_wanted(struct attachments *attachments, const char *name);

/* Whether an alias takes the place of the probe's name, and of those of all its events. */
bool attach_has_alias(const struct mf_probe *probe);

/* What the cookie of an event of that name is: `probe` gives it. */
uint64_t attach_name_cookie(struct attachments *attachments, const char *name);

/* Adds a target (copied) with `size` bytes of the provider's own, which become those that `own` of
 * the target points to. */
enum attach_result attach_add_target(struct attachments *attachments,
				     const struct attach_target *target, const void *own,
				     size_t size, struct failure *failure);
/* Takes over a link; `link` NULL: errno says why it failed. */
enum attach_result attach_add_link(struct attachments *attachments, struct bpf_link *link,
				   const struct mf_probe *probe, struct failure *failure);
/* The same for the descriptor of a link; -1: errno says why it failed. */
enum attach_result attach_add_descriptor(struct attachments *attachments, int link,
					 const struct mf_probe *probe, struct failure *failure);
/* A probe that the link of another one serves: it has none of its own. */
enum attach_result attach_add_held(struct attachments *attachments, const struct mf_probe *probe);
/* A file or more for each of many functions may be more than a process has by default. */
void attach_allow_files(void);
/* Attaches the program to a perf event that `fd` is, which is closed on failure. */
enum attach_result attach_perf_event(struct attachments *attachments,
				     const struct attach_target *target, int fd,
				     struct failure *failure);
enum attach_result attach_missing(struct failure *failure, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same of a probe of which nothing is there, and nothing else is known: of a pattern, that it
 * matches nothing is said once none of its block does. */
enum attach_result attach_unmatched(struct failure *failure, const struct mf_probe *probe);
/* The same where the kernel has no such probes at all. */
enum attach_result attach_lacking(struct failure *failure, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
enum attach_result attach_failed(struct failure *failure, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with errno's text, and the status that errno means. */
enum attach_result attach_refused(struct failure *failure, const struct mf_probe *probe, int error);
/* The program of a target's probe. */
struct bpf_program *attach_program(const struct attachments *attachments,
				   const struct mf_probe *probe);

/* What runs a script calls. Results are exit statuses, with the failure set. */

/* Whether all programs of an opened object are of the types that their probes have. */
int attach_check(const struct session *session, struct failure *failure);

/* How many probes' programs are run by the loader itself, those of tests aside. */
uint32_t attach_count_own(const struct session *session);

/*
 * Finds the targets of all probes. session->programs entries of probes that have none and may be
 * missing become NULL.
 */
int attach_find(struct attachments *attachments, struct session *session, struct failure *failure);
int attach_all(struct attachments *attachments, struct failure *failure);
/*
 * Calls `visit` for each program that runs in the place of a probe, once for each probe that it
 * serves, with its id and a descriptor that `visit` closes. Asking for them needs CAP_SYS_ADMIN
 * (bpf_prog_get_fd_by_id, kernel/bpf/syscall.c); -1 with errno.
 */
int attach_each_program(const struct attachments *attachments,
			void (*visit)(const struct mf_probe *probe, uint32_t id, int program,
				      void *context),
			void *context);
/*
 * How many events of a probe the kernel did not give to its programs, because a program ran on that
 * CPU: their own (tracing programs and raw tracepoints), or any (kprobes, other tracepoints). 0
 * where the kernel does not count them (before Linux 5.12, and of perf events:
 * bpf_overflow_handler, kernel/events/core.c), and of a probe that has its program from one before
 * it. To be asked when nothing is attached any more.
 */
uint64_t attach_missed(const struct attachments *attachments, const struct mf_probe *probe);
/* Detaches one probe, by its index in the manifest, and those that share its program; how many are
 * still attached. */
uint32_t attach_detach(struct attachments *attachments, uint32_t probe);
/* Detaches everything: no program runs any more. May be called again. */
void attach_release(struct attachments *attachments);
/* The same, and forgets them. Whether release_leave has something to let go of. */
bool attach_free(struct attachments *attachments);

#endif
