/* Which part of a line is an expression. */
#include "base/excerpt.h"

#include <string.h>

#include "check.h"

/* `marked` stands in the line where the expression begins. */
static void expect(const char *text, const char *marked)
{
	uint32_t column = (uint32_t)(strstr(text, marked) - text) + 1;

	CHECK(excerpt_end(text, column) == column + strlen(marked));
}

int main(void)
{
	struct strbuf buffer = {0};
	char text[3000] = {0};

	expect("  $x = 5;", "$x");
	expect("print($p.f[3].g(a, \")\") + 1);", "$p.f[3].g(a, \")\")");
	expect("print($p->f->g);", "$p->f->g");
	expect("@[pid, comm] = count();", "@[pid, comm]");
	expect("print(@);", "@");
	expect("if ($x == (1 + 2)) { }", "if ($x == (1 + 2))");
	expect("$y = *$p.q + 1;", "*$p.q");
	expect("$y = ((struct file *)arg0).f_inode;", "((struct file *)arg0).f_inode");
	expect("$y = (int8)$x + 1;", "(int8)$x");
	expect("printf(\"a \\\" b\", 1);", "\"a \\\" b\"");
	expect("$x = 1 << 3;", "<<");
	expect("$x += 3;", "+=");
	expect("tracepoint:sched:sched_switch { }", "tracepoint:sched:sched_switch");
	expect("while ($x) { }", "while ($x)");
	expect("unroll (5) { }", "unroll (5)");
	expect("for ($kv : @) { }", "for ($kv : @)");
	expect("iff ($x)", "iff");
	expect("fork (1)", "fork");
	expect("uprobe:/bin/a:f { }", "uprobe:");
	expect("$x ? $y : $z", "$y");
	expect("$p.4", "$p.4");
	expect("$p . f", "$p");
	expect("$p- >f", "$p");
	expect("$p->>f", "$p");
	expect("!-~$x", "!-~$x");
	expect("!($x)", "!($x)");
	expect("& $x", "&");
	expect("\"a\".f \"b\"", "\"a\".f");
	expect("\"a\\\\\" \"b\"", "\"a\\\\\"");
	expect("{ f(1)[2] } x", "{ f(1)[2] }");
	expect("([)] x", "([)]");
	expect("a / b", "/");
	expect("a ||= b", "||=");
	/* What is cut, or not there. */
	expect("str(args.name, \"", "str(args.name, \"");
	expect("f((", "f((");
	expect("x \"\\", "\"\\");
	CHECK(excerpt_end("ab", 3) == 3 && excerpt_end("", 1) == 1 && excerpt_end("ab", 0) == 0);
	CHECK(excerpt_end("a b", 2) == 2);
	excerpt_put(&buffer, "\tf(1);", 2, 6);
	check_text(&buffer, "    f(1);\n    ~~~~\n", __FILE__, __LINE__);
	strbuf_free(&buffer);
	/* What a terminal would obey. */
	excerpt_put(&buffer, "\033]0;x\007 \x7f\xc2\x9b\xc2\xa0", 1, 2);
	check_text(&buffer, "?]0;x? ???\xc2\xa0\n~\n", __FILE__, __LINE__);
	strbuf_free(&buffer);
	/* A long line is cut around the mark: 80 bytes before it, 240 in all, and no character in
	 * two. */
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + 917, "\xc3\xa4", 2);
	memcpy(text + 998, "f(1)", 4);
	excerpt_put(&buffer, text, 999, 1003);
	CHECK(strncmp(buffer.data, "...\xc3\xa4xxx", 8) == 0 && strstr(buffer.data, "xf(1)x"));
	CHECK(strchr(buffer.data, '\n') - buffer.data == 3 + 240 + 3);
	CHECK(strstr(buffer.data, "x...\n   ") && strstr(buffer.data, "  ~~~~\n"));
	CHECK(strcspn(strchr(buffer.data, '\n') + 1, "~") == 3 + 81);
	strbuf_free(&buffer);
	/* Of 240 bytes nothing is cut, of 241 one. */
	for (uint32_t length = 240; length <= 241; length++) {
		memset(text, 'x', length);
		text[length] = '\0';
		for (uint32_t column = 81; column <= 82; column++) {
			const char *below;
			bool cuts_start = length == 241 && column == 82;

			excerpt_put(&buffer, text, column, column + 2);
			strbuf_c_text(&buffer);
			below = strchr(buffer.data, '\n') + 1;
			CHECK((strncmp(buffer.data, "...x", 4) == 0) == cuts_start);
			CHECK((buffer.data[below - buffer.data - 2] == '.') ==
			      (length == 241 && !cuts_start));
			CHECK(below - buffer.data - 1 == 240 + (length == 241 ? 3 : 0));
			CHECK(strspn(below, " ") == column - 1 + (cuts_start ? 3 - 1 : 0));
			CHECK(strcmp(below + strspn(below, " "), "~~\n") == 0);
			strbuf_clear(&buffer);
		}
	}
	/* A mark behind the end, and characters at both ends that are not cut in two. */
	memset(text, 'x', 300);
	text[300] = '\0';
	excerpt_put(&buffer, text, 5000, 5001);
	CHECK(strncmp(buffer.data, "xxx", 3) == 0);
	strbuf_clear(&buffer);
	memcpy(text + 239, "\xc3\xa4", 2);
	excerpt_put(&buffer, text, 1, 2);
	strbuf_c_text(&buffer);
	CHECK(strstr(buffer.data, "xx...\n~\n") == buffer.data + 237);
	strbuf_free(&buffer);
	return check_result("excerpt");
}
