/* The turns of --top: when maps are read and the screen is drawn, what keys and signals do, and
 * what becomes of what is printed meanwhile. Terminal, loop, tables and clock are the test's. */
#include "run/top_screen.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "object/manifest.h"
#include "output/output.h"
#include "output/renderer.h"
#include "output/top.h"
#include "says.h"
#include "session/session.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define KEYS 91

static struct {
	struct top_screen screen;
	struct options options;
	struct manifest manifest;
	struct session session;
	struct events events;
	struct loop loop;
	struct child child;
	struct failure failure;
	struct output *output;
	uint64_t now;
	/* What reading the maps takes. */
	uint64_t takes;
	/* From now to then; UINT64_MAX: nobody set it. */
	uint64_t timer;
	/* Steps, each with its name. */
	struct strbuf log, written;
	const char *keys;
	bool is_background, is_held, no_room, no_output, no_watch;
	void (*heed)(void *context, int signal);
	void *heeding;
	struct watched watched[4];
	void (*take)(void *context, const char *text, size_t length);
	void *taking;
	struct top_view view;
	struct top_figures figures;
	size_t shown_lines, tables;
	int write_end;
} scene;

static void note(const char *text)
{
	strbuf_text(&scene.log, text);
	strbuf_char(&scene.log, ' ');
}

uint64_t clock_ns(clockid_t clock)
{
	CHECK(clock == CLOCK_MONOTONIC);
	return scene.now;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *spec, struct itimerspec *old)
{
	(void)old;
	CHECK(fd == scene.screen.timer && flags == 0 && spec->it_interval.tv_sec == 0 &&
	      spec->it_interval.tv_nsec == 0 && spec->it_value.tv_nsec < (long)SECOND);
	scene.timer = (uint64_t)spec->it_value.tv_sec * SECOND + (uint64_t)spec->it_value.tv_nsec;
	return 0;
}

int terminal_open(struct terminal *terminal, struct failure *failure)
{
	(void)failure;
	terminal->keys = KEYS;
	terminal->utf8 = true;
	return STATUS_OK;
}

void terminal_close(struct terminal *terminal)
{
	(void)terminal;
	note("closed");
}

bool terminal_hold(struct terminal *terminal)
{
	terminal->is_held = !scene.is_background;
	return terminal->is_held;
}

void terminal_leave(struct terminal *terminal)
{
	terminal->is_held = false;
	note("left");
}

void terminal_size(size_t *width, size_t *height)
{
	*width = 70;
	*height = 20;
}

bool terminal_keys(struct terminal *terminal, char *keys, size_t room, size_t *count)
{
	(void)terminal;
	*count = scene.keys ? strlen(scene.keys) : 0;
	CHECK(*count <= room);
	memcpy(keys, scene.keys ? scene.keys : "", *count);
	return scene.keys;
}

void terminal_stop_here(void)
{
	note("stopped");
}

void loop_heed(struct loop *loop, void (*heed)(void *context, int signal), void *context)
{
	CHECK(loop == &scene.loop);
	scene.heed = heed;
	scene.heeding = context;
}

int loop_watch(struct loop *loop, int fd, void (*serve)(void *context), void *context,
	       struct failure *failure)
{
	CHECK(loop == &scene.loop && fd >= 0);
	if (scene.no_watch)
		return fail(failure, STATUS_FAILED, "Not watched.");
	for (int i = 0; i < 4; i++)
		if (!scene.watched[i].serve) {
			scene.watched[i] = (struct watched){fd, serve, context};
			return STATUS_OK;
		}
	CHECK(false);
	return STATUS_FAILED;
}

void loop_forget(struct loop *loop, int fd)
{
	CHECK(loop == &scene.loop);
	for (int i = 0; i < 4; i++)
		if (scene.watched[i].serve && scene.watched[i].fd == fd)
			scene.watched[i] = (struct watched){0};
}

static bool is_watched(int fd)
{
	for (int i = 0; i < 4; i++)
		if (scene.watched[i].serve && scene.watched[i].fd == fd)
			return true;
	return false;
}

