/* software, hardware, interval and profile: fixed names, with a colon behind them for the number
 * that may follow, or has to. */
#include <ctype.h>
#include <linux/perf_event.h>
#include <string.h>

#include "host/perf_counters.h"
#include "host/tracefs.h"
#include "listing/lister.h"

static void add(struct listing *listing, const struct lister *lister,
		const struct list_fields *fields, const char *name)
{
	const char *pattern = fields->count ? fields->texts[0] : "*";
	const char *number = fields->count > 1 ? fields->texts[1] : "";

	if (!name || !pattern_match(pattern, name))
		return;
	list_add(listing, &(struct listed){
				  .prefix = list_prefix(listing, lister, name),
				  .name = strcmp(number, "*") == 0 ? "" : number,
			  });
}

static int list_counters(struct listing *listing, const struct lister *lister,
			 const struct list_fields *fields, struct failure *failure)
{
	uint32_t type = lister == &list_software ? PERF_TYPE_SOFTWARE : PERF_TYPE_HARDWARE;
	const struct perf_counter *counters;
	size_t count;

	(void)failure;
	counters = perf_counters(&count);
	for (size_t i = 0; i < count; i++) {
		if (counters[i].type != type)
			continue;
		add(listing, lister, fields, counters[i].name);
		add(listing, lister, fields, counters[i].alias);
	}
	return STATUS_OK;
}

static int list_timers(struct listing *listing, const struct lister *lister,
		       const struct list_fields *fields, struct failure *failure)
{
	static const char *const units[] = {"hz", "ms", "s", "us"};
	const char *first = fields->count ? fields->texts[0] : "*";

	(void)failure;
	/* A duration has no unit field: `interval:100ms`. */
	if (isdigit((unsigned char)*first) || *first == '$') {
		list_add(listing, &(struct listed){.prefix = list_prefix(listing, lister, NULL),
						   .name = first});
		return STATUS_OK;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		add(listing, lister, fields, units[i]);
	return STATUS_OK;
}

const struct lister list_software = {MF_SOFTWARE, GROUP_KERNEL, false, list_counters, NULL};
const struct lister list_hardware = {MF_HARDWARE, GROUP_KERNEL, false, list_counters, NULL};
const struct lister list_interval = {MF_INTERVAL, GROUP_KERNEL, false, list_timers, NULL};
const struct lister list_profile = {MF_PROFILE, GROUP_KERNEL, false, list_timers, NULL};
