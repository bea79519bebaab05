/* Metrics in a file: when it is written anew, by a clock that the test moves, and what else goes
 * beside it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/failure.h"
#include "captured.h"
#include "check.h"
#include "fixture.h"
#include "folder.h"
#include "output/internal.h"
#include "output/metrics.h"
#include "output/output.h"
#include "output/own_metrics.h"
#include "says.h"

#define SECOND 1000000000u

static uint64_t now = 100ull * SECOND;

/* Stands in for that of the C library. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
	(void)clock;
	time->tv_sec = (time_t)(now / SECOND);
	time->tv_nsec = (long)(now % SECOND);
	return 0;
}

static struct failure failure;

static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_type string8 = {.kind = MF_STRING, .size = 8, .capacity = 8};
static const struct mf_type count = {.kind = MF_COUNT, .size = 8};
static const struct mf_store stores[] = {
	{.kind = MF_STORE_HASH, .map = "n", .key_size = 8, .value_size = 8, .key = &int64},
	{.kind = MF_STORE_HASH, .map = "s", .key_size = 8, .value_size = 8, .key = &int64},
};
/* One is a metric; a text is none. */
static struct mf_map maps[] = {
	{.name = "@n", .key = &int64, .value = &count, .stores = &stores[0], .store_count = 1},
	{.name = "@s", .key = &int64, .value = &string8, .stores = &stores[1], .store_count = 1},
};
static const struct mf_event events[] = {
	{.kind = MF_EVENT_PRINTF, .index = 0, .size = 8, .format = "a line\n"},
	{.kind = MF_EVENT_PRINT_MAP, .index = 1, .size = 8, .map = &maps[0]},
	{.kind = MF_EVENT_PRINT_MAP, .index = 2, .size = 8, .map = &maps[1]},
	{.kind = MF_EVENT_CLEAR, .index = 3, .size = 8, .map = &maps[0]},
};

struct tester {
	struct fixture fixture;
	struct output *output;
	struct captured out, said;
	uint32_t figures;
	struct strbuf text;
};

static void figures(struct own_figures *own, void *context)
{
	struct tester *tester = context;

	CHECK(!own->losses && !own->loss_count);
	own->start = 5ull * SECOND;
	tester->figures++;
}

static int open_output(struct tester *tester, enum output_form form, const char *path)
{
	struct fixture *fixture = &tester->fixture;

	*tester = (struct tester){0};
	fixture_init(fixture);
	fixture->manifest.maps = maps;
	fixture->manifest.map_count = 2;
	fixture->manifest.events = events;
	fixture->manifest.event_count = sizeof(events) / sizeof(*events);
	fixture->manifest.script = "tool.bt";
	fixture->manifest.producer = "bpfscript";
	fixture->manifest.config.print_maps_on_exit = false;
	fixture->options.form = form;
	fixture->options.output = path;
	fixture->options.max_series = 100;
	CHECK(fixture_map(fixture, "n", BPF_MAP_TYPE_HASH, 8, 8, 4) >= 0);
	CHECK(fixture_map(fixture, "s", BPF_MAP_TYPE_HASH, 8, 8, 4) >= 0);
	failure_clear(&failure);
	return output_open(&tester->output, &fixture->session, &failure);
}

static void begin(struct tester *tester, enum output_form form, const char *path)
{
	CHECK(open_output(tester, form, path) == STATUS_OK);
	capture_begin(&tester->said, STDERR_FILENO);
	capture_begin(&tester->out, STDOUT_FILENO);
}

/* What came to standard output is in `text`. */
static void end(struct tester *tester, int result, const char *said)
{
	struct strbuf beside = {0};
	int closed = output_close(tester->output);

	capture_end(&tester->out, &tester->text);
	capture_end(&tester->said, &beside);
	CHECK(closed == result);
	CHECK_TEXT(&beside, said);
	strbuf_free(&beside);
}

static void put(const struct tester *tester, const char *map, int64_t key, int64_t value)
{
	CHECK(bpf_map_update_elem(session_map_fd(&tester->fixture.session, map), &key, &value,
				  BPF_ANY) == 0);
}

static void happen(struct tester *tester, uint32_t event)
{
	CHECK(output_event(tester->output, &events[event], (const uint32_t[]){0, 0}, 8) == 0);
}

/* The number of the metric in the file; -1: there is no file, or no such line. It is gone then. */
static int64_t written(void)
{
	FILE *file = fopen(at("metrics"), "r");
	int64_t number = -1;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "bpf_tool_n", 10) == 0)
			number = strtoll(strchr(line, ' '), NULL, 10);
	if (file) {
		fclose(file);
		unlink(at("metrics"));
	}
	return number;
}

