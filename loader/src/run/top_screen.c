#include "run/top_screen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failure.h"
#include "base/memory.h"
#include "output/output.h"
#include "output/renderer.h"

/* How soon what was printed is seen, where the next reading is later. */
#define DRAW_SOON_NS 200000000
/* Reading and drawing take a fifth of the time at most: what takes long comes less often. */
#define REST 4
/* What a child prints is taken in turns, as everything else. */
#define MOST_OF_CHILD (256 << 10)

static const uint64_t intervals[] = {100000000,	 200000000,   500000000,   1000000000, 2000000000,
				     5000000000, 10000000000, 30000000000, 60000000000};
#define INTERVAL_COUNT (sizeof(intervals) / sizeof(*intervals))
#define FIRST_INTERVAL 3

int top_screen_open(struct top_screen *screen, const struct options *options,
		    const struct manifest *manifest, struct failure *failure)
{
	*screen = (struct top_screen){.timer = -1, .terminal.keys = -1};
	if (!options->top)
		return STATUS_OK;
	if (!manifest->map_count)
		return fail(failure, STATUS_USAGE, "--top shows maps, and the script has none.");
	screen->is_wanted = true;
	return terminal_open(&screen->terminal, failure);
}

static void arm(struct top_screen *screen)
{
	uint64_t next = screen->next_read, now = clock_ns(CLOCK_MONOTONIC);
	struct itimerspec spec = {0};

	if (screen->next_draw && screen->next_draw < next)
		next = screen->next_draw;
	/* Zero would disarm it. */
	next = next > now ? next - now : 1;
	spec.it_value.tv_sec = (time_t)(next / 1000000000);
	spec.it_value.tv_nsec = (long)(next % 1000000000);
	timerfd_settime(screen->timer, 0, &spec, NULL);
}

static uint64_t lost_of(const struct events *events)
{
	uint32_t most = events->session->manifest->event_count;
	struct loss *losses = memory_array(most + 1u, sizeof(*losses));
	uint32_t count = events_losses(events, losses);
	uint64_t lost = 0;

	for (uint32_t i = 0; i < count; i++)
		if (losses[i].event->kind != MF_EVENT_WARNING)
			lost += losses[i].count;
	free(losses);
	return lost;
}

static void on_keys(void *context);

static int hear_keys(struct top_screen *screen)
{
	if (screen->hears_keys || screen->terminal.keys < 0)
		return STATUS_OK;
	screen->hears_keys = true;
	return loop_watch(screen->loop, screen->terminal.keys, on_keys, screen, screen->failure);
}

/* Until the next drawing: the terminal tells of keys that are not for us, or of its end, again and
 * again. */
static void hear_no_keys(struct top_screen *screen)
{
	loop_forget(screen->loop, screen->terminal.keys);
	screen->hears_keys = false;
}

static void draw(struct top_screen *screen)
{
	const struct top_figures figures = {
		.uptime_ns = clock_ns(CLOCK_MONOTONIC) - screen->begun,
		.events = screen->events->handled,
		.lost = lost_of(screen->events),
	};

	screen->next_draw = 0;
	/* In the background the terminal is the shell's. */
	if (!terminal_hold(&screen->terminal))
		return;
	if (hear_keys(screen) != STATUS_OK)
		screen->events->broken = true;
	terminal_size(&screen->view.width, &screen->view.height);
	/* The rest of a frame that found no room is not followed by another one. */
	if (!screen->frame.length)
		top_draw(screen->top, &screen->view, &figures, &screen->lines, &screen->frame);
	if (output_screen(screen->output, &screen->frame) != 0)
		screen->events->broken = true;
}

static void read_and_draw(struct top_screen *screen)
{
	uint64_t begun = clock_ns(CLOCK_MONOTONIC), took;

	if (!screen->view.paused)
		top_read(screen->top, begun);
	draw(screen);
	took = clock_ns(CLOCK_MONOTONIC) - begun;
	screen->next_read =
		begun + (took * REST > screen->view.interval_ns ? took * (REST + 1)
								: screen->view.interval_ns);
}

