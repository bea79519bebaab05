#include "symbols/jit_dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal_text.h"
#include "binary/proc_maps.h"
#include "binary/regular_file.h"
#include "object/elf_file.h"

#define MAGIC 0x4a695444u
#define HEADER_SIZE 40
/* Before each record: kind, size with itself, time. */
#define PREFIX_SIZE 16
#define LOAD_SIZE (PREFIX_SIZE + 40)
#define MOVE_SIZE (PREFIX_SIZE + 48)
#define LINES_SIZE (PREFIX_SIZE + 16)
#define LINE_SIZE 16
enum { RECORD_LOAD, RECORD_MOVE, RECORD_LINES, RECORD_CLOSE };
/* What V8 adds to addresses of lines (src/diagnostics/perf-jit.cc, kElfHeaderSize). */
#define SHIFT 64
/* In the place of a file: the one of the line before. */
#define SAME_FILE "\xff"

#define WINDOW (64u << 10)
/* Records that are larger are stepped over: names are short, and lines of one function few. */
#define RECORD_MOST (16u << 20)
#define NAME_MOST 4096
#define TEXT_MOST (256u << 20)
/* Records in one go. */
#define STEPS (64u << 20)
/* Functions over one another that are looked through. */
#define OVERLAPS_MOST 1024

/* A file that is read from the front, mostly. */
struct input {
	int fd;
	uint64_t size;
	uint8_t *bytes;
	size_t room, held;
	uint64_t at;
	struct jit_dump *dump;
};

/* Bytes of the file, or NULL: it has not so many, or we have no room for them. */
static const uint8_t *bytes_at(struct input *input, uint64_t offset, size_t size)
{
	if (!within(offset, size, input->size))
		return NULL;
	if (offset >= input->at && offset - input->at + size <= input->held)
		return input->bytes + (offset - input->at);
	if (size > input->room) {
		size_t room = size > WINDOW ? size : WINDOW;
		uint8_t *bytes = memory_try_resize(input->bytes, room, 1);

		if (!bytes)
			return NULL;
		input->bytes = bytes;
		input->room = room;
	}
	input->at = offset;
	input->held = 0;
	while (input->held < input->room) {
		ssize_t got = pread(input->fd, input->bytes + input->held,
				    input->room - input->held, (off_t)(offset + input->held));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		input->held += (size_t)got;
	}
	return size <= input->held ? input->bytes : NULL;
}

static bool put_text(struct jit_dump *dump, const char *text, size_t length, uint32_t *offset)
{
	if (dump->text_length + length + 1 > TEXT_MOST) {
		budget_exceed();
		return false;
	}
	while (dump->text_room - dump->text_length < length + 1) {
		size_t more = dump->text_room ? dump->text_room : WINDOW;
		char *moved;

		if (!budget_take(&dump->budget, more))
			return false;
		moved = memory_try_resize(dump->text, dump->text_room + more, 1);
		if (!moved) {
			budget_give(&dump->budget, more);
			return false;
		}
		dump->text = moved;
		dump->text_room += more;
	}
	*offset = (uint32_t)dump->text_length;
	memcpy(dump->text + dump->text_length, text, length);
	dump->text[dump->text_length + length] = '\0';
	dump->text_length += length + 1;
	return true;
}

static bool add_function(struct jit_dump *dump, const struct jit_function *function)
{
	if (!function->size || function->address + function->size < function->address)
		return true;
	if (dump->count >= UINT32_MAX ||
	    !budget_grow(&dump->budget, dump->functions, dump->count, dump->room))
		return false;
	dump->functions[dump->count] = *function;
	dump->functions[dump->count].order = (uint32_t)dump->count;
	dump->count++;
	return true;
}

/* Lines stand before the function that they are of. */
struct pending {
	uint64_t address;
	uint32_t first_line, line_count;
};

/*
 * What the addresses of a function's lines say of how they are meant: the first is the function's
 * own. False: they are none of this function. V8 writes whatever stands in memory for some.
 */
static bool judge_lines(struct jit_dump *dump, const struct jit_function *function)
{
	const struct jit_line *lines;

	if (!function->line_count)
		return true;
	lines = dump->lines + function->first_line;
	for (uint32_t i = 0; i < function->line_count; i++)
		if (lines[i].address < function->address ||
		    lines[i].address - function->address > function->size + SHIFT)
			return false;
	dump->has_plain_lines |= lines[0].address - function->address < SHIFT;
	dump->has_shifted_lines |= lines[0].address - function->address == SHIFT;
	return true;
}

