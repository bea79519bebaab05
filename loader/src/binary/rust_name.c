#include "binary/rust_name.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Parts that are read, those that are referred to again each time; real names have some hundred. */
#define STEPS_MAX (1u << 16)
#define TEXT_MAX (64u << 10)
#define DEPTH_MAX 200

struct parser {
	struct strbuf *to;
	size_t start;
	/* Behind `_R`: references count from here. */
	const char *text;
	size_t at, end;
	/* What is read is not shown. */
	bool silent;
	uint32_t steps, depth;
	/* Lifetimes that enclosing `for<...>` have named. */
	uint64_t lifetimes;
	bool failed;
};

static bool fail_here(struct parser *parser)
{
	parser->failed = true;
	return false;
}

static void put(struct parser *parser, const char *text, size_t length)
{
	if (parser->silent || parser->failed)
		return;
	if (parser->to->length - parser->start + length > TEXT_MAX)
		parser->failed = true;
	else
		strbuf_put(parser->to, text, length);
}

static void put_text(struct parser *parser, const char *text)
{
	put(parser, text, strlen(text));
}

static void put_number(struct parser *parser, uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	put_text(parser, digits);
}

/* Counts one part; each way through a name comes here. */
static bool step(struct parser *parser)
{
	if (++parser->steps > STEPS_MAX)
		parser->failed = true;
	return !parser->failed;
}

static char peek(const struct parser *parser)
{
	return parser->at < parser->end ? parser->text[parser->at] : 0;
}

static char take(struct parser *parser)
{
	if (parser->at < parser->end)
		return parser->text[parser->at++];
	parser->failed = true;
	return 0;
}

static bool eat(struct parser *parser, char c)
{
	if (peek(parser) != c)
		return false;
	parser->at++;
	return true;
}

static uint64_t base62(struct parser *parser)
{
	uint64_t value = 0;

	if (eat(parser, '_'))
		return 0;
	for (;;) {
		char c = take(parser);
		uint64_t digit = c >= '0' && c <= '9'	? (uint64_t)(c - '0')
				 : c >= 'a' && c <= 'z' ? (uint64_t)(c - 'a') + 10
				 : c >= 'A' && c <= 'Z' ? (uint64_t)(c - 'A') + 36
							: 62;

		if (c == '_' && value != UINT64_MAX)
			return value + 1;
		if (digit == 62 || __builtin_mul_overflow(value, 62, &value) ||
		    __builtin_add_overflow(value, digit, &value)) {
			parser->failed = true;
			return 0;
		}
	}
}

/* 0 where the mark is not there. */
static uint64_t marked_base62(struct parser *parser, char mark)
{
	uint64_t value = eat(parser, mark) ? base62(parser) : UINT64_MAX;

	return value + 1;
}

struct identifier {
	const char *text;
	size_t length;
	bool is_punycode;
};

static struct identifier read_identifier(struct parser *parser)
{
	struct identifier identifier = {.is_punycode = eat(parser, 'u')};
	size_t length = 0;
	char c = take(parser);

	if (c < '0' || c > '9') {
		parser->failed = true;
		return identifier;
	}
	length = (size_t)(c - '0');
	while (length && peek(parser) >= '0' && peek(parser) <= '9' && length <= parser->end)
		length = length * 10 + (size_t)(take(parser) - '0');
	/* Keeps digits and underscores of the name itself apart from the length. */
	eat(parser, '_');
	if (length > parser->end - parser->at) {
		parser->failed = true;
		return identifier;
	}
	identifier.text = parser->text + parser->at;
	identifier.length = length;
	parser->at += length;
	return identifier;
}

static void put_utf8(struct parser *parser, uint32_t c)
{
	char bytes[4];
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = length; i > 1; i--, c >>= 6)
		bytes[i - 1] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(first[length] | c);
	put(parser, bytes, length);
}

enum { PUNYCODE_MAX = 256 };

