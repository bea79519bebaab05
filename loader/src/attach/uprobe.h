/* Probes of user functions: what single functions (attach/uprobe.c), patterns
 * (attach/uprobe_pattern.c) and source lines (attach/uprobe_line.c) share. */
#ifndef BPFLOAD_ATTACH_UPROBE_H
#define BPFLOAD_ATTACH_UPROBE_H

#include <stdbool.h>

#include "attach/attach.h"
#include "binary/files.h"
#include "binary/path.h"
#include "binary/symbol.h"

/* Whether the probe may stand for several functions or files. */
bool attach_uprobe_is_pattern(const struct mf_probe *probe);

enum attach_result attach_uprobe_find_pattern(struct attachments *attachments,
					      const struct mf_probe *probe,
					      struct attach_failure *failure);
/* Source lines (attach/uprobe_line.c). */
enum attach_result attach_uprobe_find_lines(struct attachments *attachments,
					    const struct mf_probe *probe,
					    struct attach_failure *failure);

/* Adds the places of one file as a target, with their names. */
enum attach_result attach_uprobe_add_file(struct attachments *attachments,
					  const struct mf_probe *probe,
					  const struct binary_file *file,
					  const struct binary_function *functions, size_t count,
					  struct attach_failure *failure);

/* Has the program loaded for one link to many places, or for one each. */
void attach_uprobe_choose_link(struct attachments *attachments, const struct mf_probe *probe);

enum attach_result attach_uprobe_pattern(struct attachments *attachments,
					 const struct attach_target *target,
					 struct attach_failure *failure);

/* One place of a file. */
struct uprobe_place {
	uint64_t offset, cookie;
	/* Offset of the word that counts who is traced; 0: none. */
	uint64_t semaphore;
};

/*
 * Decides how programs of single places are loaded: as uprobes of perf events, which need
 * CAP_SYS_ADMIN (kernel/events/core.c, perf_uprobe_event_init), or else for a link of many.
 */
void attach_uprobe_choose_single(struct attachments *attachments, const struct mf_probe *probe);

/* Attaches the target's program to a place of its file. */
enum attach_result attach_uprobe_place(struct attachments *attachments,
				       const struct attach_target *target,
				       const struct uprobe_place *place,
				       struct attach_failure *failure);

/* What the probe looks for in a file. */
struct binary_query attach_uprobe_query(const struct attachments *attachments,
					const struct mf_probe *probe);

/* What a failed search means to people. */
enum attach_result attach_uprobe_explain(const struct mf_probe *probe, const char *path,
					 enum binary_symbol_result result,
					 struct attach_failure *failure);

#endif
