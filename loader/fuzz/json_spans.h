/* Values in a text of JSON, as places in it: for changes after which it is still JSON. */
#ifndef BPFLOAD_FUZZ_JSON_SPANS_H
#define BPFLOAD_FUZZ_JSON_SPANS_H

#include <stddef.h>
#include <stdint.h>

#define JSON_SPANS_MAX 8192

struct json_span {
	/* Of the value; and of the item, which begins with the name where it is a member. */
	size_t start, end, item;
	/* 0: of the whole text. */
	uint32_t depth;
};

/* How many values there are; 0: it is no JSON that this reads. */
size_t json_spans(const char *text, size_t length, struct json_span spans[JSON_SPANS_MAX]);

/* Changes one value. The new length; 0: nothing was changed. */
size_t json_change(char *text, size_t length, size_t most, uint32_t *random);

#endif