/* RFC 3492, with `_` between what is ASCII and the rest. False: not decoded. */
static bool put_punycode(struct parser *parser, struct identifier identifier)
{
	uint32_t decoded[PUNYCODE_MAX];
	size_t count = 0, at = identifier.length;
	uint64_t n = 128, i = 0, bias = 72;
	bool first = true;

	while (at && identifier.text[at - 1] != '_')
		at--;
	if (identifier.length - at > PUNYCODE_MAX || at > PUNYCODE_MAX)
		return false;
	for (; at && count < at - 1; count++)
		decoded[count] = (uint8_t)identifier.text[count];
	while (at < identifier.length) {
		uint64_t before = i, weight = 1, delta;

		for (uint64_t k = 36;; k += 36) {
			char c = at < identifier.length ? identifier.text[at++] : 0;
			uint64_t digit = c >= 'a' && c <= 'z'	? (uint64_t)(c - 'a')
					 : c >= '0' && c <= '9' ? (uint64_t)(c - '0') + 26
								: 36;
			uint64_t limit = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;

			if (digit == 36 || weight > UINT32_MAX)
				return false;
			i += digit * weight;
			if (digit < limit)
				break;
			weight *= 36 - limit;
		}
		if (i > UINT32_MAX || count == PUNYCODE_MAX)
			return false;
		delta = (i - before) / (first ? 700 : 2);
		first = false;
		delta += delta / (count + 1);
		for (bias = 0; delta > 455; bias += 36)
			delta /= 35;
		bias += 36 * delta / (delta + 38);
		n += i / (count + 1);
		i %= count + 1;
		if (n > 0x10ffff || (n >= 0xd800 && n < 0xe000))
			return false;
		memmove(decoded + i + 1, decoded + i, (count - i) * sizeof(*decoded));
		decoded[i++] = (uint32_t)n;
		count++;
	}
	for (size_t j = 0; j < count; j++)
		put_utf8(parser, decoded[j]);
	return true;
}

static void put_identifier(struct parser *parser, struct identifier identifier)
{
	if (identifier.is_punycode && put_punycode(parser, identifier))
		return;
	if (identifier.is_punycode)
		put_text(parser, "punycode{");
	put(parser, identifier.text, identifier.length);
	if (identifier.is_punycode)
		put_text(parser, "}");
}

static void put_lifetime(struct parser *parser, uint64_t index)
{
	uint64_t depth = parser->lifetimes - index;
	char letter = (char)('a' + depth);

	put_text(parser, "'");
	if (!index) {
		put_text(parser, "_");
	} else if (index > parser->lifetimes) {
		parser->failed = true;
	} else if (depth < 26) {
		put(parser, &letter, 1);
	} else {
		put_text(parser, "_");
		put_number(parser, depth);
	}
}

static bool read_path(struct parser *parser, bool is_value);
static bool read_type(struct parser *parser);
static bool read_const(struct parser *parser);

static bool enter(struct parser *parser)
{
	if (!step(parser) || parser->depth == DEPTH_MAX)
		return fail_here(parser);
	parser->depth++;
	return true;
}

static bool leave(struct parser *parser)
{
	parser->depth--;
	return !parser->failed;
}

/* Where a reference leads to; the place behind it is kept in *back. False: nowhere, or what is
 * there is not shown anyway. */
static bool follow(struct parser *parser, size_t *back)
{
	size_t here = parser->at - 1;
	uint64_t target = base62(parser);

	if (parser->failed || target >= here)
		return fail_here(parser);
	if (parser->silent)
		return false;
	*back = parser->at;
	parser->at = (size_t)target;
	return true;
}

/* `for<'a, 'b> `; the lifetimes are to be set back by the caller. */
static void read_binder(struct parser *parser)
{
	uint64_t count = marked_base62(parser, 'G');

	if (!count || parser->failed)
		return;
	/* Each is shown: more than fit are not. */
	if (count > TEXT_MAX) {
		parser->failed = true;
		return;
	}
	put_text(parser, "for<");
	for (uint64_t i = 0; i < count && step(parser); i++) {
		parser->lifetimes++;
		if (i)
			put_text(parser, ", ");
		put_lifetime(parser, 1);
	}
	put_text(parser, "> ");
}

