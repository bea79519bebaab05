#include "base/excerpt.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Blanks that a tab in a script is shown as. */
#define TAB_WIDTH 4

/* Bytes of a line that are shown, and those of them before the mark where more stand there
 * (compiler/source/render/text.ts). */
#define MOST_SHOWN 240
#define MOST_BEFORE 80
#define CUT "..."

static bool is_within_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Terminals obey them; those of C1 are two bytes of UTF-8. */
static bool is_control(const char *text, size_t at)
{
	const unsigned char *byte = (const unsigned char *)text + at;

	if (iscntrl(byte[0]))
		return true;
	if (byte[0] == 0xc2)
		return byte[1] >= 0x80 && byte[1] < 0xa0;
	return at > 0 && byte[-1] == 0xc2 && byte[0] >= 0x80 && byte[0] < 0xa0;
}

void excerpt_put(struct strbuf *to, const char *text, uint32_t column, uint32_t end)
{
	size_t length = strlen(text), first = 0, last = length;

	if (length > MOST_SHOWN) {
		first = column > MOST_BEFORE + 1 ? column - 1 - MOST_BEFORE : 0;
		first = first < length ? first : 0;
		while (first > 0 && is_within_character(text[first]))
			first--;
		last = length - first > MOST_SHOWN ? first + MOST_SHOWN : length;
		while (last > first && is_within_character(text[last]))
			last--;
	}
	strbuf_text(to, first > 0 ? CUT : "");
	for (size_t i = first; i < last; i++) {
		if (text[i] == '\t')
			strbuf_fill(to, ' ', TAB_WIDTH);
		else
			strbuf_char(to, is_control(text, i) ? '?' : text[i]);
	}
	strbuf_text(to, last < length ? CUT "\n" : "\n");
	strbuf_fill(to, ' ', first > 0 ? strlen(CUT) : 0);
	for (size_t i = first; i < last && i + 1 < end; i++)
		strbuf_fill(to, i + 1 < column ? ' ' : '~', text[i] == '\t' ? TAB_WIDTH : 1);
	strbuf_char(to, '\n');
}

static bool is_word(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || byte == '@';
}

/* `strchr` finds the end of a text, too. */
static bool is_one_of(char byte, const char *bytes)
{
	return byte && strchr(bytes, byte);
}

/* Behind the string that begins here. */
static const char *skip_string(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		at += at[0] == '\\' && at[1];
	return at + (*at != 0);
}

/* Behind the bracket that closes the one here, or the end of the line. */
static const char *skip_brackets(const char *at)
{
	uint32_t depth = 0;

	while (*at) {
		if (*at == '"') {
			at = skip_string(at);
			continue;
		}
		depth += is_one_of(*at, "([{");
		depth -= is_one_of(*at, ")]}");
		at++;
		if (depth == 0)
			break;
	}
	return at;
}

/* Attach points have colons in them: `tracepoint:sched:sched_switch`. */
static const char *skip_word(const char *at)
{
	while (is_word(*at) || (*at == ':' && (is_word(at[1]) || at[1] == '/')))
		at++;
	return at;
}

/* `if (...)`, `while (...)`: words that stand before a blank and brackets. */
static bool takes_condition(const char *word, size_t length)
{
	static const char *const words[] = {"if", "while", "for", "unroll"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
			return true;
	return false;
}

/* Behind members, indexes and arguments. */
static const char *skip_rest(const char *at)
{
	for (;;) {
		if (*at == '(' || *at == '[')
			at = skip_brackets(at);
		else if (*at == '.' && is_word(at[1]))
			at = skip_word(at + 1);
		else if (at[0] == '-' && at[1] == '>' && is_word(at[2]))
			at = skip_word(at + 2);
		else
			return at;
	}
}

uint32_t excerpt_end(const char *text, uint32_t column)
{
	const char *at, *word;

	if (column == 0 || column > strlen(text))
		return column;
	at = text + column - 1;
	while (is_one_of(*at, "!~-&*") && (is_word(at[1]) || is_one_of(at[1], "!~-&*(")))
		at++;
	word = at;
	if (*at == '"') {
		at = skip_string(at);
	} else if (is_one_of(*at, "({")) {
		at = skip_brackets(at);
		/* A cast and what it is of. */
		at = is_word(*at) ? skip_word(at) : at;
	} else if (is_word(*at)) {
		at = skip_word(at);
		if (*at == ' ' && at[1] == '(' && takes_condition(word, (size_t)(at - word)))
			at++;
	} else {
		while (is_one_of(*at, "+-*/%<>=!&|^~?:"))
			at++;
	}
	return (uint32_t)(skip_rest(at) - text) + 1;
}
