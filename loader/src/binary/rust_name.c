#include "binary/rust_name.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "binary/rust_parser.h"

#define DEPTH_MAX 200

static bool read_path(struct rust_parser *parser, bool is_value);
static bool read_type(struct rust_parser *parser);
static bool read_const(struct rust_parser *parser);

static bool enter(struct rust_parser *parser)
{
	if (!rust_step(parser) || parser->depth == DEPTH_MAX)
		return rust_fail_here(parser);
	parser->depth++;
	return true;
}

static bool leave(struct rust_parser *parser)
{
	parser->depth--;
	return !parser->failed;
}

/* Where a reference leads to; the place behind it is kept in *back. False: nowhere, or what is
 * there is not shown anyway. */
static bool follow(struct rust_parser *parser, size_t *back)
{
	size_t here = parser->at - 1;
	uint64_t target = rust_base62(parser);

	if (parser->failed || target >= here)
		return rust_fail_here(parser);
	if (parser->silent)
		return false;
	*back = parser->at;
	parser->at = (size_t)target;
	return true;
}

/* `for<'a, 'b> `; the lifetimes are to be set back by the caller. */
static void read_binder(struct rust_parser *parser)
{
	uint64_t count = rust_marked_base62(parser, 'G');

	if (!count || parser->failed)
		return;
	/* Each is shown: more than fit are not. */
	if (count > RUST_TEXT_MAX) {
		parser->failed = true;
		return;
	}
	rust_put_text(parser, "for<");
	for (uint64_t i = 0; i < count && rust_step(parser); i++) {
		parser->lifetimes++;
		if (i)
			rust_put_text(parser, ", ");
		rust_put_lifetime(parser, 1);
	}
	rust_put_text(parser, "> ");
}

static bool read_argument(struct rust_parser *parser)
{
	if (rust_eat(parser, 'L')) {
		rust_put_lifetime(parser, rust_base62(parser));
		return rust_step(parser);
	}
	return rust_eat(parser, 'K') ? read_const(parser) : read_type(parser);
}

/* Parts up to E, with ", " between them: how many. */
static uint32_t read_list(struct rust_parser *parser, bool (*read)(struct rust_parser *parser))
{
	uint32_t count = 0;

	for (; !parser->failed && !rust_eat(parser, 'E'); count++) {
		if (count)
			rust_put_text(parser, ", ");
		read(parser);
	}
	return count;
}

static void read_nested(struct rust_parser *parser, bool is_value)
{
	char space = rust_take(parser);
	struct rust_identifier name;
	uint64_t number;

	read_path(parser, is_value);
	number = rust_marked_base62(parser, 's');
	name = rust_read_identifier(parser);
	if (space >= 'A' && space <= 'Z') {
		rust_put_text(parser, "::{");
		if (space == 'C')
			rust_put_text(parser, "closure");
		else if (space == 'S')
			rust_put_text(parser, "shim");
		else
			rust_put(parser, &space, 1);
		if (name.length) {
			rust_put_text(parser, ":");
			rust_put_identifier(parser, name);
		}
		rust_put_text(parser, "#");
		rust_put_number(parser, number);
		rust_put_text(parser, "}");
	} else if (space < 'a' || space > 'z') {
		parser->failed = true;
	} else if (name.length) {
		rust_put_text(parser, "::");
		rust_put_identifier(parser, name);
	}
}

static void read_impl(struct rust_parser *parser, char kind)
{
	bool silent = parser->silent;

	if (kind != 'Y') {
		rust_marked_base62(parser, 's');
		/* The impl's own path says nothing to people. */
		parser->silent = true;
		read_path(parser, false);
		parser->silent = silent;
	}
	rust_put_text(parser, "<");
	read_type(parser);
	if (kind != 'M') {
		rust_put_text(parser, " as ");
		read_path(parser, false);
	}
	rust_put_text(parser, ">");
}

