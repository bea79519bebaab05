/* Members of JSON objects, which are put together one by one. Names are our own: nothing in them is
 * escaped. */
#ifndef BPFLOAD_JSON_MEMBERS_H
#define BPFLOAD_JSON_MEMBERS_H

#include <stdint.h>

#include "base/strbuf.h"

/* The name of the next member of the object that is open: its value comes behind. */
void json_member_begin(struct strbuf *to, const char *name);

void json_member_text(struct strbuf *to, const char *name, const char *text);
void json_member_i64(struct strbuf *to, const char *name, int64_t number);

/* Begins an object as the member's value; `}` ends it. */
void json_member_object(struct strbuf *to, const char *name);

/* Begins the next element, an object, of the array that is open. */
void json_element_object(struct strbuf *to);

#endif
