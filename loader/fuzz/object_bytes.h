/* Objects as bytes that a fuzzer changes. */
#ifndef BPFLOAD_FUZZ_OBJECT_BYTES_H
#define BPFLOAD_FUZZ_OBJECT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/object_file.h"

/* A section's bytes, and where its header stands. All of it lies within the object. */
struct fuzz_section {
	size_t header, offset, size;
};

/* False: there is none of that name (NULL: of that number), or the object is no ELF file any more.
 */
bool fuzz_find_section(const uint8_t *bytes, size_t size, const char *name, uint32_t number,
		       struct fuzz_section *section);
uint32_t fuzz_section_count(const uint8_t *bytes, size_t size);

/*
 * Reads an object as bpfload reads its file, after the digest has been made that of the bytes: a
 * change gets past it. The result is an exit status; object_file_free in either case.
 */
int fuzz_read_object(struct object_file *object, const uint8_t *data, size_t size,
		     struct failure *failure);

#endif
