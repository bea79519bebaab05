/*
 * The manifest of an object as plain data: what linker/manifest/manifest.ts describes, checked. All
 * of it lives in one arena and is never changed after parsing, but for what positional parameters
 * decide (session/sizes.h). Offsets and sizes are bytes; every
 * one of them has been checked against the record, the map or the section that it points into
 * (manifest_check.c), so users of these structs need no further checks.
 *
 * Texts are NUL-terminated. Script literals (formats, separators, the trailer) are bytes, written
 * in the JSON as one character from 0 to 255 a byte, and end at their first NUL; everything else is
 * UTF-8 and holds no NUL.
 */
#ifndef BPFLOAD_MANIFEST_H
#define BPFLOAD_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "object/contract.h"

#define MANIFEST_VERSION 1

/* "Absent" for offsets and indexes that a manifest may leave out. */
#define MF_NONE UINT32_MAX

/* Bytes of a slot of a series: 24 where it holds a count or a time, else 16. */
uint32_t mf_slot_size(enum mf_aggregation aggregation);

/* Of hist() with sub-buckets of so many bits. */
uint32_t mf_hist_buckets(uint32_t bits);

struct mf_type;

struct mf_field {
	uint32_t offset;
	const struct mf_type *type;
	/* Records only. */
	const char *name;
	/* Bit fields of records: first bit (from the lowest of the little-endian bytes at `offset`)
	 * and width; width 0: none. Both are at most 64, so that 16 bytes hold it. */
	uint8_t bit_offset;
	uint8_t bit_width;
};

struct mf_type {
	enum mf_type_kind kind;
	/* Bytes that a value takes in memory, of every kind (16 for stacks, the buckets for hist,
	 * ...). */
	uint32_t size;
	/* int, enum, sum, min, max, avg, stats, tseries. */
	bool is_signed;
	/* enum: index into manifest.enums. */
	uint32_t enumeration;
	/* string, buffer: capacity in bytes (a buffer's `size` is 4 more, for its length). */
	uint32_t capacity;
	/* array; tseries: intervals. */
	const struct mf_type *element;
	uint32_t count;
	/* record: `struct NAME` or `union NAME` of the kernel, which is copied whole; NULL: none.
	 */
	const char *struct_name;
	/* record: the same of a struct without a name, as typedefs, or as paths of names with dots
	 * that begin with `struct NAME` or `union NAME`. */
	const char *const *within;
	uint32_t within_count;
	/* tuple, record. */
	const struct mf_field *fields;
	uint32_t field_count;
	/* stack. */
	bool user_stack;
	enum mf_stack_mode stack_mode;
	uint32_t stack_limit;
	/* name. */
	enum mf_name_space name_space;
	/* hist: sub-bucket bits; its buckets (as lhist's) are `buckets` many u64. */
	uint32_t bits;
	uint32_t buckets;
	/* lhist. */
	int64_t min, max, step;
	/* The positional parameters that are meant instead; 0: none. Until sizes_settle, `buckets`
	 * are the most then. */
	uint32_t bits_parameter, min_parameter, max_parameter, step_parameter;
	/* tseries: nanoseconds. */
	uint64_t interval;
	enum mf_aggregation aggregation;
};

struct mf_store {
	enum mf_store_kind kind;
	/* ELF name of the kernel map; NULL for globals. */
	const char *map;
	uint32_t key_size;
	/* Of one CPU's value. */
	uint32_t value_size;
	/* This store's own key type, or the script map's; NULL for scalars. */
	const struct mf_type *key;
	/* percpu-slot: offset in the value; global: offset in .bss. A u64 that is not 0 once
	 * written. */
	uint32_t present;
	/* global: offset in .bss. */
	uint32_t offset;
	/* percpu-slots: elements of the array. */
	uint32_t entries;
	/* percpu-slot, percpu-slots: the first of them. */
	uint32_t first;
};

/* What a map is as a metric. */
enum mf_metric_type {
	MF_METRIC_COUNTER,
	MF_METRIC_GAUGE,
	MF_METRIC_SUMMARY,
	MF_METRIC_HISTOGRAM,
};

struct mf_metric {
	/* Of the family: without `_total`. */
	const char *name;
	enum mf_metric_type type;
	/* NULL when absent. */
	const char *help, *unit;
	/* Base units: numbers of the map times `factor`, by ten to the power of `decimals`. */
	uint64_t factor;
	uint32_t decimals;
	/* Bounds that a histogram shows. */
	int64_t least, most;
	/* One for each part of the key (mf_key_parts). */
	const char *const *labels;
	uint32_t label_count;
	/* Which part of the key is a cgroup's id, whose containers are named; MF_NONE: none. */
	uint32_t cgroup;
};

