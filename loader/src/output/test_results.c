#include "output/test_results.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/internal.h"
#include "output/value_json.h"

#define GREEN "\033[32m"
#define RED "\033[31m"

/* Where the columns of benchmarks begin. */
#define NAME_WIDTH 40
#define TIME_WIDTH 15

static bool in_colour(const struct output *output)
{
	const char *wish = getenv("BPFTRACE_COLOR");

	if (wish && (strcmp(wish, "always") == 0 || strcmp(wish, "never") == 0))
		return *wish == 'a';
	return isatty(output->sink.fd);
}

static void put_tag(struct output *output, const char *colour, const char *tag)
{
	bool coloured = in_colour(output);

	if (coloured)
		strbuf_text(&output->text, colour);
	strbuf_text(&output->text, tag);
	if (coloured)
		strbuf_text(&output->text, "\033[0m");
	strbuf_char(&output->text, ' ');
}

static void put_count(struct strbuf *to, uint64_t count, const char *what)
{
	strbuf_u64(to, count);
	strbuf_char(to, ' ');
	strbuf_text(to, what);
	if (count != 1)
		strbuf_char(to, 's');
}

static void put_begin(struct output *output, uint32_t count)
{
	put_tag(output, GREEN, "[==========]");
	strbuf_text(&output->text, "Running ");
	put_count(&output->text, count, "test");
	strbuf_text(&output->text, ".\n");
}

static void put_test(struct output *output, const char *name)
{
	put_tag(output, GREEN, "[ RUN      ]");
	strbuf_text(&output->text, name);
	strbuf_char(&output->text, '\n');
	output_flush(output);
}

/* ` (350 us)`: in the largest unit that leaves a whole number. */
static void put_duration(struct strbuf *to, uint64_t ns)
{
	static const char *const units[] = {" ns", " us", " ms", " s"};
	uint32_t unit = 0;

	while (unit < 3 && ns >= 1000) {
		ns /= 1000;
		unit++;
	}
	strbuf_text(to, " (");
	strbuf_u64(to, ns);
	strbuf_text(to, units[unit]);
	strbuf_char(to, ')');
}

/* Lines that are not empty. */
static void put_printed(struct strbuf *to, const struct strbuf *printed)
{
	const char *at = printed->data, *end = at + printed->length;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		if (length) {
			strbuf_put(to, at, length);
			strbuf_char(to, '\n');
		}
		at += length + 1;
	}
}

static void put_result(struct output *output, const struct test_result *result,
		       const struct strbuf *printed)
{
	if (!result->passed)
		put_printed(&output->text, printed);
	if (result->passed)
		put_tag(output, GREEN, "[       OK ]");
	else
		put_tag(output, RED, "[  FAILED  ]");
	strbuf_text(&output->text, result->name);
	put_duration(&output->text, result->ns);
	strbuf_char(&output->text, '\n');
}

static void put_end(struct output *output, const struct test_result *results, uint32_t count)
{
	uint32_t passed = 0;

	for (uint32_t i = 0; i < count; i++)
		passed += results[i].passed;
	put_tag(output, GREEN, "[==========]");
	put_count(&output->text, count, "test");
	strbuf_text(&output->text, " ran.\n");
	put_tag(output, GREEN, "[  PASSED  ]");
	put_count(&output->text, passed, "test");
	strbuf_text(&output->text, ".\n");
	if (passed == count)
		return;
	put_tag(output, RED, "[  FAILED  ]");
	put_count(&output->text, count - passed, "test");
	strbuf_text(&output->text, ", listed below:\n");
	for (uint32_t i = 0; i < count; i++) {
		if (results[i].passed)
			continue;
		put_tag(output, RED, "[  FAILED  ]");
		strbuf_text(&output->text, results[i].name);
		strbuf_char(&output->text, '\n');
	}
}

/* Names are left-aligned text of one column a byte: those of attach points. */
static void put_cell(struct strbuf *to, const char *text, size_t length, size_t width)
{
	strbuf_put(to, text, length);
	if (length < width)
		strbuf_fill(to, ' ', width - length);
}

static void put_number_cell(struct strbuf *to, uint64_t number, size_t width)
{
	char digits[STRBUF_NUMBER_MAX], *end = digits + sizeof(digits);
	char *start = digits_decimal(end, number);

	put_cell(to, start, (size_t)(end - start), width);
}

static void put_benchmarks(struct output *output, const struct benchmark *benchmarks,
			   uint32_t count)
{
	static const char last[] = "Iterations";
	struct strbuf *to = &output->text;
	size_t width = NAME_WIDTH;

	for (uint32_t i = 0; i < count; i++)
		if (strlen(benchmarks[i].name) > width)
			width = strlen(benchmarks[i].name);
	width++;
	put_cell(to, "Benchmark", strlen("Benchmark"), width);
	put_cell(to, "Time(ns)", strlen("Time(ns)"), TIME_WIDTH);
	strbuf_text(to, last);
	strbuf_char(to, '\n');
	strbuf_fill(to, '-', width + TIME_WIDTH + strlen(last));
	strbuf_char(to, '\n');
	for (uint32_t i = 0; i < count; i++) {
		put_cell(to, benchmarks[i].name, strlen(benchmarks[i].name), width);
		put_number_cell(to, benchmarks[i].ns, TIME_WIDTH);
		strbuf_u64(to, benchmarks[i].runs);
		strbuf_char(to, '\n');
	}
}

const struct test_renderer text_test_renderer = {
	.begin = put_begin,
	.test = put_test,
	.result = put_result,
	.end = put_end,
	.benchmarks = put_benchmarks,
};

static void skip_begin(struct output *output, uint32_t count)
{
	(void)output;
	(void)count;
}

static void skip_test(struct output *output, const char *name)
{
	(void)output;
	(void)name;
}

static void begin_json(struct strbuf *to, const char *type, const char *name)
{
	strbuf_text(to, "{\"type\": \"");
	strbuf_text(to, type);
	strbuf_text(to, "\", \"data\": {");
	json_string(to, name);
	strbuf_text(to, ": {");
}

static void json_result(struct output *output, const struct test_result *result,
			const struct strbuf *printed)
{
	struct strbuf *to = &output->text;
	size_t start;

	begin_json(to, "test_result", result->name);
	strbuf_text(to, "\"duration\": ");
	json_u64(to, result->ns);
	strbuf_text(to, result->passed ? ", \"passed\": true" : ", \"passed\": false");
	strbuf_text(to, ", \"output\": ");
	start = to->length;
	strbuf_put(to, printed->data, printed->length);
	json_quote(to, start);
	strbuf_text(to, "}}}\n");
}

static void skip_end(struct output *output, const struct test_result *results, uint32_t count)
{
	(void)output;
	(void)results;
	(void)count;
}

static void json_benchmarks(struct output *output, const struct benchmark *benchmarks,
			    uint32_t count)
{
	struct strbuf *to = &output->text;

	for (uint32_t i = 0; i < count; i++) {
		begin_json(to, "benchmark_result", benchmarks[i].name);
		strbuf_text(to, "\"average\": ");
		json_u64(to, benchmarks[i].ns);
		strbuf_text(to, ", \"iters\": ");
		json_u64(to, benchmarks[i].runs);
		strbuf_text(to, "}}}\n");
	}
}

const struct test_renderer json_test_renderer = {
	.begin = skip_begin,
	.test = skip_test,
	.result = json_result,
	.end = skip_end,
	.benchmarks = json_benchmarks,
};
