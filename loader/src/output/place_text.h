/* Addresses and places in files as they stand in texts. */
#ifndef BPFLOAD_PLACE_TEXT_H
#define BPFLOAD_PLACE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of SHA-512. */
#define PLACE_ID_MOST 64

struct place_text {
	/* 0: it is an address. */
	uint32_t id_size;
	uint8_t id[PLACE_ID_MOST];
	/* The address, or the offset in the file. */
	uint64_t number;
	/* It is a number without 0x, and without a digit that is no decimal one. */
	bool is_bare, is_decimal;
};

/*
 * Reads `0xADDRESS`, `BUILD-ID 0xOFFSET`, `BUILD-ID+0xOFFSET` or, with `bare`, `ADDRESS` of at
 * least four digits. The result is how many bytes it takes, 0 where there is none or where it ends
 * within a word.
 */
size_t place_text_read(struct place_text *place, const char *text, size_t length, bool bare);

#endif
