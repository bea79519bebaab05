#include "session/settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* BPFTRACE_MAX_MAP_KEYS: the object has no such setting, since the maps say how large they are. */
static const struct mf_setting map_keys = {
	.variable = "BPFTRACE_MAX_MAP_KEYS",
	.member = offsetof(struct mf_config, max_map_keys),
	.form = MF_SETTING_INT,
	.most = UINT32_MAX,
	.expected = "a number from 1",
};

/* The kernel takes powers of two; 0 stays. */
static uint32_t round_up(uint64_t value)
{
	uint64_t power = 1;

	while (power < value)
		power *= 2;
	return value ? (uint32_t)power : 0;
}

static bool read_number(const struct mf_setting *setting, const char *text, uint32_t *number)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || value > setting->most ||
	    (setting == &map_keys && !value))
		return false;
	*number = setting->power_of_two ? round_up(value) : (uint32_t)value;
	return true;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

static bool read_flag(const char *text, bool *flag)
{
	static const char *const yes[] = {"true", "1", "on", "yes", NULL};
	static const char *const no[] = {"false", "0", "off", "no", NULL};

	*flag = is_one_of(text, yes);
	return *flag || is_one_of(text, no);
}

static bool read_word(const struct mf_setting *setting, const char *text, uint32_t *number)
{
	for (*number = 0; *number < setting->word_count; ++*number)
		if (strcmp(text, setting->words[*number]) == 0)
			return true;
	return false;
}

/* Reads a value into the setting's member; false: it is none. */
static bool read_value(const struct mf_setting *setting, const char *text, void *member)
{
	uint32_t number = 0;

	switch (setting->form) {
	case MF_SETTING_BOOL:
		return read_flag(text, member);
	case MF_SETTING_STRING:
		*(const char **)member = text;
		return true;
	case MF_SETTING_INT:
		if (!read_number(setting, text, &number))
			return false;
		break;
	case MF_SETTING_WORD:
		if (!read_word(setting, text, &number))
			return false;
		break;
	}
	memcpy(member, &number, sizeof(number));
	return true;
}

static int read_setting(const struct mf_setting *setting, struct mf_config *config,
			struct failure *failure)
{
	const char *text = getenv(setting->variable);

	if (!text || read_value(setting, text, (char *)config + setting->member))
		return STATUS_OK;
	return fail(failure, STATUS_USAGE, "%s: invalid value '%s', expected %s", setting->variable,
		    text, setting->expected);
}

int settings_read(struct mf_config *config, struct failure *failure)
{
	int status = read_setting(&map_keys, config, failure);

	for (size_t i = 0; i < sizeof(mf_settings) / sizeof(*mf_settings) && status == STATUS_OK;
	     i++)
		status = read_setting(&mf_settings[i], config, failure);
	return status;
}
