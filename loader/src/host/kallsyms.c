#include "host/kallsyms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strbuf.h"

#define CHUNK (1 << 18)

/* The table says where symbols begin. Behind the last one of the kernel's image or of a module, and
 * behind a BPF program, which may be gone, there is a gap: what lies further is no longer it. */
#define LAST_SYMBOL_SPAN (1 << 20)
/* What the kernel writes for itself has a page each (bpf_image_ksym_add, kernel/bpf/trampoline.c;
 * kprobe_insn_cache, kernel/kprobes.c; ftrace_trampoline, arch/x86/kernel/ftrace.c). */
#define PAGE_SPAN (1 << 12)

struct reader {
	struct kallsyms *table;
	struct strbuf names;
	size_t room;
	uint32_t module_room;
	/* Names that no offset reaches. */
	bool too_long;
};

static uint32_t add_name(struct reader *reader, const char *name, size_t length)
{
	uint32_t offset = (uint32_t)reader->names.length;

	if (reader->names.length + length + 1 > UINT32_MAX) {
		reader->too_long = true;
		return 0;
	}
	strbuf_put(&reader->names, name, length);
	strbuf_char(&reader->names, '\0');
	return offset;
}

/* Modules come one after the other in the file, so the last one is nearly always the right one. */
static uint16_t find_module(struct reader *reader, const char *name, size_t length)
{
	struct kallsyms *table = reader->table;

	for (uint32_t i = table->module_count; i-- > 1;) {
		const char *known = reader->names.data + table->modules[i];

		/* What stands in the file may hold zeros. */
		if (strlen(known) == length && memcmp(known, name, length) == 0)
			return (uint16_t)i;
	}
	if (table->module_count >= UINT16_MAX)
		return 0;
	memory_grow(table->modules, table->module_count, reader->module_room);
	if (table->module_count == 0)
		table->modules[table->module_count++] = 0;
	table->modules[table->module_count] = add_name(reader, name, length);
	return (uint16_t)table->module_count++;
}

/* Several symbols may stand at one address: functions go before data, global names before local
 * ones. */
static uint16_t rank_of(char type)
{
	switch (type) {
	case 'T':
		return 0;
	case 't':
		return 1;
	case 'W':
	case 'w':
		return 2;
	default:
		return 3;
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* "ffffffff81000000 T _stext\t[module]"; other lines are passed over. */
static void add_line(struct reader *reader, const char *line, const char *end)
{
	struct kallsyms *table = reader->table;
	struct kallsyms_entry entry = {0};
	const char *name, *name_end;
	char type;

	while (line < end && hex_digit(*line) >= 0)
		entry.address = entry.address << 4 | (uint64_t)hex_digit(*line++);
	if (end - line < 4 || line[0] != ' ' || line[2] != ' ' || !entry.address)
		return;
	type = line[1];
	/* Absolute symbols are per-CPU offsets and constants, not places. */
	if (type == 'a' || type == 'A' || type == 'U')
		return;
	name = line + 3;
	name_end = memchr(name, '\t', (size_t)(end - name));
	if (!name_end) {
		name_end = end;
	} else if (end - name_end > 3 && name_end[1] == '[' && end[-1] == ']') {
		entry.module =
			find_module(reader, name_end + 2, (size_t)(end - 1 - (name_end + 2)));
	}
	entry.name = add_name(reader, name, (size_t)(name_end - name));
	entry.rank = rank_of(type);
	memory_grow(table->entries, table->count, reader->room);
	table->entries[table->count++] = entry;
}

static bool read_lines(struct reader *reader, int fd)
{
	char *chunk = memory_bytes(CHUNK);
	size_t held = 0;
	ssize_t got;

	while ((got = read(fd, chunk + held, CHUNK - held)) != 0) {
		const char *line = chunk, *end, *newline;

		if (got < 0) {
			if (errno == EINTR)
				continue;
			break;
		}
		end = chunk + held + got;
		while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
			add_line(reader, line, newline);
			line = newline + 1;
		}
		held = (size_t)(end - line);
		/* A line as long as the chunk is none of the kernel's. */
		if (held == CHUNK)
			break;
		memmove(chunk, line, held);
	}
	free(chunk);
	return got == 0 && !reader->too_long;
}

static int by_address(const void *left, const void *right)
{
	const struct kallsyms_entry *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	/* Names were added in the file's order, which the kernel itself goes by. */
	return a->name < b->name ? -1 : a->name > b->name;
}

static void sort(struct kallsyms *table)
{
	size_t kept = 0;

	for (size_t i = 1; i < table->count; i++) {
		if (by_address(&table->entries[i - 1], &table->entries[i]) > 0) {
			qsort(table->entries, table->count, sizeof(*table->entries), by_address);
			break;
		}
	}
	for (size_t i = 0; i < table->count; i++) {
		if (!kept || table->entries[kept - 1].address != table->entries[i].address)
			table->entries[kept++] = table->entries[i];
	}
	table->count = kept;
}

int kallsyms_open(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC);
}

