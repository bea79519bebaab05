/* Looks through the types of all values that an object's maps and events hold. */
#ifndef BPFLOAD_TYPE_SEARCH_H
#define BPFLOAD_TYPE_SEARCH_H

#include "object/manifest.h"

/* Whether one of them, or of what these are made of, is as `is` says. */
bool manifest_has_type(const struct manifest *manifest,
		       bool (*is)(const struct mf_type *type, const void *context),
		       const void *context);

/* Whether names of functions are shown: of the kernel, or of processes (`user`). */
bool manifest_has_names(const struct manifest *manifest, bool user);

#endif
