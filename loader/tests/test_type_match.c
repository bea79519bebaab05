/* Types that an object was built for beside those of a kernel. */
#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "host/type_key.h"
#include "host/type_match.h"
#include "host/type_subset.h"

/* struct s { int a; unsigned b; char text[8]; struct { unsigned char c; }; void *p; }, with a width
 * of b. */
static int add_struct(struct btf *btf, int b_bytes, bool b_signed, const char *name)
{
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int b = btf__add_int(btf, "b_type", b_bytes, b_signed ? BTF_INT_SIGNED : 0);
	int byte = btf__add_int(btf, "unsigned char", 1, 0);
	int text = btf__add_array(btf, number, byte, 8);
	int pointer = btf__add_ptr(btf, 0);
	int inner = btf__add_struct(btf, "", 1);
	int outer;

	btf__add_field(btf, "c", byte, 0, 0);
	outer = btf__add_struct(btf, name, 40);
	btf__add_field(btf, "a", number, 0, 0);
	btf__add_field(btf, "b", b, 64, 0);
	btf__add_field(btf, "text", text, 128, 0);
	btf__add_field(btf, "", inner, 192, 0);
	btf__add_field(btf, "p", pointer, 256, 0);
	return outer;
}

struct pair {
	struct btf *local, *host;
	uint32_t local_id, host_id;
};

static struct pair make(int host_bytes, bool host_signed)
{
	struct pair pair = {.local = btf__new_empty(), .host = btf__new_empty()};

	pair.local_id = (uint32_t)add_struct(pair.local, 4, false, "s___old");
	pair.host_id = (uint32_t)add_struct(pair.host, host_bytes, host_signed, "s");
	return pair;
}

static void free_pair(struct pair *pair)
{
	btf__free(pair->local);
	btf__free(pair->host);
}

static void test_leaves(void)
{
	struct pair pair = make(8, false);
	const struct btf_member *members;
	struct type_leaf local, host;
	uint32_t ids[4];

	CHECK(type_candidates(pair.local, pair.local_id, pair.host, 1, ids, 4) == 1);
	CHECK(ids[0] == pair.host_id);
	CHECK(type_local_leaf(pair.local, pair.local_id, "0:1", &local));
	CHECK(strcmp(local.name, "b") == 0 && local.bit_offset == 64);
	CHECK(type_host_leaf(pair.local, pair.local_id, "0:3:0", pair.host, pair.host_id, &host));
	CHECK(strcmp(host.name, "c") == 0 && host.bit_offset == 192);
	CHECK(type_host_leaf(pair.local, pair.local_id, "0:2:7", pair.host, pair.host_id, &host));
	CHECK(host.bit_offset == 128 + 7 * 8);
	CHECK(!type_host_leaf(pair.local, pair.local_id, "0:2:8", pair.host, pair.host_id, &host));
	CHECK(!type_local_leaf(pair.local, pair.local_id, "0:9", &local));
	CHECK(!type_local_leaf(pair.local, pair.local_id, "1", &local));
	members = btf_members(btf__type_by_id(pair.local, pair.local_id));
	CHECK(type_local_member(pair.local, pair.local_id, "0:1") == &members[1]);
	CHECK(type_local_member(pair.local, pair.local_id, "0:2:7") == &members[2]);
	CHECK(strcmp(btf__name_by_offset(
			     pair.local,
			     type_local_member(pair.local, pair.local_id, "0:3:0")->name_off),
		     "c") == 0);
	CHECK(!type_local_member(pair.local, pair.local_id, "0"));
	CHECK(!type_local_member(pair.local, pair.local_id, "0:9"));
	CHECK(!type_local_member(pair.local, pair.local_id, "1"));
	free_pair(&pair);
}

