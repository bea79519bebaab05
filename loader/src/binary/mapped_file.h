/* Files that processes run code from, each opened once and kept. */
#ifndef BPFLOAD_MAPPED_FILE_H
#define BPFLOAD_MAPPED_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "binary/code_lines.h"
#include "binary/elf_symbols.h"
#include "base/id_table.h"
#include "binary/proc_maps.h"

/* Functions of a file, and their names as people read them. */
struct named_symbols {
	bool read;
	struct elf_symbols table;
	/* Readable names of the functions, by their places in the table: NULL where nobody asked
	 * yet. NULL: nobody asked for any. */
	char **names;
};

struct mapped_file {
	uint64_t device, inode;
	/* Another file whose number falls on the same table entry. */
	struct mapped_file *next;
	void *image;
	size_t size;
	/* The image is memory of ours (the vdso), not a mapping of the file. */
	bool copied;
	struct named_symbols symbols;
	/* Those of its separate debug file, which are more where the file itself is stripped. */
	struct named_symbols debug_symbols;
	struct code_lines lines;
};

struct mapped_files {
	struct id_table by_inode;
};

/*
 * The file behind a mapping of a living process; NULL for anonymous memory. A
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
 * A function that holds an address of the file's own space, with its name, as people read it if
 * `source->readable` and it is mangled: from the file, else, with `debug`, from its debug file.
 * NULL: none. The name lives as long as the file.
 */
const char *mapped_file_function(struct mapped_file *file, uint64_t address,
				 const struct code_source *source, bool debug,
				 const struct elf_function **function);

void mapped_files_free(struct mapped_files *files);

#endif