static void serve(int fd)
{
	for (int i = 0; i < 4; i++)
		if (scene.watched[i].serve && scene.watched[i].fd == fd) {
			scene.watched[i].serve(scene.watched[i].context);
			return;
		}
	CHECK(false);
}

struct top *top_new(struct output *output)
{
	CHECK(output == scene.output);
	return (struct top *)(void *)&scene;
}

void top_free(struct top *top)
{
	CHECK(top == (struct top *)(void *)&scene);
	note("freed");
}

void top_read(struct top *top, uint64_t now)
{
	CHECK(top == (struct top *)(void *)&scene && now == scene.now);
	scene.now += scene.takes;
	note("read");
}

size_t top_tables(const struct top *top)
{
	CHECK(top == (const struct top *)(void *)&scene);
	return scene.tables;
}

void top_draw(struct top *top, const struct top_view *view, const struct top_figures *figures,
	      const struct last_lines *lines, struct strbuf *to)
{
	CHECK(top == (struct top *)(void *)&scene && view->width == 70 && view->height == 20 &&
	      view->utf8);
	scene.view = *view;
	scene.figures = *figures;
	scene.shown_lines = last_lines_count(lines);
	note("drawn");
	strbuf_text(to, "frame");
}

int output_screen(struct output *output, struct strbuf *frame)
{
	CHECK(output == scene.output);
	if (scene.no_output)
		return -1;
	if (scene.no_room)
		return 0;
	strbuf_put(&scene.written, frame->data, frame->length);
	strbuf_clear(frame);
	return 0;
}

void output_divert(struct output *output,
		   void (*take)(void *context, const char *text, size_t length), void *context)
{
	CHECK(output == scene.output);
	scene.take = take;
	scene.taking = context;
}

static const struct mf_event kinds[] = {
	{.kind = MF_EVENT_PRINTF}, {.kind = MF_EVENT_WARNING}, {.kind = MF_EVENT_PRINT_MAP}};

uint32_t events_losses(const struct events *events, struct loss *losses)
{
	CHECK(events == &scene.events);
	for (uint32_t i = 0; i < 3; i++)
		losses[i] = (struct loss){&kinds[i], i == 0 ? 3 : i == 1 ? 100 : 4};
	return 3;
}

static int begin_screen(void)
{
	return top_screen_begin(&scene.screen, scene.output, &scene.events, &scene.loop,
				&scene.child, &scene.failure);
}

static void begin(void)
{
	memset(&scene, 0, sizeof(scene));
	scene.output = (struct output *)(void *)&scene.output;
	scene.options.top = true;
	scene.manifest.map_count = 1;
	scene.manifest.event_count = 3;
	scene.session.manifest = &scene.manifest;
	scene.events.session = &scene.session;
	scene.events.handled = 55;
	scene.now = 500 * SECOND;
	scene.timer = UINT64_MAX;
	scene.tables = 2;
	CHECK(top_screen_open(&scene.screen, &scene.options, &scene.manifest, &scene.failure) ==
	      STATUS_OK);
	CHECK(begin_screen() == STATUS_OK);
	CHECK_TEXT(&scene.log, "read drawn ");
	CHECK_TEXT(&scene.written, "frame");
}

static void end(void)
{
	top_screen_leave(&scene.screen);
	top_screen_end(&scene.screen);
	top_screen_close(&scene.screen);
	failure_clear(&scene.failure);
	strbuf_free(&scene.log);
	strbuf_free(&scene.written);
}

/* The timer rings at that time. */
static void ring(uint64_t now)
{
	uint64_t ticks = 1;
	int ends[2], timer = scene.screen.timer, kept = dup(timer);

	scene.now = now;
	/* A descriptor that can be read takes the timer's place. */
	CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 && write(ends[1], &ticks, 8) == 8);
	dup3(ends[0], timer, O_CLOEXEC);
	serve(timer);
	dup3(kept, timer, O_CLOEXEC);
	close(kept);
	close(ends[0]);
	close(ends[1]);
}