static bool same(int host_bytes, bool host_signed, enum type_use use, char *why, size_t room)
{
	struct pair pair = make(host_bytes, host_signed);
	struct type_leaf local, host;
	bool result;

	CHECK(type_local_leaf(pair.local, pair.local_id, "0:1", &local));
	CHECK(type_host_leaf(pair.local, pair.local_id, "0:1", pair.host, pair.host_id, &host));
	result = type_same_value(&local, &host, use, why, room);
	free_pair(&pair);
	return result;
}

static void test_values(void)
{
	char why[256] = "";

	CHECK(same(4, false, TYPE_USE_FIXED, why, sizeof(why)));
	CHECK(same(2, false, TYPE_USE_ADAPTS, why, sizeof(why)));
	CHECK(same(2, false, TYPE_USE_LOADS, why, sizeof(why)));
	CHECK(!same(2, false, TYPE_USE_FIXED, why, sizeof(why)));
	CHECK(strstr(why, "16 bits") && strstr(why, "built for 32"));
	CHECK(!same(8, false, TYPE_USE_ADAPTS, why, sizeof(why)));
	CHECK(strstr(why, "64 bits"));
	CHECK(!same(4, true, TYPE_USE_ADAPTS, why, sizeof(why)));
	CHECK(strstr(why, "has a sign"));
}

/* void is no value: what leads there is told apart by nothing. */
static void test_values_without_type(void)
{
	struct pair pair = make(4, false);
	struct type_leaf local = {.btf = pair.local, .name = ""}, host = {.btf = pair.host};
	char why[256] = "";

	host.type = pair.host_id;
	CHECK(type_same_value(&local, &host, TYPE_USE_FIXED, why, sizeof(why)));
	local.type = pair.local_id;
	host.type = 0;
	CHECK(type_same_value(&local, &host, TYPE_USE_FIXED, why, sizeof(why)) && !*why);
	free_pair(&pair);
}

static void test_layouts(void)
{
	struct pair pair = make(4, false), other = make(8, false);
	char why[256] = "";

	CHECK(type_same_layout(pair.local, pair.local_id, pair.host, pair.host_id, why,
			       sizeof(why)));
	CHECK(!type_same_layout(other.local, other.local_id, other.host, other.host_id, why,
				sizeof(why)));
	CHECK(strstr(why, "member b that has 64 bits"));
	free_pair(&pair);
	free_pair(&other);
}

/* Kernels before 6.2 have signed characters, but scripts read char with a sign from all. */
static void test_characters(void)
{
	struct btf *local = btf__new_empty(), *host = btf__new_empty();
	struct type_leaf was = {.btf = local, .name = ""}, is = {.btf = host, .name = ""};
	char why[256] = "";

	was.type = (uint32_t)btf__add_int(local, "char", 1, 0);
	is.type = (uint32_t)btf__add_int(host, "char", 1, BTF_INT_SIGNED);
	CHECK(type_same_value(&was, &is, TYPE_USE_FIXED, why, sizeof(why)));
	is.type = (uint32_t)btf__add_int(host, "signed char", 1, BTF_INT_SIGNED);
	CHECK(type_same_value(&was, &is, TYPE_USE_FIXED, why, sizeof(why)));
	is.type = (uint32_t)btf__add_int(host, "unsigned char", 1, 0);
	CHECK(!type_same_value(&was, &is, TYPE_USE_FIXED, why, sizeof(why)));
	btf__free(local);
	btf__free(host);
}

/* A type of `btf` that a pointer leads to. */
typedef int (*add_type)(struct btf *btf);

static int add_sock(struct btf *btf)
{
	return btf__add_struct(btf, "sock", 8);
}

static int add_sock_name(struct btf *btf)
{
	return btf__add_fwd(btf, "sock___mine", BTF_FWD_STRUCT);
}

static int add_page(struct btf *btf)
{
	return btf__add_fwd(btf, "page", BTF_FWD_STRUCT);
}

static int add_sock_pointer(struct btf *btf)
{
	return btf__add_ptr(btf, add_sock(btf));
}

