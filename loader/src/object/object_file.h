/* An object, read and checked: bytes, ELF structure, manifest. */
#ifndef BPFLOAD_OBJECT_FILE_H
#define BPFLOAD_OBJECT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "object/elf_file.h"
#include "object/effects.h"
#include "object/manifest.h"
#include "base/failure.h"

struct object_file {
	uint8_t *bytes;
	size_t size;
	struct elf_file elf;
	struct manifest *manifest;
	struct effects effects;
};

/* The result is an exit status, with the failure set. Free in either case. */
int object_file_read(struct object_file *object, const char *path, struct failure *failure);
/* The same of bytes in memory of malloc, which it takes over. */
int object_file_check(struct object_file *object, uint8_t *bytes, size_t size,
		      struct failure *failure);
void object_file_free(struct object_file *object);

#endif
