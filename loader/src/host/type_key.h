/* Which types of a kernel have the kind and name of one of an object: CO-RE's candidates. */
#ifndef BPFLOAD_TYPE_KEY_H
#define BPFLOAD_TYPE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;
struct btf_type;

/* Whether two names are the same without their `___flavor`. */
bool type_same_name(const char *left, const char *right);

/* What a local type's namesakes have in common with it. */
struct type_key {
	uint32_t kind;
	/* Without a `___flavor`; no type has the key of one without a name. */
	const char *name;
	size_t length;
};

struct type_key type_key_of(const struct btf *local, uint32_t type);
/* Kinds that such a type may be of (type_view.h). */
uint32_t type_key_kinds(const struct type_key *key);
/* Whether a type of this name (as the host has it) is such. */
bool type_has_key(const struct type_key *key, const struct btf_type *type, const char *name);

/*
 * The host's types of the local one's kind and name, without a `___flavor`, from id `first` on: up
 * to `room` ids in *ids. The result is how many there are.
 */
uint32_t type_candidates(const struct btf *local, uint32_t type, const struct btf *host,
			 uint32_t first, uint32_t *ids, uint32_t room);

#endif
