/* The tracing file system: events, their ids and their fields. */
#ifndef BPFLOAD_TRACEFS_H
#define BPFLOAD_TRACEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* What to say when tracefs_root finds none. */
#define TRACEFS_HINT "tracefs is not mounted; run: mount -t tracefs tracefs /sys/kernel/tracing"

/* Where it is mounted, or NULL. */
const char *tracefs_root(void);

/* Whether the files below it can be read; sets errno when not. */
bool tracefs_readable(const char *root);

/* Id of an event for perf_event_open, or -1 with errno. */
int64_t tracefs_event_id(const char *root, const char *category, const char *event);

struct tracefs_event {
	const char *category;
	const char *name;
};

/*
 * Events that both patterns match, sorted by category and name, in *events. The result is their
 * number, or -1 with errno.
 */
int64_t tracefs_match(struct arena *arena, const char *root, const char *category,
		      const char *event, struct tracefs_event **events);

/* Whether `text` matches `pattern`, in which `*` stands for any run of characters. */
bool pattern_match(const char *pattern, const char *text);

/* Whether it is a pattern at all. */
bool is_pattern(const char *text);

/* The text of an event's `format` file, or NULL with errno. */
const char *tracefs_format(struct arena *arena, const char *root, const char *category,
			   const char *event);

/* A field as the format declares it. Texts are the format's, and end by their lengths. */
struct tracefs_declaration {
	/* `char`, `const char *`, `__data_loc char[]`. */
	const char *type;
	size_t type_length;
	const char *name;
	size_t name_length;
	/* `[16]` behind the name; no length: none. */
	const char *array;
	size_t array_length;
	uint32_t offset, size;
	bool is_signed;
	/* As tracefs_field has them. */
	bool is_dynamic, is_relative;
};

/* The first declaration of a format, or of what *format has left of it; false after the last. */
bool tracefs_next_declaration(const char **format, struct tracefs_declaration *declaration);

/* A field of an event's record. */
struct tracefs_field {
	uint32_t offset, size;
	/* A number that may be negative. */
	bool is_signed;
	/* An array that stands in the record itself, or (is_dynamic) behind it: the field holds its
	 * offset and length, as u16 each, in a u32. */
	bool is_array, is_dynamic;
	/* The offset is counted from where the field ends (__rel_loc). */
	bool is_relative;
	/* What an array holds, or the struct that a pointer leads to, as C without qualifiers;
	 * empty for others, and for what has no room. */
	char of[64];
};

/* Finds a field in that text. */
bool tracefs_field(const char *format, const char *name, struct tracefs_field *field);

/* Whether elements of two types of C, as `of` has them, are the same bytes: of one name, or numbers
 * of one width and sign. */
bool tracefs_same_elements(const char *type, const char *other);

#endif
