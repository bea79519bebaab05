#include "listing/kernel.h"

#include <bpf/btf.h>

#include "host/tracefs.h"
#include "host/type_text.h"

static void add_types(struct listing *listing, const char *prefix, const struct btf *btf,
		      const struct kernel_function *types, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		list_add(listing, &(struct listed){
					  .prefix = prefix,
					  .name = types[i].name,
					  .btf = btf,
					  .type = types[i].id,
				  });
}

int list_of_btf(struct listing *listing, const struct lister *lister,
		const struct list_fields *fields,
		int64_t (*match)(struct arena *arena, const struct btf *btf, const char *module,
				 const char *pattern, struct kernel_function **found),
		struct failure *failure)
{
	const char *pattern = list_last_field(fields);
	const char *module = fields->count > 1 ? fields->texts[0] : NULL;
	const struct btf *btf = list_btf(listing, NULL, failure);
	struct arena *arena = &listing->arena;
	struct kernel_function *found;
	const char **modules;
	int64_t count = 0;

	if (!btf)
		return failure->status;
	if (!module || pattern_match(module, LIST_KERNEL)) {
		const char *place = module || lister->names_kernel ? LIST_KERNEL : NULL;

		count = match(arena, btf, NULL, pattern, &found);
		add_types(listing, list_prefix(listing, lister, place), NULL, found, count);
	}
	count = module ? kernel_btf_modules(arena, &modules) : 0;
	for (int64_t i = 0; i < count; i++) {
		int64_t own;

		if (!pattern_match(module, modules[i]) ||
		    !(btf = list_btf(listing, modules[i], failure)))
			continue;
		own = match(arena, btf, modules[i], pattern, &found);
		add_types(listing, list_prefix(listing, lister, modules[i]), btf, found, own);
	}
	return STATUS_OK;
}

const struct btf *list_btf_of(const struct listing *listing, const struct listed *probe)
{
	return probe->btf ? probe->btf : listing->btf;
}

struct prototype list_prototype(const struct listing *listing, const struct listed *probe)
{
	const struct btf *btf = list_btf_of(listing, probe);
	const struct btf_type *function = btf__type_by_id(btf, probe->type);
	const struct btf_type *types = btf__type_by_id(btf, function->type);

	return (struct prototype){.btf = btf, .types = types, .names = types};
}

int list_put_parameter(struct listing *listing, const struct btf *btf, uint32_t type,
		       const char *name, struct failure *failure)
{
	list_begin_argument(listing);
	if (!type_text_parameter(btf, type, name, &listing->text))
		return fail(failure, STATUS_FAILED,
			    "the kernel's BTF is damaged: type %u refers to itself", type);
	list_end_argument(listing);
	return STATUS_OK;
}

int list_put_parameters(struct listing *listing, const struct prototype *prototype,
			struct failure *failure)
{
	int status = STATUS_OK;
	const char *name;
	char room[32];
	uint32_t type;

	for (uint32_t i = 0;
	     status == STATUS_OK &&
	     (name = prototype_parameter_at(prototype, i, &type, room, sizeof(room)));
	     i++)
		status = list_put_parameter(listing, prototype->btf, type, name, failure);
	return status;
}

int list_put_function(struct listing *listing, const struct lister *lister,
		      const struct listed *probe, struct failure *failure)
{
	const struct prototype prototype = list_prototype(listing, probe);

	(void)lister;
	return list_put_parameters(listing, &prototype, failure);
}
