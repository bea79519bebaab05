#include "session/kernel_subset.h"

#include <bpf/btf.h>
#include <stdlib.h>

#include "base/memory.h"
#include "host/type_key.h"
#include "host/type_subset.h"
#include "host/type_view.h"
#include "object/btf_ext.h"

/* A type of the object whose namesakes are wanted. */
struct wanted {
	struct type_key key;
	uint32_t type;
	bool found;
};

struct collection {
	const struct btf *local;
	struct wanted *wanted;
	uint32_t count, room;
	struct type_subset *subset;
	struct type_source source;
	bool complete;
};

static bool want(const struct btf_ext_core *record, void *context)
{
	struct collection *collection = context;

	for (uint32_t i = 0; i < collection->count; i++)
		if (collection->wanted[i].type == record->type)
			return true;
	memory_grow(collection->wanted, collection->count, collection->room);
	collection->wanted[collection->count++] = (struct wanted){
		.key = type_key_of(collection->local, record->type), .type = record->type};
	return true;
}

static bool take(uint32_t id, const struct btf_type *type, const char *name, void *context)
{
	struct collection *collection = context;

	for (uint32_t i = 0; i < collection->count; i++) {
		struct wanted *wanted = &collection->wanted[i];

		if (!type_has_key(&wanted->key, type, name))
			continue;
		wanted->found = true;
		collection->complete = type_subset_add(collection->subset, collection->source, id);
	}
	return collection->complete;
}

void *kernel_subset(const struct elf_file *elf, const struct btf *local,
		    const struct type_view *kernel, uint32_t *size)
{
	struct collection collection = {
		.local = local,
		.subset = type_subset_new(),
		.source = type_view_source(kernel),
		.complete = true,
	};
	uint32_t kinds = 0;
	void *bytes = NULL;

	btf_ext_each_core(elf, want, &collection);
	for (uint32_t i = 0; i < collection.count; i++)
		kinds |= type_key_kinds(&collection.wanted[i].key);
	type_view_each(kernel, kinds, take, &collection);
	for (uint32_t i = 0; i < collection.count; i++)
		collection.complete = collection.complete && collection.wanted[i].found;
	if (collection.complete)
		bytes = type_subset_bytes(collection.subset, size);
	type_subset_free(collection.subset);
	free(collection.wanted);
	return bytes;
}
