/* A screen of --top whose terminal, loop, tables and clock are the test's. */
#ifndef BPFLOAD_TESTS_TOP_SCENE_H
#define BPFLOAD_TESTS_TOP_SCENE_H

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "run/top_screen.h"
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

static inline void note(const char *text)
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

static inline bool is_watched(int fd)
{
	for (int i = 0; i < 4; i++)
		if (scene.watched[i].serve && scene.watched[i].fd == fd)
			return true;
	return false;
}

static inline void serve(int fd)
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

static inline int begin_screen(void)
{
	return top_screen_begin(&scene.screen, scene.output, &scene.events, &scene.loop,
				&scene.child, &scene.failure);
}

static inline void begin(void)
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

static inline void end(void)
{
	top_screen_leave(&scene.screen);
	top_screen_end(&scene.screen);
	top_screen_close(&scene.screen);
	failure_clear(&scene.failure);
	strbuf_free(&scene.log);
	strbuf_free(&scene.written);
}

#endif
