#include "output/value.h"

#include <stdlib.h>
#include <string.h>

#include "output/elements.h"
#include "output/address_text.h"
#include "output/facts.h"
#include "output/hist.h"
#include "output/series.h"
#include "session/session.h"
#include "output/stacks.h"
#include "symbols/symbols.h"
#include "base/terminal_text.h"

/* Longest text of a strftime() value. */
#define TIMESTAMP_MAX 512

void value_context_init(struct value_context *context, const struct session *session,
			struct symbols *symbols, struct wall_clock *clock)
{
	*context = (struct value_context){
		.session = session,
		.manifest = session->manifest,
		.clock = clock,
		.trailer = session->manifest->config.str_trunc_trailer,
	};
	context->trailer_length = strlen(context->trailer);
	context->facts = facts_new(session, symbols);
	stacks_open(context);
}

void value_context_free(struct value_context *context)
{
	free(context->frames);
	context->frames = NULL;
	facts_free(context->facts);
	context->facts = NULL;
}

void value_for_terminal(struct strbuf *to, const struct value_context *context, size_t start)
{
	if (context->to_terminal)
		terminal_text(to, start);
}

uint64_t value_load(const uint8_t *data, uint32_t size, bool is_signed)
{
	uint64_t wide;
	uint32_t word;
	uint16_t half;

	switch (size) {
	case 1:
		return is_signed ? (uint64_t)(int8_t)*data : *data;
	case 2:
		memcpy(&half, data, sizeof(half));
		return is_signed ? (uint64_t)(int16_t)half : half;
	case 4:
		memcpy(&word, data, sizeof(word));
		return is_signed ? (uint64_t)(int32_t)word : word;
	case 8:
		memcpy(&wide, data, sizeof(wide));
		return wide;
	default:
		return 0;
	}
}

bool value_is_signed(const struct mf_type *type)
{
	switch (type->kind) {
	case MF_INT:
	case MF_ENUM:
	case MF_SUM:
	case MF_MIN:
	case MF_MAX:
	case MF_AVG:
	case MF_STATS:
		return type->is_signed;
	case MF_COUNT:
		return true;
	default:
		return false;
	}
}

bool value_is_number(const struct mf_type *type)
{
	switch (type->kind) {
	case MF_BOOL:
	case MF_POINTER:
	case MF_KSYM:
	case MF_USYM:
	case MF_PROBE:
	case MF_COUNT:
	case MF_INT:
	case MF_ENUM:
	case MF_SUM:
	case MF_MIN:
	case MF_MAX:
	case MF_AVG:
		return true;
	default:
		return false;
	}
}

uint64_t value_number(const struct mf_type *type, const uint8_t *data)
{
	switch (type->kind) {
	case MF_BOOL:
		return *data != 0;
	case MF_INT:
	case MF_ENUM:
		return value_load(data, type->size, type->is_signed);
	case MF_AVG:
		return value_average(type, data);
	default:
		return value_load(data, 8, false);
	}
}

uint64_t value_average(const struct mf_type *type, const uint8_t *data)
{
	uint64_t total = value_load(data, 8, false);
	uint64_t count = value_load(data + 8, 8, false);

	if (!count)
		return 0;
	if (type->is_signed && (int64_t)total < 0)
		return 0 - (0 - total) / count;
	return total / count;
}

void value_string_text(struct strbuf *to, const struct value_context *context, const uint8_t *data,
		       uint32_t capacity)
{
	size_t length = strnlen((const char *)data, capacity);

	strbuf_put(to, data, length);
	if (length == capacity && capacity)
		strbuf_put(to, context->trailer, context->trailer_length);
}

static void put_signed_or_not(struct strbuf *to, const struct mf_type *type, uint64_t value)
{
	if (value_is_signed(type))
		strbuf_i64(to, (int64_t)value);
	else
		strbuf_u64(to, value);
}

static void put_enum(struct strbuf *to, const struct value_context *context,
		     const struct mf_type *type, uint64_t value)
{
	const struct mf_enum *names = &context->session->enums[type->enumeration];

	for (uint32_t i = 0; i < names->value_count; i++) {
		if ((uint64_t)names->values[i].value == value) {
			strbuf_text(to, names->values[i].name);
			return;
		}
	}
	put_signed_or_not(to, type, value);
}

static bool can_have_bits(const struct mf_type *type)
{
	return (type->kind == MF_BOOL || type->kind == MF_INT || type->kind == MF_ENUM) &&
	       type->size <= sizeof(uint64_t);
}

const uint8_t *value_of_field(const struct mf_field *field, const uint8_t *record, uint8_t room[8])
{
	const uint8_t *data = record + field->offset;
	uint32_t first = field->bit_offset & 63;
	uint32_t unused = 64 - (field->bit_width & 63);
	uint64_t halves[2] = {0, 0}, bits;

	if (!field->bit_width || !can_have_bits(field->type))
		return data;
	memcpy(halves, data, (first + field->bit_width + 7u) / 8);
	bits = halves[0] >> first;
	if (first)
		bits |= halves[1] << (64 - first);
	if (field->bit_width < 64) {
		bits <<= unused;
		bits = value_is_signed(field->type) ? (uint64_t)((int64_t)bits >> unused)
						    : bits >> unused;
	}
	memcpy(room, &bits, sizeof(bits));
	return room;
}

static void put_buffer(struct strbuf *to, const struct mf_type *type, const uint8_t *data)
{
	uint64_t length = value_load(data, 4, false);

	if (length > type->capacity)
		length = type->capacity;
	data += 4;
	for (uint64_t i = 0; i < length; i++) {
		if (data[i] >= 32 && data[i] <= 126) {
			strbuf_char(to, (char)data[i]);
		} else {
			strbuf_text(to, "\\x");
			strbuf_char(to, "0123456789abcdef"[data[i] >> 4]);
			strbuf_char(to, "0123456789abcdef"[data[i] & 15]);
		}
	}
}

