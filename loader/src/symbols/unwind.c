#include "symbols/unwind.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binary/eh_frame.h"
#include "object/elf_file.h"
#include "binary/elf_image.h"
#include "binary/file_view.h"
#include "base/memory.h"
#include "object/contract.h"
#include "binary/proc_maps.h"

/* What elements of the maps are: compiler/lowering/unwind.ts. */
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
	size_t mapping_count, mapping_room;
	struct unwind_file *files;
	size_t file_count, file_room;
	uint32_t *pids;
	struct unwind_process *processes;
	size_t process_count;
};

/* Adds the rows of a file's .eh_frame; none where it has none. */
static void add_rows(struct unwind_tables *tables, const struct elf_image *image)
{
	uint32_t index = elf_image_find_name(image, ".eh_frame");
	uint64_t size = 0;
	const uint8_t *bytes = index ? elf_image_section(image, index, &size) : NULL;
	struct unwind_rows found;
	uint64_t address;

	if (!bytes || image->machine != EM_X86_64)
		return;
	address = read_u64(elf_image_section_header(image, index) + offsetof(Elf64_Shdr, sh_addr));
	if (!eh_frame_read(&found, bytes, size, address))
		return;
	tables->rows =
		memory_resize(tables->rows, tables->row_count + found.count, sizeof(*tables->rows));
	if (found.count)
		memcpy(tables->rows + tables->row_count, found.rows,
		       found.count * sizeof(*found.rows));
	tables->row_count += found.count;
	unwind_rows_free(&found);
}

static const struct unwind_file *file_of(struct unwind_tables *tables,
					 const struct proc_mapping *mapping,
					 const struct elf_image *image)
{
	size_t before = tables->row_count;

	for (size_t i = 0; i < tables->file_count; i++)
		if (tables->files[i].inode == mapping->inode &&
		    tables->files[i].device_major == mapping->device_major &&
		    tables->files[i].device_minor == mapping->device_minor)
			return &tables->files[i];
	add_rows(tables, image);
	memory_grow(tables->files, tables->file_count, tables->file_room);
	tables->files[tables->file_count] = (struct unwind_file){
		.inode = mapping->inode,
		.device_major = mapping->device_major,
		.device_minor = mapping->device_minor,
		.first_row = (uint32_t)before,
		.row_count = (uint32_t)(tables->row_count - before),
	};
	return &tables->files[tables->file_count++];
}

/* Files that cannot be read have no rows. */
static void add_mapping(struct unwind_tables *tables, uint32_t pid,
			const struct proc_mapping *mapping)
{
	const struct unwind_file *file;
	struct elf_image image;
	uint64_t address;
	bool is_code;
	int fd;

	if (!mapping->inode)
		return;
	fd = proc_mapping_open(pid, mapping);
	if (fd < 0)
		return;
	if (!elf_image_read(&image, file_view_of(fd)))
		return;
	is_code = elf_image_address(&image, mapping->offset, &address);
	file = is_code ? file_of(tables, mapping, &image) : NULL;
	elf_image_close(&image);
	if (!is_code)
		return;
	memory_grow(tables->mappings, tables->mapping_count, tables->mapping_room);
	tables->mappings[tables->mapping_count++] = (struct unwind_mapping){
		.start = mapping->start,
		.end = mapping->end,
		.base = mapping->start - address,
		.first_row = file->first_row,
		.row_count = file->row_count,
	};
}

static int add_process(struct unwind_tables *tables, uint32_t pid, struct failure *failure)
{
	struct unwind_process process = {.first_mapping = (uint32_t)tables->mapping_count};
	struct proc_maps maps;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	if (!proc_maps_read(&maps, path))
		return fail(failure, STATUS_FAILED, "Cannot read the mappings of process %u: %s.",
			    pid, strerror(errno));
	for (size_t i = 0; i < maps.count; i++)
		add_mapping(tables, pid, &maps.mappings[i]);
	proc_maps_free(&maps);
	process.mapping_count = (uint32_t)tables->mapping_count - process.first_mapping;
	if (tables->row_count > INT32_MAX)
		return fail(failure, STATUS_FAILED,
			    "The tables of process %u are too large for dw_ustack.", pid);
	tables->pids[tables->process_count] = pid;
	tables->processes[tables->process_count++] = process;
	return STATUS_OK;
}

