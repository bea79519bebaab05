/* What libbpf says while an object is loaded: what is kept of it, shown at once, and told of a
 * failure. */
#include "session/libbpf_log.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/say.h"
#include "check.h"
#include "stand_in.h"

static char shown[65536];
static char path[] = "/tmp/bpfload-shown-XXXXXX";
static int kept_error;

/* Whatever goes to standard error, from here to shown_since. */
static void watch(void)
{
	int fd = open(path, O_RDWR | O_TRUNC);

	fflush(stderr);
	kept_error = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static const char *shown_since(void)
{
	int fd = open(path, O_RDONLY);
	ssize_t length;

	fflush(stderr);
	dup2(kept_error, STDERR_FILENO);
	close(kept_error);
	length = read(fd, shown, sizeof(shown) - 1);
	shown[length > 0 ? length : 0] = '\0';
	close(fd);
	return shown;
}

#define VERIFIER "-- BEGIN PROG LOAD LOG --\nfirst line\nsecond line\n-- END PROG LOAD LOG --\n"

/* Who sees what of warnings, of what libbpf does, and of the verifier's logs. */
static void test_levels(void)
{
	static const struct {
		struct options options;
		bool keeps;
		const char *shown, *collected, *kept;
	} cases[] = {
		{{0}, false, "", "warning\n" VERIFIER, ""},
		{{.verbose = true}, false, "warning\ndebug\n" VERIFIER, "warning\n" VERIFIER, ""},
		{{.dump_libbpf = true},
		 false,
		 "warning\ndebug\n" VERIFIER,
		 "warning\n" VERIFIER,
		 ""},
		{{.dump_verifier = true}, false, VERIFIER, "warning\n" VERIFIER, ""},
		{{0}, true, "", "warning\n" VERIFIER, VERIFIER},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct strbuf kept = {0};
		struct libbpf_log log;

		watch();
		libbpf_log_start(&log, &cases[i].options, 1000);
		log.kept = cases[i].keeps ? &kept : NULL;
		stand_in_say(LIBBPF_WARN, "%s\n", "warning");
		stand_in_say(LIBBPF_DEBUG, "%s\n", "debug");
		stand_in_say(LIBBPF_WARN, "%s", VERIFIER);
		CHECK(strcmp(shown_since(), cases[i].shown) == 0);
		CHECK(log.text && strcmp(log.text, cases[i].collected) == 0 &&
		      log.length == strlen(log.text));
		CHECK_TEXT(&kept, cases[i].kept);
		libbpf_log_stop(&log);
		CHECK(!log.text && log.length == 0);
		/* Nobody listens any more. */
		watch();
		stand_in_say(LIBBPF_WARN, "%s\n", "warning");
		CHECK(!*shown_since());
		strbuf_free(&kept);
	}
}

/* The end of a log, from the start of a line; what is left out is said to whoever sees it. */
static void test_limit(void)
{
	struct options options = {.verbose = true};
	struct strbuf kept = {0};
	struct libbpf_log log;

	watch();
	libbpf_log_start(&log, &options, 20);
	log.kept = &kept;
	stand_in_say(LIBBPF_WARN, "%s", "exactly 20 bytes...\n");
	stand_in_say(LIBBPF_WARN, "%s", "a line that goes\nand one more\n");
	stand_in_say(LIBBPF_WARN, "%s", "a line without any end of it\n");
	stand_in_say(LIBBPF_DEBUG, "%s", "BEGIN PROG LOAD LOG\nof it 21 bytes are\n");
	CHECK(strcmp(shown_since(),
		     "exactly 20 bytes...\n"
		     "(17 bytes left out; log_size is 20)\nand one more\n"
		     "(9 bytes left out; log_size is 20)\nthout any end of it\n"
		     "(20 bytes left out; log_size is 20)\nof it 21 bytes are\n") == 0);
	CHECK(strcmp(log.text, "exactly 20 bytes...\nand one more\nthout any end of it\n") == 0);
	CHECK_TEXT(&kept, "(20 bytes of a log left out)\nof it 21 bytes are\n");
	libbpf_log_stop(&log);
	strbuf_free(&kept);
}

/* Of all logs so much is kept, and of each what fits as a whole. */
static void test_kept(void)
{
	enum { MANY = 16 << 20 };
	const struct options options = {0};
	char *text = malloc(MANY + 1);
	struct strbuf kept = {0};
	struct libbpf_log log;

	memset(text, 'x', MANY);
	text[MANY] = '\0';
	memcpy(text, "BEGIN PROG LOAD LOG", 19);
	libbpf_log_start(&log, &options, 2 * MANY);
	log.kept = &kept;
	stand_in_say(LIBBPF_DEBUG, "%s", text);
	CHECK(kept.length == MANY);
	stand_in_say(LIBBPF_DEBUG, "%s", "BEGIN PROG LOAD LOG");
	CHECK(kept.length == MANY + 29 &&
	      memcmp(kept.data + MANY, "(19 bytes of a log left out)\n", 29) == 0);
	CHECK(!log.text);
	libbpf_log_stop(&log);
	strbuf_clear(&kept);
	libbpf_log_start(&log, &options, 2 * MANY);
	log.kept = &kept;
	stand_in_say(LIBBPF_DEBUG, "%s", "BEGIN PROG LOAD LOG");
	stand_in_say(LIBBPF_DEBUG, "%s", text);
	CHECK(kept.length < 100 && strstr(strbuf_c_text(&kept), "(16777216 bytes of a log left"));
	libbpf_log_stop(&log);
	strbuf_free(&kept);
	free(text);
}

static void test_words(void)
{
	struct libbpf_log log = {.text = (char *)"one 'two three' four\nfive six\n"}, empty = {0};
	char name[32];

	CHECK(libbpf_log_has(&log, "four") && !libbpf_log_has(&log, "seven"));
	CHECK(!libbpf_log_has(&empty, ""));
	CHECK(libbpf_log_name(&log, "one ", name, sizeof(name)) && strcmp(name, "two three") == 0);
	CHECK(libbpf_log_name(&log, "five ", name, sizeof(name)) && strcmp(name, "six") == 0);
	CHECK(libbpf_log_name(&log, "one ", name, 4) && strcmp(name, "two") == 0);
	CHECK(!libbpf_log_name(&log, "seven", name, sizeof(name)));
	CHECK(!libbpf_log_name(&empty, "one", name, sizeof(name)));
}

/* The last lines that say something. */
static void test_explain(void)
{
	static const char noise[] = "libbpf: failed to load object 'x'\n"
				    "libbpf: failed to load program 'y'\n"
				    "processed 5 insns\nverification time 3 usec\nstack depth 8\n"
				    "\n-- BEGIN PROG LOAD LOG --\nlibbpf: prog: -- END PROG LOAD "
				    "LOG --\nlibbpf: prog 'y': failed to load: -22\n"
				    "libbpf: 'z' failed to load object\n";
	struct libbpf_log log = {0};
	struct failure failure = {0};
	struct strbuf text = {0};

	strbuf_text(&text, noise);
	for (int i = 1; i <= 8; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d\n", i);
		strbuf_text(&text, line);
	}
	strbuf_text(&text, noise);
	fail(&failure, STATUS_FAILED, "it failed");
	libbpf_log_explain(&log, &failure);
	CHECK(!failure.details);
	log.text = (char *)strbuf_c_text(&text);
	log.verbose = true;
	libbpf_log_explain(&log, &failure);
	CHECK(!failure.details);
	log.verbose = false;
	libbpf_log_explain(&log, &failure);
	CHECK(failure.details &&
	      strcmp(failure.details, "  line 1\n  line 2\n  line 3\n  line 4\n  line 5\n  line 6\n"
				      "  line 7\n  line 8\n") == 0);
	failure_clear(&failure);
	fail(&failure, STATUS_FAILED, "it failed");
	strbuf_text(&text, "line 9\nline 10");
	log.text = (char *)strbuf_c_text(&text);
	libbpf_log_explain(&log, &failure);
	CHECK(failure.details &&
	      strcmp(failure.details, "  (2 lines left out; -v shows them)\n  line 3\n  line 4\n"
				      "  line 5\n  line 6\n  line 7\n  line 8\n  line 9\n"
				      "  line 10\n") == 0);
	failure_clear(&failure);
	strbuf_free(&text);
}

int main(void)
{
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	close(fd);
	stand_in_reset();
	test_levels();
	test_limit();
	test_kept();
	test_words();
	test_explain();
	unlink(path);
	return check_result("libbpf_log");
}
