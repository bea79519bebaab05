/* Small files that would cost a lot: what is read of them is bounded. On a loader without bounds
 * these take hours, or gigabytes. */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "binary/debug_file.h"
#include "binary/eh_frame.h"
#include "binary/elf_image.h"
#include "binary/file_view.h"
#include "binary/inline_calls.h"
#include "binary/proc_maps.h"
#include "symbols/perf_map.h"
#include "check.h"

static void put_number(struct strbuf *to, uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		strbuf_char(to, (char)(value >> 8 * i));
}

static void put_uleb(struct strbuf *to, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		strbuf_char(to, (char)(value | 0x80));
	strbuf_char(to, (char)value);
}

static struct debug_section section_of(const struct strbuf *bytes)
{
	return (struct debug_section){.bytes = (const uint8_t *)bytes->data, .size = bytes->length};
}

/* A unit of DWARF 4 that begins with entries of these bytes. */
static void put_unit(struct strbuf *info, uint32_t abbreviations, const void *entries, size_t size)
{
	put_number(info, 7 + size, 4);
	put_number(info, 4, 2);
	put_number(info, abbreviations, 4);
	put_number(info, 8, 1);
	strbuf_put(info, entries, size);
}

/* Asks for what was inlined at an address: how much memory was held for it. */
static uint64_t cost_of(const struct strbuf *info, const struct strbuf *abbreviations,
			const struct strbuf *ranges)
{
	struct budget budget = {0};
	struct debug_file file = {.budget = &budget,
				  .info = section_of(info),
				  .abbrev = section_of(abbreviations),
				  .ranges = section_of(ranges)};
	struct inline_call found[INLINE_CALLS_MAX];
	struct inline_calls *calls = inline_calls_read(&file);
	uint64_t held;

	if (calls)
		(void)inline_calls_find(calls, 0x1000, found);
	held = budget.bytes;
	inline_calls_free(calls);
	CHECK(budget.bytes == 0);
	return held;
}

static void units_that_share_ranges(void)
{
	struct strbuf info = {0}, abbreviations = {0}, ranges = {0};
	static const uint8_t entry[] = {1, 0, 0, 0, 0};

	/* compile_unit, ranges: sec_offset. */
	strbuf_put(&abbreviations, "\1\x11\0\x55\x17\0\0\0", 8);
	for (uint64_t i = 0; i < 20000; i++) {
		put_unit(&info, 0, entry, sizeof(entry));
		put_number(&ranges, 0x1000 + 16 * i, 8);
		put_number(&ranges, 0x1008 + 16 * i, 8);
	}
	put_number(&ranges, 0, 8);
	put_number(&ranges, 0, 8);
	CHECK(cost_of(&info, &abbreviations, &ranges) < 64u << 20);
	CHECK(budget_was_exceeded());
	strbuf_free(&info);
	strbuf_free(&abbreviations);
	strbuf_free(&ranges);
}

/* A table in falling order, whose last is asked for all the time: by entries of one unit. */
static void unsorted_abbreviations(void)
{
	enum { COUNT = 200000 };
	struct strbuf info = {0}, abbreviations = {0}, ranges = {0}, entries = {0};

	/* compile_unit with children, from low_pc on, 0x100000 bytes. */
	put_uleb(&abbreviations, COUNT + 1);
	strbuf_put(&abbreviations, "\x11\1\x11\1\x12\x06\0\0", 8);
	for (uint32_t i = COUNT; i; i--) {
		put_uleb(&abbreviations, i);
		/* variable, nothing. */
		strbuf_put(&abbreviations, "\x34\0\0\0", 4);
	}
	strbuf_char(&abbreviations, 0);
	put_uleb(&entries, COUNT + 1);
	put_number(&entries, 0x1000, 8);
	put_number(&entries, 0x100000, 4);
	for (uint32_t i = 0; i < 2 * COUNT; i++)
		put_uleb(&entries, 1);
	put_unit(&info, 0, entries.data, entries.length);
	(void)cost_of(&info, &abbreviations, &ranges);
	CHECK(!budget_was_exceeded());
	strbuf_free(&info);
	strbuf_free(&abbreviations);
	strbuf_free(&entries);
}

