/* struct NAME, union NAME and enum NAME. */
#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "host/type_text.h"
#include "listing/lister.h"

static int by_name(const void *left, const void *right)
{
	const struct kernel_function *one = left, *other = right;
	int order = strcmp(one->name, other->name);

	/* Types of one name, which separate files of the kernel may have: the first is the one that
	 * scripts get. */
	return order ? order : one->id < other->id ? -1 : 1;
}

static int put_type(struct listing *listing, const struct btf *btf, const struct list_types *types,
		    const struct kernel_function *type, struct failure *failure)
{
	listing->has_types = true;
	if (!listing->request->verbose) {
		strbuf_text(&listing->text, types->keyword);
		strbuf_char(&listing->text, ' ');
		strbuf_text(&listing->text, type->name);
		strbuf_char(&listing->text, '\n');
		return STATUS_OK;
	}
	return type_text_definition(btf, type->id, &listing->text)
		       ? STATUS_OK
		       : fail(failure, STATUS_FAILED,
			      "the kernel's BTF is damaged: %s %s contains itself", types->keyword,
			      type->name);
}

int list_put_types(struct listing *listing, const struct list_types *types, struct failure *failure)
{
	const struct btf *btf = list_btf(listing, NULL, failure);
	bool is_enum = strcmp(types->keyword, "enum") == 0;
	uint32_t kind = is_enum				       ? BTF_KIND_ENUM
			: strcmp(types->keyword, "union") == 0 ? BTF_KIND_UNION
							       : BTF_KIND_STRUCT;
	struct kernel_function *found, *wide, *all;
	int64_t count, wide_count = 0;
	int status = STATUS_OK;

	if (!btf)
		return failure->status;
	count = kernel_btf_match_types(&listing->arena, btf, kind, "", types->name, &found);
	if (is_enum)
		wide_count = kernel_btf_match_types(&listing->arena, btf, BTF_KIND_ENUM64, "",
						    types->name, &wide);
	all = arena_array(&listing->arena, (size_t)(count + wide_count) + 1, sizeof(*all));
	if (count)
		memcpy(all, found, (size_t)count * sizeof(*all));
	if (wide_count) {
		memcpy(all + count, wide, (size_t)wide_count * sizeof(*all));
		qsort(all, (size_t)(count + wide_count), sizeof(*all), by_name);
	}
	for (int64_t i = 0; i < count + wide_count && status == STATUS_OK; i++)
		if (i == 0 || strcmp(all[i - 1].name, all[i].name) != 0)
			status = put_type(listing, btf, types, &all[i], failure);
	return status;
}
