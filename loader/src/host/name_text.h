/* Numbers by name: users, errors, signals, system calls. */
#ifndef BPFLOAD_NAME_TEXT_H
#define BPFLOAD_NAME_TEXT_H

#include <stdint.h>

#include "object/manifest.h"
#include "base/strbuf.h"

struct names;

/* The list of users is read when the first one is named. */
struct names *names_new(void);
void names_free(struct names *names);

/* Appends the name of a number. A user who is not known has an empty one. */
void name_text(struct strbuf *to, struct names *names, enum mf_name_space space, uint64_t number);

#endif
