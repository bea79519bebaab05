/* Files that processes run code from, each opened once and kept, until too many are. */
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
	/* Without a view: it is not open. */
	struct elf_image image;
	/* It was opened, and is no ELF file. */
	bool is_other;
	/* How often it was opened. */
	uint32_t openings;
	/* When its inode was changed last, ns of the epoch; 0: it has none. */
	uint64_t changed_at;
	/* The image of the kernel's own code, which is no file. */
	uint8_t *vdso;
	struct named_symbols symbols;
	/* Those of its separate debug file, which are more where the file itself is stripped. */
	struct named_symbols debug_symbols;
	struct code_lines lines;
	/* Among those that are open, by the last use. */
	struct mapped_file *older, *newer;
};

struct mapped_files {
	struct id_table by_inode;
	/* Those that are open. */
	struct mapped_file *oldest, *newest;
	/* How many descriptors they hold. */
	size_t descriptors;
	/* Some were not opened, since we may not look into their process. */
	bool were_denied;
};

/*
 * The file behind a mapping of a process, opened if it lives; NULL for anonymous memory. A file
 * that cannot be opened is kept too, without an image.
 *
 * Files that were not used for long are let go where they hold too many descriptors (then what was
 * read of them stays) or too much memory.
 */
struct mapped_file *mapped_files_get(struct mapped_files *files, uint32_t pid,
				     const struct proc_mapping *mapping);

/* To be called before a file is used: opens it again where it was let go, and the process lives. */
void mapped_files_use(struct mapped_files *files, struct mapped_file *file, uint32_t pid,
		      const struct proc_mapping *mapping);

/* Whether the file, which is open, is the one that was mapped: the number of one that was deleted
 * may be another's by now. */
bool mapped_file_is_of(const struct mapped_file *file, const struct proc_mapping *mapping);

/* The file's functions, read at the first call. Empty when there are none. */
const struct elf_symbols *mapped_file_symbols(struct mapped_file *file);

/*
 * A function that holds an address of the file's own space, with its name, as people read it if
 * `source->readable` and it is mangled: from the file, else from its debug file. NULL: none. The
 * name lives until another file is used.
 */
const char *mapped_file_function(struct mapped_file *file, uint64_t address,
				 const struct code_source *source,
				 const struct elf_function **function);

/* A file of its own, by its path: false, and it is not open, where that is no ELF file. */
bool mapped_file_open(struct mapped_file *file, const char *path);
void mapped_file_close(struct mapped_file *file);

void mapped_files_free(struct mapped_files *files);

#endif