void value_stats_text(struct strbuf *to, const struct mf_type *type, const uint8_t *data,
		      uint32_t div)
{
	uint64_t average = value_average(type, data);

	if (type->is_signed)
		average = (uint64_t)((int64_t)average / div);
	else
		average /= div;
	strbuf_text(to, "{ .count = ");
	strbuf_u64(to, value_load(data + 8, 8, false));
	strbuf_text(to, ", .average = ");
	put_signed_or_not(to, type, average);
	strbuf_text(to, ", .total = ");
	put_signed_or_not(to, type, value_load(data, 8, false));
	strbuf_text(to, " }");
}

static void put_address(struct strbuf *to, uint64_t address)
{
	strbuf_text(to, "0x");
	strbuf_hex(to, address);
}

static void put_ksym(struct strbuf *to, const struct value_context *context, uint64_t address)
{
	struct symbol symbol;

	if (facts_kernel(context->facts, address, &symbol))
		strbuf_text(to, symbol.name);
	else
		put_address(to, address);
}

static void put_usym(struct strbuf *to, const struct value_context *context, const uint8_t *data)
{
	uint64_t address = value_load(data, 8, false);
	uint32_t pid = (uint32_t)value_load(data + 8, 4, false);
	struct symbol symbol;

	if (facts_user(context->facts, pid, address, &symbol) && symbol.name)
		strbuf_text(to, symbol.name);
	else
		put_address(to, address);
}

static void put_timestamp(struct strbuf *to, const struct value_context *context,
			  const uint8_t *data)
{
	uint64_t boot_ns = value_load(data, 8, false);
	uint64_t format = value_load(data + 8, 4, false);

	if (format >= context->manifest->format_count ||
	    !time_text(to, context->clock, context->manifest->formats[format],
		       wall_clock_of_boot(context->clock, boot_ns), true, TIMESTAMP_MAX))
		strbuf_text(to, "(?)");
}

static void put_cgroup_path(struct strbuf *to, const struct value_context *context,
			    const uint8_t *data)
{
	uint64_t filter = value_load(data + 8, 4, false);

	if (filter < context->manifest->format_count)
		facts_cgroup(context->facts, to, value_load(data, 8, false), (uint32_t)filter);
}

static void put_probe(struct strbuf *to, const struct value_context *context, uint64_t index)
{
	const char *name = facts_probe(context->facts, index);

	if (name)
		strbuf_text(to, name);
	else
		strbuf_u64(to, index);
}

static void put_buckets(struct strbuf *to, const struct mf_type *type, const uint8_t *data)
{
	/* Map values stand aligned (map_rows). */
	const uint64_t *counts = (const uint64_t *)(const void *)data;

	if (type->kind == MF_HIST)
		hist_text(to, counts, type->buckets, type->bits, 1);
	else
		lhist_text(to, counts, type->buckets, type->min, type->max, type->step);
}

void value_text(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
		const uint8_t *data)
{
	switch (type->kind) {
	case MF_VOID:
		strbuf_text(to, "null");
		break;
	case MF_BOOL:
		strbuf_text(to, *data ? "true" : "false");
		break;
	case MF_POINTER:
		put_address(to, value_load(data, 8, false));
		break;
	case MF_KSYM:
		put_ksym(to, context, value_load(data, 8, false));
		break;
	case MF_USYM:
		put_usym(to, context, data);
		break;
	case MF_TIMESTAMP:
		put_timestamp(to, context, data);
		break;
	case MF_NAME:
		facts_name(context->facts, to, type->name_space, value_load(data, 8, false));
		break;
	case MF_INET:
		inet_text(to, (uint32_t)value_load(data, 4, false), data + 4);
		break;
	case MF_MACADDR:
		macaddr_text(to, data);
		break;
	case MF_CGROUP_PATH:
		put_cgroup_path(to, context, data);
		break;
	case MF_PROBE:
		put_probe(to, context, value_load(data, 8, false));
		break;
	case MF_COUNT:
	case MF_INT:
	case MF_SUM:
	case MF_MIN:
	case MF_MAX:
	case MF_AVG:
		put_signed_or_not(to, type, value_number(type, data));
		break;
	case MF_STRING:
		value_string_text(to, context, data, type->capacity);
		break;
	case MF_BUFFER:
		put_buffer(to, type, data);
		break;
	case MF_ENUM:
		put_enum(to, context, type, value_number(type, data));
		break;
	case MF_ARRAY:
	case MF_TUPLE:
	case MF_RECORD:
		elements_put(to, context, type, data, elements_text_form(type), value_text);
		break;
	case MF_STACK:
		stacks_text(to, context, type, data);
		break;
	case MF_STATS:
		value_stats_text(to, type, data, 1);
		break;
	case MF_HIST:
	case MF_LHIST:
		put_buckets(to, type, data);
		break;
	case MF_TSERIES:
		series_text(to, context->clock, type, data, 1);
		break;
	}
}

void value_key_end(struct strbuf *to, const struct mf_type *type, size_t start)
{
	size_t length;

	/* `(anonymous namespace)::f(int)` is a name. */
	if (type->kind == MF_PROBE || type->kind == MF_USYM)
		return;
	length = to->length - start;
	if (length >= 2 && to->data[start] == '(' && to->data[to->length - 1] == ')') {
		memmove(to->data + start, to->data + start + 1, length - 2);
		to->length -= 2;
	}
}

void value_key_text(struct strbuf *to, const struct value_context *context,
		    const struct mf_type *type, const uint8_t *data)
{
	size_t start = to->length;

	value_text(to, context, type, data);
	value_key_end(to, type, start);
}
