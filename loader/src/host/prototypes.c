#include "host/prototypes.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>

#include "host/kernel_btf.h"

#define MOST_NAME 256

const char *const event_functions[EVENT_FUNCTIONS] = {"__probestub_", "__traceiter_",
						      "__bpf_trace_"};

static const struct btf_type *prototype_of(const struct btf *btf, int function_id)
{
	const struct btf_type *function =
		function_id > 0 ? btf__type_by_id(btf, (uint32_t)function_id) : NULL;
	const struct btf_type *found = function ? btf__type_by_id(btf, function->type) : NULL;

	return found && btf_is_func_proto(found) ? found : NULL;
}

/* The typedef of an event leads to a pointer to its prototype (include/trace/bpf_probe.h), which
 * has no names. */
static const struct btf_type *event_prototype(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	type = type ? btf__type_by_id(btf, type->type) : NULL;
	type = type && btf_is_ptr(type) ? btf__type_by_id(btf, type->type) : NULL;
	return type && btf_is_func_proto(type) ? type : NULL;
}

bool prototype_of_event_type(const struct btf *btf, uint32_t type, const char *event,
			     uint32_t (*find)(const void *context, const char *function),
			     const void *context, struct prototype *prototype)
{
	const struct btf_type *types = event_prototype(btf, type);

	if (!types)
		return false;
	*prototype = (struct prototype){.btf = btf, .types = types, .names = types, .hidden = 1};
	for (size_t i = 0; i < EVENT_FUNCTIONS; i++) {
		const struct btf_type *named;
		char name[MOST_NAME];

		snprintf(name, sizeof(name), "%s%s", event_functions[i], event);
		named = prototype_of(btf, (int)find(context, name));
		if (named && btf_vlen(named) == btf_vlen(types)) {
			prototype->names = named;
			break;
		}
	}
	return true;
}

/* Of a module's BTF its own, and else what it is based on. */
static uint32_t find(const struct btf *btf, const char *name, uint32_t kind)
{
	const struct btf *base = btf__base_btf(btf);
	uint32_t own = kernel_btf_own(btf, name, kind);

	return own || !base ? own : kernel_btf_own(base, name, kind);
}

uint32_t prototype_find_function(const void *btf, const char *name)
{
	return find(btf, name, BTF_KIND_FUNC);
}

bool prototype_of_event(const struct btf *btf, const char *event, struct prototype *prototype)
{
	char name[MOST_NAME];
	uint32_t id;

	snprintf(name, sizeof(name), "btf_trace_%s", event);
	id = find(btf, name, BTF_KIND_TYPEDEF);
	return id &&
	       prototype_of_event_type(btf, id, event, prototype_find_function, btf, prototype);
}

bool prototype_of_function(const struct btf *btf, const char *function, struct prototype *prototype)
{
	const struct btf_type *found =
		prototype_of(btf, (int)prototype_find_function(btf, function));

	*prototype = (struct prototype){.btf = btf, .types = found, .names = found};
	return found;
}

static const char *name_of(const struct prototype *prototype, uint32_t index, char *room,
			   size_t size)
{
	const char *name =
		btf__name_by_offset(prototype->btf, btf_params(prototype->names)[index].name_off);

	if (name && *name)
		return name;
	snprintf(room, size, "arg%u", index - prototype->hidden);
	return room;
}

const char *prototype_parameter_at(const struct prototype *prototype, uint32_t index,
				   uint32_t *type, char *room, size_t size)
{
	index += prototype->hidden;
	if (index >= btf_vlen(prototype->types))
		return NULL;
	*type = btf_params(prototype->types)[index].type;
	return name_of(prototype, index, room, size);
}

/* Structs by value take as many slots as they need; the verifier knows of two at most. */
static uint32_t slots_of(const struct prototype *prototype, uint32_t index)
{
	return btf__resolve_size(prototype->btf, btf_params(prototype->types)[index].type) > 8 ? 2
											       : 1;
}

bool prototype_parameter(const struct prototype *prototype, const char *name,
			 struct prototype_value *value)
{
	uint32_t slot = 0;

	for (uint32_t i = prototype->hidden; i < btf_vlen(prototype->types); i++) {
		char numbered[32];

		if (strcmp(name_of(prototype, i, numbered, sizeof(numbered)), name) == 0) {
			*value = (struct prototype_value){btf_params(prototype->types)[i].type,
							  slot};
			return true;
		}
		slot += slots_of(prototype, i);
	}
	return false;
}

struct prototype_value prototype_result(const struct prototype *prototype)
{
	struct prototype_value value = {.type = prototype->types->type};

	for (uint32_t i = prototype->hidden; i < btf_vlen(prototype->types); i++)
		value.slot += slots_of(prototype, i);
	return value;
}

void prototype_list(const struct prototype *prototype, char *text, size_t room)
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = prototype->hidden; i < btf_vlen(prototype->types) && used < room; i++) {
		char numbered[32];

		used += (size_t)snprintf(text + used, room - used, "%s%s",
					 i > prototype->hidden ? ", " : "",
					 name_of(prototype, i, numbered, sizeof(numbered)));
	}
}
