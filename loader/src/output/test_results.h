/* How results of --test and --bench look: one table of functions a form of output. */
#ifndef BPFLOAD_TEST_RESULTS_H
#define BPFLOAD_TEST_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

struct output;
struct strbuf;

struct test_result {
	const char *name;
	uint64_t ns;
	bool passed;
};

struct benchmark {
	const char *name;
	/* Mean of one run. */
	uint64_t ns;
	uint64_t runs;
};

struct test_renderer {
	void (*begin)(struct output *output, uint32_t count);
	void (*test)(struct output *output, const char *name);
	/* With what the test printed. */
	void (*result)(struct output *output, const struct test_result *result,
		       const struct strbuf *printed);
	void (*end)(struct output *output, const struct test_result *results, uint32_t count);
	void (*benchmarks)(struct output *output, const struct benchmark *benchmarks,
			   uint32_t count);
};

extern const struct test_renderer text_test_renderer, json_test_renderer;

#endif
