/* Lines of code and the functions that were inlined there, of debug information that the test
 * writes: names and lines that are not told are left out. */
#include <stdlib.h>
#include <unistd.h>

#include "binary/budget.h"
#include "binary/code_lines.h"
#include "binary/elf_image.h"
#include "check.h"
#include "folder.h"
#include "made_elf.h"

/* The function's code: before and behind what is inlined, that, and what is inlined in it. */
#define OUTER (MADE_BASE + 0x10)
#define MIDDLE (MADE_BASE + 0x18)
#define INNER (MADE_BASE + 0x20)
#define BEHIND (MADE_BASE + 0x28)
#define END (MADE_BASE + 0x40)

static void put(struct strbuf *to, uint64_t number, size_t size)
{
	strbuf_put(to, &number, size);
}

static void put_text(struct strbuf *to, const char *text)
{
	strbuf_put(to, text, strlen(text) + 1);
}

/* From there so many bytes. */
static void put_range(struct strbuf *to, uint64_t low, uint64_t high)
{
	put(to, low, 8);
	put(to, high - low, 4);
}

static void end_unit(struct strbuf *unit)
{
	uint32_t length = (uint32_t)unit->length - 4;

	memcpy(unit->data, &length, sizeof(length));
}

static void make_abbreviations(struct strbuf *to)
{
	static const uint8_t bytes[] = {
		/* unit: name and folder as texts, lines, a range */
		1, 0x11, 1, 0x03, 0x08, 0x1b, 0x08, 0x10, 0x17, 0x11, 0x01, 0x12, 0x06, 0, 0,
		/* function: name, a range */
		2, 0x2e, 1, 0x03, 0x08, 0x11, 0x01, 0x12, 0x06, 0, 0,
		/* inlined without a name: a range, file and line of the call */
		3, 0x1d, 1, 0x11, 0x01, 0x12, 0x06, 0x58, 0x0b, 0x59, 0x0b, 0, 0,
		/* the same with an origin */
		4, 0x1d, 0, 0x31, 0x13, 0x11, 0x01, 0x12, 0x06, 0x58, 0x0b, 0x59, 0x0b, 0, 0,
		/* a function of no place: its name for linkers; or the other one */
		5, 0x2e, 0, 0x6e, 0x08, 0, 0, 6, 0x2e, 0, 0x03, 0x08, 0, 0, 0};

	strbuf_put(to, bytes, sizeof(bytes));
}

/* `calls`: lines of the two calls, 0: unknown. */
static void make_entries(struct strbuf *to, const char *unit_folder, const uint8_t calls[2])
{
	uint32_t origin;

	put(to, 0, 4);
	put(to, 4, 2);
	put(to, 0, 4);
	put(to, 8, 1);
	put(to, 1, 1);
	put_text(to, "unit.c");
	put_text(to, unit_folder);
	put(to, 0, 4);
	put_range(to, OUTER, END);
	origin = (uint32_t)to->length;
	put(to, 5, 1);
	put_text(to, "_ZN5space5innerEv");
	put(to, 2, 1);
	put_text(to, "outer");
	put_range(to, OUTER, END);
	put(to, 3, 1);
	put_range(to, MIDDLE, END - 8);
	put(to, 1, 1);
	put(to, calls[0], 1);
	/* Another one in it, which is not at the address, then the one that is. */
	put(to, 4, 1);
	put(to, origin, 4);
	put_range(to, MIDDLE, INNER - 4);
	put(to, 1, 1);
	put(to, 70, 1);
	put(to, 4, 1);
	put(to, origin, 4);
	put_range(to, INNER, BEHIND);
	put(to, 2, 1);
	put(to, calls[1], 1);
	/* The end of what was inlined, and of the function. */
	put(to, 0, 2);
	/* What stands in another function is none of this one's, whatever it says of its place. */
	put(to, 2, 1);
	put_text(to, "later");
	put_range(to, END, END + 16);
	put(to, 3, 1);
	put_range(to, OUTER, END);
	put(to, 1, 1);
	put(to, 80, 1);
	put(to, 0, 3);
	end_unit(to);
}

static void make_lines(struct strbuf *to)
{
	static const uint8_t head[] = {1, 1, 1, (uint8_t)-5, 14, 13, 0, 1, 1,
				       1, 1, 0, 0,	     0,	 1,  0, 0, 1};
	/* From where line 10 is: lines 20, of the other file 20, 30, and the end. */
	static const uint8_t program[] = {3, 9, 1, 2, 8, 3,  10, 1, 2,	  8, 4, 2, 1,
					  2, 8, 4, 1, 3, 10, 1,	 2, 0x18, 0, 1, 1};
	uint32_t length;
	size_t header;

	put(to, 0, 4);
	put(to, 4, 2);
	header = to->length;
	put(to, 0, 4);
	strbuf_put(to, head, sizeof(head));
	/* No folders but that of the unit; two files in it. */
	put(to, 0, 1);
	put_text(to, "a.c");
	put(to, 0, 3);
	put_text(to, "/abs/b.c");
	put(to, 0, 3);
	put(to, 0, 1);
	length = (uint32_t)(to->length - header - 4);
	memcpy(to->data + header, &length, sizeof(length));
	put(to, 0, 1);
	put(to, 9, 1);
	put(to, 2, 1);
	put(to, OUTER, 8);
	strbuf_put(to, program, sizeof(program));
	end_unit(to);
}

