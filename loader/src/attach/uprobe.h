/* Probes of user functions: what single functions (attach/uprobe.c), patterns
 * (attach/uprobe_pattern.c) and source lines (attach/uprobe_line.c) share. */
#ifndef BPFLOAD_ATTACH_UPROBE_H
#define BPFLOAD_ATTACH_UPROBE_H

#include <stdbool.h>

#include "attach/attach.h"
#include "binary/files.h"
#include "binary/path.h"
#include "binary/symbol.h"

/* A target's own: places of one file. */
struct uprobe {
	/* As the kernel has it: of a file in an archive, the archive. */
	const char *path;
	/* In the file. */
	uint64_t offset;
	/* Several places, as many as the target has events, with the cookie of each; NULL: `offset`
	 * alone, with the target's cookie. */
	const uint64_t *offsets, *cookies;
	/* The link of another probe, which has the same program, is that of this one, too. */
	bool is_held;
	/* It has a link of its own: the kernel refused one for all. */
	bool is_alone;
};

/* Whether the probe may stand for several functions or files. */
bool attach_uprobe_is_pattern(const struct mf_probe *probe);

enum attach_result attach_uprobe_find_pattern(struct attachments *attachments,
					      const struct mf_probe *probe,
					      struct failure *failure);
/* Source lines (attach/uprobe_line.c). */
enum attach_result attach_uprobe_find_lines(struct attachments *attachments,
					    const struct mf_probe *probe, struct failure *failure);

/* Adds the places of one file as a target, with their names. */
enum attach_result attach_uprobe_add_file(struct attachments *attachments,
					  const struct mf_probe *probe,
					  const struct binary_file *file,
					  const struct binary_function *functions, size_t count,
					  struct failure *failure);

/* Has the program loaded for one link to many places, or for one each. */
void attach_uprobe_choose_link(struct attachments *attachments, const struct mf_probe *probe);

enum attach_result attach_uprobe_pattern(struct attachments *attachments,
					 const struct attach_target *target,
					 struct failure *failure);

/* Functions whose probes share a program (attach/uprobe_shared.c): whether the probe is one of
 * them. */
bool attach_uprobe_shares(const struct attachments *attachments, const struct mf_probe *probe);
/* Attaches the program to the target's place and to all others of the file that it serves, by one
 * link; for those there is nothing left to do then. */
enum attach_result attach_uprobe_shared(struct attachments *attachments,
					const struct attach_target *target,
					struct failure *failure);

/* One place of a file. */
struct uprobe_place {
	const char *path;
	uint64_t offset, cookie;
	/* Offset of the word that counts who is traced; 0: none. */
	uint64_t semaphore;
};

/*
 * Decides how programs of single places are loaded: as uprobes of perf events, which need
 * CAP_SYS_ADMIN (kernel/events/core.c, perf_uprobe_event_init), or else for a link of many.
 */
void attach_uprobe_choose_single(struct attachments *attachments, const struct mf_probe *probe);

/* Attaches the target's program to a place. */
enum attach_result attach_uprobe_place(struct attachments *attachments,
				       const struct attach_target *target,
				       const struct uprobe_place *place, struct failure *failure);

/* The path that the kernel knows: the archive of a file in one. Offsets are in it. */
const char *attach_uprobe_path(struct arena *arena, const char *path);

/* What the probe looks for in a file. */
struct binary_query attach_uprobe_query(const struct attachments *attachments,
					const struct mf_probe *probe);

/* What a failed search means to people. */
enum attach_result attach_uprobe_explain(const struct mf_probe *probe, const char *path,
					 enum binary_symbol_result result, struct failure *failure);

#endif
