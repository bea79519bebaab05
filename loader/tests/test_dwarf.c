/* [PRB-034] [OUT-038] Source lines of code and code of source lines, on this very program's debug
 * information. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "binary/code_lines.h"
#include "binary/debug_file.h"
#include "binary/dwarf_reader.h"
#include "binary/elf_image.h"
#include "binary/file_view.h"
#include "binary/inline_calls.h"
#include "binary/source_line.h"
#include "check.h"

int dwarf_test_target(int x);
static const uint32_t target_line = __LINE__ + 2; /* of the brace */
int dwarf_test_target(int x)
{
	volatile int sum = 0;

	for (int i = 0; i < x; i++)
		sum += i;
	return sum;
}

/* Code of an inlined function: its address is that of the label. */
extern const char dwarf_test_label[];
static const uint32_t inlined_line = __LINE__ + 4;
static inline __attribute__((always_inline)) int dwarf_test_inlined(int x)
{
	/* One statement, whatever is instrumented around it. */
	__asm__ volatile(".globl dwarf_test_label\ndwarf_test_label: nop" : "+r"(x));
	return x;
}

static uint32_t call_line;

static __attribute__((noinline)) int dwarf_test_caller(int x)
{
	call_line = __LINE__ + 1;
	x = dwarf_test_inlined(x);
	return x + 1;
}

static void numbers(void)
{
	static const uint8_t bytes[] = {0xe5, 0x8e, 0x26, 0xc0, 0xbb, 0x78, 'h', 'i',
					0,    0xff, 0xff, 0xff, 0xff, 9,    0,	 0,
					0,    0,    0,	  0,	0,    0x80};
	struct dwarf_reader reader = dwarf_reader_of(bytes, sizeof(bytes)), part;
	uint8_t offset_size;

	CHECK(dwarf_uleb(&reader) == 624485);
	CHECK(dwarf_sleb(&reader) == -123456);
	CHECK(strcmp(dwarf_text(&reader), "hi") == 0);
	CHECK(dwarf_unit_length(&reader, &offset_size) == 9 && offset_size == 8);
	part = dwarf_part(&reader, 2);
	CHECK(part.failed && reader.failed);
	reader = dwarf_reader_of(bytes + sizeof(bytes) - 1, 1);
	CHECK(dwarf_uleb(&reader) == 0 && reader.failed);
	reader = dwarf_reader_of(bytes, 2);
	CHECK(strcmp(dwarf_text(&reader), "") == 0 && reader.failed);
	CHECK(dwarf_number(&reader, 8) == 0);
	CHECK(strcmp(dwarf_text_at(bytes, sizeof(bytes), 6), "hi") == 0);
	CHECK(strcmp(dwarf_text_at(bytes, 8, 6), "") == 0 && !*dwarf_text_at(NULL, 0, 0));
}

static void places(void)
{
	static const struct {
		const char *text, *file;
		uint32_t line, column;
	} good[] = {{"main.c:12", "main.c", 12, 0},
		    {"src/main.c:12:3", "src/main.c", 12, 3},
		    {"a:b.c:7", "a:b.c", 7, 0}};
	static const char *const bad[] = {"", "main.c", "main.c:", ":5", "main.c:0", "main.c:x"};
	struct source_place place;
	char text[64];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(text, sizeof(text), "%s", good[i].text);
		CHECK(source_place_read(&place, text) && strcmp(place.file, good[i].file) == 0 &&
		      place.line == good[i].line && place.column == good[i].column);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "%s", bad[i]);
		CHECK(!source_place_read(&place, text));
	}
}

/* This program is position-independent: addresses of its file begin at 0. */
extern const char __ehdr_start[];

static uint64_t own_address(void)
{
	return (uint64_t)((uintptr_t)dwarf_test_target - (uintptr_t)__ehdr_start);
}

static uint64_t label_address(void)
{
	return (uint64_t)((uintptr_t)dwarf_test_label - (uintptr_t)__ehdr_start);
}

static void own_lines(const struct debug_file *file)
{
	struct source_place place = {.file = "test_dwarf.c", .line = target_line};
	struct source_addresses found;
	struct source_lines *lines;
	struct strbuf text = {0};
	char expected[64];

	CHECK(source_line_addresses(file, &place, &found) && found.count == 1 &&
	      found.addresses[0] == own_address());
	free(found.addresses);
	place.file = "tests/test_dwarf.c";
	CHECK(source_line_addresses(file, &place, &found) && found.count == 1);
	free(found.addresses);
	/* Names are compared by whole parts. */
	place.file = "warf.c";
	CHECK(source_line_addresses(file, &place, &found) && !found.count && !found.file_found);
	place = (struct source_place){.file = "test_dwarf.c", .line = 1};
	CHECK(source_line_addresses(file, &place, &found) && !found.count && found.file_found &&
	      !found.before && found.behind > 1);
	place.line = 1000000;
	CHECK(source_line_addresses(file, &place, &found) && !found.count && found.before > 100 &&
	      !found.behind);

	lines = source_lines_read(file);
	if (!CHECK(lines))
		return;
	snprintf(expected, sizeof(expected), "tests/test_dwarf.c:%u", target_line);
	CHECK(source_lines_find(lines, own_address(), &text));
	CHECK(text.length > strlen(expected) &&
	      memcmp(text.data + text.length - strlen(expected), expected, strlen(expected)) == 0);
	CHECK(!source_lines_find(lines, 0, &text) && !source_lines_find(lines, UINT64_MAX, &text));
	source_lines_free(lines);
	strbuf_free(&text);
}

static bool ends_with(const char *text, const char *end, uint32_t line)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "%s:%u", end, line);
	return text && strlen(text) >= strlen(expected) &&
	       strcmp(text + strlen(text) - strlen(expected), expected) == 0;
}

