/* Tables of dw_ustack: which code of which process has which rows, and how they come into the maps
 * of an object. The process is this one: where its files are in memory is known by its own linker.
 */
#include "symbols/unwind.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "binary/eh_frame.h"
#include "check.h"
#include "object/contract.h"
#include "says.h"

/* As the programs read them (compiler/lowering/unwind.ts). */
struct mapping {
	uint64_t start, end, base;
	uint32_t first_row, row_count;
};

struct process {
	uint32_t first_mapping, mapping_count;
};

#define MOST_ROWS (1 << 20)

struct bpf_map {
	const char *name;
	int fd;
	uint32_t value_size, most;
};

static struct bpf_map maps[3];
static uint32_t map_count, stored_rows, stored_mappings, stored_processes, batches;
static struct unwind_row *rows;
static struct mapping mappings[4096];
static uint32_t pids[8];
static struct process processes[8];
static int no_size, no_store, object;
static struct failure failure;

struct bpf_map *bpf_object__find_map_by_name(const struct bpf_object *of, const char *name)
{
	CHECK((const void *)of == &object);
	for (uint32_t i = 0; i < map_count; i++)
		if (strcmp(maps[i].name, name) == 0)
			return &maps[i];
	return NULL;
}

__u32 bpf_map__value_size(const struct bpf_map *map)
{
	return map->value_size;
}

int bpf_map__fd(const struct bpf_map *map)
{
	return map->fd;
}

int bpf_map__set_max_entries(struct bpf_map *map, __u32 most)
{
	map->most = most;
	errno = no_size;
	return no_size && map->fd == 11 ? -1 : 0;
}

int bpf_map_update_batch(int fd, const void *keys, const void *values, __u32 *count,
			 const struct bpf_map_batch_opts *options)
{
	const uint32_t *key = keys;

	CHECK(!options && *count > 0 && *count <= 4096);
	batches++;
	errno = no_store;
	if (no_store == fd)
		return -1;
	for (uint32_t i = 0; i < *count; i++) {
		if (fd == 11 && CHECK(key[i] == stored_mappings && stored_mappings < 4096))
			memcpy(&mappings[stored_mappings++],
			       (const char *)values + i * sizeof(*mappings), sizeof(*mappings));
		if (fd == 12 && CHECK(key[i] == stored_rows && stored_rows < MOST_ROWS))
			memcpy(&rows[stored_rows++], (const char *)values + i * sizeof(*rows),
			       sizeof(*rows));
	}
	return 0;
}

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	CHECK(fd == 10 && flags == BPF_ANY && stored_processes < 8);
	errno = no_store;
	if (no_store == fd)
		return -1;
	memcpy(&pids[stored_processes], key, sizeof(*pids));
	memcpy(&processes[stored_processes++], value, sizeof(*processes));
	return 0;
}

static void begin(void)
{
	maps[0] = (struct bpf_map){MF_MAP_UNWIND_PROCESSES, 10, sizeof(struct process), 0};
	maps[1] = (struct bpf_map){MF_MAP_UNWIND_MAPPINGS, 11, sizeof(struct mapping), 0};
	maps[2] = (struct bpf_map){MF_MAP_UNWIND_ROWS, 12, sizeof(struct unwind_row), 0};
	map_count = 3;
	stored_rows = stored_mappings = stored_processes = batches = 0;
	no_size = no_store = 0;
	failure_clear(&failure);
}

static int prepare(struct unwind_tables **tables, uint32_t first, const uint32_t *more,
		   uint32_t count)
{
	const struct unwind_pids wanted = {.first = first, .pids = more, .count = count};

	return unwind_prepare(tables, (struct bpf_object *)(void *)&object, &wanted, &failure);
}

static int store(const struct unwind_tables *tables)
{
	return unwind_store(tables, (const struct bpf_object *)(const void *)&object, &failure);
}

static const struct mapping *mapping_of(const struct process *process, uint64_t address)
{
	for (uint32_t i = 0; i < process->mapping_count; i++) {
		const struct mapping *mapping = &mappings[process->first_mapping + i];

		if (address >= mapping->start && address < mapping->end)
			return mapping;
	}
	return NULL;
}

static uint32_t files_seen;

/* Each piece of code that the linker has put somewhere. */
static int check_file(struct dl_phdr_info *info, size_t size, void *context)
{
	const struct process *process = context;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		const struct mapping *mapping;

		if (header->p_type != PT_LOAD || !(header->p_flags & PF_X) ||
		    strstr(info->dlpi_name, "vdso"))
			continue;
		mapping = mapping_of(process, info->dlpi_addr + header->p_vaddr);
		if (!CHECK(mapping))
			continue;
		CHECK(mapping->base == info->dlpi_addr);
		CHECK(mapping->row_count > 0 &&
		      mapping->first_row + mapping->row_count <= stored_rows);
		for (uint32_t row = 1; row < mapping->row_count; row++)
			if (!CHECK(rows[mapping->first_row + row - 1].address <=
				   rows[mapping->first_row + row].address))
				break;
		files_seen++;
	}
	return 0;
}

