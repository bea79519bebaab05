/* What strangers call themselves, shown on a terminal. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/terminal_text.h"
#include "output/output.h"
#include "base/failure.h"
#include "check.h"
#include "fixture.h"

static void characters(void)
{
	static const struct {
		const char *text, *shown;
	} texts[] = {
		{"", ""},
		{"plain \xc3\xa9\xe2\x82\xac\n\t", "plain \xc3\xa9\xe2\x82\xac\n\t"},
		{"\033[2J", "\\x1b[2J"},
		{"a\r\b\177", "a\\x0d\\x08\\x7f"},
		/* CSI of 8 bits, and as UTF-8. */
		{"\x9b"
		 "2J\xc2\x9b"
		 "2J",
		 "\\x9b2J\\xc2\\x9b2J"},
		{"\xff\xc2", "\xff\xc2"},
		/* The first and the last of what terminals obey, and their neighbours. */
		{"\x01\x1f ~\x7f", "\\x01\\x1f ~\\x7f"},
		{"\xc2\x80\xc2\x9f\xc2\xa0\xc3\x80", "\\xc2\\x80\\xc2\\x9f\xc2\xa0\xc3\x80"},
		{"\x80\x9f\xa0\xbf", "\\x80\\x9f\xa0\xbf"},
	};
	struct strbuf text = {0};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		strbuf_text(&text, texts[i].text);
		terminal_text(&text, 0);
		CHECK_TEXT(&text, texts[i].shown);
	}
	strbuf_text(&text, "\033[1m\033[2J");
	terminal_text(&text, 4);
	CHECK_TEXT(&text, "\033[1m\\x1b[2J");
	strbuf_free(&text);
}

struct record {
	uint32_t event, cpu;
	char comm[16];
};

static const struct mf_type string16 = {.kind = MF_STRING, .size = 16, .capacity = 16};
static const struct mf_field fields[] = {{.offset = 8, .type = &string16}};
static const struct mf_event events[] = {
	{.kind = MF_EVENT_PRINTF,
	 .index = 0,
	 .size = 24,
	 .format = "\033[1m%8s\033[0m\n",
	 .fields = fields,
	 .field_count = 1},
	{.kind = MF_EVENT_PRINT_VALUE, .index = 1, .size = 24, .fields = fields, .field_count = 1},
	{.kind = MF_EVENT_CAT,
	 .index = 2,
	 .size = 24,
	 .format = "/tmp/bpfload-test-term",
	 .fields = NULL,
	 .field_count = 0},
};

/* Handles the events with output to `path`. */
static void run(const char *path)
{
	const struct record record = {.comm = "\033[2J"};
	struct failure failure = {0};
	struct fixture fixture;
	struct output *output;

	fixture_init(&fixture);
	fixture.manifest.events = events;
	fixture.manifest.event_count = 3;
	fixture.manifest.config.max_cat_bytes = 64;
	fixture.options.output = path;
	if (CHECK(output_open(&output, &fixture.session, &failure) == 0)) {
		for (uint32_t i = 0; i < 3; i++)
			CHECK(output_event(output, &events[i], &record, sizeof(record)) == 0);
		CHECK(output_close(output) == 0);
	}
	fixture_free(&fixture);
}

static void read_some(int fd, struct strbuf *text)
{
	ssize_t got;

	strbuf_reserve(text, 4096);
	got = read(fd, text->data, 4096);
	text->length = got > 0 ? (size_t)got : 0;
}

/* The script's own text is left as it is; values are not, where they go to a terminal. */
static void values(void)
{
	static const char path[] = "/tmp/bpfload-test-terminal";
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	FILE *source = fopen("/tmp/bpfload-test-term", "we");
	struct strbuf text = {0};
	int fd;

	CHECK(source && fputs("\033c\n", source) >= 0);
	if (source)
		fclose(source);
	if (!CHECK(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0))
		return;
	run(ptsname(terminal));
	read_some(terminal, &text);
	CHECK_TEXT(&text, "\033[1m \\x1b[2J\033[0m\r\n\\x1b[2J\r\n\\x1bc\r\n");
	close(terminal);
	run(path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	read_some(fd, &text);
	CHECK_TEXT(&text, "\033[1m    \033[2J\033[0m\n\033[2J\n\033c\n");
	close(fd);
	unlink(path);
	unlink("/tmp/bpfload-test-term");
	strbuf_free(&text);
}

int main(void)
{
	characters();
	values();
	return check_result("terminal");
}
