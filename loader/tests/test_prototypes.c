/* Parameters of raw tracepoints and functions, and types along paths of names. */
#include "host/prototypes.h"

#include <bpf/btf.h>

#include "check.h"
#include "host/kernel_btf.h"
#include "host/type_match.h"
#include "host/type_path.h"

static struct btf *btf;
static int number, large, word;

/* A function with parameters of these types; names may be NULL. */
static int prototype_with(const char *const *names, const int *types, size_t count)
{
	int prototype = btf__add_func_proto(btf, number);

	for (size_t i = 0; i < count; i++)
		btf__add_func_param(btf, names ? names[i] : NULL, types[i]);
	return prototype;
}

static void add_event(const char *name, int prototype)
{
	char text[64];

	snprintf(text, sizeof(text), "btf_trace_%s", name);
	btf__add_typedef(btf, text, btf__add_ptr(btf, prototype));
}

static void make(void)
{
	btf = btf__new_empty();
	number = btf__add_int(btf, "number", 4, 0);
	word = btf__add_int(btf, "word", 8, 0);
	large = btf__add_struct(btf, "large", 16);
	btf__add_field(btf, "low", word, 0, 0);
	btf__add_field(btf, "high", word, 64, 0);
}

static void expect_slot(const struct prototype *prototype, const char *name, int type,
			uint32_t slot)
{
	struct prototype_value value;

	if (CHECK(prototype_parameter(prototype, name, &value)))
		CHECK(value.type == (uint32_t)type && value.slot == slot);
}

static void expect_list(const struct prototype *prototype, const char *expected)
{
	char text[64];

	prototype_list(prototype, text, sizeof(text));
	if (!CHECK(strcmp(text, expected) == 0))
		fprintf(stderr, "  %s\n", text);
}

static void functions(void)
{
	const int types[] = {number, large, word};
	struct prototype prototype;
	struct prototype_value value;
	char room[16], text[8];
	uint32_t type;

	btf__add_func(btf, "with_names", BTF_FUNC_STATIC,
		      prototype_with((const char *[]){"first", "pair", "last"}, types, 3));
	btf__add_func(btf, "without", BTF_FUNC_STATIC, prototype_with(NULL, types, 3));
	btf__add_func(btf, "alone", BTF_FUNC_STATIC, btf__add_func_proto(btf, 0));
	btf__add_func(btf, "broken", BTF_FUNC_STATIC, number);
	CHECK(prototype_of_function(btf, "with_names", &prototype));
	expect_slot(&prototype, "first", number, 0);
	expect_slot(&prototype, "pair", large, 1);
	/* A struct of 16 bytes takes two slots, one of 8 takes one. */
	expect_slot(&prototype, "last", word, 3);
	CHECK(!prototype_parameter(&prototype, "arg0", &value));
	CHECK(!prototype_parameter(&prototype, "", &value));
	value = prototype_result(&prototype);
	CHECK(value.type == (uint32_t)number && value.slot == 4);
	expect_list(&prototype, "first, pair, last");
	CHECK(strcmp(prototype_parameter_at(&prototype, 2, &type, room, sizeof(room)), "last") ==
		      0 &&
	      type == (uint32_t)word);
	CHECK(!prototype_parameter_at(&prototype, 3, &type, room, sizeof(room)));
	/* It ends where there is no more room. */
	prototype_list(&prototype, text, sizeof(text));
	CHECK(strcmp(text, "first, ") == 0);

	CHECK(prototype_of_function(btf, "without", &prototype));
	expect_slot(&prototype, "arg2", word, 3);
	expect_list(&prototype, "arg0, arg1, arg2");
	CHECK(strcmp(prototype_parameter_at(&prototype, 1, &type, room, sizeof(room)), "arg1") ==
	      0);
	CHECK(prototype_of_function(btf, "alone", &prototype));
	expect_list(&prototype, "");
	value = prototype_result(&prototype);
	CHECK(value.type == 0 && value.slot == 0);
	CHECK(!prototype_of_function(btf, "broken", &prototype));
	CHECK(!prototype_of_function(btf, "none", &prototype));
	CHECK(!prototype_of_function(btf, "large", &prototype));
}