/* Ten seconds after it was written, or half a second where the script prints it. */
static void a_file_is_written_anew(void)
{
	struct tester tester;
	char path[64];

	snprintf(path, sizeof(path), "%s", at("metrics"));
	begin(&tester, FORM_OPENMETRICS, path);
	/* Trying whether it can be written leaves nothing behind. */
	CHECK(written() == -1);
	put(&tester, "n", 1, 5);
	/* Nobody knows anything of the loader yet. */
	CHECK(output_metrics_idle(tester.output) == 0 && written() == -1);
	output_figures(tester.output, figures, &tester);
	CHECK(output_metrics_idle(tester.output) == 0 && written() == 5 && tester.figures == 1);
	put(&tester, "n", 1, 6);
	now += 10ull * SECOND - 1;
	CHECK(output_metrics_idle(tester.output) == 0 && written() == -1);
	now += 1;
	CHECK(output_metrics_idle(tester.output) == 0 && written() == 6);
	put(&tester, "n", 1, 7);
	now += 1;
	/* Without being asked for it is not written between events. */
	CHECK(output_idle(tester.output) == 0 && !tester.output->metrics_due);
	happen(&tester, 1);
	CHECK(tester.output->metrics_due);
	now += SECOND / 2 - 2;
	CHECK(output_idle(tester.output) == 0 && written() == -1 && tester.output->metrics_due);
	now += 1;
	CHECK(output_idle(tester.output) == 0 && written() == 7 && !tester.output->metrics_due);
	now += SECOND;
	CHECK(output_idle(tester.output) == 0 && written() == -1);
	put(&tester, "n", 1, 8);
	CHECK(output_finish(tester.output) == 0 && written() == 8);
	/* All else is text on standard error; other maps are, too. */
	put(&tester, "s", 2, 'x');
	happen(&tester, 0);
	happen(&tester, 2);
	end(&tester, 0, "a line\n@s[2]: x\n");
	CHECK_TEXT(&tester.text, "");
	strbuf_free(&tester.text);
	fixture_free(&tester.fixture);
}

/* What the script takes out of a map counts on. */
static void what_is_cleared_counts_on(void)
{
	struct tester tester;
	char path[64];

	snprintf(path, sizeof(path), "%s", at("metrics"));
	begin(&tester, FORM_PROMETHEUS, path);
	output_figures(tester.output, figures, &tester);
	put(&tester, "n", 1, 5);
	happen(&tester, 3);
	CHECK(output_metrics_idle(tester.output) == 0 && written() == 5);
	put(&tester, "n", 1, 2);
	now += 20ull * SECOND;
	CHECK(output_metrics_idle(tester.output) == 0 && written() == 7);
	end(&tester, 0, "");
	strbuf_free(&tester.text);
	fixture_free(&tester.fixture);
}

static void without_a_file_they_come_at_the_end(void)
{
	static const enum output_form forms[] = {FORM_OPENMETRICS, FORM_PROMETHEUS};

	for (size_t i = 0; i < 2; i++) {
		struct tester tester;

		begin(&tester, forms[i], NULL);
		output_figures(tester.output, figures, &tester);
		put(&tester, "n", 1, 5);
		happen(&tester, 1);
		now += 20ull * SECOND;
		CHECK(output_idle(tester.output) == 0 && tester.output->metrics_due &&
		      tester.figures == 0);
		CHECK(output_finish(tester.output) == 0 && tester.figures == 1);
		end(&tester, 0, "");
		strbuf_c_text(&tester.text);
		CHECK(strstr(tester.text.data, "\nbpf_tool_n_total{key=\"1\"} 5\n"));
		/* Only one of the forms says its end. */
		CHECK(!strstr(tester.text.data, "# EOF\n") == (i == 1));
		strbuf_free(&tester.text);
		fixture_free(&tester.fixture);
	}
}

/* A file that cannot be written is told before anything is traced, and when it is one then. */
static void a_file_that_cannot_be_written(void)
{
	struct tester tester;
	char path[64];

	CHECK(open_output(&tester, FORM_OPENMETRICS, folder) == STATUS_FAILED);
	CHECK(!tester.output && says(&failure, STATUS_FAILED, "cannot write /tmp/"));
	CHECK(says(&failure, STATUS_FAILED, ": Is a directory"));
	fixture_free(&tester.fixture);
	snprintf(path, sizeof(path), "%s", at("metrics"));
	begin(&tester, FORM_OPENMETRICS, path);
	output_figures(tester.output, figures, &tester);
	CHECK(mkdir(path, 0700) == 0);
	CHECK(output_metrics_idle(tester.output) == -1 && output_has_failed(tester.output));
	CHECK(says(&failure, STATUS_FAILED, ": Is a directory"));
	CHECK(rmdir(path) == 0);
	/* It is not tried again. */
	now += 20ull * SECOND;
	CHECK(output_metrics_idle(tester.output) == -1 && written() == -1);
	CHECK(output_finish(tester.output) == -1);
	end(&tester, -1, "");
	strbuf_free(&tester.text);
	fixture_free(&tester.fixture);
}

/* Maps that cannot be read leave the file as it was: it is right of its time. */
static void maps_that_cannot_be_read(void)
{
	struct tester tester;
	char path[64];

	snprintf(path, sizeof(path), "%s", at("metrics"));
	begin(&tester, FORM_OPENMETRICS, path);
	output_figures(tester.output, figures, &tester);
	tester.fixture.maps[0].name = "gone";
	CHECK(output_metrics_idle(tester.output) == 0 && written() == -1);
	tester.fixture.options.output = NULL;
	CHECK(output_finish(tester.output) == 0);
	tester.fixture.options.output = path;
	end(&tester, 0,
	    "ERROR: cannot read the maps: Bad file descriptor\n"
	    "ERROR: cannot read the maps: Bad file descriptor\n");
	strbuf_free(&tester.text);
	fixture_free(&tester.fixture);
}

int main(void)
{
	CHECK(mkdtemp(folder));
	a_file_is_written_anew();
	what_is_cleared_counts_on();
	without_a_file_they_come_at_the_end();
	a_file_that_cannot_be_written();
	maps_that_cannot_be_read();
	failure_clear(&failure);
	CHECK(rmdir(folder) == 0);
	return check_result("metrics file");
}