static void press(const char *keys)
{
	scene.keys = keys;
	serve(KEYS);
}

static void without_top(void)
{
	memset(&scene, 0, sizeof(scene));
	CHECK(top_screen_open(&scene.screen, &scene.options, &scene.manifest, &scene.failure) ==
	      STATUS_OK);
	CHECK(begin_screen() == STATUS_OK && !scene.screen.top);
	end();
	CHECK_TEXT(&scene.log, "");
	scene.options.top = true;
	CHECK(top_screen_open(&scene.screen, &scene.options, &scene.manifest, &scene.failure) ==
	      STATUS_USAGE);
	CHECK(says(&scene.failure, STATUS_USAGE, "--top shows maps, and the script has none."));
	end();
	CHECK_TEXT(&scene.log, "");
}

static void readings(void)
{
	uint64_t start;

	begin();
	start = scene.now;
	CHECK(scene.timer == SECOND && scene.figures.uptime_ns == 0);
	CHECK(scene.figures.events == 55 && scene.figures.lost == 7);
	CHECK(is_watched(KEYS) && is_watched(scene.screen.timer));
	ring(start + SECOND);
	CHECK_TEXT(&scene.log, "read drawn ");
	CHECK(scene.timer == SECOND && scene.figures.uptime_ns == SECOND);
	/* Too early it is drawn, and not read. */
	ring(start + 2 * SECOND - 1);
	CHECK_TEXT(&scene.log, "drawn ");
	CHECK(scene.timer == 1);
	/* What takes long comes less often: a fifth of the time. */
	scene.takes = SECOND / 4;
	ring(start + 2 * SECOND);
	CHECK(scene.timer == SECOND - SECOND / 4);
	scene.takes = SECOND / 4 + 1;
	ring(start + 3 * SECOND);
	CHECK(scene.timer == 5 * (SECOND / 4 + 1) - (SECOND / 4 + 1));
	/* A time that has passed comes at once. */
	scene.takes = 0;
	scene.now += 100 * SECOND;
	scene.heed(scene.heeding, SIGWINCH);
	CHECK(scene.timer == 1);
	strbuf_clear(&scene.log);
	strbuf_clear(&scene.written);
	/* A frame that found no room is not followed by another one. */
	scene.no_room = true;
	ring(scene.now);
	CHECK_TEXT(&scene.log, "read drawn ");
	ring(scene.now + SECOND);
	CHECK_TEXT(&scene.log, "read ");
	scene.no_room = false;
	ring(scene.now + SECOND);
	CHECK_TEXT(&scene.log, "read ");
	CHECK_TEXT(&scene.written, "frame");
	ring(scene.now + SECOND);
	CHECK_TEXT(&scene.log, "read drawn ");
	CHECK(!scene.events.broken);
	scene.no_output = true;
	ring(scene.now + SECOND);
	CHECK(scene.events.broken);
	end();
}

