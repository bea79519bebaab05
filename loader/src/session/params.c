#include "session/params.h"

#include <string.h>

#include "base/say.h"
#include "base/strbuf.h"

struct suffix {
	const char *text;
	uint64_t factor;
	/* Largest value with it. */
	uint64_t most;
};

static const struct suffix suffixes[] = {
	{"", 1, UINT64_MAX},
	{"u", 1, UINT32_MAX},
	{"ul", 1, UINT64_MAX},
	{"ull", 1, UINT64_MAX},
	{"l", 1, INT64_MAX},
	{"ll", 1, INT64_MAX},
	{"ns", 1, UINT64_MAX},
	{"us", 1000, UINT64_MAX},
	{"ms", 1000000, UINT64_MAX},
	{"s", 1000000000, UINT64_MAX},
	{"m", 60 * 1000000000ull, UINT64_MAX},
	{"h", 3600 * 1000000000ull, UINT64_MAX},
	{"d", 86400 * 1000000000ull, UINT64_MAX},
};

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return 99;
}

/* Digits of a base, `_` allowed between them. Moves *text behind them; false without digits or on
 * overflow. */
static bool read_digits(const char **text, unsigned base, uint64_t *value)
{
	const char *next = *text;
	bool any = false;

	*value = 0;
	for (;; next++) {
		if (*next == '_' && any && digit_value(next[1]) < (int)base)
			continue;
		if (digit_value(*next) >= (int)base)
			break;
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, (uint64_t)digit_value(*next), value))
			return false;
		any = true;
	}
	*text = next;
	return any;
}

/* `CeM`: one digit from 1 to 9, and an exponent that begins with 1 to 9. */
static bool read_scientific(const char *text, uint64_t *value)
{
	uint64_t exponent;
	const char *next = text + 2;

	if (text[0] < '1' || text[0] > '9' || *next < '1' || *next > '9')
		return false;
	if (!read_digits(&next, 10, &exponent) || *next || exponent > 19)
		return false;
	*value = (uint64_t)(text[0] - '0');
	while (exponent--)
		if (__builtin_mul_overflow(*value, 10, value))
			return false;
	return true;
}

static bool apply_suffix(const char *suffix, uint64_t *value)
{
	char lower[4] = "";

	if (strlen(suffix) >= sizeof(lower))
		return false;
	for (size_t i = 0; suffix[i]; i++)
		lower[i] =
			suffix[i] >= 'A' && suffix[i] <= 'Z' ? (char)(suffix[i] + 32) : suffix[i];
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		if (strcmp(lower, suffixes[i].text) != 0)
			continue;
		return *value <= suffixes[i].most &&
		       !__builtin_mul_overflow(*value, suffixes[i].factor, value);
	}
	return false;
}

static bool read_magnitude(const char *text, uint64_t *value)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		return read_digits(&text, 16, value) && !*text;
	}
	if (text[0] == '0' && (text[1] == 'b' || text[1] == 'B')) {
		text += 2;
		return read_digits(&text, 2, value) && !*text;
	}
	if (text[0] && (text[1] == 'e' || text[1] == 'E'))
		return read_scientific(text, value);
	if (text[0] == '0' && text[1] >= '0' && text[1] <= '7') {
		text++;
		return read_digits(&text, 8, value) && apply_suffix(text, value);
	}
	return read_digits(&text, 10, value) && apply_suffix(text, value);
}

bool parse_unsigned(const char *text, uint64_t *value)
{
	return read_magnitude(text, value);
}

bool parse_integer(const char *text, int64_t *value)
{
	bool negative = *text == '-';
	uint64_t magnitude;

	if (!read_magnitude(text + negative, &magnitude))
		return false;
	if (negative && magnitude > (uint64_t)INT64_MAX + 1)
		return false;
	*value = (int64_t)(negative ? 0 - magnitude : magnitude);
	return true;
}

static void warn_missing(const struct options *options, const struct manifest *manifest,
			 uint32_t position)
{
	uint32_t index = manifest->params[position].index;

	if (options->no_warnings)
		return;
	/* One parameter can be there twice, as number and as text. */
	for (uint32_t i = 0; i < position; i++)
		if (manifest->params[i].index == index)
			return;
	say_warning("Positional parameter $%u is empty or not provided.", index);
}

