/*
 * Types that an object was compiled against, in its own BTF ("local"), beside those of the running
 * kernel ("host"). libbpf adapts places and widths by CO-RE, but does not say when a value is of
 * another kind than the code takes it for: this does.
 */
#ifndef BPFLOAD_TYPE_MATCH_H
#define BPFLOAD_TYPE_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;
struct btf_member;

/* What an access path leads to. */
struct type_leaf {
	const struct btf *btf;
	/* As declared: with its modifiers and typedefs. */
	uint32_t type;
	/* From the start of the path's struct. */
	uint64_t bit_offset;
	/* 0: no bitfield. */
	uint32_t bit_size;
	/* The last member's name on the path; empty for an element without one. */
	const char *name;
};

/* Follows an access path (`0:1:2`) in the local BTF. False where it makes no sense there. */
bool type_local_leaf(const struct btf *local, uint32_t type, const char *access,
		     struct type_leaf *leaf);

/* The last member on the path; NULL where it makes no sense, or leads through none. */
const struct btf_member *type_local_member(const struct btf *local, uint32_t type,
					   const char *access);

/*
 * Follows the same path from a struct of the host, by the names of members and through anonymous
 * ones, as bpf_core_spec_match does (libbpf, relo_core.c). False where the host has no such member.
 */
bool type_host_leaf(const struct btf *local, uint32_t type, const char *access,
		    const struct btf *host, uint32_t candidate, struct type_leaf *leaf);

/* Whether libbpf takes the host's leaf for the local one (bpf_core_fields_are_compat, relo_core.c);
 * else the member counts as missing. */
bool type_relocates(const struct type_leaf *local, const struct type_leaf *host);

/* How the code takes the value. */
enum type_use {
	/* Its width and sign are the host's own, by relocations. */
	TYPE_USE_ADAPTS,
	/* The same, of a number that the script takes as int64 whatever its sign. */
	TYPE_USE_OPEN,
	/* A load whose width libbpf adapts where both are pointers, or unsigned. */
	TYPE_USE_LOADS,
	/* As the compiler knew it. */
	TYPE_USE_FIXED,
};

/*
 * Whether a value of the host's leaf is what code for the local one takes it for. Where not,
 * `why` says what the host has, and what the script was built for: "is a pointer, not a number".
 */
bool type_same_value(const struct type_leaf *local, const struct type_leaf *host, enum type_use use,
		     char *why, size_t room);

/*
 * Whether bytes of one type can be taken for the other's: the same kind, size and sign, and, of
 * structs, each member of the local one (by its name) at the same place. Pointers are the same
 * where they lead to structs of one name, or one of them leads to void.
 */
bool type_same_layout(const struct btf *local, uint32_t local_type, const struct btf *host,
		      uint32_t host_type, char *why, size_t room);

/* A number, truth or enumerator as registers hold it. */
struct type_number {
	uint32_t size;
	bool is_signed;
	/* Whose sign BTF may not say. */
	bool is_enum;
};

/* Enums had no sign in BTF before pahole 1.24: one that seems to have none may have one. Code for
 * numbers without takes none that has one in any case. */
bool type_sign_unknown(bool local_enum, bool local_signed, bool host_enum, bool host_signed);

/* False where the type is something else. */
bool type_number(const struct btf *btf, uint32_t type, struct type_number *number);

/* The member of a struct, also in its anonymous ones, by its name. False where it has none. */
bool type_member(const struct btf *btf, uint32_t type, const char *name, struct type_leaf *leaf);

/* How a type is called, for messages: `struct sock`, `unsigned int`, `a pointer`. */
void type_describe(const struct btf *btf, uint32_t type, char *text, size_t room);

#endif