static int add_number(struct btf *btf)
{
	return btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
}

static int add_unsigned(struct btf *btf)
{
	return btf__add_int(btf, "unsigned int", 4, 0);
}

static int add_bytes(struct btf *btf)
{
	return btf__add_int(btf, "char", 1, 0);
}

static int add_void(struct btf *btf)
{
	(void)btf;
	return 0;
}

static bool leads_alike(add_type was, add_type is, char *why, size_t room)
{
	struct btf *local = btf__new_empty(), *host = btf__new_empty();
	struct type_leaf old = {.btf = local, .name = ""}, new = {.btf = host, .name = ""};
	bool alike;

	old.type = (uint32_t)btf__add_ptr(local, was(local));
	new.type = (uint32_t)btf__add_ptr(host, is(host));
	alike = type_same_value(&old, &new, TYPE_USE_FIXED, why, room);
	CHECK(alike == type_same_layout(local, old.type, host, new.type, why, room));
	btf__free(local);
	btf__free(host);
	return alike;
}

static void test_pointers(void)
{
	char why[256] = "";

	CHECK(leads_alike(add_sock_name, add_sock, why, sizeof(why)));
	CHECK(leads_alike(add_sock_pointer, add_sock_pointer, why, sizeof(why)));
	CHECK(leads_alike(add_number, add_number, why, sizeof(why)));
	CHECK(leads_alike(add_void, add_page, why, sizeof(why)));
	CHECK(leads_alike(add_bytes, add_void, why, sizeof(why)));
	CHECK(!leads_alike(add_page, add_sock, why, sizeof(why)));
	CHECK(strcmp(why, "is a pointer to struct sock on this kernel, and the script was built "
			  "for a pointer to struct page") == 0);
	CHECK(!leads_alike(add_sock_pointer, add_sock, why, sizeof(why)));
	CHECK(strstr(why, "a pointer to a pointer to struct sock"));
	CHECK(!leads_alike(add_page, add_void, why, sizeof(why)));
	CHECK(!leads_alike(add_number, add_unsigned, why, sizeof(why)));
	CHECK(!leads_alike(add_number, add_sock, why, sizeof(why)));
}

/* A struct in a struct is what its name says, and a truth no number. */
static void test_kinds(void)
{
	struct btf *local = btf__new_empty(), *host = btf__new_empty();
	struct type_leaf was = {.btf = local, .name = ""}, is = {.btf = host, .name = ""};
	char why[256] = "";

	was.type = (uint32_t)btf__add_struct(local, "node", 8);
	is.type = (uint32_t)btf__add_struct(host, "node", 16);
	CHECK(type_same_value(&was, &is, TYPE_USE_FIXED, why, sizeof(why)));
	is.type = (uint32_t)btf__add_struct(host, "linked_node", 8);
	CHECK(!type_same_value(&was, &is, TYPE_USE_FIXED, why, sizeof(why)));
	was.type = (uint32_t)btf__add_struct(local, "", 8);
	CHECK(type_same_value(&was, &is, TYPE_USE_FIXED, why, sizeof(why)));
	was.type = (uint32_t)btf__add_int(local, "_Bool", 1, BTF_INT_BOOL);
	is.type = (uint32_t)btf__add_int(host, "_Bool", 1, BTF_INT_BOOL);
	CHECK(type_same_value(&was, &is, TYPE_USE_ADAPTS, why, sizeof(why)));
	is.type = (uint32_t)btf__add_int(host, "u8", 1, 0);
	CHECK(!type_same_value(&was, &is, TYPE_USE_ADAPTS, why, sizeof(why)));
	is.bit_size = 1;
	CHECK(!type_same_value(&was, &is, TYPE_USE_FIXED, why, sizeof(why)));
	CHECK(strstr(why, "1 bits on this kernel"));
	btf__free(local);
	btf__free(host);
}

