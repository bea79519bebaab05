/*
 * USDT points of an ELF file: the notes of sys/sdt.h in section .note.stapsdt, each with the
 * address of an instruction, of a semaphore, three texts (provider, name, operands of the
 * arguments). Nothing in the file is trusted.
 */
#ifndef BPFLOAD_USDT_NOTES_H
#define BPFLOAD_USDT_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "binary/elf_image.h"

struct usdt_notes {
	struct elf_image image;
	/* A note was left out because it makes no sense. */
	bool damaged;
	/* Address of .stapsdt.base, 0 without one. */
	uint64_t base;
	/* The notes, and how far they have been read. */
	uint64_t offset, end;
};

/* Texts point into the file's bytes. */
struct usdt_note {
	const char *provider, *name, *arguments;
	/* Of the instruction: in the file's own address space, and in the file. */
	uint64_t address, offset;
	/* Of the semaphore, in the file; 0: the point has none. */
	uint64_t semaphore;
};

/* False when the bytes are no 64-bit ELF file. A file without notes has just none. */
bool usdt_notes_start(struct usdt_notes *notes, const void *bytes, size_t size);

/* The next note; false after the last. */
bool usdt_notes_next(struct usdt_notes *notes, struct usdt_note *note);

/* Address of a variable or function, in the file's own address space. */
bool usdt_notes_symbol(const struct usdt_notes *notes, const char *name, size_t length,
		       uint64_t *address);

#endif
