/* Lines with places of files, with functions that were inlined, and with returns: names are the
 * test's own, and say how they were asked for. */
#include <stdlib.h>

#include "binary/code_lines.h"
#include "check.h"
#include "output/symbolize.h"
#include "symbols/saved_symbols.h"
#include "symbols/symbols.h"

#define ID "0123456789abcdef"
static const uint8_t id[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

static const struct code_frame at_place[] = {{"in\"ner", "a.c:1"}, {NULL, "b.c:2"}};
static const struct code_frame nameless[] = {{NULL, NULL}, {NULL, "b.c:2"}};

/* In place of names of programs: 0x1000 is in a function with another in it, 0x2000 in one without
 * a name in it, of 0x3000 the file alone is known; what is returned to is called so. */
static bool name_of(uint64_t number, bool is_return, struct symbol *symbol)
{
	*symbol = (struct symbol){.name = is_return ? "caller" : "f",
				  .offset = number & 0xfff,
				  .module = "/bin/tool"};
	switch (number >> 12) {
	case 1:
		symbol->frames = at_place;
		symbol->frame_count = 2;
		return true;
	case 2:
		symbol->frames = nameless;
		symbol->frame_count = 2;
		return true;
	case 4:
		return true;
	default:
		*symbol = (struct symbol){0};
		return false;
	}
}

bool saved_symbols_address(struct saved_symbols *symbols, uint64_t address, bool is_return,
			   struct symbol *symbol)
{
	CHECK(!symbols);
	return name_of(address, is_return, symbol);
}

bool saved_symbols_place(struct saved_symbols *symbols, const uint8_t *bytes, uint32_t size,
			 uint64_t offset, bool is_return, struct symbol *symbol)
{
	CHECK(!symbols);
	return size == sizeof(id) && memcmp(bytes, id, size) == 0 &&
	       name_of(offset, is_return, symbol);
}

bool saved_symbols_is_kernel(uint64_t address)
{
	return address >> 63;
}

/* Lines one behind another, and what they become. */
static void check_lines(const char *const (*lines)[2], size_t count)
{
	struct symbolizer symbolizer = {0};
	struct strbuf text = {0};

	for (size_t i = 0; i < count; i++) {
		symbolize_line(&symbolizer, lines[i][0], strlen(lines[i][0]), &text);
		CHECK_TEXT(&text, lines[i][1]);
	}
	strbuf_free(&text);
}

#define CHECK_LINES(...)                                   \
	check_lines((const char *const[][2]){__VA_ARGS__}, \
		    sizeof((const char *const[][2]){__VA_ARGS__}) / sizeof(char *[2]))

static void beside_text(void)
{
	CHECK_LINES({"at 0x1004.", "at 0x1004 <in\"ner [inlined] @a.c:1, f+4 @b.c:2>."},
		    {"at 0x2004", "at 0x2004 <[unknown] [inlined], f+4 @b.c:2>"},
		    {"at 0x4004 ", "at 0x4004 <f+4> "}, {"at 0x3004", "at 0x3004"},
		    {"at " ID "+0x4001", "at " ID "+0x4001 <f+1>"},
		    {"at " ID " 0x4001", "at " ID " 0x4001 <f+1>"},
		    {"at ff" ID "+0x4001", "at ff" ID "+0x4001"}, {"at 0x4004 <", "at 0x4004 <"},
		    {"at 0x4004<", "at 0x4004 <f+4><"},
		    /* gdb's frames but the first are behind a call. */
		    {"#0  0x4004 in ?? ()", "#0  0x4004 <f+4> in ?? ()"},
		    {"#1  0x4004 in ?? ()", "#1  0x4004 <caller+4> in ?? ()"},
		    {"#9  0x4004", "#9  0x4004 <caller+4>"}, {"#x  0x4004", "#x  0x4004 <f+4>"});
}

/* The first of a stack is where it is, the others are behind calls. */
static void lines_of_stacks(void)
{
	CHECK_LINES({"@[", "@["}, {"  0x1004", "  in\"ner [inlined] @a.c:1\n  f+4 @b.c:2"},
		    {"  0x4004", "  caller+4"}, {"  has+1", "  has+1"}, {"  0x4004", "  caller+4"},
		    {"  0x3004", "  0x3004"}, {"  " ID " 0x4004", "  caller+4"}, {"]: 1", "]: 1"},
		    {"  0x4004", "  f+4"});
	/* Digits alone are an address where a stack stands. */
	CHECK_LINES({"4004", "4004"}, {"", ""}, {"4004", "f+4"}, {"4004", "caller+4"}, {"x", "x"},
		    {"4004", "4004"}, {"a,", "a,"}, {"4004", "f+4"});
	CHECK_LINES({"\t4004 [unknown] (/bin/tool)", "\t4004 f+4 (/bin/tool)"},
		    {"\t4005 [unknown] (x)", "\t4005 caller+5 (x)"},
		    {"\t4005 [unknown] (", "\t4005 caller+5 ("},
		    {"\t4005 [unknown]", "\t4005 [unknown]"},
		    {"\t3005 [unknown] (x)", "\t3005 [unknown] (x)"});
}

static void folded_lines(void)
{
	CHECK_LINES({"tool;0x4004;0x1004 7", "tool;caller;f;in\"ner_[i] 7"},
		    {ID "+0x4004;x 12", "caller;x 12"}, {"0x4004 1", "f 1"},
		    {"x;0x3004 1", "x;0x3004 1"}, {"a;;0x4004 1", "a;;f 1"},
		    {"0x4004;0x4004", "0x4004 <f+4>;0x4004 <f+4>"});
}

static void strings_of_json(void)
{
	CHECK_LINES(
		{"{\"a\": \"0x4004\", \"b\": [\"x 0x1004\"]}",
		 "{\"a\": \"f+4\", \"b\": [\"x 0x1004 <in\\\"ner [inlined] @a.c:1, f+4 @b.c:2>\"]}"},
		{"{\"a\": \"\\n  0x4004\\n0x4005\\n0x4006\\n\"}",
		 "{\"a\": \"\\n  0x4004 <f+4>\\ncaller+5\\ncaller+6\\n\"}"},
		/* Behind a comma another element begins, and with it another stack. */
		{"{\"a\": \"0x4004,0x4005,\\n0x4006\\n0x1007\"}",
		 "{\"a\": \"f+4,f+5,\\nf+6\\nin\\\"ner [inlined] @a.c:1\\ncaller+7 @b.c:2\"}"},
		/* Digits that a script printed are a number, but in a stack. */
		{"{\"type\": \"printf\", \"data\": \"4004\\n\"}",
		 "{\"type\": \"printf\", \"data\": \"4004\\n\"}"},
		{"{\"type\": \"printf\", \"data\": \"x\\n4004\\n\"}",
		 "{\"type\": \"printf\", \"data\": \"x\\ncaller+4\\n\"}"},
		{"{\"type\": \"map\", \"data\": \"4004\\n\"}",
		 "{\"type\": \"map\", \"data\": \"f+4\\n\"}"},
		{"{\"type\": \"value\", \"data\": \"\\n\\t4004 [unknown] (x)\\n\\t4005 [unknown] (x)\\n\"}",
		 "{\"type\": \"value\", \"data\": \"\\n\\t4004 f+4 (x)\\n\\t4005 caller+5 (x)\\n\"}"},
		{"{\"a\": \"\\\\n\\\"0x4004\"}", "{\"a\": \"\\\\n\\\"0x4004 <f+4>\"}"},
		{"{\"a\": \"0x3004\", \"b\": \"\"", "{\"a\": \"0x3004\", \"b\": \"\""});
}

#define TYPED "{\"type\": \"value\", \"boot\": 1, \"data\": "

/* Frames have members; what was inlined has a frame of its own before it. */
static void frames_of_typed_json(void)
{
	CHECK_LINES(
		{TYPED "[{\"build_id\": \"" ID "\", \"file_offset\": \"0x1004\"}, "
		       "{\"build_id\": \"" ID "\", \"file_offset\": \"0x4005\"}]}",
		 TYPED
		 "[{\"build_id\": \"" ID
		 "\", \"file_offset\": \"0x1004\", \"name\": \"in\\\"ner\", "
		 "\"module\": \"/bin/tool\", \"file\": \"a.c\", \"line\": 1, \"inlined\": true}, "
		 "{\"build_id\": \"" ID "\", \"file_offset\": \"0x1004\", \"name\": \"f\", "
		 "\"offset\": 4, \"module\": \"/bin/tool\", \"file\": \"b.c\", \"line\": 2}, "
		 "{\"build_id\": \"" ID "\", \"file_offset\": \"0x4005\", \"name\": \"caller\", "
		 "\"offset\": 5, \"module\": \"/bin/tool\"}]}"},
		/* Behind the first of an array there are returns, in the next one again. */
		{TYPED
		 "[[{\"address\": \"0x4004\"}, {\"address\": \"0x4005\", \"module\": \"m\"}], "
		 "[{\"address\": \"0x2006\"}]]}",
		 TYPED "[[{\"address\": \"0x4004\", \"name\": \"f\", \"offset\": 4, "
		       "\"module\": \"/bin/tool\"}, {\"address\": \"0x4005\", \"module\": \"m\", "
		       "\"name\": \"caller\", \"offset\": 5}], "
		       "[{\"address\": \"0x2006\", \"module\": \"/bin/tool\", \"inlined\": true}, "
		       "{\"address\": \"0x2006\", \"name\": \"f\", \"offset\": 6, "
		       "\"module\": \"/bin/tool\", \"file\": \"b.c\", \"line\": 2}]]}"},
		/* Elements of a key are values: none is behind another, nor has frames in it. */
		{TYPED
		 "[{\"key\": [{\"address\": \"0x4004\"}, {\"address\": \"0x1005\"}], \"value\": 1}]}",
		 TYPED
		 "[{\"key\": [{\"address\": \"0x4004\", \"name\": \"f\", \"offset\": 4, "
		 "\"module\": \"/bin/tool\"}, {\"address\": \"0x1005\", \"name\": \"f\", "
		 "\"offset\": 5, \"module\": \"/bin/tool\", \"file\": \"b.c\", \"line\": 2}], "
		 "\"value\": 1}]}"},
		/* Without what it takes it stays as it is. */
		{TYPED "[{\"build_id\": \"" ID
		       "\"}, {\"build_id\": \"0123\", \"file_offset\": \"0x4004\"}, "
		       "{\"build_id\": \"" ID "\", \"file_offset\": \"4004\"}, "
		       "{\"address\": \"0x4004\", \"x\": {}}, {\"address\": 16388}, "
		       "{\"address\": \"0x3004\"}]}",
		 TYPED "[{\"build_id\": \"" ID
		       "\"}, {\"build_id\": \"0123\", \"file_offset\": \"0x4004\"}, "
		       "{\"build_id\": \"" ID "\", \"file_offset\": \"4004\"}, "
		       "{\"address\": \"0x4004\", \"x\": {}}, {\"address\": 16388}, "
		       "{\"address\": \"0x3004\"}]}"});
}

int main(void)
{
	beside_text();
	lines_of_stacks();
	folded_lines();
	strings_of_json();
	frames_of_typed_json();
	return check_result("symbolize frames");
}
