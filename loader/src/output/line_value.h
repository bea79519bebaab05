/* Values in one line, for screens: text that is not yet made harmless (base/screen_text.h). */
#ifndef BPFLOAD_LINE_VALUE_H
#define BPFLOAD_LINE_VALUE_H

#include "output/value.h"

/* Appends a value as value_text does, but stacks as `inner < caller < ...`, and no more of them
 * than a line has room for. Not for values with buckets. */
void line_value(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
		const uint8_t *data);

/* The same for a map's key, without parentheses around it. */
void line_key(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
	      const uint8_t *data);

#endif
