#include "binary/mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "binary/demangle.h"
#include "binary/file_view.h"
#include "base/strbuf.h"

/* Largest vdso that is believed; they have a few pages. */
#define VDSO_MAX (1u << 20)
/* Files may hold a quarter of the descriptors that we may have, but so many at least. */
#define LEAST_DESCRIPTORS 16
/* A file that was let go so often is not opened again: those that are in use do not fit. */
#define MOST_OPENINGS 4

static bool is_vdso(const struct proc_mapping *mapping)
{
	return strcmp(mapping->path, "[vdso]") == 0;
}

static void unlink_file(struct mapped_files *files, struct mapped_file *file)
{
	if (file->older)
		file->older->newer = file->newer;
	else if (files->oldest == file)
		files->oldest = file->newer;
	if (file->newer)
		file->newer->older = file->older;
	else if (files->newest == file)
		files->newest = file->older;
	file->older = file->newer = NULL;
}

static void link_newest(struct mapped_files *files, struct mapped_file *file)
{
	file->older = files->newest;
	if (files->newest)
		files->newest->newer = file;
	else
		files->oldest = file;
	files->newest = file;
}

static void detach(struct mapped_files *files, struct mapped_file *file)
{
	if (file->image.view && file->image.view->fd >= 0) {
		file_view_detach(file->image.view);
		files->descriptors--;
	}
}

static void free_symbols(struct named_symbols *symbols)
{
	for (size_t i = 0; symbols->names && i < symbols->table.count; i++)
		free(symbols->names[i]);
	free(symbols->names);
	elf_symbols_free(&symbols->table);
	*symbols = (struct named_symbols){0};
}

/* Forgets all that is known of a file. */
static void let_go(struct mapped_files *files, struct mapped_file *file)
{
	detach(files, file);
	unlink_file(files, file);
	mapped_file_close(file);
	free(file->vdso);
	file->vdso = NULL;
}

bool mapped_file_open(struct mapped_file *file, const char *path)
{
	*file = (struct mapped_file){0};
	return elf_image_open(&file->image, path) == ELF_IMAGE_OK;
}

void mapped_file_close(struct mapped_file *file)
{
	free_symbols(&file->symbols);
	free_symbols(&file->debug_symbols);
	code_lines_free(&file->lines);
	elf_image_close(&file->image);
}

static size_t most_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 < LEAST_DESCRIPTORS)
		return LEAST_DESCRIPTORS;
	return limit.rlim_cur / 4;
}

/* Makes room for one more file: without descriptors the older half of those that hold one closes
 * it, without memory the oldest go. */
static void make_room(struct mapped_files *files, const struct mapped_file *wanted)
{
	size_t half = files->descriptors / 2;

	if (files->descriptors >= most_descriptors())
		for (struct mapped_file *file = files->oldest; file && files->descriptors > half;
		     file = file->newer)
			detach(files, file);
	while (budget_is_short() && files->oldest && files->oldest != wanted)
		let_go(files, files->oldest);
}

/* Whether the process, which may be there, is none of ours to look into (PTRACE_MODE_READ of
 * fs/proc/base.c, proc_pid_get_link). */
static bool is_denied(uint32_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/root", pid);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd < 0 && (errno == EACCES || errno == EPERM);
}

static uint64_t changed_at(int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return 0;
	return (uint64_t)status.st_ctim.tv_sec * 1000000000 + (uint64_t)status.st_ctim.tv_nsec;
}

/* A file is made, and every change of it marked, with the time as of the last tick
 * (current_time, fs/inode.c). */
bool mapped_file_is_of(const struct mapped_file *file, const struct proc_mapping *mapping)
{
	struct timespec tick;

	if (!mapping->told_at || !file->changed_at)
		return true;
	return clock_getres(CLOCK_REALTIME_COARSE, &tick) == 0 &&
	       file->changed_at + (uint64_t)tick.tv_nsec < mapping->told_at;
}

