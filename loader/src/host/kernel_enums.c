#include "host/kernel_enums.h"

#include <bpf/btf.h>
#include <string.h>

static const char *text(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

static const char *enumerator_name(const struct btf *btf, const struct btf_type *type, uint32_t i)
{
	return text(btf, btf_is_enum64(type) ? btf_enum64(type)[i].name_off
					     : btf_enum(type)[i].name_off);
}

static uint64_t enumerator_value(const struct btf_type *type, uint32_t i, bool is_signed)
{
	if (btf_is_enum64(type))
		return btf_enum64_value(&btf_enum64(type)[i]);
	return is_signed ? (uint64_t)(int64_t)btf_enum(type)[i].val
			 : (uint32_t)btf_enum(type)[i].val;
}

/* Whether a 4-byte enum has a value that the kernel takes for an error (MAX_ERRNO,
 * include/linux/err.h). */
static bool has_error(const struct btf_type *type)
{
	for (uint32_t i = 0; btf_is_enum(type) && i < btf_vlen(type); i++)
		if (btf_enum(type)[i].val < 0 && btf_enum(type)[i].val >= -4095)
			return true;
	return false;
}

bool kernel_enum_is_signed(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	if (btf_kflag(type) || !has_error(type))
		return btf_kflag(type);
	for (uint32_t before = 1; before < id; before++) {
		type = btf__type_by_id(btf, before);
		if (type && btf_is_any_enum(type) && btf_kflag(type))
			return false;
	}
	return true;
}

/* The next enum of that name from `*id` on, which becomes its id; NULL: no more. */
static const struct btf_type *next_enum(const struct btf *btf, const char *name, uint32_t *id)
{
	uint32_t count = btf__type_cnt(btf);

	for (; *id < count; (*id)++) {
		const struct btf_type *type = btf__type_by_id(btf, *id);

		if (type && btf_is_any_enum(type) && strcmp(text(btf, type->name_off), name) == 0)
			return type;
	}
	return NULL;
}

static uint32_t first_id(const struct btf *btf)
{
	const struct btf *base = btf__base_btf(btf);

	return base ? btf__type_cnt(base) : 1;
}

static bool has(const struct mf_enum *known, const char *name)
{
	for (uint32_t i = 0; i < known->value_count; i++)
		if (strcmp(known->values[i].name, name) == 0)
			return true;
	return false;
}

static uint32_t shared_names(const struct btf *btf, const struct btf_type *type,
			     const struct mf_enum *known)
{
	uint32_t shared = 0;

	for (uint32_t i = 0; i < btf_vlen(type); i++)
		shared += has(known, enumerator_name(btf, type, i));
	return shared;
}

static bool has_negative(const struct mf_enum *known)
{
	for (uint32_t i = 0; i < known->value_count; i++)
		if (known->values[i].value < 0)
			return true;
	return false;
}

static void take(struct arena *arena, const struct btf *btf, const struct btf_type *type,
		 const struct mf_enum *known, struct mf_enum *found)
{
	uint32_t count = btf_vlen(type);
	struct mf_enum_value *values = arena_array(arena, count, sizeof(*values));
	bool is_signed = has_negative(known);

	for (uint32_t i = 0; i < count; i++)
		values[i] = (struct mf_enum_value){
			enumerator_name(btf, type, i),
			(int64_t)enumerator_value(type, i, is_signed),
		};
	*found = (struct mf_enum){.name = known->name, .values = values, .value_count = count};
}

bool kernel_enum_like(struct arena *arena, const struct btf *btf, const struct mf_enum *known,
		      struct mf_enum *found)
{
	const struct btf_type *type, *best = NULL;
	uint32_t most = 0;

	for (uint32_t id = first_id(btf); (type = next_enum(btf, known->name, &id)); id++) {
		uint32_t shared = shared_names(btf, type, known);

		if (shared > most) {
			most = shared;
			best = type;
		}
	}
	if (best)
		take(arena, btf, best, known, found);
	return best != NULL;
}

bool kernel_enumerator(const struct btf *btf, const char *enumeration, const char *name,
		       uint64_t *value)
{
	const struct btf_type *type;

	for (uint32_t id = first_id(btf);
	     (type = next_enum(btf, enumeration ? enumeration : "", &id)); id++)
		for (uint32_t i = 0; i < btf_vlen(type); i++)
			if (strcmp(enumerator_name(btf, type, i), name) == 0) {
				*value = enumerator_value(type, i, kernel_enum_is_signed(btf, id));
				return true;
			}
	return false;
}

bool kernel_has_enumerator(const struct btf *btf, const char *name)
{
	uint32_t count = btf__type_cnt(btf);

	for (uint32_t id = first_id(btf); id < count; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		for (uint32_t i = 0; type && btf_is_any_enum(type) && i < btf_vlen(type); i++)
			if (strcmp(enumerator_name(btf, type, i), name) == 0)
				return true;
	}
	return false;
}
