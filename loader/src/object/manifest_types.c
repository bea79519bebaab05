/* Types of the manifest, with sizes as compiler/types/layout.ts lays them out. */
#include <string.h>

#include "base/exit_status.h"
#include "object/manifest_read.h"

#define MAX_HIST_BITS 8
#define MAX_LHIST_BUCKETS 100000
#define MAX_ARRAY (1u << 20)
#define MAX_STACK 1024
#define MAX_INTERVALS 1000000

static const struct mf_type void_type = {.kind = MF_VOID};

static uint32_t int_size(struct manifest_reader *reader, const struct json *json)
{
	uint64_t size = manifest_number(reader, json, "size", 8);

	if (size != 1 && size != 2 && size != 4 && size != 8)
		manifest_wrong(reader, "an integer of %u bytes", (unsigned)size);
	return (uint32_t)size;
}

static void read_array(struct manifest_reader *reader, const struct json *json,
		       struct mf_type *type)
{
	type->size = (uint32_t)manifest_number(reader, json, "size", MAX_VALUE_SIZE);
	type->count = (uint32_t)manifest_number(reader, json, "count", MAX_ARRAY);
	type->element = manifest_type(reader, json_member(json, "element"));
	if (type->count > 0 &&
	    (type->element->size == 0 || (uint64_t)type->element->size * type->count > type->size))
		manifest_wrong(reader, "an array larger than its size");
}

static void read_fields(struct manifest_reader *reader, const struct json *json,
			struct mf_type *type)
{
	const struct json *list = manifest_member(reader, json, "fields", JSON_ARRAY);

	type->size = (uint32_t)manifest_number(reader, json, "size", MAX_VALUE_SIZE);
	if (list)
		type->fields = manifest_fields(reader, list, 0, type->size, type->kind == MF_RECORD,
					       &type->field_count);
	if (type->kind == MF_RECORD) {
		type->struct_name = manifest_text_or_null(reader, json, "struct");
		if (json_member(json, "within"))
			type->within = manifest_list(reader, json, "within", sizeof(*type->within),
						     manifest_text_item, &type->within_count);
		for (uint32_t i = 0; i < type->field_count; i++)
			if (!type->fields[i].name)
				manifest_wrong(reader, "a record's field without a name");
	}
}

static void read_stack(struct manifest_reader *reader, const struct json *json,
		       struct mf_type *type)
{
	type->size = 16;
	type->user_stack = manifest_choice(reader, json, "space", mf_stack_space_names,
					   COUNT_OF(mf_stack_space_names)) == MF_STACK_USER;
	type->stack_mode = (enum mf_stack_mode)manifest_choice(
		reader, json, "mode", mf_stack_mode_names, COUNT_OF(mf_stack_mode_names));
	type->stack_limit = (uint32_t)manifest_number(reader, json, "limit", MAX_STACK);
}

static void read_name(struct manifest_reader *reader, const struct json *json, struct mf_type *type)
{
	type->size = 8;
	type->name_space = (enum mf_name_space)manifest_choice(
		reader, json, "of", mf_name_space_names, COUNT_OF(mf_name_space_names));
}

/* The positional parameter that stands for a number; 0: none. */
static uint32_t parameter_of(struct manifest_reader *reader, const struct json *json,
			     const char *name)
{
	return (uint32_t)manifest_number_or(reader, json, name, UINT32_MAX, 0);
}

uint32_t mf_hist_buckets(uint32_t bits)
{
	return ((62 - bits + 1) << bits) + ((1u << bits) - 1) + 2;
}

static void read_hist(struct manifest_reader *reader, const struct json *json, struct mf_type *type)
{
	type->bits_parameter = parameter_of(reader, json, "bitsParam");
	type->bits = (uint32_t)manifest_number(reader, json, "bits", MAX_HIST_BITS);
	type->buckets = mf_hist_buckets(type->bits_parameter ? MF_MOST_HIST_BITS : type->bits);
	type->size = 8 * type->buckets;
}

static void read_lhist(struct manifest_reader *reader, const struct json *json,
		       struct mf_type *type)
{
	uint64_t steps;

	type->min = manifest_signed(reader, json, "min");
	type->max = manifest_signed(reader, json, "max");
	type->step = manifest_signed(reader, json, "step");
	type->min_parameter = parameter_of(reader, json, "minParam");
	type->max_parameter = parameter_of(reader, json, "maxParam");
	type->step_parameter = parameter_of(reader, json, "stepParam");
	if (type->min_parameter || type->max_parameter || type->step_parameter) {
		type->buckets = MF_MOST_LHIST_STEPS + 2;
		type->size = 8 * type->buckets;
		return;
	}
	if (type->step <= 0 || type->max <= type->min) {
		manifest_wrong(reader, "an impossible linear histogram");
		return;
	}
	steps = ((uint64_t)type->max - (uint64_t)type->min) / (uint64_t)type->step;
	if (steps + 2 > MAX_LHIST_BUCKETS) {
		manifest_wrong(reader, "too many buckets");
		return;
	}
	type->buckets = (uint32_t)steps + 2;
	type->size = 8 * type->buckets;
}

uint32_t mf_slot_size(enum mf_aggregation aggregation)
{
	return aggregation == MF_SERIES_LAST || aggregation == MF_SERIES_AVG ? 24 : 16;
}

static void read_series(struct manifest_reader *reader, const struct json *json,
			struct mf_type *type)
{
	type->is_signed = manifest_flag(reader, json, "signed");
	type->aggregation = (enum mf_aggregation)manifest_choice(
		reader, json, "aggregation", mf_aggregation_names, COUNT_OF(mf_aggregation_names));
	type->interval = manifest_number(reader, json, "interval", INT64_MAX);
	type->count = (uint32_t)manifest_number(reader, json, "count", MAX_INTERVALS);
	if (!type->interval || !type->count) {
		manifest_wrong(reader, "a series without intervals");
		return;
	}
	type->size = type->count * mf_slot_size(type->aggregation);
}

