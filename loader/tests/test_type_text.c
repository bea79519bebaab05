/* Types of BTF as C declares them. */
#include <bpf/btf.h>

#include "check.h"
#include "host/type_text.h"

static struct btf *btf;
static struct strbuf text;

static void expect_parameter(int type, const char *name, const char *expected)
{
	CHECK(type_text_parameter(btf, (uint32_t)type, name, &text));
	CHECK_TEXT(&text, expected);
}

static void expect_definition(int type, const char *expected)
{
	CHECK(type_text_definition(btf, (uint32_t)type, &text));
	CHECK_TEXT(&text, expected);
}

static void test_declarators(void)
{
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int byte = btf__add_int(btf, "char", 1, 0), nothing = 0;
	int array = btf__add_array(btf, number, byte, 16);
	int matrix = btf__add_array(btf, number, array, 3);
	int constant = btf__add_const(btf, byte);
	int text_type = btf__add_ptr(btf, constant);
	int function = btf__add_func_proto(btf, number);
	int none, function_of_none, pointer, tagged;

	CHECK(btf__add_func_param(btf, "sk", text_type) == 0);
	CHECK(btf__add_func_param(btf, "bytes", array) == 0);
	CHECK(btf__add_func_param(btf, "", nothing) == 0);
	none = btf__add_func_proto(btf, nothing);
	function_of_none = btf__add_ptr(btf, none);
	pointer = btf__add_ptr(btf, function);
	tagged = btf__add_type_tag(btf, "user", array);

	expect_parameter(number, "n", "int n");
	expect_parameter(nothing, "v", "void v");
	expect_parameter(btf__add_ptr(btf, nothing), "p", "void * p");
	expect_parameter(array, "name", "char name[16]");
	expect_parameter(matrix, "m", "char m[3][16]");
	expect_parameter(btf__add_ptr(btf, array), "p", "char (*p)[16]");
	expect_parameter(btf__add_ptr(btf, tagged), "p", "char (*p)[16]");
	expect_parameter(text_type, "s", "const char * s");
	expect_parameter(btf__add_const(btf, text_type), "s", "const char *const s");
	expect_parameter(btf__add_ptr(btf, btf__add_restrict(btf, text_type)), "s",
			 "const char *restrict * s");
	expect_parameter(btf__add_volatile(btf, number), "n", "volatile int n");
	expect_parameter(pointer, "cb", "int (*cb)(const char *sk, char bytes[16], ...)");
	expect_parameter(function_of_none, "cb", "void (*cb)(void)");
	expect_parameter(btf__add_ptr(btf, pointer), "cb",
			 "int (**cb)(const char *sk, char bytes[16], ...)");
	expect_parameter(btf__add_array(btf, number, pointer, 2), "cb",
			 "int (*cb[2])(const char *sk, char bytes[16], ...)");
	expect_parameter(btf__add_fwd(btf, "sock", BTF_FWD_STRUCT), "s", "struct sock s");
	expect_parameter(btf__add_fwd(btf, "u", BTF_FWD_UNION), "s", "union u s");
	expect_parameter(btf__add_typedef(btf, "size_t", number), "n", "size_t n");
}

static void test_definitions(void)
{
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED), inner, outer;
	int array = btf__add_array(btf, number, number, 2), color, wide, signed_enum;

	inner = btf__add_union(btf, "", 4);
	CHECK(btf__add_field(btf, "a", number, 0, 0) == 0);
	CHECK(btf__add_field(btf, "b", number, 0, 0) == 0);
	outer = btf__add_struct(btf, "outer", 16);
	CHECK(btf__add_field(btf, "flag", number, 0, 3) == 0);
	CHECK(btf__add_field(btf, "rest", number, 3, 29) == 0);
	CHECK(btf__add_field(btf, "", inner, 32, 0) == 0);
	CHECK(btf__add_field(btf, "pair", array, 64, 0) == 0);
	expect_definition(outer, "struct outer {\n\tint flag : 3;\n\tint rest : 29;\n\tunion {\n"
				 "\t\tint a;\n\t\tint b;\n\t};\n\tint pair[2];\n};\n");
	expect_definition(inner, "union {\n\tint a;\n\tint b;\n};\n");
	expect_parameter(inner, "u", "union {\n\tint a;\n\tint b;\n} u");
	expect_parameter(outer, "o", "struct outer o");
	color = btf__add_enum(btf, "color", 4);
	CHECK(btf__add_enum_value(btf, "RED", 0) == 0);
	CHECK(btf__add_enum_value(btf, "MOST", 0x80000000) == 0);
	expect_definition(color, "enum color {\n\tRED = 0,\n\tMOST = 2147483648,\n};\n");
	expect_parameter(color, "c", "enum color c");
	signed_enum = btf__add_enum(btf, "", 4);
	CHECK(btf__add_enum_value(btf, "NONE", -1) == 0);
	expect_definition(signed_enum, "enum {\n\tNONE = -1,\n};\n");
	wide = btf__add_enum64(btf, "wide", 8, false);
	CHECK(btf__add_enum64_value(btf, "MOST", UINT64_MAX) == 0);
	expect_definition(wide, "enum wide {\n\tMOST = 18446744073709551615,\n};\n");
}

/* A bitfield whose width stands with its type, as compilers of before wrote them. */
static void test_old_bitfields(void)
{
	int three = btf__add_int(btf, "unsigned int", 4, 0), holder;
	struct btf_type *type = (struct btf_type *)btf__type_by_id(btf, (uint32_t)three);

	*(uint32_t *)(type + 1) = BTF_INT_BITS(3);
	holder = btf__add_struct(btf, "holder", 4);
	CHECK(btf__add_field(btf, "bits", three, 0, 0) == 0);
	expect_definition(holder, "struct holder {\n\tunsigned int bits : 3;\n};\n");
}

/* A description that goes round in circles ends. */
static void test_circles(void)
{
	int first = btf__type_cnt(btf), pointer = btf__add_ptr(btf, first);
	int unknown = btf__add_ptr(btf, 1 << 20), deep;

	CHECK(pointer == first && !type_text_parameter(btf, (uint32_t)pointer, "p", &text));
	strbuf_clear(&text);
	CHECK(!type_text_parameter(btf, (uint32_t)unknown, "p", &text));
	strbuf_clear(&text);
	/* As deep as it may be. */
	deep = btf__add_int(btf, "char", 1, 0);
	for (int i = 0; i < 64; i++)
		deep = btf__add_ptr(btf, deep);
	CHECK(type_text_parameter(btf, (uint32_t)deep, "p", &text) && text.length == 5 + 64 + 2);
	strbuf_clear(&text);
	CHECK(!type_text_parameter(btf, (uint32_t)btf__add_ptr(btf, deep), "p", &text));
	strbuf_free(&text);
}

int main(void)
{
	btf = btf__new_empty();
	test_declarators();
	test_definitions();
	test_old_bitfields();
	test_circles();
	btf__free(btf);
	strbuf_free(&text);
	return check_result("type_text");
}