static int make_room(struct bpf_object *object, const char *name, size_t size, size_t count,
		     struct failure *failure)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (!map || bpf_map__value_size(map) != size)
		return fail(failure, STATUS_OBJECT,
			    "the object is damaged: the map %s has another form", name);
	if (bpf_map__set_max_entries(map, count ? (uint32_t)count : 1) != 0)
		return fail(failure, STATUS_FAILED, "Cannot size the map %s: %s.", name,
			    strerror(errno));
	return STATUS_OK;
}

static int add_processes(struct unwind_tables *tables, const struct unwind_pids *wanted,
			 struct failure *failure)
{
	if (wanted->first && add_process(tables, wanted->first, failure) != STATUS_OK)
		return failure->status;
	for (uint32_t i = 0; i < wanted->count; i++)
		if (wanted->pids[i] != wanted->first &&
		    add_process(tables, wanted->pids[i], failure) != STATUS_OK)
			return failure->status;
	return STATUS_OK;
}

int unwind_prepare(struct unwind_tables **out, struct bpf_object *object,
		   const struct unwind_pids *wanted, struct failure *failure)
{
	size_t most = wanted->count + 1;
	struct unwind_tables *tables;

	*out = NULL;
	if (!bpf_object__find_map_by_name(object, MF_MAP_UNWIND_PROCESSES))
		return STATUS_OK;
	*out = tables = memory_zeroed(sizeof(*tables));
	tables->pids = memory_array(most, sizeof(*tables->pids));
	tables->processes = memory_array(most, sizeof(*tables->processes));
	if (add_processes(tables, wanted, failure) == STATUS_OK &&
	    make_room(object, MF_MAP_UNWIND_PROCESSES, sizeof(struct unwind_process),
		      tables->process_count, failure) == STATUS_OK &&
	    make_room(object, MF_MAP_UNWIND_MAPPINGS, sizeof(struct unwind_mapping),
		      tables->mapping_count, failure) == STATUS_OK)
		make_room(object, MF_MAP_UNWIND_ROWS, sizeof(struct unwind_row), tables->row_count,
			  failure);
	return failure->status;
}

bool unwind_is_empty(const struct unwind_tables *tables)
{
	return tables && !tables->process_count;
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

static int map_named(const struct bpf_object *object, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	return map ? bpf_map__fd(map) : -1;
}

int unwind_store(const struct unwind_tables *tables, const struct bpf_object *object,
		 struct failure *failure)
{
	bool stored;

	if (!tables)
		return STATUS_OK;
	stored = store_array(map_named(object, MF_MAP_UNWIND_MAPPINGS), tables->mappings,
			     sizeof(*tables->mappings), tables->mapping_count) &&
		 store_array(map_named(object, MF_MAP_UNWIND_ROWS), tables->rows,
			     sizeof(*tables->rows), tables->row_count);
	for (size_t i = 0; i < tables->process_count && stored; i++)
		stored = bpf_map_update_elem(map_named(object, MF_MAP_UNWIND_PROCESSES),
					     &tables->pids[i], &tables->processes[i], BPF_ANY) == 0;
	if (!stored)
		return fail(failure, STATUS_FAILED, "Cannot store the tables of dw_ustack: %s.",
			    strerror(errno));
	return STATUS_OK;
}

void unwind_free(struct unwind_tables *tables)
{
	if (!tables)
		return;
	free(tables->rows);
	free(tables->mappings);
	free(tables->files);
	free(tables->pids);
	free(tables->processes);
	free(tables);
}
