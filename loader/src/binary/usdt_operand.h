/* Where an argument of a USDT point is kept: the assembler's operands in the texts of the notes. */
#ifndef BPFLOAD_USDT_OPERAND_H
#define BPFLOAD_USDT_OPERAND_H

#include <stdbool.h>
#include <stdint.h>

#include "binary/usdt_notes.h"

enum usdt_operand_kind { USDT_CONSTANT, USDT_REGISTER, USDT_MEMORY };

/* Instead of a register's offset. */
#define USDT_NO_REGISTER UINT16_MAX

/*
 * What the programs follow (compiler/lowering/usdt.ts): an element of the map `usdt_sites` is an
 * array of MF_USDT_ARGUMENTS of these. An address is base + (index << scale) + value.
 */
struct usdt_operand {
	/* The constant, or what is added to the address. */
	int64_t value;
	/* Offsets of registers in the program's context. */
	uint16_t base, index;
	uint8_t kind;
	uint8_t scale;
	/* The last byte: the size less 1. */
	uint8_t last;
	uint8_t is_signed;
};

/* How many arguments a note's text has. */
uint32_t usdt_operand_count(const char *arguments);

/*
 * Reads the argument of that number, which there has to be. False when it is kept in a way that is
 * not known; *text and *length tell how it is written in either case.
 */
bool usdt_operand_read(const struct usdt_notes *notes, const struct usdt_note *note,
		       uint32_t number, struct usdt_operand *operand, const char **text,
		       int *length);

#endif
