/* What the listers of all providers have in common: one for each, in the table of listing.c. */
#ifndef BPFLOAD_LISTER_H
#define BPFLOAD_LISTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"
#include "base/strbuf.h"
#include "host/kernel_btf.h"
#include "listing/listing.h"
#include "object/contract.h"

struct btf;
struct lister;
struct listing;

/* A probe: its text is that of both, and `own` is what its lister knows of it. Probes of one text
 * are one. */
struct listed {
	const char *prefix, *name;
	/* BTF that `type` is an id of; NULL: that of the kernel. */
	const struct btf *btf;
	uint32_t type;
	const void *own;
};

/* What one lister found. */
struct listed_probes {
	struct listed *items;
	size_t count, room;
};

/* A pattern: what stands between the colons. */
struct list_fields {
	const char **texts;
	uint32_t count;
};

/* The last of them, or `*`. */
const char *list_last_field(const struct list_fields *fields);

/* Which listers a pattern of providers stands for. */
enum list_group {
	/* None: it has to be named. */
	GROUP_NAMED,
	GROUP_KERNEL,
	GROUP_PROGRAMS,
};

struct lister {
	enum mf_provider provider;
	enum list_group group;
	/* What the kernel itself has is named with `vmlinux` even where no module is asked for. */
	bool names_kernel;
	/* Adds the probes whose fields behind the provider match; the result is an exit status. */
	int (*list)(struct listing *listing, const struct lister *lister,
		    const struct list_fields *fields, struct failure *failure);
	/* Adds a line for each value that the probe has (list_argument). NULL: none has any. */
	int (*arguments)(struct listing *listing, const struct lister *lister,
			 const struct listed *probe, struct failure *failure);
};

extern const struct lister list_fentry, list_fexit, list_hardware, list_interval, list_iter,
	list_kprobe, list_kretprobe, list_profile, list_rawtracepoint, list_software,
	list_tracepoint, list_uprobe, list_uretprobe, list_usdt;

struct listing {
	const struct list_request *request;
	struct arena arena;
	/* Read when it is first asked for. */
	struct btf *btf;
	/* Of modules, by name. */
	struct list_module *modules;
	/* All functions of the kernel by their names, likewise. */
	struct kernel_function *functions;
	int64_t function_count;
	/* Of the lister that is asked. */
	struct listed_probes *found;
	/* What waits to be written; types are part of what was. */
	struct strbuf text;
	bool has_types;
	/* What was said already. */
	const char **notes;
	uint32_t note_count;
};

void list_add(struct listing *listing, const struct listed *probe);

/* `PROVIDER:`, or with a place behind it `PROVIDER:PLACE:`. */
const char *list_prefix(struct listing *listing, const struct lister *lister, const char *place);

/* Begins and ends the line of an argument. */
void list_begin_argument(struct listing *listing);
void list_end_argument(struct listing *listing);

/* Says what the list cannot show, once. */
void list_note(struct listing *listing, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The BTF of the kernel (NULL) or of a module; NULL where it cannot be read, which is a failure if
 * it is the kernel's: a module may have gone since. */
const struct btf *list_btf(struct listing *listing, const char *module, struct failure *failure);

/* `struct NAME`, `union NAME` or `enum NAME`, with patterns. */
struct list_types {
	const char *keyword, *name;
};

/* Puts their names, or with `verbose` their definitions. The result is an exit status. */
int list_put_types(struct listing *listing, const struct list_types *types,
		   struct failure *failure);

#endif
