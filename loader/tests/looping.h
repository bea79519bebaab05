/* A loop with a ring, as a run has it. What it asks of the kernel is seen where it waits: each wait
 * is one step of a test, at which something happens. */
#ifndef BPFLOAD_TESTS_LOOPING_H
#define BPFLOAD_TESTS_LOOPING_H

#include <bpf/bpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/loop.h"
#include "base/clock.h"
#include "check.h"
#include "fixture.h"
#include "kernel_ring.h"
#include "output/output.h"
#include "run/notify.h"
#include "says.h"

enum { PRINT, EXIT, EVENTS };

static const struct mf_type byte = {.kind = MF_INT, .size = 1};
static const struct mf_type int64 = {.kind = MF_INT, .size = 8, .is_signed = true};
static const struct mf_field exit_code[] = {{.offset = 8, .type = &byte}};
static struct mf_store store = {.kind = MF_STORE_GLOBAL, .present = 16, .offset = 24};
static struct mf_map map = {.name = "@n",
			    .value = &int64,
			    .stores = &store,
			    .store_count = 1,
			    .generation = MF_NONE,
			    .buckets = MF_NONE};
static const struct mf_event kinds[EVENTS] = {
	[PRINT] = {.kind = MF_EVENT_PRINTF,
		   .index = PRINT,
		   .size = 8,
		   .format = "printed\n",
		   .control = MF_NONE},
	[EXIT] = {.kind = MF_EVENT_EXIT,
		  .index = EXIT,
		  .size = 9,
		  .fields = exit_code,
		  .field_count = 1,
		  .control = MF_NONE},
};

static struct tester {
	struct fixture fixture;
	struct kernel_ring ring;
	struct events events;
	struct output *output;
	struct failure failure;
	struct loop loop;
	struct child child;
	char path[64];
	int lost, wakes;
	sigset_t before;
	/* At each wait: what a test does then. */
	void (*step)(unsigned number);
	unsigned steps;
	int timeout;
	/* Errno of the next wait; 0: it waits. */
	int refused;
	/* The call for a descriptor, or to watch one, that is refused, counted from 1; 0: none. */
	unsigned refused_call;
	/* What timers were set to. */
	struct itimerspec spec;
	unsigned timers;
	struct itimerval alarm;
	unsigned alarms;
	uint64_t now;
	char told[64];
	unsigned own_blocks, runs;
} tester;

/* In place of the libc's and of the loader's own. */

int epoll_wait(int epoll, struct epoll_event *ready, int room, int timeout)
{
	static int (*real)(int, struct epoll_event *, int, int);
	int refused = tester.refused;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "epoll_wait");
	tester.timeout = timeout;
	tester.refused = 0;
	/* One that goes on for ever has no end to wait for. */
	if (!CHECK(tester.steps < 100))
		exit(check_result("loop"));
	if (tester.step)
		tester.step(tester.steps++);
	if (refused) {
		errno = refused;
		return -1;
	}
	return real(epoll, ready, room, timeout);
}

/* Whether this is the call that is refused. */
static inline bool is_refused(void)
{
	if (!tester.refused_call || --tester.refused_call)
		return false;
	errno = EMFILE;
	return true;
}

int epoll_create1(int flags)
{
	int (*real)(int);

	*(void **)&real = dlsym(RTLD_NEXT, "epoll_create1");
	return is_refused() ? -1 : real(flags);
}

int epoll_ctl(int epoll, int how, int fd, struct epoll_event *event)
{
	int (*real)(int, int, int, struct epoll_event *);

	*(void **)&real = dlsym(RTLD_NEXT, "epoll_ctl");
	return is_refused() ? -1 : real(epoll, how, fd, event);
}

int signalfd(int fd, const sigset_t *set, int flags)
{
	int (*real)(int, const sigset_t *, int);

	*(void **)&real = dlsym(RTLD_NEXT, "signalfd");
	return is_refused() ? -1 : real(fd, set, flags);
}

int timerfd_create(__clockid_t clock, int flags)
{
	int (*real)(__clockid_t, int);

	*(void **)&real = dlsym(RTLD_NEXT, "timerfd_create");
	return is_refused() ? -1 : real(clock, flags);
}

/* Timers are set, and over at once. */
int timerfd_settime(int fd, int flags, const struct itimerspec *spec, struct itimerspec *old)
{
	static int (*real)(int, int, const struct itimerspec *, struct itimerspec *);
	const struct itimerspec soon = {.it_value.tv_nsec = 1};

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "timerfd_settime");
	tester.spec = *spec;
	tester.timers++;
	return real(fd, flags, spec->it_value.tv_sec || spec->it_value.tv_nsec ? &soon : spec, old);
}