/* What holds itself by value is no type, but an object can say so. */
static void test_endless(void)
{
	struct btf *btf = btf__new_empty();
	char why[256] = "";
	int id = btf__add_struct(btf, "s", 8);

	for (int i = 0; i < 16; i++)
		btf__add_field(btf, "", id, 0, 0);
	CHECK(!type_same_layout(btf, (uint32_t)id, btf, (uint32_t)id, why, sizeof(why)));
	CHECK(strstr(why, "too many members"));
	btf__free(btf);
}

static void test_subset(void)
{
	struct pair pair = make(8, false);
	struct type_subset *subset = type_subset_new();
	struct type_leaf leaf;
	void *bytes;
	struct btf *small;
	uint32_t size, ids[2];

	CHECK(type_subset_add(subset, type_btf_source(pair.host), pair.host_id));
	CHECK(type_subset_add(subset, type_btf_source(pair.host), pair.host_id));
	bytes = type_subset_bytes(subset, &size);
	CHECK(bytes);
	small = btf__new(bytes, size);
	CHECK(small);
	CHECK(type_candidates(pair.local, pair.local_id, small, 1, ids, 2) == 1);
	CHECK(type_host_leaf(pair.local, pair.local_id, "0:3:0", small, ids[0], &leaf));
	CHECK(leaf.bit_offset == 192);
	CHECK(btf__resolve_size(small, ids[0]) == 40);
	btf__free(small);
	free(bytes);
	type_subset_free(subset);
	free_pair(&pair);
}

/* struct holder { other_t *to; other_t **twice; union { } *nameless; int (*call)(void); int
 * *number; } */
static uint32_t add_holder(struct btf *btf, const char *other)
{
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int to, members[5];

	to = btf__add_struct(btf, other, 8);
	btf__add_field(btf, "far", number, 0, 0);
	members[0] = btf__add_ptr(btf, btf__add_typedef(btf, "other_t", to));
	members[1] = btf__add_ptr(btf, members[0]);
	members[2] = btf__add_ptr(btf, btf__add_union(btf, "", 8));
	members[3] = btf__add_ptr(btf, btf__add_func_proto(btf, number));
	members[4] = btf__add_ptr(btf, btf__add_const(btf, number));
	to = btf__add_struct(btf, "holder", 40);
	for (int i = 0; i < 5; i++) {
		const char *const names[] = {"to", "twice", "nameless", "call", "number"};

		btf__add_field(btf, names[i], members[i], (uint32_t)i * 64, 0);
	}
	return (uint32_t)to;
}

/* Of what pointers lead to there is as much as is compared: names, kinds and numbers. */
static void test_subset_of_pointers(void)
{
	struct btf *local = btf__new_empty(), *host = btf__new_empty(), *small;
	uint32_t local_id = add_holder(local, "other"), host_id = add_holder(host, "another");
	struct type_subset *subset = type_subset_new();
	uint32_t size, ids[2];
	void *bytes;

	CHECK(type_subset_add(subset, type_btf_source(host), host_id));
	bytes = type_subset_bytes(subset, &size);
	small = btf__new(bytes, size);
	CHECK(small);
	CHECK(btf__find_by_name_kind(small, "another", BTF_KIND_FWD) > 0);
	CHECK(btf__find_by_name_kind(small, "another", BTF_KIND_STRUCT) < 0);
	CHECK(btf__find_by_name_kind(small, "far", BTF_KIND_STRUCT) < 0);
	CHECK(type_candidates(local, local_id, small, 1, ids, 2) == 1);
	for (int i = 0; i < 5; i++) {
		char access[] = "0:0", by_all[256] = "", by_few[256] = "";
		struct type_leaf was, all, few;
		bool same;

		access[2] = (char)('0' + i);
		CHECK(type_local_leaf(local, local_id, access, &was));
		CHECK(type_host_leaf(local, local_id, access, host, host_id, &all));
		CHECK(type_host_leaf(local, local_id, access, small, ids[0], &few));
		same = type_same_value(&was, &all, TYPE_USE_FIXED, by_all, sizeof(by_all));
		CHECK(same == (i > 1));
		CHECK(type_same_value(&was, &few, TYPE_USE_FIXED, by_few, sizeof(by_few)) == same);
		CHECK(type_relocates(&was, &few));
	}
	btf__free(small);
	free(bytes);
	type_subset_free(subset);
	btf__free(local);
	btf__free(host);
}

