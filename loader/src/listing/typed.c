/* rawtracepoint and iter: what BTF has types of. */
#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "listing/kernel.h"

/* A function of this name stands for an iterator that has a context of the other
 * (include/linux/bpf.h). */
#define ITERATOR "bpf_iter_"
#define ITERATOR_CONTEXT "bpf_iter__"

static int by_name(const void *left, const void *right)
{
	return strcmp(((const struct kernel_function *)left)->name,
		      ((const struct kernel_function *)right)->name);
}

static const struct kernel_function *look_up(const struct kernel_function *functions, int64_t count,
					     const char *name)
{
	const struct kernel_function key = {.name = name};

	return count ? bsearch(&key, functions, (size_t)count, sizeof(*functions), by_name) : NULL;
}

static int64_t match_events(struct arena *arena, const struct btf *btf, const char *module,
			    const char *pattern, struct kernel_function **events)
{
	(void)module;
	return kernel_btf_match_events(arena, btf, pattern, events);
}

static int list_events(struct listing *listing, const struct lister *lister,
		       const struct list_fields *fields, struct failure *failure)
{
	return list_of_btf(listing, lister, fields, match_events, failure);
}

/* Of the kernel, whose functions are sorted once: a look through its types takes a millisecond. */
static uint32_t find_function(const void *context, const char *name)
{
	const struct listing *listing = context;
	const struct kernel_function *found =
		look_up(listing->functions, listing->function_count, name);

	return found ? found->id : 0;
}

static int put_event(struct listing *listing, const struct lister *lister,
		     const struct listed *probe, struct failure *failure)
{
	const struct btf *btf = list_btf_of(listing, probe);
	struct prototype prototype;

	(void)lister;
	if (!listing->functions && !probe->btf)
		listing->function_count = kernel_btf_match_types(
			&listing->arena, btf, BTF_KIND_FUNC, "", "*", &listing->functions);
	if (!prototype_of_event_type(btf, probe->type, probe->name,
				     probe->btf ? prototype_find_function : find_function,
				     probe->btf ? (const void *)btf : listing, &prototype))
		return STATUS_OK;
	return list_put_parameters(listing, &prototype, failure);
}

static int list_iterators(struct listing *listing, const struct lister *lister,
			  const struct list_fields *fields, struct failure *failure)
{
	const char *pattern = fields->count ? fields->texts[0] : "*";
	const struct btf *btf = list_btf(listing, NULL, failure);
	const char *prefix = list_prefix(listing, lister, NULL);
	struct kernel_function *contexts, *functions;
	int64_t count, function_count;

	if (!btf)
		return failure->status;
	count = kernel_btf_match_types(&listing->arena, btf, BTF_KIND_STRUCT, ITERATOR_CONTEXT,
				       pattern, &contexts);
	function_count = kernel_btf_match_types(&listing->arena, btf, BTF_KIND_FUNC, ITERATOR,
						pattern, &functions);
	for (int64_t i = 0; i < count; i++) {
		const struct kernel_function *function =
			look_up(functions, function_count, contexts[i].name);

		if (function)
			list_add(listing, &(struct listed){
						  .prefix = prefix,
						  .name = function->name,
						  .type = function->id,
					  });
	}
	return STATUS_OK;
}

const struct lister list_rawtracepoint = {MF_RAWTRACEPOINT, GROUP_KERNEL, true, list_events,
					  put_event};
const struct lister list_iter = {MF_ITER, GROUP_KERNEL, false, list_iterators, list_put_function};