static bool read_path(struct rust_parser *parser, bool is_value)
{
	char kind = rust_take(parser);
	size_t back;

	if (!enter(parser))
		return false;
	switch (kind) {
	case 'C':
		rust_marked_base62(parser, 's');
		rust_put_identifier(parser, rust_read_identifier(parser));
		break;
	case 'N':
		read_nested(parser, is_value);
		break;
	case 'M':
	case 'X':
	case 'Y':
		read_impl(parser, kind);
		break;
	case 'I':
		read_path(parser, is_value);
		if (is_value)
			rust_put_text(parser, "::");
		rust_put_text(parser, "<");
		read_list(parser, read_argument);
		rust_put_text(parser, ">");
		break;
	case 'B':
		if (follow(parser, &back)) {
			read_path(parser, is_value);
			parser->at = back;
		}
		break;
	default:
		parser->failed = true;
	}
	return leave(parser);
}

/* Types of one letter. */
static const char *basic_type(char c)
{
	static const char *const names[] = {"i8",   "bool",  "char",  "f64", "str", "f32", NULL,
					    "u8",   "isize", "usize", NULL,  "i32", "u32", "i128",
					    "u128", "_",     NULL,    NULL,  "i16", "u16", "()",
					    "...",  NULL,    "i64",   "u64", "!"};

	return c >= 'a' && c <= 'z' ? names[c - 'a'] : NULL;
}

static void read_abi(struct rust_parser *parser)
{
	struct rust_identifier name;

	rust_put_text(parser, "extern \"");
	if (rust_eat(parser, 'C')) {
		rust_put_text(parser, "C");
	} else {
		name = rust_read_identifier(parser);
		for (size_t i = 0; i < name.length; i++)
			rust_put(parser, name.text[i] == '_' ? "-" : name.text + i, 1);
	}
	rust_put_text(parser, "\" ");
}

static void read_function_type(struct rust_parser *parser)
{
	uint64_t lifetimes = parser->lifetimes;

	read_binder(parser);
	if (rust_eat(parser, 'U'))
		rust_put_text(parser, "unsafe ");
	if (rust_eat(parser, 'K'))
		read_abi(parser);
	rust_put_text(parser, "fn(");
	read_list(parser, read_type);
	rust_put_text(parser, ")");
	if (!rust_eat(parser, 'u')) {
		rust_put_text(parser, " -> ");
		read_type(parser);
	}
	parser->lifetimes = lifetimes;
}

/* A path whose list of arguments stays open, for what is bound by name: whether it is. */
static bool read_open_path(struct rust_parser *parser)
{
	bool is_open = false;
	size_t back;

	if (!enter(parser))
		return false;
	if (rust_eat(parser, 'B')) {
		if (follow(parser, &back)) {
			is_open = read_open_path(parser);
			parser->at = back;
		}
	} else if (rust_eat(parser, 'I')) {
		read_path(parser, false);
		rust_put_text(parser, "<");
		read_list(parser, read_argument);
		is_open = true;
	} else {
		read_path(parser, false);
	}
	leave(parser);
	return is_open;
}

static bool read_bound(struct rust_parser *parser)
{
	bool is_open = read_open_path(parser);

	while (!parser->failed && rust_eat(parser, 'p')) {
		rust_put_text(parser, is_open ? ", " : "<");
		is_open = true;
		rust_put_identifier(parser, rust_read_identifier(parser));
		rust_put_text(parser, " = ");
		read_type(parser);
	}
	if (is_open)
		rust_put_text(parser, ">");
	return rust_step(parser);
}

static void read_dyn(struct rust_parser *parser)
{
	uint64_t lifetimes = parser->lifetimes, lifetime;

	rust_put_text(parser, "dyn ");
	read_binder(parser);
	for (bool first = true; !parser->failed && !rust_eat(parser, 'E'); first = false) {
		if (!first)
			rust_put_text(parser, " + ");
		read_bound(parser);
	}
	parser->lifetimes = lifetimes;
	if (!rust_eat(parser, 'L')) {
		parser->failed = true;
		return;
	}
	lifetime = rust_base62(parser);
	if (lifetime) {
		rust_put_text(parser, " + ");
		rust_put_lifetime(parser, lifetime);
	}
}

static void read_reference(struct rust_parser *parser, bool is_mutable)
{
	uint64_t lifetime;

	rust_put_text(parser, "&");
	if (rust_eat(parser, 'L')) {
		lifetime = rust_base62(parser);
		if (lifetime) {
			rust_put_lifetime(parser, lifetime);
			rust_put_text(parser, " ");
		}
	}
	if (is_mutable)
		rust_put_text(parser, "mut ");
	read_type(parser);
}