static void read_enum(struct manifest_reader *reader, const struct json *json, struct mf_type *type)
{
	type->size = int_size(reader, json);
	type->is_signed = manifest_flag(reader, json, "signed");
	type->enumeration = (uint32_t)manifest_number(reader, json, "enum", UINT32_MAX - 1);
	if (type->enumeration >= reader->manifest->enum_count)
		manifest_wrong(reader, "an enum that is not there");
}

static void read_kind(struct manifest_reader *reader, const struct json *json, struct mf_type *type)
{
	switch (type->kind) {
	case MF_VOID:
		break;
	case MF_BOOL:
		type->size = 1;
		break;
	case MF_POINTER:
	case MF_KSYM:
	case MF_PROBE:
	case MF_COUNT:
		type->size = 8;
		break;
	case MF_USYM:
	case MF_TIMESTAMP:
	case MF_CGROUP_PATH:
		type->size = 16;
		break;
	case MF_INET:
		type->size = 20;
		break;
	case MF_MACADDR:
		type->size = 6;
		break;
	case MF_NAME:
		read_name(reader, json, type);
		break;
	case MF_INT:
		type->size = int_size(reader, json);
		type->is_signed = manifest_flag(reader, json, "signed");
		break;
	case MF_STRING:
		type->capacity = (uint32_t)manifest_number(reader, json, "size", MAX_VALUE_SIZE);
		type->size = type->capacity;
		break;
	case MF_BUFFER:
		type->capacity = (uint32_t)manifest_number(reader, json, "size", MAX_VALUE_SIZE);
		/* As an element of something larger it is padded to its length's alignment. */
		type->size = 4 + type->capacity;
		break;
	case MF_ENUM:
		read_enum(reader, json, type);
		break;
	case MF_ARRAY:
		read_array(reader, json, type);
		break;
	case MF_TUPLE:
	case MF_RECORD:
		read_fields(reader, json, type);
		break;
	case MF_STACK:
		read_stack(reader, json, type);
		break;
	case MF_SUM:
		type->size = 8;
		type->is_signed = manifest_flag(reader, json, "signed");
		break;
	case MF_MIN:
	case MF_MAX:
	case MF_AVG:
	case MF_STATS:
		type->size = 16;
		type->is_signed = manifest_flag(reader, json, "signed");
		break;
	case MF_HIST:
		read_hist(reader, json, type);
		break;
	case MF_LHIST:
		read_lhist(reader, json, type);
		break;
	case MF_TSERIES:
		read_series(reader, json, type);
		break;
	}
}

const struct mf_type *manifest_type(struct manifest_reader *reader, const struct json *json)
{
	struct mf_type *type;

	if (reader->failure->status)
		return &void_type;
	if (!json || json->kind != JSON_OBJECT) {
		manifest_wrong(reader, "a type is missing");
		return &void_type;
	}
	type = manifest_memory(reader, 1, sizeof(*type));
	type->kind = (enum mf_type_kind)manifest_choice(reader, json, "kind", mf_type_kind_names,
							COUNT_OF(mf_type_kind_names));
	read_kind(reader, json, type);
	return reader->failure->status ? &void_type : type;
}

static void read_bits(struct manifest_reader *reader, const struct json *json,
		      struct mf_field *field, bool may_have_bits)
{
	const struct json *bits = manifest_optional(reader, json, "bits", JSON_ARRAY);
	const struct json *first, *width;

	if (!bits)
		return;
	first = bits->first;
	width = first ? first->next : NULL;
	/* Those of other types, and outside of records, are read whole: beyond what bits take. */
	if (!may_have_bits ||
	    (field->type->kind != MF_BOOL && field->type->kind != MF_INT &&
	     field->type->kind != MF_ENUM) ||
	    bits->count != 2 || first->kind != JSON_NUMBER || width->kind != JSON_NUMBER ||
	    first->number > 63 || width->number == 0 || width->number > 64 ||
	    width->number > 8ull * field->type->size || field->type->size > 8) {
		manifest_wrong(reader, "an impossible bit field");
		return;
	}
	field->bit_offset = (uint8_t)first->number;
	field->bit_width = (uint8_t)width->number;
}

/* A bit field takes the bytes that its bits stand in: in a packed struct they may be nine. */
static uint32_t field_size(const struct mf_field *field)
{
	if (!field->bit_width)
		return field->type->size;
	return (uint32_t)(field->bit_offset + field->bit_width + 7) / 8;
}

const struct mf_field *manifest_fields(struct manifest_reader *reader, const struct json *list,
				       uint32_t start, uint32_t size, bool may_have_bits,
				       uint32_t *count)
{
	struct mf_field *fields = manifest_memory(reader, list->count, sizeof(*fields));
	uint32_t index = 0;

	*count = 0;
	if (!fields)
		return NULL;
	for (const struct json *json = list->first; json && !reader->failure->status;
	     json = json->next) {
		struct mf_field *field = &fields[index++];

		field->offset = (uint32_t)manifest_number(reader, json, "offset", MAX_VALUE_SIZE);
		field->name = manifest_text_or_null(reader, json, "name");
		field->type = manifest_type(reader, json_member(json, "type"));
		read_bits(reader, json, field, may_have_bits);
		if (field->offset < start || !within(field->offset, field_size(field), size))
			manifest_wrong(reader, "a field lies outside its record");
	}
	*count = reader->failure->status ? 0 : index;
	return fields;
}