static bool read_argument(struct parser *parser)
{
	if (eat(parser, 'L')) {
		put_lifetime(parser, base62(parser));
		return step(parser);
	}
	return eat(parser, 'K') ? read_const(parser) : read_type(parser);
}

/* Parts up to E, with ", " between them: how many. */
static uint32_t read_list(struct parser *parser, bool (*read)(struct parser *parser))
{
	uint32_t count = 0;

	for (; !parser->failed && !eat(parser, 'E'); count++) {
		if (count)
			put_text(parser, ", ");
		read(parser);
	}
	return count;
}

static void read_nested(struct parser *parser, bool is_value)
{
	char space = take(parser);
	struct identifier name;
	uint64_t number;

	read_path(parser, is_value);
	number = marked_base62(parser, 's');
	name = read_identifier(parser);
	if (space >= 'A' && space <= 'Z') {
		put_text(parser, "::{");
		if (space == 'C')
			put_text(parser, "closure");
		else if (space == 'S')
			put_text(parser, "shim");
		else
			put(parser, &space, 1);
		if (name.length) {
			put_text(parser, ":");
			put_identifier(parser, name);
		}
		put_text(parser, "#");
		put_number(parser, number);
		put_text(parser, "}");
	} else if (space < 'a' || space > 'z') {
		parser->failed = true;
	} else if (name.length) {
		put_text(parser, "::");
		put_identifier(parser, name);
	}
}

static void read_impl(struct parser *parser, char kind)
{
	bool silent = parser->silent;

	if (kind != 'Y') {
		marked_base62(parser, 's');
		/* The impl's own path says nothing to people. */
		parser->silent = true;
		read_path(parser, false);
		parser->silent = silent;
	}
	put_text(parser, "<");
	read_type(parser);
	if (kind != 'M') {
		put_text(parser, " as ");
		read_path(parser, false);
	}
	put_text(parser, ">");
}

