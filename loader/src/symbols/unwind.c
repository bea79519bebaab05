#include "symbols/unwind.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binary/eh_frame.h"
#include "object/elf_file.h"
#include "binary/elf_image.h"
#include "base/exit_status.h"
#include "session/options.h"
#include "binary/proc_maps.h"
#include "base/say.h"

/* Names of the maps, and what their elements are: compiler/lowering/unwind.ts. */

/* Some code of a process. */
struct unwind_mapping {
	uint64_t start, end;
	/* What addresses in memory are above those of the file. */
	uint64_t base;
	uint32_t first_row, row_count;
};

struct unwind_process {
	uint32_t first_mapping, mapping_count;
};

/* A file whose rows are there already. */
struct unwind_file {
	uint64_t inode;
	uint32_t device_major, device_minor;
	uint32_t first_row, row_count;
};

struct unwind_tables {
	struct unwind_row *rows;
	size_t row_count;
	struct unwind_mapping *mappings;
	size_t mapping_count;
	struct unwind_file *files;
	size_t file_count;
	uint32_t *pids;
	struct unwind_process *processes;
	size_t process_count;
};

/* Adds the rows of a file's .eh_frame; none where it has none. False without memory. */
static bool add_rows(struct unwind_tables *tables, const struct elf_image *image)
{
	uint32_t index = elf_image_find_name(image, ".eh_frame");
	uint64_t size = 0;
	const uint8_t *bytes = index ? elf_image_section(image, index, &size) : NULL;
	struct unwind_rows found;
	struct unwind_row *rows;
	uint64_t address;

	if (!bytes || image->machine != EM_X86_64)
		return true;
	address = read_u64(elf_image_section_header(image, index) + offsetof(Elf64_Shdr, sh_addr));
	if (!eh_frame_read(&found, bytes, size, address))
		return false;
	rows = realloc(tables->rows, (tables->row_count + found.count + 1) * sizeof(*rows));
	if (rows) {
		tables->rows = rows;
		if (found.count)
			memcpy(rows + tables->row_count, found.rows, found.count * sizeof(*rows));
		tables->row_count += found.count;
	}
	unwind_rows_free(&found);
	return rows != NULL;
}

static struct unwind_file *file_of(struct unwind_tables *tables, const struct proc_mapping *mapping,
				   const struct elf_image *image)
{
	struct unwind_file *files;
	size_t before = tables->row_count;

	for (size_t i = 0; i < tables->file_count; i++)
		if (tables->files[i].inode == mapping->inode &&
		    tables->files[i].device_major == mapping->device_major &&
		    tables->files[i].device_minor == mapping->device_minor)
			return &tables->files[i];
	files = realloc(tables->files, (tables->file_count + 1) * sizeof(*files));
	if (!files)
		return NULL;
	tables->files = files;
	if (!add_rows(tables, image))
		return NULL;
	files[tables->file_count] = (struct unwind_file){
		.inode = mapping->inode,
		.device_major = mapping->device_major,
		.device_minor = mapping->device_minor,
		.first_row = (uint32_t)before,
		.row_count = (uint32_t)(tables->row_count - before),
	};
	return &files[tables->file_count++];
}

/* False without memory. Files that cannot be read have no rows. */
static bool add_mapping(struct unwind_tables *tables, uint32_t pid,
			const struct proc_mapping *mapping)
{
	struct unwind_mapping *mappings;
	const struct unwind_file *file;
	struct elf_image image;
	char path[64];
	uint64_t address;
	bool is_open, is_code;
	int fd;

	if (!mapping->inode)
		return true;
	fd = proc_mapping_open(pid, mapping);
	if (fd < 0)
		return true;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	is_open = elf_image_open(&image, path) == ELF_IMAGE_OK;
	close(fd);
	if (!is_open)
		return true;
	is_code = elf_image_address(&image, mapping->offset, &address);
	file = is_code ? file_of(tables, mapping, &image) : NULL;
	elf_image_close(&image);
	if (!is_code)
		return true;
	mappings = file ? realloc(tables->mappings, (tables->mapping_count + 1) * sizeof(*mappings))
			: NULL;
	if (!mappings)
		return false;
	tables->mappings = mappings;
	mappings[tables->mapping_count++] = (struct unwind_mapping){
		.start = mapping->start,
		.end = mapping->end,
		.base = mapping->start - address,
		.first_row = file->first_row,
		.row_count = file->row_count,
	};
	return true;
}

