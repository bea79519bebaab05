/* Fields of events, as tracefs writes them in their format files. */
#include "host/tracefs.h"

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

/*
 * A line reads `field:TYPE NAME[LENGTH];\toffset:O;\tsize:S;\tsigned:B;`
 * (kernel/trace/trace_events.c, f_show), or of a dynamic array `field:__data_loc TYPE[] NAME;...`.
 * The name is the last identifier before the `;` or `[`.
 */
bool tracefs_field(const char *format, const char *name, struct tracefs_field *field)
{
	static const char dynamic[] = "__data_loc ", relative[] = "__rel_loc ";
	static const char character[] = "char ";
	size_t length = strlen(name);

	while ((format = strstr(format, "field:"))) {
		const char *end, *found;
		uint32_t is_signed = 0;

		format += strlen("field:");
		end = strchr(format, ';');
		if (!end)
			return false;
		found = end;
		if (found > format && found[-1] == ']')
			while (found > format && *found != '[')
				found--;
		if ((size_t)(found - format) <= length ||
		    memcmp(found - length, name, length) != 0 ||
		    (found[-(ptrdiff_t)length - 1] != ' ' && found[-(ptrdiff_t)length - 1] != '*'))
			continue;
		*field = (struct tracefs_field){
			.is_array = found != end,
			.is_relative = strncmp(format, relative, sizeof(relative) - 1) == 0,
		};
		field->is_dynamic =
			field->is_relative || strncmp(format, dynamic, sizeof(dynamic) - 1) == 0;
		if (sscanf(end, ";\toffset:%u;\tsize:%u;\tsigned:%u;", &field->offset, &field->size,
			   &is_signed) < 2)
			return false;
		/* What sign it has is the choice of each kernel's build. */
		field->is_signed =
			is_signed ||
			(!field->is_array && !memchr(format, '*', (size_t)(end - format)) &&
			 strncmp(format, character, sizeof(character) - 1) == 0);
		describe_elements(format, found - length, field);
		return true;
	}
	return false;
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
