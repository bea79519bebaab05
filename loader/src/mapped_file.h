/* Files that processes run code from, each opened once and kept. */
#ifndef BPFLOAD_MAPPED_FILE_H
#define BPFLOAD_MAPPED_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "code_lines.h"
#include "elf_symbols.h"
#include "id_table.h"
#include "proc_maps.h"

struct mapped_file {
	uint64_t device, inode;
	/* Another file whose number falls on the same table entry. */
	struct mapped_file *next;
	void *image;
	size_t size;
	/* The image is memory of ours (the vdso), not a mapping of the file. */
	bool copied;
	bool symbols_read;
	struct elf_symbols symbols;
	/* Readable names of the functions, by their places in the table: NULL where nobody asked
	 * yet. NULL: nobody asked for any. */
	char **names;
	struct code_lines lines;
};

struct mapped_files {
	struct id_table by_inode;
};

/*
 * The file behind a mapping of a living process; NULL for anonymous memory and without memory. A
 * file that cannot be opened is kept too, without an image.
 *
 * The image stays mapped, so the file can be deleted or replaced by another; one that is shortened
 * in place while it is mapped cannot be read safely, which no package manager does.
 */
struct mapped_file *mapped_files_get(struct mapped_files *files, uint32_t pid,
				     const struct proc_mapping *mapping);

/* The file's functions, read at the first call. Empty when there are none. */
const struct elf_symbols *mapped_file_symbols(struct mapped_file *file);

/*
 * The name of one of its functions, as people read it if that is wanted and it is mangled. It lives
 * as long as the file.
 */
const char *mapped_file_name(struct mapped_file *file, const struct elf_function *function,
			     bool readable);

void mapped_files_free(struct mapped_files *files);

#endif
