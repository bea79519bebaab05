#include "json_spans.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define DEPTH_MAX 60

struct reader {
	const char *text;
	size_t at, length;
	struct json_span *spans;
	size_t count;
};

static bool at(const struct reader *reader, char c)
{
	return reader->at < reader->length && reader->text[reader->at] == c;
}

static bool take_string(struct reader *reader)
{
	if (!at(reader, '"'))
		return false;
	for (reader->at++; reader->at < reader->length; reader->at++) {
		if (reader->text[reader->at] == '\\')
			reader->at++;
		else if (reader->text[reader->at] == '"')
			return reader->at++, true;
	}
	return false;
}

static bool take_value(struct reader *reader, size_t item, uint32_t depth);

static bool take_list(struct reader *reader, char end, uint32_t depth)
{
	reader->at++;
	if (at(reader, end))
		return reader->at++, true;
	for (;;) {
		size_t item = reader->at;

		if (end == '}' && (!take_string(reader) || !at(reader, ':') || !++reader->at))
			return false;
		if (!take_value(reader, item, depth + 1))
			return false;
		if (at(reader, end))
			return reader->at++, true;
		if (!at(reader, ','))
			return false;
		reader->at++;
	}
}

/* Manifests have no white space. */
static bool take_value(struct reader *reader, size_t item, uint32_t depth)
{
	size_t start = reader->at, index = reader->count;
	bool good;

	if (reader->count == JSON_SPANS_MAX || depth > DEPTH_MAX)
		return false;
	reader->count++;
	if (at(reader, '{') || at(reader, '[')) {
		good = take_list(reader, reader->text[start] == '{' ? '}' : ']', depth);
	} else if (at(reader, '"')) {
		good = take_string(reader);
	} else {
		reader->at += strcspn(reader->text + start, ",]}");
		good = reader->at > start && reader->at <= reader->length;
	}
	reader->spans[index] = (struct json_span){start, reader->at, item, depth};
	return good;
}

size_t json_spans(const char *text, size_t length, struct json_span spans[JSON_SPANS_MAX])
{
	struct reader reader = {.text = text, .length = length, .spans = spans};

	return take_value(&reader, 0, 0) && reader.at == length ? reader.count : 0;
}

static const char *const words[] = {
	"0",
	"1",
	"-1",
	"7",
	"8",
	"255",
	"256",
	"4095",
	"65535",
	"65536",
	"2147483647",
	"2147483648",
	"4294967295",
	"4294967296",
	"9223372036854775807",
	"-9223372036854775808",
	"18446744073709551615",
	"true",
	"false",
	"null",
	"\"\"",
	"\"%s%d\"",
	"\"%-99999999s\"",
	"\"\\u0000\"",
	"\"\\ud800\"",
	"\"\\u00ff\\u001b[2J\"",
	"\"../../x\"",
	"[]",
	"{}",
};

/* Puts `piece` in the place of [start, end). */
static size_t splice(char *text, size_t length, size_t most, size_t start, size_t end,
		     const char *piece, size_t size)
{
	if (length - (end - start) + size > most)
		return 0;
	memmove(text + start + size, text + end, length - end);
	memcpy(text + start, piece, size);
	return length - (end - start) + size;
}

static size_t take_out(char *text, size_t length, const struct json_span *span)
{
	size_t start = span->item, end = span->end;

	if (text[end] == ',')
		end++;
	else if (text[start - 1] == ',')
		start--;
	return splice(text, length, length, start, end, "", 0);
}

static size_t change_number(char *text, size_t length, size_t most, const struct json_span *span,
			    uint32_t *random)
{
	int64_t number = strtoll(text + span->start, NULL, 10);
	char piece[32];

	switch (fuzz_random(random, 5)) {
	case 0:
		number = (int64_t)((uint64_t)number + fuzz_random(random, 17) - 8);
		break;
	case 1:
		number ^= INT64_C(1) << fuzz_random(random, 33);
		break;
	case 2:
		number = (int64_t)((uint64_t)number * 2);
		break;
	case 3:
		number = fuzz_random(random, 64);
		break;
	default:
		number = (int64_t)(8 * (uint64_t)fuzz_random(random, 4096));
	}
	snprintf(piece, sizeof(piece), "%" PRId64, number);
	return splice(text, length, most, span->start, span->end, piece, strlen(piece));
}

/* A copy of another value, or of another item with its name. */
static size_t change_for(char *text, size_t length, size_t most, const struct json_span *span,
			 const struct json_span *other, bool item, bool before)
{
	size_t from = item ? other->item : other->start, size = other->end - from;
	size_t start = item ? span->item : span->start;
	char *piece = malloc(size + 1);
	size_t result;

	if (!piece)
		abort();
	memcpy(piece, text + from, size);
	if (before)
		piece[size++] = ',';
	result = splice(text, length, most, start, before ? start : span->end, piece, size);
	free(piece);
	return result;
}

size_t json_change(char *text, size_t length, size_t most, uint32_t *random)
{
	static struct json_span spans[JSON_SPANS_MAX];
	size_t count = json_spans(text, length, spans);
	const struct json_span *span, *other;
	const char *word = words[fuzz_random(random, sizeof(words) / sizeof(*words))];
	bool is_number;

	if (count < 2)
		return 0;
	span = &spans[1 + fuzz_random(random, (uint32_t)count - 1)];
	other = &spans[1 + fuzz_random(random, (uint32_t)count - 1)];
	is_number = strchr("-0123456789", text[span->start]) != NULL;
	switch (fuzz_random(random, 8)) {
	case 0:
		return take_out(text, length, span);
	case 1:
		return splice(text, length, most, span->start, span->end, word, strlen(word));
	case 2:
	case 3:
		/* The like of it from elsewhere. */
		for (int tries = 0; tries < 200 && text[other->start] != text[span->start]; tries++)
			other = &spans[1 + fuzz_random(random, (uint32_t)count - 1)];
		return change_for(text, length, most, span, other, false, false);
	case 4:
		/* An item once more, from a list of its own form. */
		for (int tries = 0;
		     tries < 200 && (other->depth != span->depth ||
				     (other->item == other->start) != (span->item == span->start));
		     tries++)
			other = &spans[1 + fuzz_random(random, (uint32_t)count - 1)];
		return change_for(text, length, most, span, other, true, true);
	case 5:
		return change_for(text, length, most, span, span, true, true);
	default:
		if (is_number)
			return change_number(text, length, most, span, random);
		if (text[span->start] == '"' && span->end - span->start > 2) {
			size_t place = span->start + 1 +
				       fuzz_random(random, (uint32_t)(span->end - span->start - 2));

			text[place] = "%.*dsx0a_/:-9"[fuzz_random(random, 13)];
			return length;
		}
		return 0;
	}
}
