/* Probes of user functions: what single functions (attach_uprobe.c) and patterns
 * (attach_uprobe_pattern.c) share. */
#ifndef BPFLOAD_ATTACH_UPROBE_H
#define BPFLOAD_ATTACH_UPROBE_H

#include <stdbool.h>

#include "attach.h"
#include "binary_files.h"
#include "binary_path.h"
#include "binary_symbol.h"

/* Whether the probe may stand for several functions or files. */
bool attach_uprobe_is_pattern(const struct mf_probe *probe);

enum attach_result attach_uprobe_find_pattern(struct attachments *attachments,
					      const struct mf_probe *probe,
					      struct attach_failure *failure);
enum attach_result attach_uprobe_pattern(struct attachments *attachments,
					 const struct attach_target *target,
					 struct attach_failure *failure);

/* What the probe looks for in a file. */
struct binary_query attach_uprobe_query(const struct attachments *attachments,
					const struct mf_probe *probe);

/* What a failed search means to people. */
enum attach_result attach_uprobe_explain(const struct mf_probe *probe, const char *path,
					 enum binary_symbol_result result,
					 struct attach_failure *failure);

#endif