static void keys(void)
{
	static const uint64_t intervals[] = {100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000};

	begin();
	strbuf_clear(&scene.log);
	CHECK(scene.view.order == 0 && !scene.view.help);
	press("r");
	CHECK(scene.view.order == TOP_BY_RATE);
	press("k");
	CHECK(scene.view.order == TOP_BY_KEY);
	press("v");
	CHECK(scene.view.order == TOP_BY_VALUE);
	/* From any to any. */
	press("k");
	CHECK(scene.view.order == TOP_BY_KEY);
	press("r");
	CHECK(scene.view.order == TOP_BY_RATE);
	press("v");
	CHECK(scene.view.order == TOP_BY_VALUE);
	CHECK_TEXT(&scene.log, "drawn drawn drawn drawn drawn drawn ");
	press("i");
	CHECK(scene.view.reversed);
	press("ii");
	CHECK(scene.view.reversed);
	press("ih");
	CHECK(!scene.view.reversed && scene.view.help);
	press("?x");
	CHECK(!scene.view.help);
	/* Each table by itself, and then all. */
	press("n");
	CHECK(scene.view.alone == 1);
	press("\t");
	CHECK(scene.view.alone == 2);
	press("n");
	CHECK(scene.view.alone == 0);
	/* While it is paused nothing is read. */
	press("p");
	CHECK(scene.view.paused);
	strbuf_clear(&scene.log);
	ring(scene.now + SECOND);
	CHECK_TEXT(&scene.log, "drawn ");
	press(" ");
	CHECK(!scene.view.paused);
	strbuf_clear(&scene.log);
	ring(scene.now + SECOND);
	CHECK_TEXT(&scene.log, "read drawn ");
	/* All intervals, up and down, and no further. */
	for (size_t i = 4; i < 11; i++) {
		size_t at = i < 8 ? i : 8;

		press("+");
		CHECK(scene.view.interval_ns == intervals[at] * MS &&
		      scene.timer == intervals[at] * MS);
	}
	for (size_t i = 8; i-- > 0;) {
		press("-");
		CHECK(scene.view.interval_ns == intervals[i] * MS &&
		      scene.timer == intervals[i] * MS);
	}
	press("-");
	CHECK(scene.view.interval_ns == 100 * MS);
	/* It ends as Ctrl-C ends it. */
	press("q");
	{
		const struct timespec none = {0};
		sigset_t interrupt;

		sigemptyset(&interrupt);
		sigaddset(&interrupt, SIGINT);
		CHECK(sigtimedwait(&interrupt, NULL, &none) == SIGINT);
	}
	/* Keys that are not for us, and the end of the terminal, are not heard until it is drawn.
	 */
	scene.is_background = true;
	strbuf_clear(&scene.log);
	press("h");
	CHECK(!is_watched(KEYS) && !scene.view.help);
	ring(scene.now + SECOND);
	CHECK(!is_watched(KEYS));
	CHECK_TEXT(&scene.log, "read ");
	scene.is_background = false;
	ring(scene.now + SECOND);
	CHECK(is_watched(KEYS));
	press(NULL);
	CHECK(!is_watched(KEYS));
	scene.no_watch = true;
	ring(scene.now + SECOND);
	CHECK(scene.events.broken);
	end();
}

static void signals(void)
{
	begin();
	strbuf_clear(&scene.log);
	scene.heed(scene.heeding, SIGWINCH);
	CHECK_TEXT(&scene.log, "drawn ");
	scene.heed(scene.heeding, SIGTSTP);
	CHECK_TEXT(&scene.log, "left stopped drawn ");
	scene.heed(scene.heeding, SIGCONT);
	CHECK_TEXT(&scene.log, "left drawn ");
	end();
}

static void print(const char *text)
{
	scene.take(scene.taking, text, strlen(text));
}

