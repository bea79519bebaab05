/* Enums of the kernel and of modules, by names. */
#include "host/kernel_enums.h"

#include <bpf/btf.h>

#include "check.h"

/* A kernel with an enum that has a sign, two of one name, one without a name, and one of 64 bits.
 */
static struct btf *kernel(void)
{
	struct btf *btf = btf__new_empty();

	btf__add_enum(btf, "errors", 4);
	btf__add_enum_value(btf, "ERROR", -5);
	btf__add_int(btf, "state", 4, 0);
	btf__add_enum(btf, "state", 4);
	btf__add_enum_value(btf, "STATE_OLD", 7);
	btf__add_enum_value(btf, "STATE_B", 8);
	btf__add_enum(btf, "state", 4);
	btf__add_enum_value(btf, "STATE_A", 0xffffffff);
	btf__add_enum_value(btf, "STATE_B", 2);
	btf__add_enum_value(btf, "STATE_C", 0x80000000);
	btf__add_enum(btf, NULL, 4);
	btf__add_enum_value(btf, "NAMELESS", 11);
	btf__add_enum64(btf, "wide", 8, false);
	btf__add_enum64_value(btf, "WIDE", 0x8000000000000001u);
	btf__add_enum64_value(btf, "NARROW", 3);
	return btf;
}

static const struct mf_enum_value positive[] = {{"STATE_A", 0}, {"STATE_C", 1}, {"STATE_B", 2}};
static const struct mf_enum_value negative[] = {{"STATE_A", -1}, {"STATE_C", 1}};

static void the_one_that_shares_most(const struct btf *btf)
{
	struct arena arena = {0};
	struct mf_enum known = {.name = "state", .values = positive, .value_count = 3}, found;

	CHECK(kernel_enum_like(&arena, btf, &known, &found));
	CHECK(strcmp(found.name, "state") == 0 && found.value_count == 3);
	CHECK(strcmp(found.values[0].name, "STATE_A") == 0 && found.values[0].value == 0xffffffff);
	CHECK(strcmp(found.values[1].name, "STATE_B") == 0 && found.values[1].value == 2);
	CHECK(found.values[2].value == 0x80000000);
	/* What the script knows as negative is. */
	known = (struct mf_enum){.name = "state", .values = negative, .value_count = 2};
	CHECK(kernel_enum_like(&arena, btf, &known, &found));
	CHECK(found.values[0].value == -1 && found.values[1].value == 2);
	CHECK(found.values[2].value == -0x80000000ll);
	/* With one name in common it is the first that has it. */
	known = (struct mf_enum){.name = "state", .values = positive + 2, .value_count = 1};
	CHECK(kernel_enum_like(&arena, btf, &known, &found));
	CHECK(found.value_count == 2 && found.values[0].value == 7);
	/* By name alone it is none. */
	known = (struct mf_enum){.name = "state", .values = positive, .value_count = 0};
	CHECK(!kernel_enum_like(&arena, btf, &known, &found));
	known = (struct mf_enum){.name = "other", .values = positive, .value_count = 3};
	CHECK(!kernel_enum_like(&arena, btf, &known, &found));
	arena_free(&arena);
}

static void enums_of_64_bits(const struct btf *btf)
{
	const struct mf_enum_value values[] = {{"NARROW", 3}};
	const struct mf_enum known = {.name = "wide", .values = values, .value_count = 1};
	struct arena arena = {0};
	struct mf_enum found;
	uint64_t value = 0;

	CHECK(kernel_enum_like(&arena, btf, &known, &found) && found.value_count == 2);
	CHECK(found.values[0].value == (int64_t)0x8000000000000001u);
	CHECK(strcmp(found.values[1].name, "NARROW") == 0 && found.values[1].value == 3);
	CHECK(kernel_enumerator(btf, "wide", "WIDE", &value) && value == 0x8000000000000001u);
	CHECK(kernel_enumerator(btf, "wide", "NARROW", &value) && value == 3);
	CHECK(kernel_has_enumerator(btf, "NARROW"));
	arena_free(&arena);
}

