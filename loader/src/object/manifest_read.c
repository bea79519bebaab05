#include "object/manifest_read.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"

void manifest_wrong(struct manifest_reader *reader, const char *format, ...)
{
	char what[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	fail(reader->failure, STATUS_OBJECT, "the object's manifest is not valid: %s: %s",
	     reader->place, what);
}

void *manifest_memory(struct manifest_reader *reader, size_t count, size_t size)
{
	return arena_array(&reader->manifest->arena, count ? count : 1, size);
}

const struct json *manifest_optional(struct manifest_reader *reader, const struct json *object,
				     const char *name, enum json_kind kind)
{
	const struct json *member = json_member(object, name);

	if (member && member->kind != kind) {
		manifest_wrong(reader, "'%s' is of another kind than it should be", name);
		return NULL;
	}
	return member;
}

const struct json *manifest_member(struct manifest_reader *reader, const struct json *object,
				   const char *name, enum json_kind kind)
{
	const struct json *member = manifest_optional(reader, object, name, kind);

	if (!member)
		manifest_wrong(reader, "'%s' is missing", name);
	return member;
}

static uint64_t checked_number(struct manifest_reader *reader, const struct json *member,
			       const char *name, uint64_t most)
{
	if (member->flag || member->number > most) {
		manifest_wrong(reader, "'%s' is out of range", name);
		return 0;
	}
	return member->number;
}

uint64_t manifest_number(struct manifest_reader *reader, const struct json *object,
			 const char *name, uint64_t most)
{
	const struct json *member = manifest_member(reader, object, name, JSON_NUMBER);

	return member ? checked_number(reader, member, name, most) : 0;
}

uint64_t manifest_number_or(struct manifest_reader *reader, const struct json *object,
			    const char *name, uint64_t most, uint64_t otherwise)
{
	const struct json *member = manifest_optional(reader, object, name, JSON_NUMBER);

	return member ? checked_number(reader, member, name, most) : otherwise;
}

int64_t manifest_signed(struct manifest_reader *reader, const struct json *object, const char *name)
{
	const struct json *member = manifest_member(reader, object, name, JSON_NUMBER);

	if (member && !member->flag && member->number > INT64_MAX) {
		manifest_wrong(reader, "'%s' is out of range", name);
		return 0;
	}
	return member ? (int64_t)member->number : 0;
}

bool manifest_flag(struct manifest_reader *reader, const struct json *object, const char *name)
{
	const struct json *member = manifest_member(reader, object, name, JSON_BOOL);

	return member && member->flag;
}

const char *manifest_text_or_null(struct manifest_reader *reader, const struct json *object,
				  const char *name)
{
	const struct json *member = manifest_optional(reader, object, name, JSON_STRING);
	const char *text;

	if (!member)
		return NULL;
	text = json_text(&reader->manifest->arena, member);
	if (!text) {
		manifest_wrong(reader, "'%s' holds a NUL", name);
		return "";
	}
	return text;
}

const char *manifest_text(struct manifest_reader *reader, const struct json *object,
			  const char *name)
{
	const char *text = manifest_text_or_null(reader, object, name);

	if (!text) {
		manifest_wrong(reader, "'%s' is missing", name);
		return "";
	}
	return text;
}

const char *manifest_bytes_or_null(struct manifest_reader *reader, const struct json *object,
				   const char *name)
{
	const struct json *member = manifest_optional(reader, object, name, JSON_STRING);

	return member ? json_bytes(&reader->manifest->arena, member) : NULL;
}

uint32_t manifest_choice(struct manifest_reader *reader, const struct json *object,
			 const char *name, const char *const *names, uint32_t count)
{
	const char *text = manifest_text(reader, object, name);

	for (uint32_t i = 0; i < count; i++)
		if (names[i] && strcmp(text, names[i]) == 0)
			return i;
	manifest_wrong(reader, "%s '%s' is unknown; a newer bpfload may know it", name, text);
	return 0;
}

void *manifest_list(struct manifest_reader *reader, const struct json *object, const char *name,
		    size_t size, manifest_item read, uint32_t *count)
{
	const struct json *list = manifest_member(reader, object, name, JSON_ARRAY);
	unsigned char *items;
	char place[sizeof(reader->place)];
	uint32_t index = 0;

	*count = 0;
	if (!list)
		return NULL;
	memcpy(place, reader->place, sizeof(place));
	items = manifest_memory(reader, list->count, size);
	for (const struct json *json = list->first; json && !reader->failure->status;
	     json = json->next) {
		snprintf(reader->place, sizeof(reader->place), "%s[%u]", name, index);
		read(reader, json, items + index * size, index);
		memcpy(reader->place, place, sizeof(place));
		index++;
	}
	if (!reader->failure->status)
		*count = index;
	return items;
}

void manifest_text_item(struct manifest_reader *reader, const struct json *json, void *item,
			uint32_t index)
{
	const char **text = item;

	(void)index;
	*text = json->kind == JSON_STRING ? json_text(&reader->manifest->arena, json) : NULL;
	if (!*text)
		manifest_wrong(reader, "not a text");
}