/* What is printed is seen soon, also where the next reading is later. */
static void printed(void)
{
	uint64_t start;

	begin();
	start = scene.now;
	strbuf_clear(&scene.log);
	press("+");
	CHECK(scene.timer == 2 * SECOND);
	strbuf_clear(&scene.log);
	print("");
	CHECK(scene.timer == 2 * SECOND);
	print("one\n");
	CHECK(scene.timer == 200 * MS);
	/* Once is enough for all that comes until then. */
	scene.now = start + 100 * MS;
	print("two\n");
	CHECK(scene.screen.next_draw == start + 200 * MS);
	CHECK_TEXT(&scene.log, "");
	ring(start + 200 * MS);
	CHECK_TEXT(&scene.log, "drawn ");
	CHECK(scene.shown_lines == 2 && scene.timer == 2 * SECOND - 200 * MS);
	/* The next reading is soon enough. */
	scene.now = start + 2 * SECOND - 200 * MS;
	scene.timer = 7;
	print("three\n");
	CHECK(scene.timer == 7 && scene.screen.next_draw == 0);
	scene.now--;
	print("four\n");
	CHECK(scene.timer == 200 * MS);
	/* Nobody sees it in the background. */
	ring(start + 2 * SECOND);
	scene.is_background = true;
	ring(start + 4 * SECOND);
	scene.timer = 7;
	print("five\n");
	CHECK(scene.timer == 7);
	/* It stays, once the terminal is given back. */
	strbuf_clear(&scene.written);
	strbuf_clear(&scene.log);
	top_screen_leave(&scene.screen);
	CHECK(!scene.heed);
	CHECK_TEXT(&scene.log, "left ");
	print("six");
	top_screen_end(&scene.screen);
	CHECK_TEXT(&scene.written, "one\ntwo\nthree\nfour\nfive\nsix\n");
	CHECK_TEXT(&scene.log, "freed ");
	CHECK(!scene.take);
	/* And once. */
	top_screen_leave(&scene.screen);
	top_screen_end(&scene.screen);
	CHECK_TEXT(&scene.written, "");
	end();
	/* Of many lines the last are printed again, and how many there were is said. */
	begin();
	for (int i = 0; i < LAST_LINES + 3; i++)
		print("x\n");
	top_screen_end(&scene.screen);
	CHECK(strncmp(strbuf_c_text(&scene.written),
		      "[3 lines before these were shown while tracing]\nx\nx\n", 52) == 0);
	CHECK(scene.written.length == 48 + 2 * LAST_LINES);
	end();
	begin();
	scene.no_output = true;
	top_screen_end(&scene.screen);
	CHECK(scene.events.broken);
	end();
}

/* What the command of -c prints is taken in turns. */
static void of_the_child(void)
{
	static char much[60 << 10];
	int ends[2];

	CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	memset(&scene, 0, sizeof(scene));
	begin();
	end();
	scene.child = (struct child){.pid = 5, .printed = ends[0]};
	strbuf_clear(&scene.written);
	CHECK(top_screen_open(&scene.screen, &scene.options, &scene.manifest, &scene.failure) ==
	      STATUS_OK);
	memset(scene.watched, 0, sizeof(scene.watched));
	CHECK(begin_screen() == STATUS_OK && is_watched(ends[0]));
	memset(much, 'a', sizeof(much));
	for (size_t i = 100; i < sizeof(much); i += 101)
		much[i] = '\n';
	CHECK(write(ends[1], much, sizeof(much)) == (ssize_t)sizeof(much));
	serve(ends[0]);
	CHECK(scene.screen.lines.total == sizeof(much) / 101 + 1);
	/* There is no more, and then more. */
	serve(ends[0]);
	CHECK(is_watched(ends[0]));
	CHECK(write(ends[1], "\nlast", 5) == 5);
	serve(ends[0]);
	CHECK(is_watched(ends[0]) && scene.screen.lines.total == sizeof(much) / 101 + 2);
	CHECK(write(ends[1], "!", 1) == 1);
	close(ends[1]);
	serve(ends[0]);
	CHECK(!is_watched(ends[0]));
	strbuf_clear(&scene.written);
	top_screen_end(&scene.screen);
	CHECK(scene.written.length > 6 &&
	      memcmp(scene.written.data + scene.written.length - 6, "last!\n", 6) == 0);
	end();
	/* What it printed at its very end. */
	CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	scene.child = (struct child){.pid = 5, .printed = ends[0]};
	CHECK(top_screen_open(&scene.screen, &scene.options, &scene.manifest, &scene.failure) ==
	      STATUS_OK);
	memset(scene.watched, 0, sizeof(scene.watched));
	CHECK(begin_screen() == STATUS_OK);
	CHECK(write(ends[1], "end\n", 4) == 4);
	close(ends[1]);
	strbuf_clear(&scene.written);
	top_screen_end(&scene.screen);
	CHECK_TEXT(&scene.written, "end\n");
	end();
	close(ends[0]);
}

int main(void)
{
	sigset_t interrupt;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigaddset(&interrupt, SIGTSTP);
	sigprocmask(SIG_BLOCK, &interrupt, NULL);
	without_top();
	readings();
	keys();
	signals();
	printed();
	of_the_child();
	return check_result("top_turns");
}
