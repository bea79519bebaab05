#include "base/json.h"
#include "base/utf8.h"

#include <string.h>

#define MAX_DEPTH 64
#define MAX_VALUES (2u << 20)
/* Members of one object; keeps the search for duplicates and by name short. */
#define MAX_MEMBERS 256

struct parser {
	struct arena *arena;
	const char *text;
	size_t at, length;
	uint32_t values;
	uint32_t depth;
	struct json_error *error;
};

static struct json *broken(struct parser *parser, const char *what)
{
	parser->error->what = what;
	parser->error->at = parser->at;
	return NULL;
}

static int peek(const struct parser *parser)
{
	return parser->at < parser->length ? (unsigned char)parser->text[parser->at] : -1;
}

static void skip_space(struct parser *parser)
{
	int next;

	while ((next = peek(parser)) == ' ' || next == '\t' || next == '\n' || next == '\r')
		parser->at++;
}

static struct json *new_value(struct parser *parser, enum json_kind kind)
{
	struct json *value;

	if (++parser->values > MAX_VALUES)
		return broken(parser, "too many values");
	value = arena_alloc(parser->arena, sizeof(*value));
	value->kind = kind;
	return value;
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* The four digits of a \u escape, or -1. */
static int32_t hex4(const char *text, size_t room)
{
	int32_t value = 0;

	if (room < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/*
 * Reads one character of a string's raw text, at *at, which moves on: its code point, or -1 if it
 * is malformed. Surrogates have to come in pairs.
 */
static int32_t next_point(const char *raw, size_t length, size_t *at)
{
	static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	const unsigned char *text = (const unsigned char *)raw + *at;
	size_t size;
	int32_t high, low;

	if (text[0] != '\\') {
		uint32_t point;

		size = utf8_length(text, length - *at);
		if (text[0] < 0x20 || size == 0)
			return -1;
		point = size == 1 ? text[0] : text[0] & (0x7f >> size);
		for (size_t i = 1; i < size; i++)
			point = point << 6 | (text[i] & 0x3f);
		*at += size;
		return (int32_t)point;
	}
	if (length - *at < 2)
		return -1;
	if (text[1] != 'u') {
		for (size_t i = 0; i < sizeof(escapes) - 1; i += 2) {
			if (text[1] == (unsigned char)escapes[i]) {
				*at += 2;
				return escapes[i + 1];
			}
		}
		return -1;
	}
	high = hex4(raw + *at + 2, length - *at - 2);
	if (high < 0 || (high >= 0xdc00 && high <= 0xdfff))
		return -1;
	*at += 6;
	if (high < 0xd800 || high > 0xdbff)
		return high;
	if (length - *at < 6 || raw[*at] != '\\' || raw[*at + 1] != 'u')
		return -1;
	low = hex4(raw + *at + 2, 4);
	if (low < 0xdc00 || low > 0xdfff)
		return -1;
	*at += 6;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static struct json *parse_string(struct parser *parser)
{
	struct json *value = new_value(parser, JSON_STRING);
	size_t start = ++parser->at;

	if (!value)
		return NULL;
	while (peek(parser) != '"') {
		if (peek(parser) < 0)
			return broken(parser, "a string without an end");
		if (next_point(parser->text, parser->length, &parser->at) < 0)
			return broken(parser, "a malformed character in a string");
	}
	value->text = parser->text + start;
	value->length = parser->at - start;
	parser->at++;
	return value;
}

static struct json *parse_number(struct parser *parser)
{
	struct json *value = new_value(parser, JSON_NUMBER);
	uint64_t number = 0;
	size_t start;

	if (!value)
		return NULL;
	if (peek(parser) == '-') {
		value->flag = true;
		parser->at++;
	}
	start = parser->at;
	while (peek(parser) >= '0' && peek(parser) <= '9') {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(peek(parser) - '0'), &number))
			return broken(parser, "a number beyond 64 bits");
		parser->at++;
	}
	if (parser->at == start)
		return broken(parser, "not a value");
	if (parser->text[start] == '0' && parser->at - start > 1)
		return broken(parser, "a number with leading zeros");
	if (peek(parser) == '.' || peek(parser) == 'e' || peek(parser) == 'E')
		return broken(parser, "a number that is not whole");
	if (value->flag) {
		if (number > (uint64_t)INT64_MAX + 1)
			return broken(parser, "a number beyond 64 bits");
		number = 0 - number;
		value->flag = number != 0;
	}
	value->number = number;
	return value;
}

static struct json *parse_value(struct parser *parser);

static struct json *parse_word(struct parser *parser, const char *word, enum json_kind kind,
			       bool flag)
{
	size_t length = strlen(word);
	struct json *value;

	if (parser->length - parser->at < length ||
	    memcmp(parser->text + parser->at, word, length) != 0)
		return broken(parser, "not a value");
	parser->at += length;
	value = new_value(parser, kind);
	if (value)
		value->flag = flag;
	return value;
}

static struct json *parse_member(struct parser *parser, const struct json *object)
{
	struct json *name, *value;

	skip_space(parser);
	if (peek(parser) != '"')
		return broken(parser, "a member without a name");
	name = parse_string(parser);
	if (!name)
		return NULL;
	for (const struct json *member = object->first; member; member = member->next)
		if (member->name->length == name->length &&
		    memcmp(member->name->text, name->text, name->length) == 0)
			return broken(parser, "a member twice");
	skip_space(parser);
	if (peek(parser) != ':')
		return broken(parser, "a name without a value");
	parser->at++;
	value = parse_value(parser);
	if (value)
		value->name = name;
	return value;
}

/* Elements or members up to `end`; the opening bracket is still there. */
static struct json *parse_list(struct parser *parser, enum json_kind kind, char end)
{
	struct json *list = new_value(parser, kind);
	struct json *last = NULL;

	if (!list)
		return NULL;
	list->first = NULL;
	if (++parser->depth > MAX_DEPTH)
		return broken(parser, "nested too deeply");
	parser->at++;
	skip_space(parser);
	while (peek(parser) != end) {
		struct json *value;

		if (list->count > 0) {
			if (peek(parser) != ',')
				return broken(parser, "a comma is missing");
			parser->at++;
		}
		value = kind == JSON_OBJECT ? parse_member(parser, list) : parse_value(parser);
		if (!value)
			return NULL;
		if (last)
			last->next = value;
		else
			list->first = value;
		last = value;
		if (++list->count > MAX_MEMBERS && kind == JSON_OBJECT)
			return broken(parser, "too many members");
		skip_space(parser);
	}
	parser->at++;
	parser->depth--;
	return list;
}

static struct json *parse_value(struct parser *parser)
{
	skip_space(parser);
	switch (peek(parser)) {
	case '{':
		return parse_list(parser, JSON_OBJECT, '}');
	case '[':
		return parse_list(parser, JSON_ARRAY, ']');
	case '"':
		return parse_string(parser);
	case 't':
		return parse_word(parser, "true", JSON_BOOL, true);
	case 'f':
		return parse_word(parser, "false", JSON_BOOL, false);
	case 'n':
		return parse_word(parser, "null", JSON_NULL, false);
	case -1:
		return broken(parser, "cut off");
	default:
		return parse_number(parser);
	}
}

const struct json *json_parse(struct arena *arena, const char *text, size_t length,
			      struct json_error *error)
{
	struct parser parser = {.arena = arena, .text = text, .length = length, .error = error};
	struct json *value = parse_value(&parser);

	if (!value)
		return NULL;
	skip_space(&parser);
	if (parser.at != length)
		return broken(&parser, "something behind the end");
	return value;
}

const struct json *json_member(const struct json *object, const char *name)
{
	size_t length = strlen(name);

	if (!object || object->kind != JSON_OBJECT)
		return NULL;
	for (const struct json *member = object->first; member; member = member->next)
		if (member->name->length == length && memcmp(member->name->text, name, length) == 0)
			return member;
	return NULL;
}

static size_t put_utf8(char *to, uint32_t point)
{
	if (point < 0x80) {
		to[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		to[0] = (char)(0xc0 | point >> 6);
		to[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		to[0] = (char)(0xe0 | point >> 12);
		to[1] = (char)(0x80 | (point >> 6 & 0x3f));
		to[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | point >> 18);
	to[1] = (char)(0x80 | (point >> 12 & 0x3f));
	to[2] = (char)(0x80 | (point >> 6 & 0x3f));
	to[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

/* Decoded text is never longer than the raw text: an escape of 6 bytes gives 3, a pair of 12
 * gives 4. */
static char *decode(struct arena *arena, const struct json *string, uint32_t bytes_below,
		    bool stop_at_nul)
{
	char *text = arena_alloc(arena, string->length + 1);
	size_t at = 0, length = 0;

	while (at < string->length) {
		int32_t point = next_point(string->text, string->length, &at);

		if (point == 0)
			return stop_at_nul ? text : NULL;
		if ((uint32_t)point < bytes_below)
			text[length++] = (char)point;
		else
			length += put_utf8(text + length, (uint32_t)point);
	}
	return text;
}

const char *json_text(struct arena *arena, const struct json *string)
{
	return decode(arena, string, 0, false);
}

const char *json_bytes(struct arena *arena, const struct json *string)
{
	return decode(arena, string, 256, true);
}
