/* Positional parameters: their values in .rodata, and `$N` in attach points. */
#ifndef BPFLOAD_PARAMS_H
#define BPFLOAD_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/failure.h"
#include "object/manifest.h"
#include "session/options.h"

/*
 * A whole number as scripts write it on the command line: decimal with `_` between digits, 0x, 0b,
 * leading 0 for octal, 1e6, the type suffixes u l ul ll ull, the durations ns us ms s m h d, and a
 * leading `-`. The value is 64 bits, two's complement. False for anything else, and for what does
 * not fit.
 */
bool parse_integer(const char *text, int64_t *value);

/*
 * The same for values that cannot be negative: 0 to 2^64-1, without a sign.
 */
bool parse_unsigned(const char *text, uint64_t *value);

/*
 * Refuses what is out of the bounds that the script has for its parameters. The result is an exit
 * status.
 */
int params_check(const struct options *options, const struct manifest *manifest,
		 struct failure *failure);

/*
 * Writes the parameters to `rodata` (`size` bytes), and warns of those that are missing. The result
 * is an exit status.
 */
int params_store(const struct options *options, const struct manifest *manifest, uint8_t *rodata,
		 size_t size, struct failure *failure);

/* The text of `$N` (from 1), "" where it is not given. */
const char *params_text(const struct options *options, uint32_t index);

/*
 * The number of `$N`, whose bounds hold since params_check; `otherwise` where N is 0: there is no
 * parameter.
 */
uint32_t params_number(const struct options *options, uint32_t index, uint32_t otherwise);

/* The text with every `$N` replaced; missing parameters are empty. NULL stays so. */
const char *params_expand(const struct options *options, struct arena *arena, const char *text);

#endif