static void events(void)
{
	const int types[] = {word, number, word};
	struct prototype prototype;
	char room[16];
	uint32_t type;

	/* The first parameter is the kernel's own. */
	add_event("named", prototype_with(NULL, types, 3));
	btf__add_func(btf, "__bpf_trace_named", BTF_FUNC_STATIC,
		      prototype_with((const char *[]){"__data", "late", "later"}, types, 3));
	btf__add_func(btf, "__traceiter_named", BTF_FUNC_STATIC,
		      prototype_with((const char *[]){"__data", "size", "place"}, types, 3));
	CHECK(prototype_of_event(btf, "named", &prototype));
	/* What names them better comes first. */
	expect_list(&prototype, "size, place");
	expect_slot(&prototype, "size", number, 0);
	expect_slot(&prototype, "place", word, 1);
	CHECK(strcmp(prototype_parameter_at(&prototype, 0, &type, room, sizeof(room)), "size") ==
		      0 &&
	      type == (uint32_t)number);
	CHECK(!prototype_parameter_at(&prototype, 2, &type, room, sizeof(room)));
	/* A function with another number of parameters names none of these. */
	add_event("other", prototype_with(NULL, types, 3));
	btf__add_func(btf, "__probestub_other", BTF_FUNC_STATIC,
		      prototype_with((const char *[]){"__data", "size"}, types, 2));
	CHECK(prototype_of_event(btf, "other", &prototype));
	expect_list(&prototype, "arg0, arg1");
	expect_slot(&prototype, "arg0", number, 0);
	/* Typedefs that lead elsewhere are no events. */
	btf__add_typedef(btf, "btf_trace_number", number);
	btf__add_typedef(btf, "btf_trace_pointer", btf__add_ptr(btf, number));
	btf__add_typedef(btf, "btf_trace_direct", prototype_with(NULL, types, 3));
	CHECK(!prototype_of_event(btf, "number", &prototype));
	CHECK(!prototype_of_event(btf, "pointer", &prototype));
	CHECK(!prototype_of_event(btf, "direct", &prototype));
	CHECK(!prototype_of_event(btf, "none", &prototype));
}

static uint32_t named(const char *called, uint32_t room)
{
	uint32_t ids[8] = {0};
	uint32_t count = type_named(btf, called, strlen(called), ids, room);

	for (uint32_t i = 0; i < count; i++)
		CHECK(ids[i] != 0);
	return count;
}

static void names_of_types(void)
{
	uint32_t id;

	btf__add_struct(btf, "twice", 4);
	btf__add_union(btf, "twice", 4);
	btf__add_struct(btf, "twice", 8);
	btf__add_typedef(btf, "twice", number);
	btf__add_struct(btf, "twice_more", 8);
	CHECK(named("struct twice", 8) == 2);
	CHECK(named("struct twice", 1) == 1);
	CHECK(named("union twice", 8) == 1);
	CHECK(named("twice", 8) == 1);
	CHECK(named("struct twic", 8) == 0 && named("struct number", 8) == 0);
	/* The name may go on behind its length. */
	CHECK(type_named(btf, "struct large.low", 12, &id, 1) == 1 && id == (uint32_t)large);
}

static void paths_through_types(void)
{
	struct type_leaf leaf;
	int inner, outer, array, pointer, constant;

	inner = btf__add_struct(btf, "inner", 16);
	btf__add_field(btf, "skipped", word, 0, 0);
	btf__add_field(btf, "value", number, 64, 0);
	btf__add_field(btf, "bits", number, 96, 3);
	array = btf__add_array(btf, number, inner, 4);
	pointer = btf__add_ptr(btf, inner);
	constant = btf__add_const(btf, inner);
	outer = btf__add_struct(btf, "outer", 128);
	btf__add_field(btf, "before", word, 0, 0);
	btf__add_field(btf, "in", constant, 64, 0);
	btf__add_field(btf, "list", array, 192, 0);
	btf__add_field(btf, "to", pointer, 704, 0);
	CHECK(type_along(btf, (uint32_t)outer, "", &leaf) && leaf.type == (uint32_t)outer &&
	      leaf.bit_offset == 0 && !*leaf.name);
	CHECK(type_along(btf, (uint32_t)outer, "in.value", &leaf));
	CHECK(leaf.type == (uint32_t)number && leaf.bit_offset == 64 + 64 &&
	      strcmp(leaf.name, "value") == 0);
	CHECK(type_along(btf, (uint32_t)outer, "list.[].value", &leaf));
	CHECK(leaf.type == (uint32_t)number && leaf.bit_offset == 192 + 64);
	CHECK(type_along(btf, (uint32_t)outer, "to.->", &leaf) && leaf.type == (uint32_t)inner);
	CHECK(!type_along(btf, (uint32_t)outer, "in.none", &leaf));
	CHECK(!type_along(btf, (uint32_t)outer, "in.bits", &leaf));
	CHECK(!type_along(btf, (uint32_t)outer, "before.value", &leaf));
	CHECK(!type_along(btf, 0, "value", &leaf));
}

