/* Searches as they are written: `kprobe:vfs_*,struct sock`. */
#ifndef BPFLOAD_LISTING_SEARCH_H
#define BPFLOAD_LISTING_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "listing/lister.h"

struct search {
	/* Without a keyword it is one of probes. */
	struct list_types types;
	/* With the provider, which is `*` where none is named (is_word). */
	struct list_fields fields;
	bool is_word;
};

/* All that the words are searches for; without any it is one for everything. The result is an exit
 * status. */
int searches_read(struct arena *arena, const char *const *words, uint32_t word_count,
		  struct search **searches, uint32_t *count, struct failure *failure);

/* The provider that a text names, in one of its spellings; false: none. */
bool search_provider(const char *text, enum mf_provider *provider);

#endif
