/* Bounds of histograms that are parameters of the script. */
#include "base/failure.h"
#include "check.h"
#include "session/sizes.h"

static const struct mf_place MIN_PLACE = {.line = 3, .column = 7, .text = "$1"},
			     STEP_PLACE = {.line = 4, .column = 9, .text = "$3", .file = "lib.bt"};

/* What becomes of a map whose value has these bounds, with these parameters. */
static int settle(struct mf_type type, const char **values, struct mf_type *settled,
		  struct failure *failure)
{
	struct options options = {.parameters = values, .parameter_count = 3};
	struct mf_store stores[1] = {{.kind = MF_STORE_GLOBAL}};
	struct mf_map map = {
		.name = "@", .value = &type, .stores = stores, .store_count = 1, .buckets = 8};
	const struct mf_bound bounds[] = {{.parameter = 1, .place = &MIN_PLACE},
					  {.parameter = 3, .place = &STEP_PLACE}};
	struct manifest manifest = {.script = "script.bt",
				    .maps = &map,
				    .map_count = 1,
				    .bounds = bounds,
				    .bound_count = 2};
	struct session session = {.options = &options, .manifest = &manifest};
	uint8_t rodata[24];
	uint64_t buckets[3];
	int status;

	failure_clear(failure);
	status = sizes_settle(&session, failure);
	*settled = *map.value;
	memset(rodata, 0xff, sizeof(rodata));
	sizes_store(&session, rodata);
	memcpy(buckets, rodata, sizeof(buckets));
	CHECK(buckets[0] == UINT64_MAX && buckets[2] == UINT64_MAX);
	CHECK(buckets[1] == settled->buckets);
	map.buckets = MF_NONE;
	memset(rodata, 0xff, sizeof(rodata));
	sizes_store(&session, rodata);
	memcpy(buckets, rodata, sizeof(buckets));
	CHECK(buckets[1] == UINT64_MAX);
	arena_free(&manifest.arena);
	return status;
}

static const struct mf_type LHIST = {.kind = MF_LHIST, .min_parameter = 1, .max = 10, .step = 1};

static void test_bounds(void)
{
	struct failure failure = {0};
	struct mf_type type, settled;

	CHECK(settle(LHIST, (const char *[]){"4", "9", "2"}, &settled, &failure) == STATUS_OK);
	CHECK(settled.min == 4 && settled.max == 10 && settled.step == 1);
	CHECK(settled.buckets == 8 && settled.size == 64);
	type = LHIST;
	type.max_parameter = 2;
	type.step_parameter = 3;
	CHECK(settle(type, (const char *[]){"-5", "9", "2"}, &settled, &failure) == STATUS_OK);
	CHECK(settled.min == -5 && settled.max == 9 && settled.step == 2);
	CHECK(settled.buckets == 9 && settled.size == 72);
	/* As many steps as there may be. */
	CHECK(settle(type, (const char *[]){"0", "1000", "1"}, &settled, &failure) == STATUS_OK);
	CHECK(settled.buckets == 1002);
	CHECK(settle(type, (const char *[]){"9", "10", "1"}, &settled, &failure) == STATUS_OK);
	CHECK(settled.buckets == 3);
	/* Each of the three makes it one of its own. */
	type = (struct mf_type){.kind = MF_LHIST, .min = 1, .max = 5, .step_parameter = 3};
	CHECK(settle(type, (const char *[]){"0", "0", "2"}, &settled, &failure) == STATUS_OK);
	CHECK(settled.buckets == 4);
	type = (struct mf_type){.kind = MF_LHIST, .min = 1, .max_parameter = 2, .step = 1};
	CHECK(settle(type, (const char *[]){"0", "3", "0"}, &settled, &failure) == STATUS_OK);
	CHECK(settled.buckets == 4);
}

static void refuses(struct mf_type type, const char **values, const char *why, const char *file,
		    uint32_t line)
{
	struct failure failure = {0};
	struct mf_type settled;

	if (!CHECK(settle(type, values, &settled, &failure) == STATUS_USAGE) ||
	    !CHECK(strcmp(failure.text, why) == 0 && strcmp(failure.file, file) == 0 &&
		   failure.line == line))
		fprintf(stderr, "  %s:%u: %s\n", failure.file, failure.line, failure.text);
	failure_clear(&failure);
}

static void test_bounds_that_do_not_fit(void)
{
	struct mf_type type = LHIST;

	refuses(type, (const char *[]){"10", "", ""},
		"lhist() min must be less than max (provided min 10 and max 10)", "script.bt", 3);
	refuses(type, (const char *[]){"-991", "", ""},
		"lhist() too many buckets, must be <= 1000 (would need 1001)", "script.bt", 3);
	type.min_parameter = 0;
	type.step_parameter = 3;
	refuses(type, (const char *[]){"", "", "0"}, "lhist() step must be >= 1 (0 provided)",
		"lib.bt", 4);
	type.max_parameter = 2;
	type.step_parameter = 0;
	refuses(type, (const char *[]){"", "-9223372036854775808", ""},
		"lhist() min must be less than max (provided min 0 and max -9223372036854775808)",
		"", 0);
	type.step = 1;
	type.min = INT64_MIN;
	refuses(type, (const char *[]){"", "9223372036854775807", ""},
		"lhist() too many buckets, must be <= 1000 (would need 18446744073709551615)", "",
		0);
}

static void test_bits(void)
{
	const struct mf_type type = {.kind = MF_HIST, .bits_parameter = 3};
	struct failure failure = {0};
	struct mf_type settled;

	CHECK(settle(type, (const char *[]){"", "", "0"}, &settled, &failure) == STATUS_OK);
	CHECK(settled.bits == 0 && settled.buckets == 65);
	CHECK(settle(type, (const char *[]){"", "", "5"}, &settled, &failure) == STATUS_OK);
	CHECK(settled.bits == 5 && settled.size == 8 * settled.buckets);
	refuses(type, (const char *[]){"", "", "6"}, "hist() bits must be between 0 and 5", "", 0);
}

int main(void)
{
	test_bounds();
	test_bounds_that_do_not_fit();
	test_bits();
	return check_result("sizes");
}