static void test_wider_enums(void)
{
	struct btf *local = btf__new_empty(), *host = btf__new_empty();
	int id = btf__add_enum(local, "bits", 4), wide;
	uint32_t ids[2];

	CHECK(btf__add_enum_value(local, "FIRST", 1) == 0);
	btf__add_int(host, "bits", 4, 0);
	wide = btf__add_enum64(host, "bits", 8, false);
	CHECK(btf__add_enum64_value(host, "LAST", 1ull << 40) == 0);
	CHECK(type_candidates(local, (uint32_t)id, host, 1, ids, 2) == 1);
	CHECK(ids[0] == (uint32_t)wide);
	btf__free(local);
	btf__free(host);
}

/* What is a number, behind whatever names and words; and what is none. */
static void test_numbers(void)
{
	struct btf *btf = btf__new_empty();
	int integer = btf__add_int(btf, "int", 4, BTF_INT_SIGNED), word, plain, minus, wide;
	struct type_number number;
	int others[5];

	word = btf__add_int(btf, "unsigned long", 8, 0);
	plain = btf__add_enum(btf, "plain", 4);
	btf__add_enum_value(btf, "ONE", 1);
	minus = btf__add_enum(btf, "minus", 4);
	btf__add_enum_value(btf, "LESS", -1);
	wide = btf__add_enum64(btf, "wide", 8, false);
	btf__add_enum64_value(btf, "MORE", 1ull << 40);
	others[0] = btf__add_ptr(btf, integer);
	others[1] = btf__add_struct(btf, "s", 4);
	others[2] = btf__add_array(btf, integer, integer, 2);
	others[3] = btf__add_func_proto(btf, integer);
	others[4] = btf__add_typedef(btf, "pointer_t", others[0]);
	CHECK(type_number(btf, (uint32_t)integer, &number) && number.size == 4 &&
	      number.is_signed && !number.is_enum);
	CHECK(type_number(btf, (uint32_t)word, &number) && number.size == 8 && !number.is_signed &&
	      !number.is_enum);
	CHECK(type_number(btf, (uint32_t)plain, &number) && number.size == 4 && !number.is_signed &&
	      number.is_enum);
	CHECK(type_number(btf, (uint32_t)minus, &number) && number.size == 4 && number.is_signed &&
	      number.is_enum);
	CHECK(type_number(btf, (uint32_t)wide, &number) && number.size == 8 && number.is_enum);
	CHECK(type_number(btf, (uint32_t)btf__add_const(btf, btf__add_typedef(btf, "t", word)),
			  &number) &&
	      number.size == 8 && !number.is_signed);
	for (size_t i = 0; i < 5; i++)
		CHECK(!type_number(btf, (uint32_t)others[i], &number));
	/* void, also by another name, and one that is not there. */
	CHECK(!type_number(btf, 0, &number) &&
	      !type_number(btf, (uint32_t)btf__add_const(btf, 0), &number) &&
	      !type_number(btf, btf__type_cnt(btf), &number));
	btf__free(btf);
}

int main(void)
{
	test_numbers();
	test_wider_enums();
	test_leaves();
	test_values();
	test_values_without_type();
	test_layouts();
	test_characters();
	test_pointers();
	test_kinds();
	test_endless();
	test_subset();
	test_subset_of_pointers();
	return check_result("type match");
}