/* Names as long as the room that they have. */
static void long_names(void)
{
	char name[300];
	struct type_leaf leaf;
	int holder;

	memset(name, 'x', sizeof(name));
	name[255] = '\0';
	holder = btf__add_struct(btf, "holder", 8);
	btf__add_field(btf, name, word, 0, 0);
	CHECK(type_along(btf, (uint32_t)holder, name, &leaf) && leaf.type == (uint32_t)word);
	name[255] = 'x';
	name[256] = '\0';
	CHECK(!type_along(btf, (uint32_t)holder, name, &leaf));
}

/* What a module has by the name of something of the kernel is its own; the rest is the kernel's. */
static void of_modules(void)
{
	static const char *const few[] = {"a"}, *const more[] = {"long_b", "c"};
	int words[] = {word, word}, numbers[] = {number};
	struct btf *module;
	struct prototype prototype;

	make();
	btf__add_func(btf, "both", BTF_FUNC_STATIC, prototype_with(few, numbers, 1));
	btf__add_func(btf, "kernels", BTF_FUNC_STATIC, prototype_with(few, numbers, 1));
	add_event("both", prototype_with(NULL, (int[]){word, number}, 2));
	module = btf__new_empty_split(btf);
	CHECK(kernel_btf_own(module, "both", BTF_KIND_FUNC) == 0);
	{
		int own = btf__add_func_proto(module, number), context;

		for (int i = 0; i < 2; i++)
			btf__add_func_param(module, more[i], words[i]);
		/* Something else of that name comes first. */
		btf__add_struct(module, "both", 0);
		own = btf__add_func(module, "both", BTF_FUNC_STATIC, own);
		btf__add_func(module, "both", BTF_FUNC_STATIC, 1);
		CHECK(kernel_btf_own(module, "both", BTF_KIND_FUNC) == (uint32_t)own);
		context = btf__add_func_proto(module, number);
		for (int i = 0; i < 3; i++)
			btf__add_func_param(module, NULL, word);
		btf__add_typedef(module, "btf_trace_both", btf__add_ptr(module, context));
	}
	CHECK(kernel_btf_own(module, "kernels", BTF_KIND_FUNC) == 0 &&
	      kernel_btf_own(module, "none", BTF_KIND_FUNC) == 0);
	CHECK(kernel_btf_own(btf, "kernels", BTF_KIND_FUNC) ==
	      (uint32_t)btf__find_by_name_kind(btf, "kernels", BTF_KIND_FUNC));
	CHECK(prototype_of_function(module, "both", &prototype));
	expect_list(&prototype, "long_b, c");
	expect_slot(&prototype, "c", word, 1);
	CHECK(prototype_of_function(module, "kernels", &prototype));
	expect_list(&prototype, "a");
	CHECK(prototype_of_function(btf, "both", &prototype));
	expect_list(&prototype, "a");
	CHECK(prototype_of_event(module, "both", &prototype) && btf_vlen(prototype.types) == 3);
	CHECK(prototype_of_event(btf, "both", &prototype) && btf_vlen(prototype.types) == 2);
	CHECK(!prototype_of_function(module, "none", &prototype) &&
	      !prototype_of_event(module, "none", &prototype));
	btf__free(module);
	btf__free(btf);
}

int main(void)
{
	make();
	functions();
	events();
	names_of_types();
	paths_through_types();
	long_names();
	btf__free(btf);
	of_modules();
	return check_result("prototypes");
}