static void enumerators(const struct btf *btf)
{
	uint64_t value = 5;

	/* It may stand in the second of a name. */
	CHECK(kernel_enumerator(btf, "state", "STATE_C", &value) && value == 0x80000000);
	CHECK(kernel_enumerator(btf, "state", "STATE_B", &value) && value == 8);
	CHECK(kernel_enumerator(btf, NULL, "NAMELESS", &value) && value == 11);
	CHECK(!kernel_enumerator(btf, NULL, "STATE_B", &value) && value == 11);
	CHECK(!kernel_enumerator(btf, "state", "NAMELESS", &value));
	CHECK(!kernel_enumerator(btf, "stat", "STATE_B", &value));
	CHECK(kernel_has_enumerator(btf, "STATE_OLD") && kernel_has_enumerator(btf, "NAMELESS"));
	/* Names of types are none of enumerators. */
	CHECK(!kernel_has_enumerator(btf, "state") && !kernel_has_enumerator(btf, "STATE"));
}

static void signs_that_the_kernel_tells(void)
{
	struct btf *btf = btf__new_empty();
	int id = btf__add_enum(btf, "signed", 4);
	uint64_t value = 0;

	btf__add_enum_value(btf, "LESS", -1);
	CHECK(btf_kflag(btf__type_by_id(btf, (uint32_t)id)));
	CHECK(kernel_enumerator(btf, "signed", "LESS", &value) && value == UINT64_MAX);
	btf__free(btf);
}

/* An enum of one value, of a kernel that says no sign, or says one of another enum before it. */
static uint64_t value_of(uint32_t written, bool says_signs, bool behind)
{
	struct btf *btf = btf__new_empty();
	uint64_t value = 0;

	for (int round = 0; round < 2; round++) {
		if (round == behind) {
			btf__add_enum(btf, "flags", 4);
			btf__add_enum_value(btf, "ZERO", 0);
			btf__add_enum_value(btf, "HIGH", written);
			/* What libbpf sets for negative numbers, older tools never did. */
			((struct btf_type *)btf__type_by_id(btf, (uint32_t)(1 + round)))->info &=
				0x7fffffff;
		} else {
			btf__add_enum(btf, "other", 4);
			btf__add_enum_value(btf, "OTHER", says_signs ? -1 : 1);
		}
	}
	CHECK(kernel_enumerator(btf, "flags", "HIGH", &value));
	btf__free(btf);
	return value;
}

static void signs_that_no_kernel_tells(void)
{
	/* Errors of the kernel are negative, masks and hashes are not. */
	CHECK(value_of((uint32_t)-1, false, true) == UINT64_MAX);
	CHECK(value_of((uint32_t)-4095, false, true) == (uint64_t)-4095);
	CHECK(value_of((uint32_t)-4096, false, true) == 0xfffff000);
	CHECK(value_of(0x80000000, false, true) == 0x80000000);
	CHECK(value_of(0x7fffffff, false, true) == 0x7fffffff);
	/* A kernel that says one sign says all; what comes behind is of others. */
	CHECK(value_of((uint32_t)-1, true, true) == 0xffffffff);
	CHECK(value_of((uint32_t)-1, true, false) == UINT64_MAX);
}

/* Of a module its own alone: what the kernel has is asked of the kernel. */
static void enums_of_modules(struct btf *base)
{
	struct btf *module = btf__new_empty_split(base);
	const struct mf_enum known = {.name = "state", .values = positive, .value_count = 3};
	struct arena arena = {0};
	struct mf_enum found;
	uint64_t value;

	btf__add_enum(module, "state", 4);
	btf__add_enum_value(module, "STATE_C", 33);
	CHECK(kernel_enum_like(&arena, module, &known, &found));
	CHECK(found.value_count == 1 && found.values[0].value == 33);
	CHECK(kernel_enumerator(module, "state", "STATE_C", &value) && value == 33);
	CHECK(!kernel_enumerator(module, "state", "STATE_A", &value));
	CHECK(!kernel_has_enumerator(module, "STATE_A") &&
	      kernel_has_enumerator(module, "STATE_C"));
	arena_free(&arena);
	btf__free(module);
}

int main(void)
{
	struct btf *btf = kernel();

	the_one_that_shares_most(btf);
	enums_of_64_bits(btf);
	enumerators(btf);
	signs_that_the_kernel_tells();
	signs_that_no_kernel_tells();
	enums_of_modules(btf);
	btf__free(btf);
	return check_result("kernel_enums");
}
