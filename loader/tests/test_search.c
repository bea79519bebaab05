/* Searches of `bpfload list` as they are written: where one ends, what stands between its colons.
 */
#include "base/failure.h"
#include "check.h"
#include "listing/search.h"

static struct arena arena;
static struct search *searches;
static uint32_t count;

static int read_words(const char *const *words, struct failure *failure)
{
	uint32_t word_count = 0;

	while (words[word_count])
		word_count++;
	return searches_read(&arena, words, word_count, &searches, &count, failure);
}

/* All of them as text: fields in brackets, words with `~`, types with `=`. */
static void expect(const char *const *words, const char *expected)
{
	struct failure failure = {0};
	struct strbuf text = {0};

	CHECK(read_words(words, &failure) == STATUS_OK);
	for (uint32_t i = 0; i < count; i++) {
		const struct search *search = &searches[i];

		strbuf_text(&text, i ? " " : "");
		if (search->types.keyword) {
			strbuf_text(&text, search->types.keyword);
			strbuf_char(&text, '=');
			strbuf_text(&text, search->types.name);
			CHECK(search->fields.count == 0 && !search->is_word);
			continue;
		}
		strbuf_text(&text, search->is_word ? "~" : "");
		for (uint32_t field = 0; field < search->fields.count; field++) {
			strbuf_char(&text, '[');
			strbuf_text(&text, search->fields.texts[field]);
			strbuf_char(&text, ']');
		}
	}
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
	arena_free(&arena);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_words(void)
{
	const char *const none[] = {NULL};

	expect(none, "~[*][*]");
	expect(WORDS(""), "");
	expect(WORDS(" , ,"), "");
	expect(WORDS("vfs_*"), "~[*][vfs_*]");
	expect(WORDS("kprobe:vfs_*"), "[kprobe][vfs_*]");
	expect(WORDS("a:b:c"), "[a][b][c]");
	expect(WORDS("a::"), "[a][][]");
	/* The name of a provider is all of its probes; a letter is a word. */
	expect(WORDS("kprobe"), "[kprobe][*]");
	expect(WORDS("KFUNC"), "[KFUNC][*]");
	expect(WORDS("kr"), "~[*][kr]");
	expect(WORDS("k"), "~[*][k]");
	expect(WORDS("kprobes"), "~[*][kprobes]");
}

static void test_several(void)
{
	expect(WORDS("a:b,c:d"), "[a][b] [c][d]");
	expect(WORDS("a:b", "c:d", "e"), "[a][b] [c][d] ~[*][e]");
	expect(WORDS(" a:b \t,\n c:d "), "[a][b] [c][d]");
	expect(WORDS("a:b,"), "[a][b]");
	expect(WORDS(",a:b"), "[a][b]");
}

static void test_types(void)
{
	expect(WORDS("struct sock"), "struct=sock");
	expect(WORDS("struct", "sock"), "struct=sock");
	expect(WORDS("a:b,struct", "sock"), "[a][b] struct=sock");
	expect(WORDS("union \t u*,enum e_1"), "union=u* enum=e_1");
	expect(WORDS("struct"), "~[*][struct]");
	expect(WORDS("struct ", "sock"), "~[*][struct] ~[*][sock]");
	expect(WORDS("structs sock"), "~[*][structs sock]");
	expect(WORDS("struct a-b"), "~[*][struct a-b]");
	expect(WORDS("struct a:b"), "[struct a][b]");
}

static void test_quotes(void)
{
	expect(WORDS("uprobe:\"/a,b:c\":f"), "[uprobe][/a,b:c][f]");
	expect(WORDS("u:\"a\\\",b\":c,d:e"), "[u][a\",b][c] [d][e]");
	expect(WORDS("u:a\\:b"), "[u][a:b]");
	expect(WORDS("u:a\\"), "[u][a\\]");
	/* Commas of the parameters of C++, where the parenthesis closes. */
	expect(WORDS("u:x:f(int, char),a:b"), "[u][x][f(int, char)] [a][b]");
	expect(WORDS("u:x:f(int,a:b"), "[u][x][f(int] [a][b]");
	expect(WORDS("u:()a,b:c"), "[u][()a] [b][c]");
}

static void test_unterminated(void)
{
	struct failure failure = {0};

	CHECK(read_words(WORDS("a:\"b,c:d"), &failure) == STATUS_FAILED);
	CHECK(strcmp(failure.text, "a:\"b: unterminated string") == 0);
	failure_clear(&failure);
	CHECK(read_words(WORDS("a:\"b\\\""), &failure) == STATUS_FAILED);
	CHECK(strcmp(failure.text, "a:\"b\\\": unterminated string") == 0);
	arena_free(&arena);
}

static void expect_provider(const char *text, enum mf_provider expected)
{
	enum mf_provider provider = MF_END;

	if (!CHECK(search_provider(text, &provider) && provider == expected))
		fprintf(stderr, "  %s\n", text);
}

static void test_providers(void)
{
	enum mf_provider provider;

	expect_provider("t", MF_TRACEPOINT);
	expect_provider("rt", MF_RAWTRACEPOINT);
	expect_provider("k", MF_KPROBE);
	expect_provider("Kr", MF_KRETPROBE);
	expect_provider("f", MF_FENTRY);
	expect_provider("fr", MF_FEXIT);
	expect_provider("kfunc", MF_FENTRY);
	expect_provider("kretfunc", MF_FEXIT);
	expect_provider("u", MF_UPROBE);
	expect_provider("U", MF_USDT);
	expect_provider("ur", MF_URETPROBE);
	expect_provider("i", MF_INTERVAL);
	expect_provider("p", MF_PROFILE);
	expect_provider("s", MF_SOFTWARE);
	expect_provider("h", MF_HARDWARE);
	expect_provider("it", MF_ITER);
	expect_provider("w", MF_WATCHPOINT);
	expect_provider("begin", MF_BEGIN);
	expect_provider("UProbe", MF_UPROBE);
	CHECK(!search_provider("K", &provider) && !search_provider("", &provider));
	CHECK(!search_provider("uprob", &provider) && !search_provider("*", &provider));
}

int main(void)
{
	test_words();
	test_several();
	test_types();
	test_quotes();
	test_unterminated();
	test_providers();
	return check_result("search");
}
