/* Results of --test and --bench, as text, in colour, and as JSON. */
#include "output/test_results.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "output/internal.h"

static struct output output;
static struct strbuf written;

/* What is written before a test runs stands in front of what it prints. */
int output_flush(struct output *flushed)
{
	strbuf_put(&written, flushed->text.data, flushed->text.length);
	strbuf_clear(&flushed->text);
	return 0;
}

static const struct test_result results[] = {
	{"test:first", 999, true},	     {"test:second", 1000, false},
	{"test:third", 12345678, true},	     {"test:fourth", 59999999999, false},
	{"test:fifth", 7200000000000, true},
};

static const struct strbuf *printed(const char *text)
{
	static struct strbuf buffer;

	strbuf_clear(&buffer);
	strbuf_text(&buffer, text);
	return &buffer;
}

static void as_text(void)
{
	setenv("BPFTRACE_COLOR", "never", 1);
	text_test_renderer.begin(&output, 5);
	CHECK_TEXT(&output.text, "[==========] Running 5 tests.\n");
	text_test_renderer.begin(&output, 1);
	CHECK_TEXT(&output.text, "[==========] Running 1 test.\n");
	text_test_renderer.test(&output, "test:first");
	CHECK(output.text.length == 0);
	CHECK_TEXT(&written, "[ RUN      ] test:first\n");
	/* What a test printed is shown where it failed: its lines, the last one whole. */
	text_test_renderer.result(&output, &results[0], printed("not shown\n"));
	CHECK_TEXT(&output.text, "[       OK ] test:first (999 ns)\n");
	text_test_renderer.result(&output, &results[1], printed("\n\none\n\nlast"));
	CHECK_TEXT(&output.text, "one\nlast\n[  FAILED  ] test:second (1 us)\n");
	text_test_renderer.result(&output, &results[2], printed(""));
	CHECK_TEXT(&output.text, "[       OK ] test:third (12 ms)\n");
	text_test_renderer.result(&output, &results[3], printed(""));
	CHECK_TEXT(&output.text, "[  FAILED  ] test:fourth (59 s)\n");
	text_test_renderer.result(&output, &results[4], printed(""));
	CHECK_TEXT(&output.text, "[       OK ] test:fifth (7200 s)\n");
	text_test_renderer.end(&output, results, 5);
	CHECK_TEXT(&output.text, "[==========] 5 tests ran.\n[  PASSED  ] 3 tests.\n"
				 "[  FAILED  ] 2 tests, listed below:\n"
				 "[  FAILED  ] test:second\n[  FAILED  ] test:fourth\n");
	text_test_renderer.end(&output, results, 1);
	CHECK_TEXT(&output.text, "[==========] 1 test ran.\n[  PASSED  ] 1 test.\n");
}

static void in_colour(void)
{
	setenv("BPFTRACE_COLOR", "always", 1);
	text_test_renderer.result(&output, &results[0], printed(""));
	CHECK_TEXT(&output.text, "\033[32m[       OK ]\033[0m test:first (999 ns)\n");
	text_test_renderer.end(&output, results + 1, 1);
	CHECK_TEXT(&output.text, "\033[32m[==========]\033[0m 1 test ran.\n"
				 "\033[32m[  PASSED  ]\033[0m 0 tests.\n"
				 "\033[31m[  FAILED  ]\033[0m 1 test, listed below:\n"
				 "\033[31m[  FAILED  ]\033[0m test:second\n");
	/* Else a terminal says it, which a file is not. */
	setenv("BPFTRACE_COLOR", "auto", 1);
	text_test_renderer.begin(&output, 2);
	CHECK_TEXT(&output.text, "[==========] Running 2 tests.\n");
	unsetenv("BPFTRACE_COLOR");
	output.sink.fd = posix_openpt(O_RDWR | O_NOCTTY);
	text_test_renderer.begin(&output, 2);
	CHECK_TEXT(&output.text, "\033[32m[==========]\033[0m Running 2 tests.\n");
	close(output.sink.fd);
	output.sink.fd = -1;
}

static void benchmarks_in_columns(void)
{
	char name[64];
	struct benchmark benchmarks[] = {{"bench:short", 12, 3000000},
					 {"bench:", 18446744073709551615u, 1}};

	text_test_renderer.benchmarks(&output, benchmarks, 2);
	CHECK_TEXT(&output.text,
		   "Benchmark                                Time(ns)       Iterations\n"
		   "------------------------------------------------------------------\n"
		   "bench:short                              12             3000000\n"
		   "bench:                                   18446744073709551615"
		   "1\n");
	/* A long name makes room for itself, and one between. */
	memset(name, 'x', sizeof(name));
	name[41] = '\0';
	benchmarks[1].name = name;
	text_test_renderer.benchmarks(&output, benchmarks, 2);
	CHECK_TEXT(&output.text,
		   "Benchmark                                 Time(ns)       Iterations\n"
		   "-------------------------------------------------------------------\n"
		   "bench:short                               12             3000000\n"
		   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx 18446744073709551615"
		   "1\n");
}

static void as_json(void)
{
	const struct benchmark benchmark = {"bench:\"b\"", 12, 3000000};

	json_test_renderer.begin(&output, 5);
	json_test_renderer.test(&output, "test:first");
	json_test_renderer.result(&output, &results[1], printed("a \"text\"\n"));
	json_test_renderer.result(&output, &results[0], printed(""));
	json_test_renderer.end(&output, results, 5);
	CHECK(written.length == 0);
	CHECK_TEXT(&output.text, "{\"type\": \"test_result\", \"data\": {\"test:second\": "
				 "{\"duration\": 1000, \"passed\": false, "
				 "\"output\": \"a \\\"text\\\"\\n\"}}}\n"
				 "{\"type\": \"test_result\", \"data\": {\"test:first\": "
				 "{\"duration\": 999, \"passed\": true, \"output\": \"\"}}}\n");
	json_test_renderer.benchmarks(&output, &benchmark, 1);
	CHECK_TEXT(&output.text, "{\"type\": \"benchmark_result\", \"data\": {\"bench:\\\"b\\\"\": "
				 "{\"average\": 12, \"iters\": 3000000}}}\n");
}

int main(void)
{
	output.sink.fd = -1;
	strbuf_reserve(&output.text, 1);
	as_text();
	in_colour();
	benchmarks_in_columns();
	as_json();
	strbuf_free(&output.text);
	strbuf_free(&written);
	return check_result("test_results");
}