static bool take_load(struct input *input, uint64_t offset, size_t size, struct pending *pending)
{
	struct jit_dump *dump = input->dump;
	size_t named = size - LOAD_SIZE < NAME_MOST ? size - LOAD_SIZE : NAME_MOST;
	const uint8_t *record = bytes_at(input, offset, LOAD_SIZE + named);
	const uint8_t *end = record ? memchr(record + LOAD_SIZE, 0, named) : NULL;
	struct jit_function function = {0};

	if (!end)
		return record != NULL;
	function.address = read_u64(record + PREFIX_SIZE + 16);
	function.size = read_u64(record + PREFIX_SIZE + 24);
	function.index = read_u64(record + PREFIX_SIZE + 32);
	if (pending->line_count && pending->address == function.address) {
		function.first_line = pending->first_line;
		function.line_count = pending->line_count;
	}
	*pending = (struct pending){0};
	if (!put_text(dump, (const char *)record + LOAD_SIZE, (size_t)(end - record) - LOAD_SIZE,
		      &function.name))
		return false;
	if (!judge_lines(dump, &function))
		function.line_count = 0;
	return add_function(dump, &function);
}

static bool take_move(struct input *input, uint64_t offset)
{
	struct jit_dump *dump = input->dump;
	const uint8_t *record = bytes_at(input, offset, MOVE_SIZE);
	struct jit_function moved;
	uint64_t from, index;

	if (!record)
		return false;
	from = read_u64(record + PREFIX_SIZE + 16);
	index = read_u64(record + PREFIX_SIZE + 40);
	for (size_t i = dump->count; i > 0 && budget_step(&dump->budget); i--) {
		const struct jit_function *function = &dump->functions[i - 1];

		if (function->index != index || function->address != from)
			continue;
		moved = *function;
		moved.address = read_u64(record + PREFIX_SIZE + 24);
		/* Lines are by the old addresses. */
		moved.line_count = 0;
		return add_function(dump, &moved);
	}
	return true;
}

