/* Values and their types as the form json2 has them. */
#ifndef BPFLOAD_VALUE_TYPED_H
#define BPFLOAD_VALUE_TYPED_H

#include <stdint.h>

#include "base/strbuf.h"
#include "object/manifest.h"

struct value_context;

/* Appends {"kind": ..., ...}: what a reader has to know of values of the type. */
void typed_type(struct strbuf *to, const struct value_context *context, const struct mf_type *type);

/* Appends a value that may stand anywhere. */
void typed_value(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
		 const uint8_t *data);

/* Appends a map's value, divided by `div`. */
void typed_map_value(struct strbuf *to, const struct value_context *context,
		     const struct mf_type *type, const uint8_t *data, uint32_t div);

/* Appends [PART, ...]: the elements of a tuple, or the one value. */
void typed_key(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
	       const uint8_t *data);
/* Appends the same of its types; no type: []. */
void typed_key_type(struct strbuf *to, const struct value_context *context,
		    const struct mf_type *type);

#endif
