#include "session/sizes.h"

#include <bpf/libbpf.h>
#include <string.h>

#include "session/params.h"

static int64_t number_of(const struct session *session, uint32_t parameter, int64_t otherwise)
{
	int64_t number = 0;

	if (!parameter)
		return otherwise;
	parse_integer(params_text(session->options, parameter), &number);
	return number;
}

static bool is_open(const struct mf_type *type)
{
	return type->bits_parameter || type->min_parameter || type->max_parameter ||
	       type->step_parameter;
}

/* A failure at the parameter in the script. */
static int fail_at_parameter(const struct manifest *manifest, uint32_t parameter,
			     struct failure *failure)
{
	for (uint32_t i = 0; i < manifest->bound_count; i++) {
		const struct mf_place *place = manifest->bounds[i].place;

		if (manifest->bounds[i].parameter == parameter)
			return fail_at_column(failure, place->file ? place->file : manifest->script,
					      place->line, place->column, place->text);
	}
	return failure->status;
}

static int settle_lhist(const struct session *session, struct mf_type *type,
			struct failure *failure)
{
	uint32_t parameter = type->min_parameter   ? type->min_parameter
			     : type->max_parameter ? type->max_parameter
						   : type->step_parameter;
	uint64_t steps;

	type->min = number_of(session, type->min_parameter, type->min);
	type->max = number_of(session, type->max_parameter, type->max);
	type->step = number_of(session, type->step_parameter, type->step);
	if (type->step < 1)
		fail(failure, STATUS_USAGE, "lhist() step must be >= 1 (%lld provided)",
		     (long long)type->step);
	else if (type->min >= type->max)
		fail(failure, STATUS_USAGE,
		     "lhist() min must be less than max (provided min %lld and max %lld)",
		     (long long)type->min, (long long)type->max);
	else if ((steps = ((uint64_t)type->max - (uint64_t)type->min) / (uint64_t)type->step) >
		 MF_MOST_LHIST_STEPS)
		fail(failure, STATUS_USAGE,
		     "lhist() too many buckets, must be <= %u (would need %llu)",
		     MF_MOST_LHIST_STEPS, (unsigned long long)steps);
	else
		type->buckets = (uint32_t)steps + 2;
	return failure->status ? fail_at_parameter(session->manifest, parameter, failure)
			       : STATUS_OK;
}

static int settle_type(const struct session *session, struct mf_type *type, struct failure *failure)
{
	if (type->kind == MF_LHIST)
		return settle_lhist(session, type, failure);
	type->bits = (uint32_t)number_of(session, type->bits_parameter, type->bits);
	if (type->bits > MF_MOST_HIST_BITS)
		return fail(failure, STATUS_USAGE, "hist() bits must be between 0 and %u",
			    MF_MOST_HIST_BITS);
	type->buckets = mf_hist_buckets(type->bits);
	return STATUS_OK;
}

/* A slot of an array stays as large as it was: its flag stands behind it. */
static const struct mf_store *resize(struct session *session, const struct mf_store *stores,
				     uint32_t count, uint32_t size)
{
	struct mf_store *resized = arena_array(&session->manifest->arena, count, sizeof(*resized));

	for (uint32_t i = 0; i < count; i++) {
		struct bpf_map *map;

		resized[i] = stores[i];
		map = session->object && stores[i].kind == MF_STORE_HASH
			      ? bpf_object__find_map_by_name(session->object, stores[i].map)
			      : NULL;
		if (map && bpf_map__set_value_size(map, size) == 0)
			resized[i].value_size = size;
	}
	return resized;
}

static int settle_map(struct session *session, struct mf_map *map, struct failure *failure)
{
	struct mf_type *type = arena_alloc(&session->manifest->arena, sizeof(*type));

	*type = *map->value;
	if (settle_type(session, type, failure) != STATUS_OK)
		return failure->status;
	type->size = 8 * type->buckets;
	map->value = type;
	map->stores = resize(session, map->stores, map->store_count, type->size);
	if (map->next)
		map->next = resize(session, map->next, map->store_count, type->size);
	return STATUS_OK;
}

static void settle_stacks(struct session *session)
{
	const struct manifest *manifest = session->manifest;
	struct bpf_map *map = session->object
				      ? bpf_object__find_map_by_name(session->object, MF_MAP_STACKS)
				      : NULL;
	uint32_t words = manifest->stack_words;

	if (!map || !manifest->depth_count)
		return;
	for (uint32_t i = 0; i < manifest->depth_count; i++) {
		const struct mf_depth *depth = &manifest->depths[i];
		uint32_t frames = params_number(session->options, depth->parameter, 0);

		if (frames <= MF_MOST_FRAMES && frames * depth->words > words)
			words = frames * depth->words;
	}
	bpf_map__set_value_size(map, 8 * words);
}

int sizes_settle(struct session *session, struct failure *failure)
{
	for (uint32_t i = 0; i < session->manifest->map_count; i++) {
		struct mf_map *map = &session->manifest->maps[i];

		if (is_open(map->value) && settle_map(session, map, failure) != STATUS_OK)
			return failure->status;
	}
	settle_stacks(session);
	return STATUS_OK;
}

void sizes_store(const struct session *session, uint8_t *rodata)
{
	for (uint32_t i = 0; i < session->manifest->map_count; i++) {
		const struct mf_map *map = &session->manifest->maps[i];
		uint64_t buckets = map->value->buckets;

		if (map->buckets != MF_NONE)
			memcpy(rodata + map->buckets, &buckets, sizeof(buckets));
	}
}