static void on_timer(void *context)
{
	struct top_screen *screen = context;
	uint64_t ticks;

	if (read(screen->timer, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	if (clock_ns(CLOCK_MONOTONIC) >= screen->next_read)
		read_and_draw(screen);
	else
		draw(screen);
	arm(screen);
}

/* Longer or shorter. */
static void change_interval(struct top_screen *screen, bool longer)
{
	size_t i = 0;

	while (i + 1 < INTERVAL_COUNT && intervals[i] < screen->view.interval_ns)
		i++;
	if (longer && i + 1 < INTERVAL_COUNT)
		i++;
	else if (!longer && i > 0)
		i--;
	screen->view.interval_ns = intervals[i];
	screen->next_read = clock_ns(CLOCK_MONOTONIC) + intervals[i];
}

static void act_on_key(struct top_screen *screen, char key)
{
	struct top_view *view = &screen->view;

	switch (key) {
	case 'q':
		/* The end is the same as that of Ctrl-C. */
		raise(SIGINT);
		break;
	case 'v':
		view->order = TOP_BY_VALUE;
		break;
	case 'r':
		view->order = TOP_BY_RATE;
		break;
	case 'k':
		view->order = TOP_BY_KEY;
		break;
	case 'i':
		view->reversed = !view->reversed;
		break;
	case 'n':
	case '\t':
		view->alone = view->alone < top_tables(screen->top) ? view->alone + 1 : 0;
		break;
	case 'p':
	case ' ':
		view->paused = !view->paused;
		break;
	case '+':
		change_interval(screen, true);
		break;
	case '-':
		change_interval(screen, false);
		break;
	case 'h':
	case '?':
		view->help = !view->help;
		break;
	}
}

static void on_keys(void *context)
{
	struct top_screen *screen = context;
	char keys[64];
	size_t count;

	/* A shell has the terminal, and its keys. */
	if (!terminal_hold(&screen->terminal)) {
		hear_no_keys(screen);
		return;
	}
	if (!terminal_keys(&screen->terminal, keys, sizeof(keys), &count)) {
		hear_no_keys(screen);
		return;
	}
	for (size_t i = 0; i < count; i++)
		act_on_key(screen, keys[i]);
	draw(screen);
	arm(screen);
}

static void on_signal(void *context, int signal_number)
{
	struct top_screen *screen = context;

	if (signal_number == SIGTSTP) {
		terminal_leave(&screen->terminal);
		terminal_stop_here();
	} else if (signal_number == SIGCONT) {
		/* Whoever stopped us had the terminal. */
		terminal_leave(&screen->terminal);
	}
	draw(screen);
	arm(screen);
}

/* What would be printed. */
static void take(void *context, const char *text, size_t length)
{
	struct top_screen *screen = context;
	uint64_t soon;

	if (!length)
		return;
	last_lines_put(&screen->lines, text, length);
	soon = clock_ns(CLOCK_MONOTONIC) + DRAW_SOON_NS;
	if (screen->next_draw || soon >= screen->next_read || !screen->terminal.is_held)
		return;
	screen->next_draw = soon;
	arm(screen);
}

/* True at its end. */
static bool take_printed(struct top_screen *screen)
{
	char text[4096];
	ssize_t got = 0;

	for (size_t taken = 0; taken < MOST_OF_CHILD; taken += (size_t)got) {
		got = read(screen->child->printed, text, sizeof(text));
		if (got <= 0)
			return got == 0 || (errno != EAGAIN && errno != EINTR);
		take(screen, text, (size_t)got);
	}
	return false;
}

static void on_printed(void *context)
{
	struct top_screen *screen = context;

	if (take_printed(screen))
		loop_forget(screen->loop, screen->child->printed);
}

int top_screen_begin(struct top_screen *screen, struct output *output, struct events *events,
		     struct loop *loop, struct child *child, struct failure *failure)
{
	int status = STATUS_OK;

	if (!screen->is_wanted)
		return STATUS_OK;
	screen->output = output;
	screen->events = events;
	screen->loop = loop;
	screen->child = child;
	screen->failure = failure;
	screen->begun = screen->next_read = clock_ns(CLOCK_MONOTONIC);
	screen->view.utf8 = screen->terminal.utf8;
	screen->view.interval_ns = intervals[FIRST_INTERVAL];
	screen->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (screen->timer < 0)
		return fail(failure, STATUS_FAILED, "Cannot wait for the next drawing: %s.",
			    strerror(errno));
	screen->top = top_new(output);
	output_divert(output, take, screen);
	loop_heed(loop, on_signal, screen);
	status = loop_watch(loop, screen->timer, on_timer, screen, failure);
	if (status == STATUS_OK && child->pid)
		status = loop_watch(loop, child->printed, on_printed, screen, failure);
	if (status == STATUS_OK) {
		read_and_draw(screen);
		arm(screen);
	}
	return status;
}

void top_screen_leave(struct top_screen *screen)
{
	sigset_t set;

	if (!screen->top)
		return;
	loop_heed(screen->loop, NULL, NULL);
	terminal_leave(&screen->terminal);
	/* Ctrl-Z stops what prints, as ever. */
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void top_screen_end(struct top_screen *screen)
{
	size_t count;

	if (!screen->top)
		return;
	if (screen->child->pid)
		(void)take_printed(screen);
	output_divert(screen->output, NULL, NULL);
	strbuf_clear(&screen->frame);
	count = last_lines_count(&screen->lines);
	if (screen->lines.total > count) {
		char *text = memory_format("[%llu lines before these were shown while tracing]\n",
					   (unsigned long long)(screen->lines.total - count));

		strbuf_text(&screen->frame, text);
		free(text);
	}
	for (size_t i = 0; i < count; i++) {
		const struct strbuf *line = last_lines_get(&screen->lines, i);

		strbuf_put(&screen->frame, line->data, line->length);
		strbuf_char(&screen->frame, '\n');
	}
	if (output_screen(screen->output, &screen->frame) != 0)
		screen->events->broken = true;
	top_free(screen->top);
	screen->top = NULL;
}

void top_screen_close(struct top_screen *screen)
{
	if (!screen->is_wanted)
		return;
	terminal_close(&screen->terminal);
	if (screen->timer >= 0)
		close(screen->timer);
	screen->timer = -1;
	last_lines_free(&screen->lines);
	strbuf_free(&screen->frame);
}
