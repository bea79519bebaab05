/* Which blocks run: those of the script, its tests or its benchmarks. */
#include "base/failure.h"
#include "check.h"
#include "run/tests.h"
#include "stand_in.h"

/* Which programs --test and --bench leave, and what is said where there are none. */
static void test_choice(void)
{
	static const enum mf_provider all[] = {MF_TEST, MF_BENCH, MF_KPROBE};
	static const struct {
		bool test, bench;
		/* Which of the providers the script has, and which are loaded, as bits. */
		unsigned has, left;
		const char *text;
	} cases[] = {
		{false, false, 7, 4, NULL},
		{true, false, 7, 1, NULL},
		{false, true, 7, 2, NULL},
		{true, true, 7, 3, NULL},
		{true, true, 2, 2, NULL},
		{true, false, 6, 0, "The script has no test probes."},
		{false, true, 5, 0, "The script has no bench probes."},
		{true, true, 4, 0, "The script has no test probes."},
		{false, false, 1, 0, "No probes attached; use --test to run test probes."},
		{false, false, 3, 0, "No probes attached; use --test to run test probes."},
		{false, false, 2, 0, "No probes attached; use --bench to run bench probes."},
		{false, false, 0, 0, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bpf_program *programs[3], *some = (struct bpf_program *)&programs;
		const struct options options = {.test = cases[i].test, .bench = cases[i].bench};
		struct mf_probe probes[3];
		struct manifest manifest = {.probes = probes};
		struct session session = {
			.options = &options, .manifest = &manifest, .programs = programs};
		struct failure failure = {0};
		unsigned left = 0;

		for (uint32_t j = 0; j < 3; j++) {
			uint32_t index = manifest.probe_count;

			if (!(cases[i].has >> j & 1))
				continue;
			probes[index] = (struct mf_probe){.index = index, .provider = all[j]};
			programs[index] = some;
			manifest.probe_count++;
		}
		CHECK(tests_choose(&session, &failure) ==
		      (cases[i].text ? STATUS_FAILED : STATUS_OK));
		CHECK(!cases[i].text || strcmp(failure.text, cases[i].text) == 0);
		for (uint32_t j = 0; j < manifest.probe_count; j++)
			for (uint32_t k = 0; programs[j] && k < 3; k++)
				left |= (unsigned)(probes[j].provider == all[k]) << k;
		CHECK(left == cases[i].left);
	}
}

int main(void)
{
	stand_in_reset();
	test_choice();
	return check_result("choice");
}
