/* Types of BTF as C declares them, for people who look for what a probe or a struct holds. */
#ifndef BPFLOAD_TYPE_TEXT_H
#define BPFLOAD_TYPE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct btf;

/* `struct sock * sk`, `int (*cb)(void *)`, `char name[16]`. False: the type refers to itself. */
bool type_text_parameter(const struct btf *btf, uint32_t type, const char *name,
			 struct strbuf *text);

/* All of a struct, union or enum, in lines. False: it refers to itself. */
bool type_text_definition(const struct btf *btf, uint32_t type, struct strbuf *text);

#endif
