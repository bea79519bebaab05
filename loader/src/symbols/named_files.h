/* Names of addresses in files that are known by their build ids alone, found in folders: for what
 * was recorded elsewhere. */
#ifndef BPFLOAD_NAMED_FILES_H
#define BPFLOAD_NAMED_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id_table.h"

struct named_files {
	/* Separated by colons. */
	const char *folders;
	/* Names of C++ and Rust as people read them. */
	bool readable;
	/* Those that were looked for. */
	struct id_table by_id;
};

/* Where an address is. */
struct named_place {
	const uint8_t *build_id;
	uint32_t build_id_size;
	/* In the file; and in the file's own space, where that is known. */
	uint64_t offset, address;
	bool has_address;
	/* It is the one behind a call, and its line is that of the call. */
	bool is_return;
};

struct symbol;

/*
 * Sets name, offset and source lines of a symbol, whose module stays, if a folder has the file: as
 * .build-id/xx/REST.debug or .build-id/xx/REST, or as ID/debuginfo or ID/executable. False, and
 * nothing changes, where it does not, or the file has no name for it. The texts live until the next
 * call.
 */
bool named_files_symbol(struct named_files *files, const struct named_place *place,
			struct symbol *symbol);

void named_files_free(struct named_files *files);

#endif
