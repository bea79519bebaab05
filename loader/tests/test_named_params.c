/* Named parameters of scripts: which there are, what each may be set to, and what is said of
 * others. */
#include "session/named_params.h"

#include <string.h>

#include "base/say.h"
#include "captured.h"
#include "check.h"
#include "says.h"

static const struct mf_option known[] = {
	{.name = "count", .type = MF_OPTION_INT, .is_signed = true, .initial = "5", .size = 8},
	{.name = "most", .type = MF_OPTION_INT, .initial = "9", .offset = 8, .size = 8},
	{.name = "loud", .type = MF_OPTION_BOOL, .initial = "0", .offset = 16, .size = 8},
	{.name = "text", .type = MF_OPTION_STRING, .initial = "abc", .offset = 24, .size = 8},
};
static struct manifest manifest = {.script = "script.bt", .options = known, .option_count = 4};
static struct failure failure;
static uint8_t rodata[40];
static char said[256];

static void keep(void *context, const char *text, size_t length)
{
	(void)context;
	snprintf(said, sizeof(said), "%.*s", (int)length, text);
}

static int store(const char *word)
{
	const struct options options = {.named = &word, .named_count = 1};

	failure_clear(&failure);
	*said = '\0';
	memset(rodata, 0xee, sizeof(rodata));
	return named_store(&options, &manifest, rodata, sizeof(rodata), &failure);
}

static bool is_number(const char *word, uint32_t offset, uint64_t expected)
{
	uint64_t number;

	if (store(word) != STATUS_OK)
		return false;
	memcpy(&number, rodata + offset, sizeof(number));
	return number == expected && rodata[offset + 8] == 0xee;
}

static void test_values(void)
{
	static const struct {
		const char *word, *text;
	} wrong[] = {
		{"--count", "Parameter --count expects an integer: --count=VALUE"},
		{"--count=", "Parameter --count expects an integer, but \"\" is none."},
		{"--count=x", "Parameter --count expects an integer, but \"x\" is none."},
		/* It would be negative. */
		{"--count=18446744073709551615", "Parameter --count expects an integer, but"},
		{"--most=-1",
		 "Parameter --most expects an integer that is not negative, but \"-1\""},
		{"--most",
		 "Parameter --most expects an integer that is not negative: --most=VALUE"},
		{"--loud=2",
		 "Parameter --loud expects true, yes, on or 1, or false, no, off or 0, bu"},
		{"--loud=", "Parameter --loud expects true"},
		{"--text", "Parameter --text expects a string: --text=VALUE"},
	};

	CHECK(is_number("--count=-3", 0, (uint64_t)-3) && is_number("--count=0", 0, 0));
	CHECK(is_number("--count=-0", 0, 0) && is_number("--count=7", 0, 7));
	CHECK(is_number("--most=18446744073709551615", 8, UINT64_MAX));
	CHECK(is_number("--loud", 16, 1) && is_number("--loud=OFF", 16, 0));
	CHECK(is_number("--loud=yes", 16, 1) && is_number("--loud=no", 16, 0));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		CHECK(store(wrong[i].word) == STATUS_USAGE);
		CHECK(says(&failure, STATUS_USAGE, wrong[i].text));
	}
	CHECK(store("--text=1234567") == STATUS_OK && !*said);
	CHECK(memcmp(rodata + 23,
		     "\xee"
		     "1234567\0\xee",
		     10) == 0);
	CHECK(store("--text=") == STATUS_OK && memcmp(rodata + 24, "\0\0\0\0\0\0\0\0", 8) == 0);
	CHECK(store("--text=12345678") == STATUS_OK);
	CHECK(memcmp(rodata + 24, "1234567\0\xee", 9) == 0);
	CHECK(strstr(said, "Parameter --text is longer than 7 bytes and will be shortened."));
	/* What the script does not have was told before. */
	CHECK(store("--none=1") == STATUS_OK && rodata[0] == 0xee);
}

static void test_room(void)
{
	const char *word = "--text=a", *several[] = {"--count=1", "--count=2"};
	struct options options = {.named = &word, .named_count = 1};

	failure_clear(&failure);
	CHECK(named_store(&options, &manifest, rodata, 31, &failure) == STATUS_OBJECT);
	CHECK(says(&failure, STATUS_OBJECT, "parameter --text has no place in .rodata"));
	failure_clear(&failure);
	CHECK(named_store(&options, &manifest, rodata, 20, &failure) == STATUS_OBJECT);
	failure_clear(&failure);
	CHECK(named_store(&options, &manifest, rodata, 32, &failure) == STATUS_OK);
	options = (struct options){.named = several, .named_count = 2};
	CHECK(named_store(&options, &manifest, rodata, 40, &failure) == STATUS_OK);
	CHECK(rodata[0] == 2);
}

