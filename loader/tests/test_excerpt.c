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
	/* What is cut, or not there. */
	expect("str(args.name, \"", "str(args.name, \"");
	expect("f((", "f((");
	expect("x \"\\", "\"\\");
	CHECK(excerpt_end("ab", 3) == 3 && excerpt_end("", 1) == 1 && excerpt_end("ab", 0) == 0);
	CHECK(excerpt_end("a b", 2) == 2);
	excerpt_put(&buffer, "\tf(1);", 2, 6);
	check_text(&buffer, "    f(1);\n    ~~~~\n", __FILE__, __LINE__);
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
	return check_result("excerpt");
}
