#include "host/typed_functions.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "host/traceable.h"
#include "host/tracefs.h"

/* What the verifier never lets be traced (btf_id_deny, kernel/bpf/verifier.c). */
static bool is_refused(const char *name)
{
	static const char *const refused[] = {
		"migrate_disable",   "migrate_enable",	  "rcu_read_unlock_strict",
		"preempt_count_add", "preempt_count_sub", "__rcu_read_lock",
		"__rcu_read_unlock",
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (strcmp(refused[i], name) == 0)
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct traceable *)a)->name, ((const struct traceable *)b)->name);
}

/* Functions that tracefs lists, to look names up in; count -1 where it hides them. */
struct known {
	struct traceable *functions; /* sorted by name */
	int64_t count;
};

static struct known known_functions(struct arena *arena, const char *module, const char *pattern,
				    const char *list)
{
	const char *root = list ? NULL : tracefs_root();
	struct known known = {.count = -1};

	if (!module)
		module = "vmlinux";
	if (list)
		known.count = traceable_match_file(arena, list, module, pattern, &known.functions);
	else if (root)
		known.count = traceable_match(arena, root, module, pattern, &known.functions);
	return known;
}

static bool is_known(const struct known *known, const char *name)
{
	struct traceable key = {.name = name};

	return known->count < 0 || bsearch(&key, known->functions, (size_t)known->count,
					   sizeof(*known->functions), by_name);
}

int64_t typed_functions_match(struct arena *arena, const struct btf *btf, const char *module,
			      const char *pattern, const char *list,
			      struct kernel_function **functions)
{
	const struct known known = known_functions(arena, module, pattern, list);
	int64_t kept = 0, count = kernel_btf_match(arena, btf, pattern, functions);

	for (int64_t i = 0; i < count; i++)
		if (!is_refused((*functions)[i].name) && is_known(&known, (*functions)[i].name))
			(*functions)[kept++] = (*functions)[i];
	return kept;
}