static int add_process(struct unwind_tables *tables, uint32_t pid)
{
	struct unwind_process process = {.first_mapping = (uint32_t)tables->mapping_count};
	struct proc_maps maps;
	char path[64];
	bool enough = true;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	if (!proc_maps_read(&maps, path)) {
		say_error("Cannot read the mappings of process %u: %s.", pid, strerror(errno));
		return STATUS_FAILED;
	}
	for (size_t i = 0; i < maps.count && enough; i++)
		enough = add_mapping(tables, pid, &maps.mappings[i]);
	proc_maps_free(&maps);
	process.mapping_count = (uint32_t)tables->mapping_count - process.first_mapping;
	if (!enough || tables->row_count > INT32_MAX) {
		say_error("out of memory");
		return STATUS_FAILED;
	}
	tables->pids[tables->process_count] = pid;
	tables->processes[tables->process_count++] = process;
	return STATUS_OK;
}

static int make_room(struct session *session, const char *name, size_t size, size_t count)
{
	struct bpf_map *map = bpf_object__find_map_by_name(session->object, name);

	if (!map || bpf_map__value_size(map) != size) {
		say_error("the object is damaged: the map %s has another form", name);
		return STATUS_OBJECT;
	}
	if (bpf_map__set_max_entries(map, count ? (uint32_t)count : 1) != 0) {
		say_error("Cannot size the map %s: %s.", name, strerror(errno));
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

int unwind_prepare(struct session *session)
{
	const struct options *options = session->options;
	size_t most = options->dwarf_pid_count + 1;
	struct unwind_tables *tables;
	int status = STATUS_OK;

	if (!bpf_object__find_map_by_name(session->object, MF_MAP_UNWIND_PROCESSES))
		return STATUS_OK;
	tables = calloc(1, sizeof(*tables));
	session->unwind = tables;
	if (tables) {
		tables->pids = calloc(most, sizeof(*tables->pids));
		tables->processes = calloc(most, sizeof(*tables->processes));
	}
	if (!tables || !tables->pids || !tables->processes) {
		say_error("out of memory");
		return STATUS_FAILED;
	}
	if (options->pid)
		status = add_process(tables, options->pid);
	for (uint32_t i = 0; i < options->dwarf_pid_count && status == STATUS_OK; i++)
		if (options->dwarf_pids[i] != options->pid)
			status = add_process(tables, options->dwarf_pids[i]);
	if (status == STATUS_OK && !tables->process_count && !options->no_warnings)
		say_warning("dw_ustack has no tables: name processes with --dwarf-pid or -p.");
	if (status == STATUS_OK)
		status = make_room(session, MF_MAP_UNWIND_PROCESSES, sizeof(struct unwind_process),
				   tables->process_count);
	if (status == STATUS_OK)
		status = make_room(session, MF_MAP_UNWIND_MAPPINGS, sizeof(struct unwind_mapping),
				   tables->mapping_count);
	if (status == STATUS_OK)
		status = make_room(session, MF_MAP_UNWIND_ROWS, sizeof(struct unwind_row),
				   tables->row_count);
	return status;
}

/* Elements of an array, some at a time. */
static bool store_array(int map, const void *values, size_t size, size_t count)
{
	enum { BATCH = 4096 };
	uint32_t keys[BATCH];

	for (size_t first = 0; first < count; first += BATCH) {
		uint32_t some = (uint32_t)(count - first < BATCH ? count - first : BATCH);

		for (uint32_t i = 0; i < some; i++)
			keys[i] = (uint32_t)first + i;
		if (bpf_map_update_batch(map, keys, (const char *)values + first * size, &some,
					 NULL) != 0)
			return false;
	}
	return true;
}

static int map_named(const struct session *session, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(session->object, name);

	return map ? bpf_map__fd(map) : -1;
}

int unwind_store(struct session *session)
{
	const struct unwind_tables *tables = session->unwind;
	bool stored = true;

	if (!tables)
		return STATUS_OK;
	stored = store_array(map_named(session, MF_MAP_UNWIND_MAPPINGS), tables->mappings,
			     sizeof(*tables->mappings), tables->mapping_count) &&
		 store_array(map_named(session, MF_MAP_UNWIND_ROWS), tables->rows,
			     sizeof(*tables->rows), tables->row_count);
	for (size_t i = 0; i < tables->process_count && stored; i++)
		stored = bpf_map_update_elem(map_named(session, MF_MAP_UNWIND_PROCESSES),
					     &tables->pids[i], &tables->processes[i], BPF_ANY) == 0;
	if (!stored) {
		say_error("Cannot store the tables of dw_ustack: %s.", strerror(errno));
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

void unwind_free(struct session *session)
{
	struct unwind_tables *tables = session->unwind;

	if (!tables)
		return;
	free(tables->rows);
	free(tables->mappings);
	free(tables->files);
	free(tables->pids);
	free(tables->processes);
	free(tables);
	session->unwind = NULL;
}
