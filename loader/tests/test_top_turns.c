/* The turns of --top: when maps are read and the screen is drawn, what keys and signals do, and
 * what becomes of what is printed meanwhile. */
#include "top_scene.h"

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