int setitimer(__itimer_which_t which, const struct itimerval *value, struct itimerval *old)
{
	(void)old;
	CHECK(which == ITIMER_REAL);
	tester.alarm = *value;
	tester.alarms++;
	return 0;
}

uint64_t clock_ns(clockid_t clock)
{
	(void)clock;
	return tester.now;
}

void notify_manager(const char *state)
{
	strncat(tester.told, state, sizeof(tester.told) - strlen(tester.told) - 1);
}

uint32_t session_count(const struct session *session, enum mf_provider provider)
{
	CHECK(session == &tester.fixture.session && provider == MF_SELF);
	return tester.own_blocks;
}

int session_run(const struct session *session, enum mf_provider provider,
		void (*between)(void *context), void *context, struct failure *failure)
{
	CHECK(session == &tester.fixture.session && provider == MF_SELF && !between && !context);
	tester.runs++;
	return fail(failure, STATUS_FAILED, "It did not run.");
}

/* A loop with a ring, as a run has it. */
static inline void setup(void (*step)(unsigned number))
{
	int fd;

	tester = (struct tester){.path = "/tmp/bpfload-loop-XXXXXX", .now = 1000000000};
	CHECK(sigprocmask(SIG_BLOCK, NULL, &tester.before) == 0);
	fixture_init(&tester.fixture);
	tester.fixture.manifest.events = kinds;
	tester.fixture.manifest.event_count = EVENTS;
	tester.fixture.manifest.maps = &map;
	tester.fixture.manifest.map_count = 1;
	tester.fixture.manifest.globals.sleeping = 64;
	memcpy(tester.fixture.bss + 16, &(uint64_t){1}, 8);
	memcpy(tester.fixture.bss + 24, &(uint64_t){77}, 8);
	make_ring(&tester.ring);
	tester.fixture.maps[0].name = "events";
	tester.fixture.maps[0].fd = tester.ring.fd;
	tester.fixture.maps[0].max_entries = RING_SIZE;
	tester.fixture.map_count = 1;
	tester.lost = fixture_map(&tester.fixture, "lost", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, EVENTS);
	fd = mkstemp(tester.path);
	close(fd);
	tester.fixture.options.output = tester.path;
	CHECK(output_open(&tester.output, &tester.fixture.session, &tester.failure) == STATUS_OK);
	CHECK(events_open(&tester.events, &tester.fixture.session, tester.output,
			  &tester.failure) == STATUS_OK);
	tester.wakes = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	tester.step = step;
}

static inline void open_loop(void)
{
	CHECK(loop_open(&tester.loop, &tester.fixture.options, &tester.failure) == STATUS_OK);
	/* A file is never waited for; the kernel's ring is. */
	tester.events.ring.fd = tester.wakes;
	CHECK(loop_watch_ring(&tester.loop, &tester.events, &tester.failure) == STATUS_OK);
	tester.events.ring.fd = tester.ring.fd;
}

static inline enum loop_end run(void)
{
	return loop_run(&tester.loop, &tester.events, &tester.child, &tester.failure);
}

static inline void check_file(const char *path, const char *expected)
{
	struct strbuf text = {0};
	FILE *file = fopen(path, "r");
	int letter;

	while (file && (letter = fgetc(file)) != EOF)
		strbuf_char(&text, (char)letter);
	if (CHECK(file))
		fclose(file);
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
}

static inline bool is_same_mask(const sigset_t *one, const sigset_t *other)
{
	for (int signal = 1; signal < SIGRTMIN; signal++)
		if (sigismember(one, signal) != sigismember(other, signal))
			return false;
	return true;
}

static inline void teardown(const char *printed)
{
	sigset_t after;

	loop_close(&tester.loop);
	CHECK(sigprocmask(SIG_BLOCK, NULL, &after) == 0 && is_same_mask(&tester.before, &after));
	events_close(&tester.events);
	output_close(tester.output);
	check_file(tester.path, printed);
	unlink(tester.path);
	close(tester.wakes);
	drop_ring(&tester.ring);
	failure_clear(&tester.failure);
	fixture_free(&tester.fixture);
}

static inline void send(int signal)
{
	kill(getpid(), signal);
}

/* The ring wakes once programs were asked for it: they do so where the reader sleeps. */
static inline void wake(void)
{
	CHECK(write(tester.wakes, &(uint64_t){1}, 8) == 8);
}

/* Whoever starts tests may have some of them ignored. */
static inline void ordinary_signals(void)
{
	static const int ordinary[] = {SIGHUP, SIGINT, SIGTERM, SIGALRM};

	for (size_t i = 0; i < sizeof(ordinary) / sizeof(*ordinary); i++)
		signal(ordinary[i], SIG_DFL);
}

#endif
