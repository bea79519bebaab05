#include "binary/rust_parser.h"

#include <stdio.h>
#include <string.h>

/* Parts that are read, those that are referred to again each time; real names have some hundred. */
#define STEPS_MAX (1u << 16)

bool rust_fail_here(struct rust_parser *parser)
{
	parser->failed = true;
	return false;
}

void rust_put(struct rust_parser *parser, const char *text, size_t length)
{
	if (parser->silent || parser->failed)
		return;
	if (parser->to->length - parser->start + length > RUST_TEXT_MAX)
		parser->failed = true;
	else
		strbuf_put(parser->to, text, length);
}

void rust_put_text(struct rust_parser *parser, const char *text)
{
	rust_put(parser, text, strlen(text));
}

void rust_put_number(struct rust_parser *parser, uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	rust_put_text(parser, digits);
}

bool rust_step(struct rust_parser *parser)
{
	if (++parser->steps > STEPS_MAX)
		parser->failed = true;
	return !parser->failed;
}

static char peek(const struct rust_parser *parser)
{
	return parser->at < parser->end ? parser->text[parser->at] : 0;
}

char rust_take(struct rust_parser *parser)
{
	if (parser->at < parser->end)
		return parser->text[parser->at++];
	parser->failed = true;
	return 0;
}

bool rust_eat(struct rust_parser *parser, char c)
{
	if (peek(parser) != c)
		return false;
	parser->at++;
	return true;
}

uint64_t rust_base62(struct rust_parser *parser)
{
	uint64_t value = 0;

	if (rust_eat(parser, '_'))
		return 0;
	for (;;) {
		char c = rust_take(parser);
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

uint64_t rust_marked_base62(struct rust_parser *parser, char mark)
{
	uint64_t value = rust_eat(parser, mark) ? rust_base62(parser) : UINT64_MAX;

	return value + 1;
}

struct rust_identifier rust_read_identifier(struct rust_parser *parser)
{
	struct rust_identifier identifier = {.is_punycode = rust_eat(parser, 'u')};
	size_t length = 0;
	char c = rust_take(parser);

	if (c < '0' || c > '9') {
		parser->failed = true;
		return identifier;
	}
	length = (size_t)(c - '0');
	while (length && peek(parser) >= '0' && peek(parser) <= '9' && length <= parser->end)
		length = length * 10 + (size_t)(rust_take(parser) - '0');
	/* Keeps digits and underscores of the name itself apart from the length. */
	rust_eat(parser, '_');
	if (length > parser->end - parser->at) {
		parser->failed = true;
		return identifier;
	}
	identifier.text = parser->text + parser->at;
	identifier.length = length;
	parser->at += length;
	return identifier;
}

static void put_utf8(struct rust_parser *parser, uint32_t c)
{
	char bytes[4];
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = length; i > 1; i--, c >>= 6)
		bytes[i - 1] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(first[length] | c);
	rust_put(parser, bytes, length);
}

enum { PUNYCODE_MAX = 256 };

/* RFC 3492, with `_` between what is ASCII and the rest. False: not decoded. */
static bool put_punycode(struct rust_parser *parser, struct rust_identifier identifier)
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

void rust_put_identifier(struct rust_parser *parser, struct rust_identifier identifier)
{
	if (identifier.is_punycode && put_punycode(parser, identifier))
		return;
	if (identifier.is_punycode)
		rust_put_text(parser, "punycode{");
	rust_put(parser, identifier.text, identifier.length);
	if (identifier.is_punycode)
		rust_put_text(parser, "}");
}

void rust_put_lifetime(struct rust_parser *parser, uint64_t index)
{
	uint64_t depth = parser->lifetimes - index;
	char letter = (char)('a' + depth);

	rust_put_text(parser, "'");
	if (!index) {
		rust_put_text(parser, "_");
	} else if (index > parser->lifetimes) {
		parser->failed = true;
	} else if (depth < 26) {
		rust_put(parser, &letter, 1);
	} else {
		rust_put_text(parser, "_");
		rust_put_number(parser, depth);
	}
}
