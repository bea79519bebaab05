/* Settings of the environment: what each kind of value may be, and where it goes. */
#include "session/settings.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "says.h"

static struct mf_config config;
static struct failure failure;

static int read_with(const char *variable, const char *value)
{
	int status;

	memset(&config, 0, sizeof(config));
	failure_clear(&failure);
	CHECK(setenv(variable, value, 1) == 0);
	status = settings_read(&config, &failure);
	unsetenv(variable);
	return status;
}

static bool is_refused(const char *variable, const char *value, const char *expected)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: invalid value '%s', expected %s", variable, value,
		 expected);
	return read_with(variable, value) == STATUS_USAGE && says(&failure, STATUS_USAGE, text);
}

static void test_flags(void)
{
	static const char *const yes[] = {"true", "1", "on", "yes", "TRUE", "On"},
				 *const no[] = {"false", "0", "off", "no", "No", "FALSE"},
				 *const neither[] = {"", "2", "tru", "true ", "nope"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		CHECK(read_with("BPFTRACE_CPP_DEMANGLE", yes[i]) == STATUS_OK &&
		      config.cpp_demangle);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		CHECK(read_with("BPFTRACE_CPP_DEMANGLE", no[i]) == STATUS_OK &&
		      !config.cpp_demangle);
	for (size_t i = 0; i < sizeof(neither) / sizeof(*neither); i++)
		CHECK(is_refused("BPFTRACE_CPP_DEMANGLE", neither[i], "true or false"));
}

static void test_numbers(void)
{
	static const char *const none[] = {"",	 "-1", "+1",	     " 1",
					   "1 ", "1k", "4294967296", "99999999999999999999"};

	CHECK(read_with("BPFTRACE_MAX_PROBES", "0") == STATUS_OK && config.max_probes == 0);
	CHECK(read_with("BPFTRACE_MAX_PROBES", "4294967295") == STATUS_OK &&
	      config.max_probes == UINT32_MAX);
	CHECK(read_with("BPFTRACE_MAX_PROBES", "9") == STATUS_OK && config.max_probes == 9);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		CHECK(is_refused("BPFTRACE_MAX_PROBES", none[i], "a number"));
	/* No map is for 0 keys. */
	CHECK(read_with("BPFTRACE_MAX_MAP_KEYS", "1") == STATUS_OK && config.max_map_keys == 1);
	CHECK(read_with("BPFTRACE_MAX_MAP_KEYS", "4294967295") == STATUS_OK);
	CHECK(is_refused("BPFTRACE_MAX_MAP_KEYS", "0", "a number from 1"));
	CHECK(is_refused("BPFTRACE_MAX_MAP_KEYS", "4294967296", "a number from 1"));
}

/* The kernel takes powers of two. */
static void test_pages(void)
{
	static const struct {
		const char *text;
		uint32_t pages;
	} cases[] = {{"0", 0},	 {"1", 1},    {"2", 2},		  {"3", 4},
		     {"64", 64}, {"65", 128}, {"262143", 262144}, {"262144", 262144}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK(read_with("BPFTRACE_PERF_RB_PAGES", cases[i].text) == STATUS_OK &&
		      config.perf_rb_pages == cases[i].pages);
	CHECK(is_refused("BPFTRACE_PERF_RB_PAGES", "262145", "a number up to 262144"));
}

static void test_words(void)
{
	CHECK(read_with("BPFTRACE_MISSING_PROBES", "error") == STATUS_OK &&
	      config.missing_probes == MF_MISSING_PROBES_ERROR);
	CHECK(read_with("BPFTRACE_MISSING_PROBES", "ignore") == STATUS_OK &&
	      config.missing_probes == MF_MISSING_PROBES_IGNORE);
	CHECK(is_refused("BPFTRACE_MISSING_PROBES", "Warn", "error, warn or ignore"));
	CHECK(is_refused("BPFTRACE_MISSING_PROBES", "", "error, warn or ignore"));
	CHECK(read_with("BPFTRACE_STR_TRUNC_TRAILER", "") == STATUS_OK &&
	      strcmp(config.str_trunc_trailer, "") == 0);
	/* What is not said stays as the script has it, and the first that is wrong ends it. */
	memset(&config, 0xff, sizeof(config));
	failure_clear(&failure);
	CHECK(settings_read(&config, &failure) == STATUS_OK && config.max_probes == UINT32_MAX);
	CHECK(setenv("BPFTRACE_PERF_RB_PAGES", "x", 1) == 0);
	CHECK(is_refused("BPFTRACE_MAX_MAP_KEYS", "x", "a number from 1"));
	CHECK(is_refused("BPFTRACE_LOG_SIZE", "x", "a number of bytes"));
	unsetenv("BPFTRACE_PERF_RB_PAGES");
}

int main(void)
{
	test_flags();
	test_numbers();
	test_pages();
	test_words();
	return check_result("settings");
}
