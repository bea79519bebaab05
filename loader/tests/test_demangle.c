/* [PRB-033] Names that people read, and names that stand for more than anybody reads. */
#include <stdlib.h>

#include "binary/demangle.h"
#include "check.h"

static void names_of_cpp(void)
{
	struct strbuf text = {0};
	char bomb[512];

	CHECK(demangle(&text, "_ZN2ns3maxIiEET_S1_S1_", DEMANGLE_FULL));
	CHECK_TEXT(&text, "int ns::max<int>(int, int)");
	CHECK(demangle(&text, "_ZN2ns3maxIiEET_S1_S1_", DEMANGLE_SIGNATURE));
	CHECK_TEXT(&text, "ns::max<int>(int, int)");
	CHECK(demangle(&text, "_ZN2ns3maxIiEET_S1_S1_", DEMANGLE_NAME));
	CHECK_TEXT(&text, "ns::max<int>");
	CHECK(demangle(&text, "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", DEMANGLE_FULL));
	CHECK_TEXT(&text, "core::fmt::Formatter::pad");
	CHECK(!demangle(&text, "main", DEMANGLE_FULL) && !demangle(&text, "_Zx", DEMANGLE_FULL));
	CHECK_TEXT(&text, "");
	CHECK(demangle_matches("ns::max<int>", "_ZN2ns3maxIiEET_S1_S1_", &text));
	CHECK(demangle_matches("ns::max*", "_ZN2ns3maxIiEET_S1_S1_", &text));
	CHECK(demangle_matches("ns::max<int>(int, int)", "_ZN2ns3maxIiEET_S1_S1_", &text));
	CHECK(demangle_matches("_ZN2ns*", "_ZN2ns3maxIiEET_S1_S1_", &text));
	CHECK(!demangle_matches("max<int>", "_ZN2ns3maxIiEET_S1_S1_", &text));
	CHECK(demangle_matches("main", "main", &text));
	/* Names that grow without bounds are left as they are. */
	strcpy(bomb, "_Z1fSt4pairIiiE");
	for (int i = 0; i < 30; i++)
		snprintf(bomb + strlen(bomb), sizeof(bomb) - strlen(bomb), "S_IS%c_S%c_E",
			 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i],
			 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i]);
	strbuf_clear(&text);
	CHECK(!demangle(&text, bomb, DEMANGLE_FULL) && text.length == 0);
	strbuf_free(&text);
}

/* Each form of the grammar once; what is expected is what GNU c++filt shows. */
static void names_of_rust(void)
{
	static const struct {
		const char *name, *readable;
	} names[] = {
		{"_RINvNtC3std3mem8align_ofjdE", "std::mem::align_of::<usize, f64>"},
		{"_RNvC6_123foo3bar", "123foo::bar"},
		{"_RNvMC5alphaNtB2_3Foo3new", "<alpha::Foo>::new"},
		{"_RNvXs_C5alphaNtB4_3FooNtNtC4core3fmt5Debug3fmt",
		 "<alpha::Foo as core::fmt::Debug>::fmt"},
		{"_RYNtC1a1BNtC1a1C", "<a::B as a::C>"},
		{"_RNCNvC4main3run0", "main::run::{closure#0}"},
		{"_RNCNvC4main3runs_0B3_", "main::run::{closure#1}"},
		{"_RINvC1a1fFUKCEuKj7b_Kln5_Kb1_Kc41_Kc1f600_E",
		 "a::f::<unsafe extern \"C\" fn(), 123, -5, true, 'A', '\\u{1f600}'>"},
		{"_RINvC1a1fAhj3_TuETEThEE", "a::f::<[u8; 3], ((),), (), (u8,)>"},
		{"_RINvC1a1fKj7b_KB8_hE", "a::f::<123, 123, u8>"},
		{"_RINvC1a1fDG_INtC1b2FnTRL0_hEEp6OutputuEL_E",
		 "a::f::<dyn for<'a> b::Fn<(&'a u8,), Output = ()>>"},
		{"_RINvC1a1fFG_DNtC1b1TEL0_EuE", "a::f::<for<'a> fn(dyn b::T + 'a)>"},
		{"_RINvC1a1fQhPhOhSRhKp_E", NULL},
		{"_RINvC1a1fQhPhOhSRhKpE", "a::f::<&mut u8, *const u8, *mut u8, [&u8], _>"},
		{"_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
		 "utf8_idents::\u10e1\u10d0\u10ed\u10db\u10d4\u10da\u10d0\u10d3_"
		 "\u10d2\u10d4\u10db\u10e0\u10d8\u10d4\u10da\u10d8_"
		 "\u10e1\u10d0\u10d3\u10d8\u10da\u10d8"},
		{"_RNvC4main3run.llvm.123", "main::run"},
		/* Damaged: cut, a reference to itself, a lifetime that nothing names. */
		{"_R", NULL},
		{"_RNvC4main3ru", NULL},
		{"_RNvB_1a", NULL},
		{"_RINvC1a1fRL0_hE", NULL},
	};
	struct strbuf text = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *expected = names[i].readable;

		if (CHECK(demangle(&text, names[i].name, DEMANGLE_FULL) == (expected != NULL)))
			CHECK_TEXT(&text, expected ? expected : "");
		else
			fprintf(stderr, "  %s\n", names[i].name);
	}
	strbuf_free(&text);
}

/* All of these end. */
static void names_without_end(void)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	struct strbuf text = {0};
	char name[1024];

	/* A type that binds 62 to the 10th lifetimes, where nothing is shown. */
	CHECK(!demangle(&text, "_RC1aIC1bFGzzzzzzzzzz_EuE", DEMANGLE_FULL));
	/* Tuples of tuples, each twice the one before. */
	strcpy(name, "_RINvC1a1fTuuE");
	for (int i = 0; i < 40; i++)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), "TB%c_B%c_E",
			 i ? digits[10 + i % 26] : '7', i ? digits[10 + i % 26] : '7');
	strcat(name, "E");
	CHECK(!demangle(&text, name, DEMANGLE_FULL));
	/* Pairs of pairs in the same way, in which a pack is looked for before anything is shown.
	 */
	strcpy(name, "_Z1fISt4pairIiiE");
	for (int i = 0; i < 30; i++)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), "S0_IS%c_S%c_E",
			 digits[i + 1], digits[i + 1]);
	strcat(name, "EDpSV_v");
	CHECK(!demangle(&text, name, DEMANGLE_FULL));
	CHECK(!demangle_matches("f<*", name, &text));
	CHECK(text.length == 0);
	strbuf_clear(&text);
	CHECK(demangle(&text, "_Z1fi", DEMANGLE_FULL));
	CHECK_TEXT(&text, "f(int)");
	strbuf_free(&text);
}

int main(void)
{
	names_of_cpp();
	names_of_rust();
	names_without_end();
	return check_result("demangle");
}