static struct code_lines lines;
static struct elf_image image;

static void make(const char *unit_folder, uint8_t outer_call, uint8_t inner_call)
{
	struct strbuf abbreviations = {0}, entries = {0}, table = {0};
	struct made_elf made;

	make_abbreviations(&abbreviations);
	make_entries(&entries, unit_folder, (const uint8_t[]){outer_call, inner_call});
	make_lines(&table);
	made_begin(&made, EM_X86_64);
	made_section(&made, ".debug_abbrev", SHT_PROGBITS, 0, abbreviations.data,
		     abbreviations.length);
	made_section(&made, ".debug_info", SHT_PROGBITS, 0, entries.data, entries.length);
	made_section(&made, ".debug_line", SHT_PROGBITS, 0, table.data, table.length);
	made_put(&made, "program");
	made_free(&made);
	strbuf_free(&abbreviations);
	strbuf_free(&entries);
	strbuf_free(&table);
	CHECK(elf_image_open(&image, at("program")) == ELF_IMAGE_OK);
}

static void forget(void)
{
	code_lines_free(&lines);
	elf_image_close(&image);
	CHECK(budget_held() == 0);
}

/* `FUNCTION LINE` of each frame, the innermost first; what is not told is a minus. */
static bool is_frames(uint64_t address, bool readable, const char *expected)
{
	const struct code_source source = {.image = &image, .path = "/none", .readable = readable};
	const struct code_frame *frames = NULL;
	size_t count = code_lines_find(&lines, &source, address, &frames);
	struct strbuf text = {0};
	bool same;

	for (size_t i = 0; i < count; i++) {
		strbuf_text(&text, i ? ", " : "");
		strbuf_text(&text, frames[i].function ? frames[i].function : "-");
		strbuf_char(&text, ' ');
		strbuf_text(&text, frames[i].line ? frames[i].line : "-");
	}
	same = strcmp(strbuf_c_text(&text), expected) == 0;
	if (!same)
		fprintf(stderr, "  %#llx: %s\n", (unsigned long long)address, text.data);
	strbuf_free(&text);
	return same;
}

static void each_call_has_its_line(void)
{
	make("/src", 50, 60);
	CHECK(is_frames(OUTER, true, "- /src/a.c:10") &&
	      is_frames(MIDDLE - 1, true, "- /src/a.c:10"));
	CHECK(is_frames(INNER, true, "space::inner() /abs/b.c:20, - /abs/b.c:60, - /src/a.c:50"));
	/* Names are as they were asked for first: each address is looked up once. */
	CHECK(is_frames(INNER, false, "space::inner() /abs/b.c:20, - /abs/b.c:60, - /src/a.c:50"));
	CHECK(is_frames(BEHIND - 1, false,
			"_ZN5space5innerEv /abs/b.c:20, - /abs/b.c:60, - /src/a.c:50"));
	CHECK(is_frames(BEHIND, true, "- /src/a.c:30, - /src/a.c:50"));
	CHECK(is_frames(MIDDLE, true, "space::inner() /src/a.c:20, - /src/a.c:70, - /src/a.c:50"));
	CHECK(is_frames(INNER - 4, true, "- /src/a.c:20, - /src/a.c:50"));
	CHECK(is_frames(END - 9, true, "- /src/a.c:30, - /src/a.c:50") &&
	      is_frames(END - 8, true, "- /src/a.c:30"));
	CHECK(is_frames(END, true, "") && is_frames(OUTER - 1, true, ""));
	forget();
}

/* Without a folder paths stay as they are; a call whose line is not told has none. */
static void what_is_not_told_is_left_out(void)
{
	make("", 0, 60);
	CHECK(is_frames(OUTER, true, "- a.c:10"));
	CHECK(is_frames(INNER, true, "space::inner() /abs/b.c:20, - /abs/b.c:60, - -"));
	forget();
	make("/src", 50, 0);
	CHECK(is_frames(INNER, true, "space::inner() /abs/b.c:20, - -, - /src/a.c:50"));
	forget();
}

/* A file without lines has no frames, and is looked for once. */
static void without_lines(void)
{
	struct made_elf made;
	const struct code_source source = {.image = &image, .path = "/none"};

	made_begin(&made, EM_X86_64);
	made_put(&made, "program");
	made_free(&made);
	CHECK(elf_image_open(&image, at("program")) == ELF_IMAGE_OK);
	CHECK(is_frames(OUTER, true, "") && is_frames(OUTER, true, ""));
	CHECK(lines.read && lines.sought && !lines.found);
	CHECK(!code_lines_debug_image(&lines, &source));
	forget();
}

int main(void)
{
	CHECK(mkdtemp(folder));
	each_call_has_its_line();
	what_is_not_told_is_left_out();
	without_lines();
	unlink(at("program"));
	CHECK(rmdir(folder) == 0);
	return check_result("code lines");
}