/* Tables that begin within one another, and entries with many attributes of no bytes. */
static void attributes_without_bytes(void)
{
	enum { COUNT = 100000 };
	struct strbuf info = {0}, abbreviations = {0}, ranges = {0}, entries = {0};
	static const uint8_t entry[] = {1};

	for (uint32_t i = 0; i < COUNT; i++)
		strbuf_put(&abbreviations, "\1\x11\0\0\0", 5);
	strbuf_char(&abbreviations, 0);
	for (uint32_t i = 0; i < COUNT; i++)
		put_unit(&info, 5 * i, entry, sizeof(entry));
	CHECK(cost_of(&info, &abbreviations, &ranges) < 64u << 20);
	CHECK(budget_was_exceeded());

	strbuf_clear(&info);
	strbuf_clear(&abbreviations);
	strbuf_put(&abbreviations, "\1\x11\1\x11\1\x12\x06\0\0\2\x34\0", 12);
	for (uint32_t i = 0; i < COUNT; i++)
		/* external: flag_present. */
		strbuf_put(&abbreviations, "\x3f\x19", 2);
	put_number(&abbreviations, 0, 3);
	put_uleb(&entries, 1);
	put_number(&entries, 0x1000, 8);
	put_number(&entries, 0x100000, 4);
	strbuf_fill(&entries, 2, COUNT);
	put_unit(&info, 0, entries.data, entries.length);
	(void)cost_of(&info, &abbreviations, &ranges);
	CHECK(budget_was_exceeded());
	strbuf_free(&info);
	strbuf_free(&abbreviations);
	strbuf_free(&entries);
}

/* Two long entries that functions share, each asked for after the other. */
static void alternating_cies(void)
{
	static const uint8_t start[] = {1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x03, 0x0c, 7, 8, 0x90, 1};
	struct strbuf bytes = {0};
	struct unwind_rows rows;
	size_t ciestarts[2];

	for (int i = 0; i < 2; i++) {
		ciestarts[i] = bytes.length;
		put_number(&bytes, 4 + sizeof(start) + 400000, 4);
		put_number(&bytes, 0, 4);
		strbuf_put(&bytes, start, sizeof(start));
		/* Nothing, 400,000 times. */
		strbuf_fill(&bytes, 0, 400000);
	}
	for (uint32_t i = 0; i < 40000; i++) {
		put_number(&bytes, 16, 4);
		put_number(&bytes, bytes.length - ciestarts[i % 2], 4);
		put_number(&bytes, 0x1000 + 16 * i, 4);
		put_number(&bytes, 16, 4);
		put_number(&bytes, 0, 4);
	}
	if (CHECK(eh_frame_read(&rows, (const uint8_t *)bytes.data, bytes.length, 0)))
		unwind_rows_free(&rows);
	strbuf_free(&bytes);
}

/* Zeros for ever, compressed. */
static void sections_that_unfold(void)
{
	enum { FULL = 64 << 20 };
	static const char names[] = "\0.debug_line\0.shstrtab";
	struct {
		Elf64_Ehdr header;
		Elf64_Shdr sections[3];
		char names[32];
		Elf64_Chdr compressed;
		uint8_t bytes[FULL / 500];
	} *file = calloc(1, sizeof(*file));
	uLongf length = sizeof(file->bytes);
	uint8_t *zeros = calloc(1, FULL);
	struct elf_image image;
	struct debug_file debug;

	CHECK(compress(file->bytes, &length, zeros, FULL) == Z_OK);
	free(zeros);
	memcpy(file->header.e_ident, ELFMAG, SELFMAG);
	file->header.e_ident[EI_CLASS] = ELFCLASS64;
	file->header.e_ident[EI_DATA] = ELFDATA2LSB;
	file->header.e_shoff = (uint64_t)((char *)file->sections - (char *)file);
	file->header.e_shnum = 3;
	file->header.e_shstrndx = 2;
	memcpy(file->names, names, sizeof(names));
	file->sections[1] =
		(Elf64_Shdr){.sh_name = 1,
			     .sh_type = SHT_PROGBITS,
			     .sh_flags = SHF_COMPRESSED,
			     .sh_offset = (uint64_t)((char *)&file->compressed - (char *)file),
			     .sh_size = sizeof(file->compressed) + length};
	file->sections[2] = (Elf64_Shdr){.sh_name = 13,
					 .sh_type = SHT_STRTAB,
					 .sh_offset = (uint64_t)(file->names - (char *)file),
					 .sh_size = sizeof(names)};
	file->compressed = (Elf64_Chdr){.ch_type = ELFCOMPRESS_ZLIB, .ch_size = FULL};
	if (CHECK(elf_image_read(&image, file_view_of_bytes(file, sizeof(*file))))) {
		CHECK(!debug_file_open(&debug, &image, NULL, NULL));
		CHECK(budget_was_exceeded() && image.view->budget.bytes == 0);
		elf_image_close(&image);
	}
	free(file);
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	CHECK(file && fputs(text, file) >= 0);
	if (file)
		fclose(file);
}

