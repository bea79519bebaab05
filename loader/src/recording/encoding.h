/* How numbers, texts and memory stand in a recording: docs/recording.md. */
#ifndef BPFLOAD_ENCODING_H
#define BPFLOAD_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* Seven bits a byte, the lowest first; all but the last have the eighth. */
void encode_number(struct strbuf *to, uint64_t number);

/* A number that is near 0, of either sign. */
void encode_signed(struct strbuf *to, int64_t number);

/* 0 where there is none, else its length and one, and its bytes with a NUL. */
void encode_text(struct strbuf *to, const char *text);

/*
 * Memory, most of which is 0, by words of 8 bytes: for each two of them a byte whose halves, the
 * lower first, say how many of a word's lower bytes follow; its others are 0. What is missing of
 * the last word, or of two, counts as 0.
 */
void encode_memory(struct strbuf *to, const uint8_t *bytes, size_t size);

/* What is read, and whether it was what it should be. */
struct decoder {
	const uint8_t *at, *end;
	/* From then on numbers are 0, and texts NULL. */
	bool failed;
};

uint64_t decode_number(struct decoder *decoder);
int64_t decode_signed(struct decoder *decoder);
/* A number of 32 bits. */
uint32_t decode_u32(struct decoder *decoder);
/* NULL: there is none. The text is the decoder's memory. */
const char *decode_text(struct decoder *decoder);
/* Fills `size` bytes: at most MEMORY_TIMES as many as are read. */
#define MEMORY_TIMES 16
void decode_memory(struct decoder *decoder, uint8_t *to, size_t size);

/* Whether all was read, and was right. */
bool decode_ends(const struct decoder *decoder);

#endif