static void own_frames(const struct elf_image *image)
{
	const struct code_source source = {.image = image, .readable = true};
	const struct code_frame *frames;
	struct code_lines lines = {0};

	if (CHECK(code_lines_find(&lines, &source, label_address(), &frames) == 2)) {
		CHECK(frames[0].function && strcmp(frames[0].function, "dwarf_test_inlined") == 0);
		CHECK(ends_with(frames[0].line, "tests/test_dwarf.c", inlined_line));
		CHECK(!frames[1].function &&
		      ends_with(frames[1].line, "tests/test_dwarf.c", call_line));
	}
	CHECK(code_lines_find(&lines, &source, own_address(), &frames) == 1 &&
	      !frames[0].function && ends_with(frames[0].line, "test_dwarf.c", target_line));
	CHECK(code_lines_find(&lines, &source, 1, &frames) == 0);
	code_lines_free(&lines);
}

/* Asks for what was inlined all over the program. */
static void use_info(const struct debug_file *file)
{
	struct inline_call found[INLINE_CALLS_MAX];
	struct inline_calls *calls = inline_calls_read(file);
	uint64_t from = label_address() & ~(uint64_t)0xfff;

	for (uint64_t at = from; calls && at < from + 0x4000; at += 0x97) {
		size_t count = inline_calls_find(calls, at, found);

		for (size_t i = 0; i < count; i++)
			(void)strlen(found[i].name);
	}
	inline_calls_free(calls);
}

/* Cuts and changes of each section that is read for it. */
static void damaged_info(const struct debug_file *file)
{
	struct debug_file copy = *file;
	struct debug_section *parts[] = {&copy.info, &copy.abbrev, &copy.rnglists, &copy.str};
	uint32_t random = 3;

	use_info(file);
	for (int round = 0; round < 160; round++) {
		struct debug_section *part = parts[round % 4];
		const struct debug_section whole = *part;
		uint64_t size = round < 80 ? whole.size * (uint64_t)(round / 4) / 20 : whole.size;
		uint8_t *bytes = malloc(size ? size : 1);

		if (size)
			memcpy(bytes, whole.bytes, size);
		for (int i = 0; round >= 80 && size && i < 1 << round % 8; i++) {
			random = random * 1664525 + 1013904223;
			bytes[(random >> 8) % size] ^= (uint8_t)(1u << (random >> 5) % 8);
		}
		*part = (struct debug_section){.bytes = bytes, .size = size};
		use_info(&copy);
		*part = whole;
		free(bytes);
	}
}

/* All that can be asked of a table. */
static void use(const struct debug_file *file, uint64_t address)
{
	const struct source_place place = {.file = "test_dwarf.c", .line = target_line};
	struct source_lines *lines = source_lines_read(file);
	struct source_addresses found;
	struct strbuf text = {0};

	CHECK(source_line_addresses(file, &place, &found));
	free(found.addresses);
	if (lines)
		(void)source_lines_find(lines, address, &text);
	source_lines_free(lines);
	strbuf_free(&text);
}

/* Cuts and changes: whatever comes out, nothing may be read outside of the section, or forever. */
static void damaged_lines(const struct debug_file *file)
{
	/* Memory of its own, so that the sanitizer sees the end. */
	struct debug_file copy = *file;
	uint64_t size = file->line.size;
	uint32_t random = 7;

	for (uint64_t cut = 0; cut < size; cut += 1 + size / 60) {
		uint8_t *bytes = malloc(cut ? cut : 1);

		memcpy(bytes, file->line.bytes, cut);
		copy.line = (struct debug_section){.bytes = bytes, .size = cut};
		use(&copy, own_address());
		free(bytes);
	}
	for (int round = 0; round < 120; round++) {
		uint8_t *bytes = malloc(size);

		memcpy(bytes, file->line.bytes, size);
		for (int i = 0; i < 1 + round % 40; i++) {
			random = random * 1664525 + 1013904223;
			/* Half of the changes in the first unit's header. */
			bytes[(random >> 8) % (i % 2	    ? size
					       : size < 200 ? size
							    : 200)] ^=
				(uint8_t)(1u << (random >> 5) % 8);
		}
		copy.line = (struct debug_section){.bytes = bytes, .size = size};
		use(&copy, own_address());
		free(bytes);
	}
	copy.line = file->line;
	copy.line_str = (struct debug_section){0};
	use(&copy, own_address());
}

static void damaged_files(const struct elf_image *image)
{
	uint64_t whole = image->view->size;
	const uint8_t *all = elf_image_bytes(image, 0, whole);
	struct debug_file file;
	struct elf_image cut;

	for (size_t size = 0; all && size < whole; size += 1 + whole / 40) {
		uint8_t *bytes = malloc(size ? size : 1);

		memcpy(bytes, all, size);
		if (elf_image_read(&cut, file_view_of_bytes(bytes, size))) {
			if (debug_file_open(&file, &cut, NULL, "/"))
				debug_file_close(&file);
			elf_image_close(&cut);
		}
		free(bytes);
	}
}

int main(void)
{
	struct debug_file file;
	struct elf_image image;

	CHECK(dwarf_test_target(3) == 3 && dwarf_test_caller(1) == 2);
	numbers();
	places();
	if (CHECK(elf_image_open(&image, "/proc/self/exe") == ELF_IMAGE_OK)) {
		if (CHECK(debug_file_open(&file, &image, NULL, NULL))) {
			own_lines(&file);
			damaged_lines(&file);
			debug_file_read_info(&file, &image);
			damaged_info(&file);
			debug_file_close(&file);
		}
		own_frames(&image);
		damaged_files(&image);
		elf_image_close(&image);
	}
	return check_result("dwarf");
}