static void maps_of_jits(void)
{
	static const char path[] = "/tmp/bpfload-test-perf-map", other[] = "/tmp/bpfload-test-link";
	struct perf_map map = {0};

	unlink(path);
	unlink(other);
	write_text(path, "1000 10 first\n2000 10 second\n");
	CHECK(perf_map_read(&map, path) && map.count == 2);
	/* It has not changed. */
	CHECK(!perf_map_read(&map, path) && map.count == 2);
	perf_map_free(&map);
	CHECK(map.budget.bytes == 0);
	CHECK(symlink(path, other) == 0 && !perf_map_read(&map, other));
	unlink(other);
	/* Somebody else's, who may say what our addresses are called. */
	if (geteuid() == 0) {
		CHECK(chown(path, 12345, 12345) == 0);
		CHECK(!perf_map_read(&map, path));
		CHECK(chown(path, 0, 0) == 0);
	}
	/* A hole behind the text, and one that is larger than any map. */
	CHECK(truncate(path, 60 << 20) == 0);
	CHECK(perf_map_read(&map, path) && map.count == 2 && map.budget.bytes < 1u << 20);
	perf_map_free(&map);
	CHECK(truncate(path, 300ll << 20) == 0);
	CHECK(!perf_map_read(&map, path) && budget_was_exceeded());
	unlink(path);
}

/* Each path is kept once, whatever stands between its mappings. */
static void paths_of_many_mappings(void)
{
	static const char path[] = "/tmp/bpfload-test-many-maps";
	FILE *file = fopen(path, "we");
	struct proc_maps maps;
	char name[2][4001];

	for (int i = 0; i < 2; i++) {
		memset(name[i], 'a' + i, 4000);
		name[i][0] = '/';
		name[i][4000] = '\0';
	}
	for (uint32_t i = 0; file && i < 20000; i++)
		fprintf(file, "%x000-%x000 r-xp 00000000 08:01 %u %s\n", 16 + i, 17 + i, 5 + i % 2,
			name[i % 2]);
	if (file)
		fclose(file);
	if (CHECK(proc_maps_read(&maps, path) && maps.count == 20000)) {
		CHECK(maps.mappings[0].path == maps.mappings[19998].path);
		CHECK(strcmp(maps.mappings[19999].path, name[1]) == 0);
		proc_maps_free(&maps);
	}
	CHECK(!budget_was_exceeded());
	unlink(path);
}

/* Work that would take many seconds, when tracing is to end. */
static void check_hurry(void)
{
	struct budget budget = {0};
	int ends[2];

	if (!CHECK(pipe(ends) == 0))
		return;
	budget_stop_by(ends[0]);
	budget_begin(&budget, UINT64_C(1) << 32);
	CHECK(budget_step(&budget) && !budget_is_late());
	CHECK(write(ends[1], "", 1) == 1);
	while (budget_step(&budget))
		;
	CHECK(budget_is_late() && budget.reserve > UINT64_C(1) << 24);
	CHECK(budget_was_exceeded());
	budget_stop_by(-1);
	CHECK(!budget_is_late());
	/* What a piece of work leaves is there for the next. */
	budget_begin(&budget, 3);
	CHECK(budget_step(&budget) && budget_step(&budget) && budget_step(&budget));
	CHECK(!budget_step(&budget) && budget_was_exceeded());
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	units_that_share_ranges();
	unsorted_abbreviations();
	attributes_without_bytes();
	alternating_cies();
	sections_that_unfold();
	maps_of_jits();
	paths_of_many_mappings();
	check_hurry();
	return check_result("hostile files");
}