struct mf_map {
	/* With its `@`. */
	const char *name;
	/* NULL for scalars. */
	const struct mf_type *key;
	const struct mf_type *value;
	const struct mf_store *stores;
	uint32_t store_count;
	/* The second generation, of as many stores; NULL: there is but one (generations.h). */
	const struct mf_store *next;
	/* Offset in .bss of the word that says which one is in use; MF_NONE: none. */
	uint32_t generation;
	/* The kernel map that has its values by thread where the kernel can; NULL: none. */
	const char *threads;
	/* Offset in .rodata of a u64, the number of buckets; MF_NONE: the programs know it. */
	uint32_t buckets;
	/* The script says how many keys it has. */
	bool is_sized;
	/* NULL: the script says nothing of it. */
	const struct mf_metric *metric;
};

/* Of how many parts a key is: fields of a tuple or record, else one; none for scalars. */
uint32_t mf_key_parts(const struct mf_type *key);
/* The type of one of them. */
const struct mf_type *mf_key_part(const struct mf_type *key, uint32_t index);

/* Whether a map with such values can be a metric at all; and of that type. */
bool mf_is_metric(const struct mf_type *value);
bool mf_is_metric_of(const struct mf_type *value, enum mf_metric_type type);

/* Whether it is the name of a metric, or with `is_label` that of a label. */
bool mf_is_metric_name(const char *name, bool is_label);

/* What is done with a map once it is read to be printed. */
enum mf_then { MF_THEN_NOTHING, MF_THEN_CLEAR, MF_THEN_ZERO };

struct mf_place {
	uint32_t line, column, end_column;
	const char *text;
	/* An imported file; NULL for the script. */
	const char *file;
	/* Where the macro that this is part of was used, innermost first. */
	const struct mf_place *uses;
	uint32_t use_count;
};

/* A record starts with {u32 event index, u32 CPU}; fields stand at offsets from the record's start.
 */
struct mf_event {
	enum mf_event_kind kind;
	uint32_t index;
	uint32_t size;
	const struct mf_field *fields;
	uint32_t field_count;
	/* NULL when absent. printf, errorf, warnf, system, cat, time always have one. */
	const char *format;
	/* print-map, clear, zero. */
	const struct mf_map *map;
	uint32_t top, div;
	/* The positional parameters that are meant instead; 0: none. */
	uint32_t top_parameter, div_parameter;
	enum mf_then then;
	/* warning; NULL when absent. */
	const char *message;
	const char *helper;
	/* NULL when absent. */
	const struct mf_place *place;
	/* Offset of the control word in .bss, or MF_NONE. */
	uint32_t control;
};

struct mf_enum_value {
	const char *name;
	int64_t value;
};

struct mf_enum {
	const char *name;
	const struct mf_enum_value *values;
	uint32_t value_count;
	/* The kernel's own: its values are those of the description that the object was built for.
	 */
	bool is_kernels;
};

struct mf_param {
	uint32_t index;
	bool is_text;
	uint32_t offset;
	uint32_t size;
};

/* What a positional parameter has to be. */
struct mf_bound {
	uint32_t parameter;
	int64_t least, most;
	/* A clause. */
	const char *expects;
	const struct mf_place *place;
};

enum mf_option_type { MF_OPTION_BOOL, MF_OPTION_INT, MF_OPTION_STRING };

/* A named parameter. */
struct mf_option {
	const char *name;
	enum mf_option_type type;
	/* int: may be negative. */
	bool is_signed;
	/* As text, for people: its value stands in .rodata. */
	const char *initial;
	/* NULL when absent. */
	const char *description;
	uint32_t offset;
	uint32_t size;
};

/* A number of the kernel that the script was compiled with. */
struct mf_assumption {
	/* An enumerator, and its enum (NULL: it has no name); or NULL. */
	const char *enumerator;
	const char *enumeration;
	/* `struct NAME`, `union NAME` or a typedef, and a member by names with dots, or NULL for
	 * its size. */
	const char *type;
	const char *path;
	/* The size of the member, not its place. */
	bool is_size;
	/* What the kernel has may be less, or missing. */
	bool is_most;
	/* The script's own struct that holds it, or NULL. */
	const char *embedded;
	/* Negative numbers as two's complement. */
	uint64_t value;
	/* As it is written. */
	const char *text;
	/* Where the script has it; `file` is NULL for the script. */
	uint32_t line;
	const char *file;
};

/* What the programs have of one architecture alone. */
struct mf_tie {
	/* A clause. */
	const char *reason;
	/* Where the script has it (0: nowhere); `file` is NULL for the script. */
	uint32_t line;
	const char *file;
};

/* What the programs want to know of the host: a u64 in .rodata. */
struct mf_lookup {
	enum mf_lookup_kind kind;
	/* A symbol, function or path. */
	const char *name;
	/* kernel-symbol: the positional parameter that is the name instead; 0: none. */
	uint32_t parameter;
	/* kfunc: the program that would call it; NULL for the others. */
	const char *program;
	/* enumerator: the name of its enum, or NULL if that has none. */
	const char *enumeration;
	/* enumerator: where the script has it; 0: nobody says. `file` is NULL for the script. */
	uint32_t line;
	const char *file;
	uint32_t offset;
};

