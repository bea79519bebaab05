#include "recording/encoding.h"

#define WORD sizeof(uint64_t)

void encode_number(struct strbuf *to, uint64_t number)
{
	char room[10];
	size_t length = 0;

	while (number > 127) {
		room[length++] = (char)(number | 128);
		number >>= 7;
	}
	room[length++] = (char)number;
	strbuf_put(to, room, length);
}

void encode_signed(struct strbuf *to, int64_t number)
{
	encode_number(to, (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0));
}

void encode_text(struct strbuf *to, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	encode_number(to, text ? length + 1 : 0);
	if (text)
		strbuf_put(to, text, length + 1);
}

/* The word at `at`, of which `rest` bytes are there. */
static uint64_t load(const uint8_t *at, size_t rest)
{
	uint64_t word = 0;

	if (rest >= WORD)
		memcpy(&word, at, WORD);
	else
		memcpy(&word, at, rest);
	return word;
}

/* How many bytes of a word are written. */
static unsigned used_bytes(uint64_t word)
{
	return word ? (71u - (unsigned)__builtin_clzll(word)) / 8 : 0;
}

/* Whole words are written, and what is not used of them by the next. */
static uint8_t *put_word(uint8_t *out, uint64_t word, unsigned used)
{
	memcpy(out, &word, WORD);
	return out + used;
}

void encode_memory(struct strbuf *to, const uint8_t *bytes, size_t size)
{
	uint8_t *out;

	strbuf_reserve(to, size + size / (2 * WORD) + 4 * WORD);
	out = (uint8_t *)to->data + to->length;
	for (size_t i = 0; i < size; i += 2 * WORD) {
		uint64_t first = load(bytes + i, size - i), second = 0;
		unsigned first_used = used_bytes(first), second_used;

		if (size - i > WORD)
			second = load(bytes + i + WORD, size - i - WORD);
		second_used = used_bytes(second);
		*out = (uint8_t)(first_used | second_used << 4);
		out = put_word(out + 1, first, first_used);
		out = put_word(out, second, second_used);
	}
	to->length = (size_t)((char *)out - to->data);
}

static uint8_t next_byte(struct decoder *decoder)
{
	if (decoder->failed || decoder->at == decoder->end) {
		decoder->failed = true;
		return 0;
	}
	return *decoder->at++;
}

uint64_t decode_number(struct decoder *decoder)
{
	uint64_t number = 0;
	uint8_t byte;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		byte = next_byte(decoder);
		/* Of the tenth byte one bit is left. */
		if (shift == 63 && byte > 1)
			break;
		number |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return decoder->failed ? 0 : number;
	}
	decoder->failed = true;
	return 0;
}

int64_t decode_signed(struct decoder *decoder)
{
	uint64_t number = decode_number(decoder);

	return (int64_t)(number >> 1 ^ (number & 1 ? UINT64_MAX : 0));
}

uint32_t decode_u32(struct decoder *decoder)
{
	uint64_t number = decode_number(decoder);

	if (number > UINT32_MAX)
		decoder->failed = true;
	return decoder->failed ? 0 : (uint32_t)number;
}

const char *decode_text(struct decoder *decoder)
{
	uint64_t length = decode_number(decoder);
	const char *text = (const char *)decoder->at;

	if (decoder->failed || !length)
		return NULL;
	if (length > (uint64_t)(decoder->end - decoder->at) || text[length - 1] ||
	    strnlen(text, length) != length - 1) {
		decoder->failed = true;
		return NULL;
	}
	decoder->at += length;
	return text;
}

/* Takes a word of which `used` bytes are there, and puts at most `rest` of its bytes. */
static void take_word(struct decoder *decoder, uint8_t *to, size_t rest, unsigned used)
{
	uint64_t word = 0;

	if (used > WORD || used > (size_t)(decoder->end - decoder->at)) {
		decoder->failed = true;
		return;
	}
	memcpy(&word, decoder->at, used);
	decoder->at += used;
	memcpy(to, &word, rest < WORD ? rest : WORD);
}

void decode_memory(struct decoder *decoder, uint8_t *to, size_t size)
{
	for (size_t i = 0; i < size && !decoder->failed; i += 2 * WORD) {
		uint8_t used = next_byte(decoder);

		take_word(decoder, to + i, size - i, used & 15);
		if (size - i > WORD)
			take_word(decoder, to + i + WORD, size - i - WORD, used >> 4);
		else if (used >> 4)
			decoder->failed = true;
	}
}

bool decode_ends(const struct decoder *decoder)
{
	return !decoder->failed && decoder->at == decoder->end;
}
