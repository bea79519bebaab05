#include "session/settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/exit_status.h"
#include "base/say.h"

#define PREFIX "BPFTRACE_"
/* Of the kernel's ring: 4-KiB pages, up to 1 GiB. */
#define MAX_RING_PAGES (1u << 18)

struct setting {
	/* Behind PREFIX. */
	const char *name;
	/* In struct mf_config. */
	size_t member;
	/* Reads a value into the member; false: it is none. */
	bool (*read)(const char *text, void *member);
	/* What it takes. */
	const char *expected;
};

static bool read_number_to(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end && *text >= '0' && *text <= '9' && *value >= least && *value <= most;
}

static bool read_bytes(const char *text, void *member)
{
	return read_number_to(text, 0, UINT32_MAX, member);
}

static bool read_number(const char *text, void *member)
{
	uint64_t value;

	if (!read_number_to(text, 0, UINT32_MAX, &value))
		return false;
	*(uint32_t *)member = (uint32_t)value;
	return true;
}

static bool read_count(const char *text, void *member)
{
	uint64_t value;

	if (!read_number_to(text, 1, UINT32_MAX, &value))
		return false;
	*(uint32_t *)member = (uint32_t)value;
	return true;
}

/* The kernel takes powers of two. */
static bool read_pages(const char *text, void *member)
{
	uint32_t pages = 1;
	uint64_t value;

	if (!read_number_to(text, 0, MAX_RING_PAGES, &value))
		return false;
	while (pages < value)
		pages *= 2;
	*(uint32_t *)member = value ? pages : 0;
	return true;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

static bool read_flag(const char *text, void *member)
{
	static const char *const yes[] = {"true", "1", "on", "yes", NULL};
	static const char *const no[] = {"false", "0", "off", "no", NULL};

	*(bool *)member = is_one_of(text, yes);
	return *(bool *)member || is_one_of(text, no);
}

/* The place of a text in a list, which ends with NULL, as an enum has it; -1: it is none of them.
 */
static int find_word(const char *text, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	return -1;
}

static bool read_policy(const char *text, void *member)
{
	static const char *const words[] = {[MF_MISSING_ERROR] = "error",
					    [MF_MISSING_WARN] = "warn",
					    [MF_MISSING_IGNORE] = "ignore",
					    NULL};
	int word = find_word(text, words);

	if (word >= 0)
		*(enum mf_missing *)member = (enum mf_missing)word;
	return word >= 0;
}

static bool read_cache(const char *text, void *member)
{
	static const char *const words[] = {[MF_CACHE_PER_PID] = "PER_PID",
					    [MF_CACHE_PER_PROGRAM] = "PER_PROGRAM",
					    [MF_CACHE_NONE] = "NONE",
					    NULL};
	int word = find_word(text, words);

	if (word >= 0)
		*(enum mf_symbol_cache *)member = (enum mf_symbol_cache)word;
	return word >= 0;
}

static bool read_text(const char *text, void *member)
{
	*(const char **)member = text;
	return true;
}

#define MEMBER(name) offsetof(struct mf_config, name)

static const struct setting settings[] = {
	{"CPP_DEMANGLE", MEMBER(cpp_demangle), read_flag, "true or false"},
	{"LAZY_SYMBOLICATION", MEMBER(lazy_symbols), read_flag, "true or false"},
	{"SHOW_DEBUG_INFO", MEMBER(show_debug_info), read_flag, "true or false"},
	{"CACHE_USER_SYMBOLS", MEMBER(symbol_cache), read_cache, "PER_PID, PER_PROGRAM or NONE"},
	{"LOG_SIZE", MEMBER(log_size), read_bytes, "a number of bytes"},
	{"MAX_CAT_BYTES", MEMBER(max_cat_bytes), read_bytes, "a number of bytes"},
	{"MAX_MAP_KEYS", MEMBER(max_map_keys), read_count, "a number from 1"},
	{"MAX_PROBES", MEMBER(max_probes), read_number, "a number"},
	{"MISSING_PROBES", MEMBER(missing_probes), read_policy, "error, warn or ignore"},
	{"PERF_RB_PAGES", MEMBER(perf_rb_pages), read_pages, "a number up to 262144"},
	{"PRINT_MAPS_ON_EXIT", MEMBER(print_maps_on_exit), read_flag, "true or false"},
	{"STR_TRUNC_TRAILER", MEMBER(str_trunc_trailer), read_text, "text"},
};

int settings_read(struct mf_config *config)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		const struct setting *setting = &settings[i];
		char name[64];
		const char *text;

		snprintf(name, sizeof(name), PREFIX "%s", setting->name);
		text = getenv(name);
		if (!text || setting->read(text, (char *)config + setting->member))
			continue;
		say_error("%s: invalid value '%s', expected %s", name, text, setting->expected);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}