/* How deep stacks are, as a positional parameter says. */
struct mf_depth {
	uint32_t parameter;
	/* Of a frame, of 64 bits. */
	uint32_t words;
};

struct mf_probe {
	uint32_t index;
	/* Name of the program's symbol. */
	const char *program;
	/* What `probe` prints. */
	const char *name;
	enum mf_provider provider;
	/* What it attaches to: the struct of its provider (targets.h). */
	const void *target;
	/* Name and target have parameters (`$1`) in them. */
	bool parameters;
	uint32_t line;
	/* Its attach point; NULL in objects of before. */
	const struct mf_place *place;
	/* The file of the line, if it is an imported one. */
	const char *file;
	/* Probes of one block of the script share it; MF_NONE: a block of its own. */
	uint32_t block;
};

/* One program for both ends of a function, which may take the place of two. The manifest and the
 * kernel call it a session. */
struct mf_kprobe_pair {
	const char *program;
	/* Indexes of probes: a kprobe and a kretprobe of the same functions. */
	uint32_t entry, exit;
	/* Its instruction `r0 = 0` that is to be a call of bpf_session_is_return. */
	uint32_t insn;
};

struct manifest;

/* Whether the programs need the kernel feature, by its name in the manifest. */
bool mf_needs(const struct manifest *manifest, const char *feature);

/* Whether events of the kind are output of the script. */
bool mf_event_shows(enum mf_event_kind kind);

/* Long name of a provider, as in the script. */
const char *mf_provider_name(enum mf_provider provider);

/* Which number of an instruction is patched. */
enum mf_site { MF_SITE_OFFSET, MF_SITE_IMMEDIATE, MF_SITE_SHIFT };

/* Fields of tracepoints as the described kernel has them. */
enum mf_form { MF_FORM_UNSIGNED, MF_FORM_SIGNED, MF_FORM_ARRAY, MF_FORM_DYNAMIC };

struct mf_fixup {
	const char *program;
	uint32_t insn;
	enum mf_site site;
	int32_t value;
	/* Of a tracepoint's record; NULL: of the context of a typed program. */
	const char *field;
	const char *category, *event;
	uint32_t field_size;
	enum mf_form form;
	/* The field is text, in either form of an array; `asks_form`: the immediate says which. */
	bool is_text, asks_form;
	/* The immediate is what is added to the offset that a dynamic field holds. */
	bool asks_base;
	/* What an array holds, or the struct that a pointer leads to; NULL: that does not count. */
	const char *of;
	/* Of a typed program: the parameter; NULL: the result. */
	const char *parameter;
	/* Its type in the object's BTF. */
	uint32_t type;
};

struct manifest {
	struct arena arena;
	const char *producer;
	const char *script;
	const char *kernel_release, *kernel_arch;
	/* None: they run on other architectures than `kernel_arch`, too; unless that is not known.
	 */
	bool has_ties;
	const struct mf_tie *ties;
	uint32_t tie_count;
	struct mf_config config;
	bool unsafe;
	const struct mf_param *params;
	uint32_t param_count;
	const struct mf_bound *bounds;
	uint32_t bound_count;
	const struct mf_option *options;
	uint32_t option_count;
	const struct mf_lookup *lookups;
	uint32_t lookup_count;
	const struct mf_assumption *assumptions;
	uint32_t assumption_count;
	const struct mf_probe *probes;
	uint32_t probe_count;
	const struct mf_kprobe_pair *kprobe_pairs;
	uint32_t kprobe_pair_count;
	struct mf_map *maps;
	uint32_t map_count;
	/* Of a value of the map `stacks`, at least, and what else decides it. */
	uint32_t stack_words;
	const struct mf_depth *depths;
	uint32_t depth_count;
	/* Of the script, as places have them. */
	const char *const *lines;
	uint32_t line_count;
	const struct mf_event *events;
	uint32_t event_count;
	const char *const *formats;
	uint32_t format_count;
	const struct mf_enum *enums;
	uint32_t enum_count;
	const struct mf_fixup *fixups;
	uint32_t fixup_count;
	struct mf_globals globals;
	const char *const *features;
	uint32_t feature_count;
};

struct elf_file;
struct failure;

/*
 * Reads and checks the manifest of a checked ELF file. On failure *out is NULL and `failure` says
 * why; the result is an exit status (exit_status.h).
 */
int manifest_read(const struct elf_file *elf, struct manifest **out, struct failure *failure);

void manifest_free(struct manifest *manifest);

/* Whether a metric has names of containers. */
bool manifest_names_containers(const struct manifest *manifest);

#endif