static void own_code(void)
{
	struct unwind_tables *tables;
	uint32_t own = (uint32_t)getpid(), count, row_count;
	const uint32_t again[] = {own, own};
	pid_t child;

	begin();
	CHECK(prepare(&tables, own, again, 2) == STATUS_OK && tables && !unwind_is_empty(tables));
	CHECK(store(tables) == STATUS_OK && stored_processes == 1 && pids[0] == own);
	CHECK(maps[0].most == 1 && maps[1].most == stored_mappings && maps[2].most == stored_rows);
	CHECK(processes[0].first_mapping == 0 && processes[0].mapping_count == stored_mappings);
	/* Many more than are stored at once. */
	CHECK(stored_rows > 4096 && batches == 1 + (stored_rows + 4095) / 4096);
	files_seen = 0;
	dl_iterate_phdr(check_file, &processes[0]);
	CHECK(files_seen > 3);
	count = stored_mappings;
	row_count = stored_rows;
	unwind_free(tables);
	/* A process of the same files has the same rows, and mappings of its own. */
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	begin();
	CHECK(prepare(&tables, 0, (uint32_t[]){own, (uint32_t)child}, 2) == STATUS_OK);
	CHECK(store(tables) == STATUS_OK && stored_processes == 2 && pids[1] == (uint32_t)child);
	CHECK(stored_rows == row_count && stored_mappings == 2 * count);
	CHECK(processes[1].first_mapping == count && processes[1].mapping_count == count);
	CHECK(memcmp(mappings, mappings + count, count * sizeof(*mappings)) == 0);
	unwind_free(tables);
	/* That of -p first. */
	begin();
	CHECK(prepare(&tables, (uint32_t)child, &own, 1) == STATUS_OK);
	CHECK(store(tables) == STATUS_OK && stored_processes == 2 && pids[0] == (uint32_t)child &&
	      pids[1] == own);
	unwind_free(tables);
	kill(child, SIGKILL);
	CHECK(waitpid(child, NULL, 0) == child);
	begin();
	CHECK(prepare(&tables, (uint32_t)child, NULL, 0) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED, "Cannot read the mappings of process "));
	unwind_free(tables);
}

/* Scripts that walk no stacks so have no such maps; others may name no process. */
static void none(void)
{
	struct unwind_tables *tables;

	begin();
	map_count = 0;
	CHECK(prepare(&tables, (uint32_t)getpid(), NULL, 0) == STATUS_OK && !tables);
	CHECK(!unwind_is_empty(tables) && store(tables) == STATUS_OK);
	unwind_free(tables);
	begin();
	CHECK(prepare(&tables, 0, NULL, 0) == STATUS_OK && unwind_is_empty(tables));
	/* A map has room for something. */
	CHECK(maps[0].most == 1 && maps[1].most == 1 && maps[2].most == 1);
	CHECK(store(tables) == STATUS_OK && batches == 0 && stored_processes == 0);
	unwind_free(tables);
}

static void refused(void)
{
	struct unwind_tables *tables;

	for (int i = 0; i < 3; i++) {
		begin();
		maps[i].value_size++;
		CHECK(prepare(&tables, 0, NULL, 0) == STATUS_OBJECT);
		CHECK(says(&failure, STATUS_OBJECT, "the object is damaged: the map ") &&
		      says(&failure, STATUS_OBJECT, maps[i].name));
		unwind_free(tables);
	}
	begin();
	map_count = 2;
	CHECK(prepare(&tables, 0, NULL, 0) == STATUS_OBJECT);
	unwind_free(tables);
	begin();
	no_size = EINVAL;
	CHECK(prepare(&tables, 0, NULL, 0) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED, "Cannot size the map ") &&
	      says(&failure, STATUS_FAILED, ": Invalid argument."));
	unwind_free(tables);
	for (int fd = 10; fd <= 12; fd++) {
		begin();
		CHECK(prepare(&tables, (uint32_t)getpid(), NULL, 0) == STATUS_OK);
		no_store = fd;
		CHECK(store(tables) == STATUS_FAILED);
		CHECK(says(&failure, STATUS_FAILED, "Cannot store the tables of dw_ustack: "));
		unwind_free(tables);
	}
	failure_clear(&failure);
}

int main(void)
{
	rows = calloc(MOST_ROWS, sizeof(*rows));
#ifdef __x86_64__
	own_code();
#endif
	none();
	refused();
	free(rows);
	return check_result("unwind");
}