static void open_file(struct mapped_files *files, struct mapped_file *file, uint32_t pid,
		      const struct proc_mapping *mapping)
{
	struct file_view *view;
	int fd;

	make_room(files, file);
	fd = proc_mapping_open(pid, mapping);
	if (fd < 0) {
		files->were_denied = files->were_denied || is_denied(pid);
		return;
	}
	file->changed_at = changed_at(fd);
	view = file_view_of(fd);
	if (!view)
		return;
	file->is_other = !elf_image_read(&file->image, view);
	if (file->is_other)
		return;
	file->openings++;
	files->descriptors++;
	link_newest(files, file);
}

static bool copy_image(struct mapped_files *files, struct mapped_file *file, const char *path,
		       uint64_t start, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *image;

	if (fd < 0)
		return false;
	image = memory_bytes(size);
	if (pread(fd, image, size, (off_t)start) == (ssize_t)size &&
	    elf_image_read(&file->image, file_view_of_bytes(image, size))) {
		file->vdso = image;
		file->openings++;
		link_newest(files, file);
	} else {
		free(image);
	}
	close(fd);
	return file->vdso != NULL;
}

static void copy_vdso(struct mapped_files *files, struct mapped_file *file, uint32_t pid,
		      const struct proc_mapping *mapping)
{
	size_t size = (size_t)(mapping->end - mapping->start);
	uint64_t ours = getauxval(AT_SYSINFO_EHDR);
	char path[64];

	if (size > VDSO_MAX)
		return;
	snprintf(path, sizeof(path), "/proc/%u/mem", pid);
	if (copy_image(files, file, path, mapping->start, size))
		return;
	/* Of a process that has gone, ours is the same, if both are of 64 bits. */
	if (mapping->told_at && ours && mapping->start > UINT32_MAX)
		copy_image(files, file, "/proc/self/mem", ours, size);
}

/* Also when it could not be opened through another process, which may have gone meanwhile. */
static void ensure_open(struct mapped_files *files, struct mapped_file *file, uint32_t pid,
			const struct proc_mapping *mapping)
{
	if (file->image.view || file->is_other || file->openings == MOST_OPENINGS)
		return;
	if (is_vdso(mapping))
		copy_vdso(files, file, pid, mapping);
	else
		open_file(files, file, pid, mapping);
}

struct mapped_file *mapped_files_get(struct mapped_files *files, uint32_t pid,
				     const struct proc_mapping *mapping)
{
	uint64_t device = (uint64_t)mapping->device_major << 32 | mapping->device_minor;
	uint64_t inode = mapping->inode;
	struct mapped_file *file, *first;

	if (is_vdso(mapping)) {
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
	/* What was let go waits until it is used. */
	if (!file->openings)
		ensure_open(files, file, pid, mapping);
	return file;
}

void mapped_files_use(struct mapped_files *files, struct mapped_file *file, uint32_t pid,
		      const struct proc_mapping *mapping)
{
	ensure_open(files, file, pid, mapping);
	if (!file->image.view || files->newest == file)
		return;
	unlink_file(files, file);
	link_newest(files, file);
}

const struct elf_symbols *mapped_file_symbols(struct mapped_file *file)
{
	if (!file->symbols.read && file->image.view) {
		file->symbols.read = true;
		elf_symbols_read(&file->symbols.table, &file->image);
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
				 const struct code_source *source,
				 const struct elf_function **function)
{
	struct named_symbols *symbols = &file->debug_symbols;
	const struct elf_image *image;

	*function = elf_symbols_find(mapped_file_symbols(file), address);
	if (*function)
		return name_of(&file->symbols, *function, source->readable);
	if (!file->image.view)
		return NULL;
	if (!symbols->read) {
		symbols->read = true;
		image = code_lines_debug_image(&file->lines, source);
		if (image)
			elf_symbols_read(&symbols->table, image);
	}
	*function = elf_symbols_find(&symbols->table, address);
	return *function ? name_of(symbols, *function, source->readable) : NULL;
}

static void free_files(void *item)
{
	struct mapped_file *file = item;

	while (file) {
		struct mapped_file *next = file->next;

		free(file);
		file = next;
	}
}

void mapped_files_free(struct mapped_files *files)
{
	while (files->oldest)
		let_go(files, files->oldest);
	id_table_free(&files->by_inode, free_files);
	*files = (struct mapped_files){0};
}