static void test_unknown(void)
{
	static const struct manifest none = {.script = "script.bt"};
	const char *words[] = {"--count=3", "--help"};
	struct options options = {.named = words, .named_count = 2};

	failure_clear(&failure);
	CHECK(named_want_help(&options));
	CHECK(named_check(&options, &manifest, &failure) == STATUS_OK);
	words[1] = "--coun=3";
	CHECK(!named_want_help(&options));
	CHECK(named_check(&options, &manifest, &failure) == STATUS_USAGE);
	CHECK(says(&failure, STATUS_USAGE, "Unknown parameter: --coun"));
	CHECK(strcmp(failure.hint, "script.bt has these named parameters: --count, --most, --loud, "
				   "--text") == 0);
	failure_clear(&failure);
	CHECK(named_check(&options, &none, &failure) == STATUS_USAGE);
	CHECK(strcmp(failure.hint, "script.bt has no named parameters.") == 0);
	failure_clear(&failure);
}

static void print(const struct manifest *of, const char *expected)
{
	struct captured captured;
	struct strbuf text = {0};

	capture_begin(&captured, STDOUT_FILENO);
	named_print_help(of);
	capture_end(&captured, &text);
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
}

/* What a script says of its parameters, in columns; long names have a line of their own. */
static void test_help(void)
{
	static const struct mf_option options[] = {
		{.name = "count",
		 .type = MF_OPTION_INT,
		 .initial = "-5",
		 .description = "How many."},
		{.name = "loud", .type = MF_OPTION_BOOL, .initial = "0", .description = ""},
		{.name = "quiet", .type = MF_OPTION_BOOL, .initial = "1"},
		{.name = "text",
		 .type = MF_OPTION_STRING,
		 .initial = "a b",
		 .description = "What is said."},
		/* The longest that has room, and one more. */
		{.name = "fifteen_letters", .type = MF_OPTION_STRING, .initial = ""},
		{.name = "sixteen_letters_", .type = MF_OPTION_STRING, .initial = ""},
		{.name = "seventeen_letters", .type = MF_OPTION_STRING, .initial = ""},
		{.name = "eighteen_letters__", .type = MF_OPTION_INT, .initial = "1"},
		{.name = "nineteen_letters___", .type = MF_OPTION_INT, .initial = "1"},
	};

	print(&(struct manifest){.script = "a.bt"}, "a.bt has no named parameters.\n");
	print(&(struct manifest){.script = "a.bt", .options = options, .option_count = 9},
	      "Named parameters of a.bt:\n"
	      "  --count=INT             How many. (default: -5)\n"
	      "  --loud[=BOOL]           (default: false)\n"
	      "  --quiet[=BOOL]          (default: true)\n"
	      "  --text=TEXT             What is said. (default: \"a b\")\n"
	      "  --fifteen_letters=TEXT  (default: \"\")\n"
	      "  --sixteen_letters_=TEXT\n"
	      "                          (default: \"\")\n"
	      "  --seventeen_letters=TEXT\n"
	      "                          (default: \"\")\n"
	      "  --eighteen_letters__=INT\n"
	      "                          (default: 1)\n"
	      "  --nineteen_letters___=INT\n"
	      "                          (default: 1)\n");
}

/* An option of the compiler is told apart from one that nobody knows. */
static void test_of_compiler(void)
{
	const char *words[] = {"--kernel=x"};
	const struct options options = {.named = words, .named_count = 1};

	failure_clear(&failure);
	CHECK(named_check(&options, &manifest, &failure) == STATUS_USAGE);
	CHECK(says(&failure, STATUS_USAGE, "Unknown parameter: --kernel"));
	CHECK(strcmp(failure.hint,
		     "--kernel is an option of bpfscript, for when a script is compiled.") == 0);
	failure_clear(&failure);
}

int main(void)
{
	test_help();
	test_of_compiler();
	say_divert(keep, NULL);
	test_values();
	test_room();
	test_unknown();
	return check_result("named_params");
}