static bool read_type(struct rust_parser *parser)
{
	char kind = rust_take(parser);
	const char *basic = basic_type(kind);
	size_t back;

	if (basic) {
		rust_put_text(parser, basic);
		return rust_step(parser);
	}
	if (!enter(parser))
		return false;
	switch (kind) {
	case 'R':
	case 'Q':
		read_reference(parser, kind == 'Q');
		break;
	case 'P':
	case 'O':
		rust_put_text(parser, kind == 'P' ? "*const " : "*mut ");
		read_type(parser);
		break;
	case 'A':
	case 'S':
		rust_put_text(parser, "[");
		read_type(parser);
		if (kind == 'A') {
			rust_put_text(parser, "; ");
			read_const(parser);
		}
		rust_put_text(parser, "]");
		break;
	case 'T':
		rust_put_text(parser, "(");
		if (read_list(parser, read_type) == 1)
			rust_put_text(parser, ",");
		rust_put_text(parser, ")");
		break;
	case 'F':
		read_function_type(parser);
		break;
	case 'D':
		read_dyn(parser);
		break;
	case 'B':
		if (follow(parser, &back)) {
			read_type(parser);
			parser->at = back;
		}
		break;
	default:
		if (!parser->failed)
			parser->at--;
		read_path(parser, false);
	}
	return leave(parser);
}

/* Digits in hexadecimal up to `_`: their value if it fits, and where they stand. */
static bool read_hex(struct rust_parser *parser, uint64_t *value, struct rust_identifier *digits)
{
	*value = 0;
	digits->text = parser->text + parser->at;
	for (digits->length = 0;; digits->length++) {
		char c = rust_take(parser);

		if (c == '_')
			break;
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return rust_fail_here(parser);
		*value = *value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return true;
}

static void read_integer(struct rust_parser *parser)
{
	struct rust_identifier digits;
	uint64_t value;

	if (!read_hex(parser, &value, &digits))
		return;
	if (digits.length <= 16) {
		rust_put_number(parser, value);
		return;
	}
	rust_put_text(parser, "0x");
	rust_put(parser, digits.text, digits.length);
}

static void read_character(struct rust_parser *parser)
{
	struct rust_identifier digits;
	char text[32], letter;
	uint64_t value;

	if (!read_hex(parser, &value, &digits))
		return;
	letter = (char)value;
	rust_put_text(parser, "'");
	if (value >= 0x20 && value < 0x7f) {
		rust_put(parser, &letter, 1);
	} else {
		snprintf(text, sizeof(text), "\\u{%llx}", (unsigned long long)value);
		rust_put_text(parser, text);
	}
	rust_put_text(parser, "'");
}

static bool read_const(struct rust_parser *parser)
{
	char kind = rust_take(parser);
	struct rust_identifier digits;
	uint64_t value;
	size_t back;

	if (!enter(parser))
		return false;
	switch (kind) {
	case 'p':
		rust_put_text(parser, "_");
		break;
	case 'a':
	case 's':
	case 'l':
	case 'x':
	case 'n':
	case 'i':
		if (rust_eat(parser, 'n'))
			rust_put_text(parser, "-");
		read_integer(parser);
		break;
	case 'h':
	case 't':
	case 'm':
	case 'y':
	case 'o':
	case 'j':
		read_integer(parser);
		break;
	case 'b':
		if (read_hex(parser, &value, &digits))
			rust_put_text(parser, value ? "true" : "false");
		break;
	case 'c':
		read_character(parser);
		break;
	case 'B':
		if (follow(parser, &back)) {
			read_const(parser);
			parser->at = back;
		}
		break;
	default:
		parser->failed = true;
	}
	return leave(parser);
}

/* What compilers put behind a name begins with one of these. */
static bool is_suffix(char c)
{
	return c == '.' || c == '$';
}

bool rust_name_read(struct strbuf *to, const char *name)
{
	struct rust_parser parser = {.to = to, .start = to->length, .text = name + 2};

	if (name[0] != '_' || name[1] != 'R' || name[2] < 'A' || name[2] > 'Z')
		return false;
	while (parser.text[parser.end] && !is_suffix(parser.text[parser.end]))
		parser.end++;
	if (!read_path(&parser, true))
		return false;
	/* The crate that it was instantiated in. */
	parser.silent = true;
	if (parser.at < parser.end && !read_path(&parser, false))
		return false;
	return parser.at == parser.end;
}