static int by_line_address(const void *left, const void *right)
{
	const struct jit_line *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

/* Paths have no control characters, nor line feeds and tabs, which terminals may have. */
static bool is_path(const char *name, size_t length)
{
	bool harmful = !length;

	for (size_t i = 0; i < length && !harmful;) {
		if ((uint8_t)name[i] < ' ')
			return false;
		i += terminal_character((const uint8_t *)name + i, length - i, &harmful);
	}
	return !harmful;
}

static bool take_lines(struct input *input, uint64_t offset, size_t size, struct pending *pending)
{
	struct jit_dump *dump = input->dump;
	const uint8_t *record = bytes_at(input, offset, size);
	const uint8_t *at, *end;
	uint64_t count;
	uint32_t file = 0;
	bool has_file = false;

	if (!record)
		return false;
	at = record + LINES_SIZE;
	end = record + size;
	count = read_u64(record + PREFIX_SIZE + 8);
	*pending = (struct pending){.address = read_u64(record + PREFIX_SIZE),
				    .first_line = (uint32_t)dump->line_count};
	for (; count && end - at > LINE_SIZE && budget_step(&dump->budget); count--) {
		const char *name = (const char *)at + LINE_SIZE;
		size_t length = strnlen(name, (size_t)(end - at) - LINE_SIZE);

		if (length == (size_t)(end - at) - LINE_SIZE || dump->line_count >= UINT32_MAX)
			break;
		if (strcmp(name, SAME_FILE) != 0 && !is_path(name, length))
			break;
		if (strcmp(name, SAME_FILE) != 0 &&
		    (!has_file || strcmp(dump->text + file, name) != 0)) {
			if (!put_text(dump, name, length, &file))
				return false;
			has_file = true;
		}
		if (!has_file)
			break;
		if (!budget_grow(&dump->budget, dump->lines, dump->line_count, dump->line_room))
			return false;
		dump->lines[dump->line_count++] =
			(struct jit_line){read_u64(at), file, read_u32(at + 8)};
		at += LINE_SIZE + length + 1;
	}
	/* Of what is damaged nothing is believed. */
	if (count)
		dump->line_count = pending->first_line;
	pending->line_count = (uint32_t)dump->line_count - pending->first_line;
	if (pending->line_count)
		qsort(dump->lines + pending->first_line, pending->line_count, sizeof(*dump->lines),
		      by_line_address);
	return true;
}

static bool take_record(struct input *input, uint64_t offset, uint32_t kind, size_t size,
			struct pending *pending)
{
	if (kind == RECORD_LOAD && size >= LOAD_SIZE)
		return take_load(input, offset, size, pending);
	if (kind == RECORD_MOVE && size >= MOVE_SIZE)
		return take_move(input, offset);
	if (kind == RECORD_LINES && size >= LINES_SIZE && size <= RECORD_MOST)
		return take_lines(input, offset, size, pending);
	return true;
}

/* The records that are whole; one whose end is not there is still being written. */
static void read_records(struct input *input)
{
	struct jit_dump *dump = input->dump;
	struct pending pending = {0};
	uint64_t next = dump->offset;

	budget_begin(&dump->budget, STEPS);
	while (!dump->is_broken) {
		const uint8_t *prefix = bytes_at(input, next, PREFIX_SIZE);
		uint32_t kind = prefix ? read_u32(prefix) : 0, size;

		if (!prefix)
			break;
		size = read_u32(prefix + 4);
		if (size < PREFIX_SIZE || !budget_step(&dump->budget))
			dump->is_broken = true;
		else if (!within(next, size, input->size))
			break;
		else if (!take_record(input, next, kind, size, &pending))
			dump->is_broken = true;
		next += size;
		/* Lines and their function are read together. */
		if (!pending.line_count)
			dump->offset = next;
		if (kind == RECORD_CLOSE)
			break;
	}
}

static bool read_header(struct input *input)
{
	const uint8_t *header = bytes_at(input, 0, HEADER_SIZE);
	uint32_t size;

	if (!header)
		return false;
	size = read_u32(header + 8);
	if (read_u32(header) != MAGIC || read_u32(header + 4) != 1 || size < HEADER_SIZE) {
		input->dump->is_broken = true;
		return false;
	}
	input->dump->offset = size;
	return true;
}

static int by_address(const void *left, const void *right)
{
	const struct jit_function *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void sort(struct jit_dump *dump)
{
	uint64_t reach = 0;

	if (dump->count)
		qsort(dump->functions, dump->count, sizeof(*dump->functions), by_address);
	for (size_t i = 0; i < dump->count; i++) {
		uint64_t end = dump->functions[i].address + dump->functions[i].size;

		reach = end > reach ? end : reach;
		dump->functions[i].reach = reach;
	}
}

/* Takes the descriptor over. `inode` 0: any file will do. */
static bool read_dump(struct jit_dump *dump, int fd, uint32_t uid, uint64_t inode)
{
	struct input input = {.fd = fd, .dump = dump};
	struct stat status;
	size_t before;

	if (fd < 0)
		return false;
	if (fstat(fd, &status) < 0 || (status.st_uid != 0 && status.st_uid != uid) ||
	    (inode && status.st_ino != inode)) {
		close(fd);
		return false;
	}
	if (dump->inode != status.st_ino || dump->device != status.st_dev) {
		jit_dump_free(dump);
		dump->inode = status.st_ino;
		dump->device = status.st_dev;
	}
	before = dump->count;
	input.size = (uint64_t)status.st_size;
	if (!dump->is_broken && (dump->offset || read_header(&input)))
		read_records(&input);
	free(input.bytes);
	close(fd);
	if (dump->count == before)
		return false;
	sort(dump);
	return true;
}

bool jit_dump_is_marked(const struct proc_mapping *mapping)
{
	const char *slash = strrchr(mapping->path, '/');
	size_t digits;

	if (!slash || strncmp(slash, "/jit-", 5) != 0)
		return false;
	digits = strspn(slash + 5, "0123456789");
	return digits && strcmp(slash + 5 + digits, ".dump") == 0;
}

bool jit_dump_refresh(struct jit_dump *dump, uint32_t pid, uint32_t uid,
		      const struct proc_mapping *mapping)
{
	int fd = proc_mapping_open(pid, mapping);

	/* The process may be gone, its file still there. */
	if (fd < 0 && !mapping->deleted)
		fd = regular_file_open_unlinked("", mapping->path);
	return read_dump(dump, fd, uid, mapping->inode);
}

bool jit_dump_read(struct jit_dump *dump, const char *path)
{
	return read_dump(dump, regular_file_open_unlinked("", path), geteuid(), 0);
}

void jit_dump_free(struct jit_dump *dump)
{
	budget_give_array(&dump->budget, dump->functions, dump->room);
	budget_give_array(&dump->budget, dump->lines, dump->line_room);
	budget_give(&dump->budget, dump->text_room);
	free(dump->functions);
	free(dump->lines);
	free(dump->text);
	strbuf_free(&dump->line);
	*dump = (struct jit_dump){0};
}

static const char *line_of(struct jit_dump *dump, const struct jit_function *function,
			   uint64_t address)
{
	const struct jit_line *lines, *found;
	uint32_t low = 0, high = function->line_count;

	if (!high || dump->has_plain_lines == dump->has_shifted_lines)
		return NULL;
	lines = dump->lines + function->first_line;
	address += dump->has_shifted_lines ? SHIFT : 0;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (lines[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	found = &lines[low - 1];
	strbuf_clear(&dump->line);
	strbuf_text(&dump->line, dump->text + found->file);
	strbuf_char(&dump->line, ':');
	strbuf_u64(&dump->line, found->number);
	return strbuf_c_text(&dump->line);
}

enum jit_dump_result jit_dump_find(struct jit_dump *dump, uint64_t address, uint64_t line_address,
				   struct jit_symbol *symbol)
{
	const struct jit_function *found = NULL;
	size_t low = 0, high = dump->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dump->functions[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i > 0 && dump->functions[i - 1].reach > address; i--) {
		const struct jit_function *function = &dump->functions[i - 1];

		if (low - i == OVERLAPS_MOST)
			return JIT_DUMP_SEVERAL;
		if (address - function->address >= function->size)
			continue;
		if (found && strcmp(dump->text + found->name, dump->text + function->name) != 0)
			return JIT_DUMP_SEVERAL;
		if (!found || function->order > found->order)
			found = function;
	}
	if (!found)
		return JIT_DUMP_NONE;
	*symbol = (struct jit_symbol){.name = dump->text + found->name,
				      .offset = address - found->address,
				      .line = line_of(dump, found, line_address)};
	return JIT_DUMP_FOUND;
}