static void store_text(const struct options *options, const struct mf_param *param,
		       const char *value, uint8_t *to)
{
	size_t length = strlen(value);

	if (length >= param->size) {
		length = param->size - 1;
		if (!options->no_warnings)
			say_warning(
				"Positional parameter $%u is longer than %zu bytes and will be shortened.",
				param->index, length);
	}
	memset(to, 0, param->size);
	memcpy(to, value, length);
}

const char *params_text(const struct options *options, uint32_t index)
{
	return index >= 1 && index <= options->parameter_count ? options->parameters[index - 1]
							       : "";
}

uint32_t params_number(const struct options *options, uint32_t index, uint32_t otherwise)
{
	int64_t number = 0;

	if (!index)
		return otherwise;
	parse_integer(params_text(options, index), &number);
	return (uint32_t)number;
}

/* Where a literal could stand, the compiler would have held it to the same bounds. */
static int check_bound(const struct options *options, const struct manifest *manifest,
		       const struct mf_bound *bound, struct failure *failure)
{
	const char *text = params_text(options, bound->parameter);
	const struct mf_place *place = bound->place;
	int64_t number = 0;

	if (*text && !parse_integer(text, &number))
		return fail(failure, STATUS_USAGE,
			    "Positional parameter $%u is used as a number, but \"%s\" is none.",
			    bound->parameter, text);
	if (number >= bound->least && number <= bound->most)
		return STATUS_OK;
	fail(failure, STATUS_USAGE, "%s ($%u is %s)", bound->expects, bound->parameter,
	     *text ? text : "not given");
	return fail_at_column(failure, place->file ? place->file : manifest->script, place->line,
			      place->column, place->text);
}

int params_check(const struct options *options, const struct manifest *manifest,
		 struct failure *failure)
{
	for (uint32_t i = 0; i < manifest->bound_count && failure->status == STATUS_OK; i++)
		check_bound(options, manifest, &manifest->bounds[i], failure);
	return failure->status;
}

int params_store(const struct options *options, const struct manifest *manifest, uint8_t *rodata,
		 size_t size, struct failure *failure)
{
	for (uint32_t i = 0; i < manifest->param_count; i++) {
		const struct mf_param *param = &manifest->params[i];
		const char *value = params_text(options, param->index);
		int64_t number = 0;

		if (param->offset > size || param->size > size - param->offset)
			return fail(failure, STATUS_OBJECT, "parameter $%u has no place in .rodata",
				    param->index);
		if (!*value)
			warn_missing(options, manifest, i);
		if (param->is_text) {
			store_text(options, param, value, rodata + param->offset);
			continue;
		}
		if (*value && !parse_integer(value, &number))
			return fail(
				failure, STATUS_USAGE,
				"Positional parameter $%u is used as a number, but \"%s\" is none.",
				param->index, value);
		memcpy(rodata + param->offset, &number, sizeof(number));
	}
	return STATUS_OK;
}

/* Reads the N of a `$N` at `text`; gives its length, 0 if there is none. */
static size_t read_reference(const char *text, uint32_t *index)
{
	size_t length = 1;

	if (text[0] != '$' || text[1] < '0' || text[1] > '9')
		return 0;
	*index = 0;
	while (text[length] >= '0' && text[length] <= '9' && length < 8)
		*index = *index * 10 + (uint32_t)(text[length++] - '0');
	return length;
}

const char *params_expand(const struct options *options, struct arena *arena, const char *text)
{
	struct strbuf expanded = {0};
	const char *copy;

	if (!text)
		return NULL;
	while (*text) {
		uint32_t index;
		size_t length = read_reference(text, &index);

		if (!length)
			strbuf_char(&expanded, *text);
		else
			strbuf_text(&expanded, params_text(options, index));
		text += length ? length : 1;
	}
	copy = arena_text(arena, expanded.data, expanded.length);
	strbuf_free(&expanded);
	return copy;
}
