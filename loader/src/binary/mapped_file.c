#include "binary/mapped_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "binary/demangle.h"
#include "base/strbuf.h"

/* Largest vdso that is believed; they have a few pages. */
#define VDSO_MAX (1u << 20)

static bool is_vdso(const struct proc_mapping *mapping)
{
	return strcmp(mapping->path, "[vdso]") == 0;
}

static void map_file(struct mapped_file *file, uint32_t pid, const struct proc_mapping *mapping)
{
	struct stat status;
	void *image;
	int fd = proc_mapping_open(pid, mapping);

	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0) {
		image = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (image != MAP_FAILED) {
			file->image = image;
			file->size = (size_t)status.st_size;
		}
	}
	close(fd);
}

static void copy_vdso(struct mapped_file *file, uint32_t pid, const struct proc_mapping *mapping)
{
	size_t size = (size_t)(mapping->end - mapping->start);
	char path[64];
	void *image;
	int fd;

	if (size > VDSO_MAX)
		return;
	snprintf(path, sizeof(path), "/proc/%u/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	image = memory_bytes(size);
	if (pread(fd, image, size, (off_t)mapping->start) == (ssize_t)size) {
		file->image = image;
		file->size = size;
		file->copied = true;
	} else {
		free(image);
	}
	close(fd);
}

struct mapped_file *mapped_files_get(struct mapped_files *files, uint32_t pid,
				     const struct proc_mapping *mapping)
{
	uint64_t device = (uint64_t)mapping->device_major << 32 | mapping->device_minor;
	uint64_t inode = mapping->inode;
	struct mapped_file *file, *first;
	bool vdso = is_vdso(mapping);

	if (vdso) {
		/* One for all processes of the same word size, which differ in length. */
		device = UINT64_MAX;
		inode = mapping->end - mapping->start;
	} else if (!inode) {
		return NULL;
	}
	first = id_table_find(&files->by_inode, inode);
	for (file = first; file; file = file->next) {
		if (file->device == device && file->inode == inode)
			break;
	}
	if (!file) {
		file = memory_zeroed(sizeof(*file));
		file->device = device;
		file->inode = inode;
		if (first) {
			file->next = first->next;
			first->next = file;
		} else {
			id_table_add(&files->by_inode, inode, file);
		}
	}
	/* Also when it could not be opened through another process, which may have gone meanwhile.
	 */
	if (!file->image) {
		if (vdso)
			copy_vdso(file, pid, mapping);
		else
			map_file(file, pid, mapping);
	}
	return file;
}

const struct elf_symbols *mapped_file_symbols(struct mapped_file *file)
{
	if (!file->symbols.read && file->image) {
		file->symbols.read = true;
		/* What is not an ELF file, or has no symbols, leaves the table empty. */
		(void)elf_symbols_read(&file->symbols.table, file->image, file->size);
	}
	return &file->symbols.table;
}

static const char *name_of(struct named_symbols *symbols, const struct elf_function *function,
			   bool readable)
{
	const char *plain = symbols->table.strings + function->name;
	size_t index = (size_t)(function - symbols->table.functions);
	struct strbuf text = {0};

	if (!readable || !demangle_is_mangled(plain))
		return plain;
	if (!symbols->names)
		symbols->names = memory_try_array(symbols->table.count, sizeof(*symbols->names));
	if (!symbols->names)
		return plain;
	if (!symbols->names[index]) {
		if (!demangle(&text, plain, DEMANGLE_FULL)) {
			strbuf_free(&text);
			return plain;
		}
		strbuf_c_text(&text);
		symbols->names[index] = text.data;
	}
	return symbols->names[index];
}

const char *mapped_file_function(struct mapped_file *file, uint64_t address,
				 const struct code_source *source, bool debug,
				 const struct elf_function **function)
{
	struct named_symbols *symbols = &file->debug_symbols;
	const struct elf_image *image;

	*function = elf_symbols_find(mapped_file_symbols(file), address);
	if (*function)
		return name_of(&file->symbols, *function, source->readable);
	if (!debug || !file->image)
		return NULL;
	if (!symbols->read) {
		symbols->read = true;
		image = code_lines_debug_image(&file->lines, source);
		if (image)
			(void)elf_symbols_read(&symbols->table, image->bytes, image->size);
	}
	*function = elf_symbols_find(&symbols->table, address);
	return *function ? name_of(symbols, *function, source->readable) : NULL;
}

static void free_symbols(struct named_symbols *symbols)
{
	for (size_t i = 0; symbols->names && i < symbols->table.count; i++)
		free(symbols->names[i]);
	free(symbols->names);
	elf_symbols_free(&symbols->table);
}

static void free_files(void *item)
{
	struct mapped_file *file = item;

	while (file) {
		struct mapped_file *next = file->next;

		free_symbols(&file->symbols);
		free_symbols(&file->debug_symbols);
		code_lines_free(&file->lines);
		if (file->copied)
			free(file->image);
		else if (file->image)
			munmap(file->image, file->size);
		free(file);
		file = next;
	}
}

void mapped_files_free(struct mapped_files *files)
{
	id_table_free(&files->by_inode, free_files);
}
