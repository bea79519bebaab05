/* Frames in each form of output: what is known of one is there, and what is not is left out. */
#include "binary/code_lines.h"
#include "check.h"
#include "output/frames.h"
#include "symbols/symbols.h"

static const struct code_frame frames[] = {
	{"inner", "a.c:1"},
	{NULL, "b.c:22"},
	{"ignored", "c.c:333"},
};
static const struct symbol plain = {.name = "f", .offset = 12, .module = "/bin/tool"};
static const struct symbol inlined = {
	.name = "f", .offset = 12, .module = "/bin/tool", .frames = frames, .frame_count = 3};
static const struct symbol nothing;
static const uint8_t id[] = {0x0a, 0xf1, 0x23};

static void text(void)
{
	static const struct code_frame without[] = {{NULL, NULL}};
	const struct symbol lineless = {.name = "g", .frames = without, .frame_count = 1};
	const struct symbol one = {.name = "g", .frames = frames, .frame_count = 1};
	struct strbuf to = {0};

	frame_text(&to, 0xabc, &plain);
	CHECK_TEXT(&to, "        f+12");
	frame_text(&to, 0xabc, &nothing);
	CHECK_TEXT(&to, "        0xabc");
	/* The last of them is the function itself, which has its name from its symbol. */
	frame_text(&to, 0xabc, &inlined);
	CHECK_TEXT(&to, "        inner [inlined] @a.c:1\n"
			"        [unknown] [inlined] @b.c:22\n"
			"        f+12 @c.c:333");
	frame_text(&to, 0xabc, &lineless);
	CHECK_TEXT(&to, "        g+0");
	frame_text(&to, 0xabc, &one);
	CHECK_TEXT(&to, "        g+0 @a.c:1");
	strbuf_free(&to);
}

static void folded(void)
{
	const struct symbol jit = {.name = "f", .module = SYMBOLS_JIT};
	struct strbuf to = {0};

	frame_folded(&to, &plain, true);
	CHECK_TEXT(&to, "f;");
	frame_folded(&to, &plain, false);
	CHECK_TEXT(&to, "f_[k];");
	frame_folded(&to, &jit, true);
	CHECK_TEXT(&to, "f_[j];");
	/* The kernel has no just-in-time compiler of that kind. */
	frame_folded(&to, &jit, false);
	CHECK_TEXT(&to, "f_[k];");
	frame_folded(&to, &inlined, true);
	CHECK_TEXT(&to, "f;[unknown]_[i];inner_[i];");
	strbuf_free(&to);
}

/* What has no name is called by its file, as far as that is known. */
static void folded_without_a_name(void)
{
	static const struct {
		const char *module, *expected;
	} cases[] = {
		{NULL, "[unknown];"},	   {"/usr/lib/libc.so", "[libc.so];"},
		{"libc.so", "[libc.so];"}, {"[vdso]", "[vdso];"},
		{"/tmp/[odd]", "[odd];"},  {"/tmp/a;b", "[a:b];"},
		{"/tmp/\x1b]0", "[?]0];"}, {"", "[];"},
	};
	struct strbuf to = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		frame_folded(&to, &(struct symbol){.module = cases[i].module}, true);
		CHECK_TEXT(&to, cases[i].expected);
	}
	strbuf_free(&to);
}

/* One character, however long, becomes one mark; and what is before a part stays. */
static void parts(void)
{
	static const struct {
		const char *text, *mark, *expected;
	} cases[] = {
		{"", "", "a;b[empty];"},
		{"", "_[k]", "a;b_[k];"},
		{";x;y;", "", "a;b:x:y:;"},
		{"1\n2\t3\r4", "_[i]", "a;b1?2?3?4_[i];"},
		{"\xc3\xa9 \xe2\x82\xac", "", "a;b\xc3\xa9 \xe2\x82\xac;"},
		{"x\xc2\x9bz\x7f", "", "a;bx?z?;"},
		{"\x90y", "", "a;b?y;"},
	};
	struct strbuf to = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		strbuf_text(&to, "a;b");
		folded_part(&to, cases[i].text, cases[i].mark);
		CHECK_TEXT(&to, cases[i].expected);
	}
	strbuf_free(&to);
}

static void members(void)
{
	struct strbuf to = {0};

	strbuf_char(&to, '{');
	frame_typed_symbol(&to, &plain);
	CHECK_TEXT(&to, "{\"name\": \"f\", \"offset\": 12, \"module\": \"/bin/tool\"");
	strbuf_char(&to, '{');
	frame_typed_symbol(&to, &(struct symbol){.module = "m", .offset = 5});
	CHECK_TEXT(&to, "{\"module\": \"m\"");
	strbuf_char(&to, '{');
	frame_typed_symbol(&to, &nothing);
	CHECK_TEXT(&to, "{");
	strbuf_char(&to, '{');
	frame_typed_source(&to, "C:\\a\".c:12");
	CHECK_TEXT(&to, "{\"file\": \"C:\\\\a\\\".c\", \"line\": 12");
	strbuf_char(&to, '{');
	frame_typed_source(&to, NULL);
	frame_typed_source(&to, "without");
	CHECK_TEXT(&to, "{");
	strbuf_char(&to, '{');
	frame_typed_file(&to, id, sizeof(id), 0x1f);
	CHECK_TEXT(&to, "{\"build_id\": \"0af123\", \"file_offset\": \"0x1f\"");
	strbuf_char(&to, '{');
	frame_typed_file(&to, NULL, 0, 0x1f);
	CHECK_TEXT(&to, "{\"file_offset\": \"0x1f\"");
	frame_typed_address(&to, 0xffffffff81000000);
	CHECK_TEXT(&to, "\"address\": \"0xffffffff81000000\"");
	frame_typed_place(&to, id, 2, 0);
	CHECK_TEXT(&to, "\"build_id\": \"0af1\", \"file_offset\": \"0x0\"");
	strbuf_free(&to);
}

/* All but the last, which is the frame's own. */
static void what_was_inlined(void)
{
	struct strbuf to = {0};

	frame_typed_inlined(&to, &inlined, 0xabc);
	CHECK_TEXT(&to, "{\"address\": \"0xabc\", \"name\": \"inner\", \"module\": \"/bin/tool\", "
			"\"file\": \"a.c\", \"line\": 1, \"inlined\": true}, "
			"{\"address\": \"0xabc\", \"module\": \"/bin/tool\", "
			"\"file\": \"b.c\", \"line\": 22, \"inlined\": true}, ");
	frame_typed_inlined_in(&to, &(struct symbol){.frames = frames, .frame_count = 2}, id, 3, 7);
	CHECK_TEXT(&to, "{\"build_id\": \"0af123\", \"file_offset\": \"0x7\", \"name\": \"inner\", "
			"\"file\": \"a.c\", \"line\": 1, \"inlined\": true}, ");
	frame_typed_inlined(&to, &plain, 0xabc);
	frame_typed_inlined_in(&to, &plain, id, 3, 7);
	CHECK_TEXT(&to, "");
	strbuf_free(&to);
}

int main(void)
{
	text();
	folded();
	folded_without_a_name();
	parts();
	members();
	what_was_inlined();
	return check_result("frames");
}
