/* Fields of events, as tracefs writes them in their format files. */
#include "host/tracefs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "object/contract.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

static bool is_qualifier(const char *word, size_t length)
{
	static const char *const words[] = {"const", "volatile", "__user",
					    "__rcu", "__percpu", "__seg_gs"};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strlen(words[i]) == length && memcmp(word, words[i], length) == 0)
			return true;
	return false;
}

/* The words of a type without qualifiers, one space between them; empty where they have no room. */
static void plain_type(const char *text, size_t length, char *plain, size_t room)
{
	const char *end = text + length;
	size_t used = 0;

	*plain = '\0';
	while (text < end) {
		size_t word = strcspn(text, " *[;");

		if (word > (size_t)(end - text))
			word = (size_t)(end - text);
		if (word == 0) {
			/* Of a dynamic array `[]`. */
			if (*text == '[')
				return;
			text++;
			continue;
		}
		if (!is_qualifier(text, word)) {
			int written = snprintf(plain + used, room - used, "%s%.*s", used ? " " : "",
					       (int)word, text);

			if (written < 0 || (size_t)written >= room - used) {
				*plain = '\0';
				return;
			}
			used += (size_t)written;
		}
		text += word;
	}
}

/* What the field's type, which ends before its name, holds or leads to. */
static void describe_elements(const char *type, const char *name, struct tracefs_field *field)
{
	const char *star = memchr(type, '*', (size_t)(name - type));
	bool holds = field->is_array || field->is_dynamic;

	if (field->is_dynamic)
		type = strchr(type, ' ') + 1;
	/* Of pointers to pointers nothing is known, nor of arrays of pointers. */
	if (star && (holds || memchr(star + 1, '*', (size_t)(name - star - 1))))
		return;
	if (!holds && !star)
		return;
	plain_type(type, (size_t)(name - type), field->of, sizeof(field->of));
	if (!holds && strncmp(field->of, "struct ", 7) != 0 && strncmp(field->of, "union ", 6) != 0)
		*field->of = '\0';
}

static bool is_identifier(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_';
}

static bool begins(const char *text, const char *end, const char *with)
{
	size_t length = strlen(with);

	return (size_t)(end - text) >= length && memcmp(text, with, length) == 0;
}

/* Cuts the text in front of the `;` in three. */
static bool cut(const char *text, const char *end, struct tracefs_declaration *declaration)
{
	const char *name_end = end;

	if (end > text && end[-1] == ']')
		while (name_end > text && *name_end != '[')
			name_end--;
	declaration->array = name_end;
	declaration->array_length = (size_t)(end - name_end);
	while (name_end > text && name_end[-1] == ' ')
		name_end--;
	declaration->name = name_end;
	while (declaration->name > text && is_identifier(declaration->name[-1]))
		declaration->name--;
	declaration->name_length = (size_t)(name_end - declaration->name);
	for (end = declaration->name; end > text && end[-1] == ' ';)
		end--;
	declaration->type = text;
	declaration->type_length = (size_t)(end - text);
	return declaration->name_length && declaration->type_length;
}

/*
 * A line reads `field:TYPE NAME[LENGTH];\toffset:O;\tsize:S;\tsigned:B;`
 * (kernel/trace/trace_events.c, f_show), or of a dynamic array `field:__data_loc TYPE[] NAME;...`.
 * The name is the last identifier before the `;` or `[`.
 */
bool tracefs_next_declaration(const char **format, struct tracefs_declaration *declaration)
{
	while ((*format = strstr(*format, "\tfield:"))) {
		const char *text = *format + strlen("\tfield:"), *end = strchr(text, ';');
		uint32_t is_signed = 0;

		*format = end ? end : text;
		*declaration = (struct tracefs_declaration){0};
		if (!end || !cut(text, end, declaration) ||
		    sscanf(end, ";\toffset:%u;\tsize:%u;\tsigned:%u;", &declaration->offset,
			   &declaration->size, &is_signed) < 2)
			continue;
		declaration->is_signed = is_signed;
		declaration->is_relative = begins(text, end, "__rel_loc ");
		declaration->is_dynamic =
			declaration->is_relative || begins(text, end, "__data_loc ");
		return true;
	}
	return false;
}

bool tracefs_field(const char *format, const char *name, struct tracefs_field *field)
{
	struct tracefs_declaration found;
	const char *end;

	do
		if (!tracefs_next_declaration(&format, &found))
			return false;
	while (strlen(name) != found.name_length ||
	       memcmp(found.name, name, found.name_length) != 0);
	*field = (struct tracefs_field){
		.offset = found.offset,
		.size = found.size,
		.is_array = found.array_length,
		.is_dynamic = found.is_dynamic,
		.is_relative = found.is_relative,
	};
	end = found.type + found.type_length;
	/* What sign it has is the choice of each kernel's build. */
	field->is_signed = found.is_signed ||
			   (!field->is_array && !memchr(found.type, '*', found.type_length) &&
			    begins(found.type, found.name, "char "));
	describe_elements(found.type, end, field);
	return true;
}

struct number {
	const char *name;
	uint32_t size;
	bool is_signed;
};

static const struct number *number_of(const char *type)
{
#define NUMBER(name, size, is_signed) {name, size, is_signed},
	static const struct number numbers[] = {MF_C_NUMBERS(NUMBER)};
#undef NUMBER

	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		if (strcmp(numbers[i].name, type) == 0)
			return &numbers[i];
	return NULL;
}

bool tracefs_same_elements(const char *type, const char *other)
{
	const struct number *number = number_of(type), *its = number_of(other);

	if (strcmp(type, other) == 0)
		return true;
	return number && its && number->size == its->size && number->is_signed == its->is_signed;
}
