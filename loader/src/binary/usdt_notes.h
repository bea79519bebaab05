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
	const struct elf_image *image;
	/* The section. */
	const uint8_t *bytes;
	/* A note was left out because it makes no sense. */
	bool damaged;
	/* Address of .stapsdt.base, 0 without one. */
	uint64_t base;
	/* In the section: how far it has been read, and its end. */
	uint64_t offset, end;
};

/* Texts are the image's. */
struct usdt_note {
	const char *provider, *name, *arguments;
	/* Of the instruction: in the file's own address space, and in the file. */
	uint64_t address, offset;
	/* Of the semaphore: in the file, and in the file's own address space; 0: the point has
	 * none.
	 */
	uint64_t semaphore, semaphore_address;
};

/* The image must outlive the notes. A file without notes has just none. */
void usdt_notes_start(struct usdt_notes *notes, const struct elf_image *image);

/* The next note; false after the last. */
bool usdt_notes_next(struct usdt_notes *notes, struct usdt_note *note);

/* Address of a variable or function, in the file's own address space. */
bool usdt_notes_symbol(const struct usdt_notes *notes, const char *name, size_t length,
		       uint64_t *address);

#endif