static bool read_path(struct parser *parser, bool is_value)
{
	char kind = take(parser);
	size_t back;

	if (!enter(parser))
		return false;
	switch (kind) {
	case 'C':
		marked_base62(parser, 's');
		put_identifier(parser, read_identifier(parser));
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
			put_text(parser, "::");
		put_text(parser, "<");
		read_list(parser, read_argument);
		put_text(parser, ">");
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

static void read_abi(struct parser *parser)
{
	struct identifier name;

	put_text(parser, "extern \"");
	if (eat(parser, 'C')) {
		put_text(parser, "C");
	} else {
		name = read_identifier(parser);
		for (size_t i = 0; i < name.length; i++)
			put(parser, name.text[i] == '_' ? "-" : name.text + i, 1);
	}
	put_text(parser, "\" ");
}

static void read_function_type(struct parser *parser)
{
	uint64_t lifetimes = parser->lifetimes;

	read_binder(parser);
	if (eat(parser, 'U'))
		put_text(parser, "unsafe ");
	if (eat(parser, 'K'))
		read_abi(parser);
	put_text(parser, "fn(");
	read_list(parser, read_type);
	put_text(parser, ")");
	if (!eat(parser, 'u')) {
		put_text(parser, " -> ");
		read_type(parser);
	}
	parser->lifetimes = lifetimes;
}

/* A path whose list of arguments stays open, for what is bound by name: whether it is. */
static bool read_open_path(struct parser *parser)
{
	bool is_open = false;
	size_t back;

	if (!enter(parser))
		return false;
	if (eat(parser, 'B')) {
		if (follow(parser, &back)) {
			is_open = read_open_path(parser);
			parser->at = back;
		}
	} else if (eat(parser, 'I')) {
		read_path(parser, false);
		put_text(parser, "<");
		read_list(parser, read_argument);
		is_open = true;
	} else {
		read_path(parser, false);
	}
	leave(parser);
	return is_open;
}

static bool read_bound(struct parser *parser)
{
	bool is_open = read_open_path(parser);

	while (!parser->failed && eat(parser, 'p')) {
		put_text(parser, is_open ? ", " : "<");
		is_open = true;
		put_identifier(parser, read_identifier(parser));
		put_text(parser, " = ");
		read_type(parser);
	}
	if (is_open)
		put_text(parser, ">");
	return step(parser);
}

static void read_dyn(struct parser *parser)
{
	uint64_t lifetimes = parser->lifetimes, lifetime;

	put_text(parser, "dyn ");
	read_binder(parser);
	for (bool first = true; !parser->failed && !eat(parser, 'E'); first = false) {
		if (!first)
			put_text(parser, " + ");
		read_bound(parser);
	}
	parser->lifetimes = lifetimes;
	if (!eat(parser, 'L')) {
		parser->failed = true;
		return;
	}
	lifetime = base62(parser);
	if (lifetime) {
		put_text(parser, " + ");
		put_lifetime(parser, lifetime);
	}
}

static void read_reference(struct parser *parser, bool is_mutable)
{
	uint64_t lifetime;

	put_text(parser, "&");
	if (eat(parser, 'L')) {
		lifetime = base62(parser);
		if (lifetime) {
			put_lifetime(parser, lifetime);
			put_text(parser, " ");
		}
	}
	if (is_mutable)
		put_text(parser, "mut ");
	read_type(parser);
}

static bool read_type(struct parser *parser)
{
	char kind = take(parser);
	const char *basic = basic_type(kind);
	size_t back;

	if (basic) {
		put_text(parser, basic);
		return step(parser);
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
		put_text(parser, kind == 'P' ? "*const " : "*mut ");
		read_type(parser);
		break;
	case 'A':
	case 'S':
		put_text(parser, "[");
		read_type(parser);
		if (kind == 'A') {
			put_text(parser, "; ");
			read_const(parser);
		}
		put_text(parser, "]");
		break;
	case 'T':
		put_text(parser, "(");
		if (read_list(parser, read_type) == 1)
			put_text(parser, ",");
		put_text(parser, ")");
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
static bool read_hex(struct parser *parser, uint64_t *value, struct identifier *digits)
{
	*value = 0;
	digits->text = parser->text + parser->at;
	for (digits->length = 0;; digits->length++) {
		char c = take(parser);

		if (c == '_')
			break;
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return fail_here(parser);
		*value = *value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return true;
}

static void read_integer(struct parser *parser)
{
	struct identifier digits;
	uint64_t value;

	if (!read_hex(parser, &value, &digits))
		return;
	if (digits.length <= 16) {
		put_number(parser, value);
		return;
	}
	put_text(parser, "0x");
	put(parser, digits.text, digits.length);
}

static void read_character(struct parser *parser)
{
	struct identifier digits;
	char text[32], letter;
	uint64_t value;

	if (!read_hex(parser, &value, &digits))
		return;
	letter = (char)value;
	put_text(parser, "'");
	if (value >= 0x20 && value < 0x7f) {
		put(parser, &letter, 1);
	} else {
		snprintf(text, sizeof(text), "\\u{%llx}", (unsigned long long)value);
		put_text(parser, text);
	}
	put_text(parser, "'");
}

static bool read_const(struct parser *parser)
{
	char kind = take(parser);
	struct identifier digits;
	uint64_t value;
	size_t back;

	if (!enter(parser))
		return false;
	switch (kind) {
	case 'p':
		put_text(parser, "_");
		break;
	case 'a':
	case 's':
	case 'l':
	case 'x':
	case 'n':
	case 'i':
		if (eat(parser, 'n'))
			put_text(parser, "-");
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
			put_text(parser, value ? "true" : "false");
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
	struct parser parser = {.to = to, .start = to->length, .text = name + 2};

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
