/* Lines of text, of JSON and of folded stacks with the names of a kernel that was saved. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/failure.h"
#include "check.h"
#include "output/symbolize.h"
#include "symbols/saved_symbols.h"

/* Where this kernel has functions; one has a name that JSON and folded lines cannot hold as it is.
 */
#define VFS "0xffffffff81000210"
#define ODD "0xffffffff81000304"
#define KALLSYMS                         \
	"ffffffff81000000 T _text\n"     \
	"ffffffff81000200 T vfs_read\n"  \
	"ffffffff81000300 T a\"b\\c;d\n" \
	"ffffffffa0000000 t inner\t[mod]\n"

static struct saved_symbols *symbols;

static void open_kernel(void)
{
	char path[] = "/tmp/bpfload-test-XXXXXX";
	struct saved_files files = {.kallsyms = path};
	struct failure failure = {0};
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, KALLSYMS, strlen(KALLSYMS)) == (ssize_t)strlen(KALLSYMS));
	CHECK(saved_symbols_open(&symbols, &files, &failure) == STATUS_OK);
	failure_clear(&failure);
	close(fd);
	unlink(path);
}

/* In memory of its own, so that it is seen when more is read. */
static void symbolize_alone(struct symbolizer *symbolizer, const char *line, size_t length,
			    struct strbuf *to)
{
	char *copy = malloc(length ? length : 1);

	memcpy(copy, line, length);
	symbolize_line(symbolizer, copy, length, to);
	free(copy);
}

/* Lines, one behind another, and what each becomes. Cut anywhere they stay lines. */
static void check_lines(const char *const (*lines)[2], size_t count)
{
	struct symbolizer symbolizer = {.symbols = symbols};
	struct strbuf text = {0};

	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(lines[i][0]);
		struct symbolizer other = symbolizer;

		for (size_t cut = 0; cut < length; cut++)
			symbolize_alone(&other, lines[i][0], cut, &text);
		CHECK(!memchr(text.data, '\n', text.length));
		strbuf_clear(&text);
		symbolize_alone(&symbolizer, lines[i][0], length, &text);
		CHECK_TEXT(&text, lines[i][1]);
	}
	strbuf_free(&text);
}

#define CHECK_LINES(lines) check_lines(lines, sizeof(lines) / sizeof(*(lines)))

static void names_stand_beside_places_in_text(void)
{
	static const char *const lines[][2] = {
		{"at " VFS ", then " ODD ".",
		 "at " VFS " <vfs_read+16>, then " ODD " <a\"b\\c;d+4>."},
		/* Within a word, behind a name, and where nothing is. */
		{"x" VFS " " VFS "z", "x" VFS " " VFS "z"},
		{"at " VFS " <who+1>", "at " VFS " <who+1>"},
		{"at 0x12345 or 0xffffffff80000000", "at 0x12345 or 0xffffffff80000000"},
		{"#1  " VFS " in ?? ()", "#1  " VFS " <vfs_read+16> in ?? ()"},
		{"", ""},
	};

	CHECK_LINES(lines);
}

static void frames_stand_in_place_of_lines(void)
{
	static const char *const lines[][2] = {
		{"@[", "@["},
		{"        " VFS, "        vfs_read+16"},
		{"\t ffffffff81000304 \r", "\t a\"b\\c;d+4"},
		{"        0xffffffffa0000001", "        inner+1"},
		{"        0x12345", "        0x12345"},
		{"]: 1", "]: 1"},
		/* A number of decimal digits is an address in a stack alone. */
		{"1234567890123456", "1234567890123456"},
		/* Of mode perf. */
		{"\tffffffff81000304 [unknown] ([kernel])",
		 "\tffffffff81000304 a\"b\\c;d+4 ([kernel])"},
		{"\t12345 [unknown] (/bin/tool)", "\t12345 [unknown] (/bin/tool)"},
		{"\tffffffff81000304 [unknown]", "\tffffffff81000304 [unknown]"},
	};

	CHECK_LINES(lines);
}

/* The same in strings, where names are escaped. */
static void strings_of_json_stay_strings(void)
{
	static const char *const lines[][2] = {
		{"{\"type\": \"printf\", \"data\": \"at " ODD ", \\\"" VFS "\\\"\"}",
		 "{\"type\": \"printf\", \"data\": \"at " ODD " <a\\\"b\\\\c;d+4>, \\\"" VFS
		 " <vfs_read+16>\\\"\"}"},
		{"{\"type\": \"map\", \"data\": {\"@\": {\"\\n        " ODD "\\n        " VFS
		 "\\n\": 1}}}",
		 "{\"type\": \"map\", \"data\": {\"@\": {\"\\n        " ODD
		 " <a\\\"b\\\\c;d+4>\\n        " VFS " <vfs_read+16>\\n\": 1}}}"},
		{"{\"type\": \"map\", \"data\": {\"@\": {\"" ODD "," VFS "\": 1}}}",
		 "{\"type\": \"map\", \"data\": {\"@\": {\"a\\\"b\\\\c;d+4,vfs_read+16\": 1}}}"},
		{"{\"type\": \"value\", \"data\": \"\\n\\tffffffff81000304 [unknown] ([kernel])\\n\"}",
		 "{\"type\": \"value\", \"data\": \"\\n\\tffffffff81000304 a\\\"b\\\\c;d+4 ([kernel])\\n\"}"},
	};

	CHECK_LINES(lines);
}

static void parts_of_folded_stacks_get_names(void)
{
	static const char *const lines[][2] = {
		{"swapper;" VFS ";" ODD " 7", "swapper;vfs_read_[k];a\"b\\c:d_[k] 7"},
		{"swapper;0x12345;" VFS " 12", "swapper;0x12345;vfs_read_[k] 12"},
		{VFS " 1", "vfs_read_[k] 1"},
		/* Not a number behind a blank, or no place: no folded stack. */
		{"a;" VFS " x", "a;" VFS " <vfs_read+16> x"},
		{"a;b 5", "a;b 5"},
	};

	CHECK_LINES(lines);
}

static void frames_of_typed_json_get_members(void)
{
	static const char *const lines[][2] = {
		{"{\"type\": \"value\", \"boot\": 1, \"data\": [{\"address\": \"" ODD
		 "\"}, {\"address\": \"" VFS "\", \"module\": \"m\"}, {\"address\": \"0x1\"}]}",
		 "{\"type\": \"value\", \"boot\": 1, \"data\": [{\"address\": \"" ODD
		 "\", \"name\": \"a\\\"b\\\\c;d\", \"offset\": 4}, {\"address\": \"" VFS
		 "\", \"module\": \"m\", \"name\": \"vfs_read\", \"offset\": 16}, {\"address\": \"0x1\"}]}"},
		/* One that has a name keeps it; texts are nobody's frames. */
		{"{\"type\": \"value\", \"boot\": 1, \"data\": {\"address\": \"" VFS
		 "\", \"name\": \"x\"}, \"s\": \"{\\\"address\\\": " VFS "}\"}",
		 "{\"type\": \"value\", \"boot\": 1, \"data\": {\"address\": \"" VFS
		 "\", \"name\": \"x\"}, \"s\": \"{\\\"address\\\": " VFS "}\"}"},
	};

	CHECK_LINES(lines);
}

int main(void)
{
	open_kernel();
	names_stand_beside_places_in_text();
	frames_stand_in_place_of_lines();
	strings_of_json_stay_strings();
	parts_of_folded_stacks_get_names();
	frames_of_typed_json_get_members();
	saved_symbols_free(symbols);
	return check_result("symbolize");
}
