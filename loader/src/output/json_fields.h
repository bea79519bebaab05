/* Members of JSON objects, for documents that are put together one by one. */
#ifndef BPFLOAD_JSON_FIELDS_H
#define BPFLOAD_JSON_FIELDS_H

#include <stdint.h>

#include "base/strbuf.h"

/* The name of the next member of the object that is open: its value comes behind. */
void json_field(struct strbuf *to, const char *name);

void json_field_text(struct strbuf *to, const char *name, const char *text);
void json_field_number(struct strbuf *to, const char *name, uint64_t value);

/* Begins an object as the member's value; `}` ends it. */
void json_field_object(struct strbuf *to, const char *name);

/* Begins the next element, an object, of the array that is open. */
void json_next_object(struct strbuf *to);

#endif
