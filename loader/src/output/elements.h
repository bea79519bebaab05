/* Arrays, tuples and records in any form: what stands around their elements, and how one is
 * written. */
#ifndef BPFLOAD_ELEMENTS_H
#define BPFLOAD_ELEMENTS_H

#include <stdint.h>

#include "base/strbuf.h"
#include "object/manifest.h"

struct value_context;

/* Writes a value of any type. */
typedef void (*value_writer)(struct strbuf *to, const struct value_context *context,
			     const struct mf_type *type, const uint8_t *data);

struct elements_form {
	const char *open, *between, *close;
	/* Records: what stands before an element; NULL: nothing. */
	void (*name)(struct strbuf *to, const char *name);
};

/* Appends the elements of an array, a tuple or a record, each by `write`. */
void elements_put(struct strbuf *to, const struct value_context *context,
		  const struct mf_type *type, const uint8_t *data, const struct elements_form *form,
		  value_writer write);

/* How text has the elements of such a type. */
const struct elements_form *elements_text_form(const struct mf_type *type);

#endif
