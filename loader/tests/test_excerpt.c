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
	return check_result("excerpt");
}
