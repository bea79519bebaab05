/* A strict JSON reader (RFC 8259) for manifests: no comments, no trailing commas, whole numbers
 * only. */
#ifndef BPFLOAD_JSON_H
#define BPFLOAD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_kind kind;
	/* true; a number below 0. */
	bool flag;
	/* Members or elements. */
	uint32_t count;
	union {
		/* Two's complement when negative. */
		uint64_t number;
		/* A string as it stands in the file, escapes included, and its length. */
		struct {
			const char *text;
			size_t length;
		};
		/* First element. */
		const struct json *first;
	};
	/* Name of a member of an object. */
	const struct json *name;
	const struct json *next;
};

struct json_error {
	const char *what;
	/* Byte in the text. */
	size_t at;
};

/* Parses one value that fills the text but for white space. NULL with *error set. */
const struct json *json_parse(struct arena *arena, const char *text, size_t length,
			      struct json_error *error);

/* Member of an object by name (names are compared as written, unescaped), or NULL. */
const struct json *json_member(const struct json *object, const char *name);

/* UTF-8 text of a string, NUL-terminated; NULL when it holds a NUL. */
const char *json_text(struct arena *arena, const struct json *string);

/*
 * Bytes of a string that holds one character from 0 to 255 for each byte (a character beyond is
 * taken as UTF-8), NUL-terminated; what follows a NUL in it is not seen.
 */
const char *json_bytes(struct arena *arena, const struct json *string);

#endif
