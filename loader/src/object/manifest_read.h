/*
 * How the parts of the manifest are read (manifest.c, manifest_*.c). Getters give a default
 * after an error, and the first error stays in the failure, so that readers need not look after
 * each line.
 */
#ifndef BPFLOAD_MANIFEST_READ_H
#define BPFLOAD_MANIFEST_READ_H

#include "object/elf_file.h"
#include "base/json.h"
#include "object/manifest.h"
#include "base/failure.h"

/* Sizes of values and records, far above what the compiler makes. */
#define MAX_VALUE_SIZE (16u << 20)

#define COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof(*(array))))

struct manifest_reader {
	const struct elf_file *elf;
	struct manifest *manifest;
	/* What is read now, for messages: `events[3]`. */
	char place[96];
	struct failure *failure;
};

/* Notes an error at the present place. */
void manifest_wrong(struct manifest_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Zeroed memory of the manifest. */
void *manifest_memory(struct manifest_reader *reader, size_t count, size_t size);

/* A member that has to be there and of that kind, or NULL with a failure. */
const struct json *manifest_member(struct manifest_reader *reader, const struct json *object,
				   const char *name, enum json_kind kind);

/* The same where it may be absent: NULL without a failure then. */
const struct json *manifest_optional(struct manifest_reader *reader, const struct json *object,
				     const char *name, enum json_kind kind);

/* A whole number from 0 to `most`. */
uint64_t manifest_number(struct manifest_reader *reader, const struct json *object,
			 const char *name, uint64_t most);
/* The same, or `otherwise` where it is absent. */
uint64_t manifest_number_or(struct manifest_reader *reader, const struct json *object,
			    const char *name, uint64_t most, uint64_t otherwise);
int64_t manifest_signed(struct manifest_reader *reader, const struct json *object,
			const char *name);
bool manifest_flag(struct manifest_reader *reader, const struct json *object, const char *name);

/* UTF-8 text; "" after an error. */
const char *manifest_text(struct manifest_reader *reader, const struct json *object,
			  const char *name);
/* Script bytes (json_bytes); NULL where absent. */
const char *manifest_bytes_or_null(struct manifest_reader *reader, const struct json *object,
				   const char *name);
/* UTF-8 text, NULL where absent. */
const char *manifest_text_or_null(struct manifest_reader *reader, const struct json *object,
				  const char *name);

/* Index of a text among `count` names; an error that asks for a newer loader when it is none of
 * them. */
uint32_t manifest_choice(struct manifest_reader *reader, const struct json *object,
			 const char *name, const char *const *names, uint32_t count);

/* Reads one element of a list into `item`. */
typedef void (*manifest_item)(struct manifest_reader *reader, const struct json *json, void *item,
			      uint32_t index);

/* Reads the list `name` of `object` item by item, each of `size` bytes. */
void *manifest_list(struct manifest_reader *reader, const struct json *object, const char *name,
		    size_t size, manifest_item read, uint32_t *count);

/* An item that is UTF-8 text: `const char *`. */
void manifest_text_item(struct manifest_reader *reader, const struct json *json, void *item,
			uint32_t index);

/* Reads a type (manifest_types.c); a void type after an error. */
const struct mf_type *manifest_type(struct manifest_reader *reader, const struct json *json);

/* Reads fields of a record of `size` bytes, the first of them at `start` or later. */
const struct mf_field *manifest_fields(struct manifest_reader *reader, const struct json *list,
				       uint32_t start, uint32_t size, bool may_have_bits,
				       uint32_t *count);

/* Reads a place of the script, whose lines have been read. */
void manifest_place(struct manifest_reader *reader, const struct json *json,
		    struct mf_place *place);

/* Read the probes with their sessions (manifest_probes.c), and the events (manifest_events.c),
 * which refer to maps: those are read before. */
void manifest_probes(struct manifest_reader *reader, const struct json *root);
void manifest_events(struct manifest_reader *reader, const struct json *root);

/* Reads what a map is as a metric (manifest_metrics.c); its key and value are read before. */
const struct mf_metric *manifest_metric(struct manifest_reader *reader, const struct json *json,
					const struct mf_map *map);

#endif