bool kallsyms_read(struct kallsyms *table, int fd)
{
	struct reader reader = {.table = table};
	bool ok;

	*table = (struct kallsyms){0};
	if (fd < 0)
		return false;
	/* Offset 0 is the empty name. */
	strbuf_char(&reader.names, '\0');
	ok = read_lines(&reader, fd);
	close(fd);
	table->names = reader.names.data;
	if (!ok || !table->count) {
		kallsyms_free(table);
		return false;
	}
	sort(table);
	table->entries = memory_resize(table->entries, table->count, sizeof(*table->entries));
	return true;
}

bool kallsyms_are_shown(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[64];
	bool shown = false;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		shown = line[strspn(line, "0")] != ' ';
		/* An address that is hidden is 0, and so is that of the first per-CPU variable. */
		if (shown || !strstr(line, " A "))
			break;
	}
	fclose(file);
	return shown;
}

void kallsyms_free(struct kallsyms *table)
{
	free(table->entries);
	free(table->names);
	free(table->modules);
	*table = (struct kallsyms){0};
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* How far a symbol may reach where nothing of its own kind follows. */
static uint64_t span_of(const char *module, const char *name)
{
	bool is_page = begins_with(module, "__builtin__") ||
		       (strcmp(module, "bpf") == 0 && !begins_with(name, "bpf_prog_"));

	return is_page ? PAGE_SPAN : LAST_SYMBOL_SPAN;
}

/* Whether an offset behind the start of a symbol can be in it; `next` is NULL behind the last. */
static bool reaches(const struct kallsyms *table, const struct kallsyms_entry *entry,
		    const struct kallsyms_entry *next, uint64_t offset)
{
	const char *name = table->names + entry->name;
	const char *module;

	if (!entry->module) {
		/* Marks of where the kernel's code ends. */
		if (offset && (strcmp(name, "_etext") == 0 || strcmp(name, "_einittext") == 0))
			return false;
		return (next && !next->module) || offset < LAST_SYMBOL_SPAN;
	}
	module = table->names + table->modules[entry->module];
	if (next && next->module == entry->module && strcmp(module, "bpf") != 0)
		return true;
	return offset < span_of(module, name);
}

bool kallsyms_find(const struct kallsyms *table, uint64_t address, struct kernel_symbol *symbol)
{
	const struct kallsyms_entry *entry;
	size_t low = 0, high = table->count;
	uint64_t offset;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->entries[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	entry = &table->entries[low - 1];
	offset = address - entry->address;
	if (!reaches(table, entry, low < table->count ? entry + 1 : NULL, offset))
		return false;
	symbol->name = table->names + entry->name;
	symbol->module = entry->module ? table->names + table->modules[entry->module] : NULL;
	symbol->offset = offset;
	return true;
}
