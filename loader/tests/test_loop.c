/* Waiting: what ends it and why, what is done with each signal, how the ring is looked at while
 * events come and when they stop, and whose descriptors are served. What the loop asks of the kernel
 * is seen where it waits: each wait is one step of a test, at which something happens. */
#include "run/loop.h"

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
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

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
static void setup(void (*step)(unsigned number))
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
	tester.lost =
		fixture_map(&tester.fixture, "lost", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, EVENTS);
	fd = mkstemp(tester.path);
	close(fd);
	tester.fixture.options.output = tester.path;
	CHECK(output_open(&tester.output, &tester.fixture.session, &tester.failure) == STATUS_OK);
	CHECK(events_open(&tester.events, &tester.fixture.session, tester.output,
			  &tester.failure) == STATUS_OK);
	tester.wakes = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	tester.step = step;
}

static void open_loop(void)
{
	CHECK(loop_open(&tester.loop, &tester.fixture.options, &tester.failure) == STATUS_OK);
	/* A file is never waited for; the kernel's ring is. */
	tester.events.ring.fd = tester.wakes;
	CHECK(loop_watch_ring(&tester.loop, &tester.events, &tester.failure) == STATUS_OK);
	tester.events.ring.fd = tester.ring.fd;
}

static enum loop_end run(void)
{
	return loop_run(&tester.loop, &tester.events, &tester.child, &tester.failure);
}

static void check_file(const char *path, const char *expected)
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

static bool is_same_mask(const sigset_t *one, const sigset_t *other)
{
	for (int signal = 1; signal < SIGRTMIN; signal++)
		if (sigismember(one, signal) != sigismember(other, signal))
			return false;
	return true;
}

static void teardown(const char *printed)
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

static void send(int signal)
{
	kill(getpid(), signal);
}

/* The signals that are held back, by number, in words. */
static void check_blocked(const char *expected)
{
	static const int signals[] = {SIGHUP,  SIGINT,	SIGUSR1, SIGUSR2,  SIGALRM, SIGTERM,
				      SIGCHLD, SIGCONT, SIGTSTP, SIGWINCH, SIGPIPE, SIGQUIT};
	struct strbuf text = {0};
	sigset_t set;

	CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (sigismember(&set, signals[i])) {
			strbuf_text(&text, " ");
			strbuf_text(&text, sigabbrev_np(signals[i]));
		}
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
}

static void test_blocked(void)
{
	setup(NULL);
	open_loop();
	check_blocked(" HUP INT USR1 USR2 ALRM TERM CHLD");
	CHECK(tester.loop.ends_by_hangup && signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	teardown("");

	/* nohup(1): a hangup is nothing. */
	setup(NULL);
	signal(SIGHUP, SIG_IGN);
	open_loop();
	check_blocked(" INT USR1 USR2 ALRM TERM CHLD");
	CHECK(!tester.loop.ends_by_hangup);
	teardown("");

	/* Even so it says that the file is another. */
	setup(NULL);
	tester.fixture.options.reopen = true;
	tester.fixture.options.top = true;
	open_loop();
	check_blocked(" HUP INT USR1 USR2 ALRM TERM CHLD CONT TSTP WINCH");
	CHECK(!tester.loop.ends_by_hangup);
	signal(SIGHUP, SIG_DFL);
	teardown("");

	/* The end of the child is told, also where our parent does not want to know of its own. */
	setup(NULL);
	signal(SIGCHLD, SIG_IGN);
	open_loop();
	CHECK(signal(SIGCHLD, SIG_DFL) == SIG_DFL);
	teardown("");
}

static void test_ends_by_signals(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGALRM};

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		setup(NULL);
		open_loop();
		send(signals[i]);
		CHECK(run() == LOOP_SIGNAL);
		teardown("");
	}
}

static bool is_stopping(void)
{
	struct pollfd stop = {.fd = tester.loop.stop, .events = POLLIN};

	return poll(&stop, 1, 0) == 1;
}

/* A signal that ends tracing is seen by what is written meanwhile; no other is. */
static void test_stop(void)
{
	setup(NULL);
	open_loop();
	send(SIGCHLD);
	send(SIGUSR2);
	CHECK(!is_stopping());
	send(SIGTERM);
	CHECK(is_stopping() && run() == LOOP_SIGNAL && !is_stopping());
	teardown("");
}

static unsigned heard, reported;
static int heeded[4];

static void heed(void *context, int signal)
{
	CHECK(context == &heard);
	heeded[heard++ % 4] = signal;
	if (signal == SIGWINCH)
		send(SIGTERM);
}

static void report(void *context)
{
	CHECK(context == &reported);
	reported++;
}

static void test_heeded(void)
{
	setup(NULL);
	tester.fixture.options.top = true;
	open_loop();
	heard = 0;
	/* Nobody asked yet: they are nothing. */
	send(SIGTSTP);
	send(SIGINT);
	CHECK(run() == LOOP_SIGNAL && heard == 0);
	loop_heed(&tester.loop, heed, &heard);
	send(SIGCONT);
	send(SIGWINCH);
	CHECK(run() == LOOP_SIGNAL);
	/* The one from before is gone by SIGCONT. */
	CHECK(heard == 2 && heeded[0] == SIGCONT && heeded[1] == SIGWINCH);
	teardown("");
}

static void test_usr2(void)
{
	setup(NULL);
	open_loop();
	reported = 0;
	send(SIGUSR2);
	send(SIGTERM);
	CHECK(run() == LOOP_SIGNAL && reported == 0);
	CHECK(loop_look(&tester.loop, report, NULL, &reported, &tester.failure) == STATUS_OK);
	CHECK(tester.loop.second == -1);
	send(SIGUSR2);
	send(SIGTERM);
	CHECK(run() == LOOP_SIGNAL && reported == 1);
	teardown("");
}

/* Maps are printed, unless the script has blocks for it; a block that fails ends nothing. */
static void test_usr1(void)
{
	setup(NULL);
	open_loop();
	send(SIGUSR1);
	send(SIGTERM);
	CHECK(run() == LOOP_SIGNAL && tester.runs == 0);
	check_file(tester.path, "@n: 77\n");
	tester.own_blocks = 1;
	send(SIGUSR1);
	send(SIGTERM);
	CHECK(run() == LOOP_SIGNAL && tester.runs == 1 && tester.failure.status == STATUS_OK);
	teardown("@n: 77\n");
}

static void test_reopen(void)
{
	char moved[80];

	setup(NULL);
	tester.fixture.options.reopen = true;
	open_loop();
	snprintf(moved, sizeof(moved), "%s.1", tester.path);
	CHECK(rename(tester.path, moved) == 0);
	send(SIGHUP);
	send(SIGTERM);
	put(&tester.ring, PRINT, 8, 0);
	CHECK(run() == LOOP_SIGNAL);
	check_file(moved, "printed\n");
	unlink(moved);
	teardown("");

	/* What waits for the new file and cannot be written ends all. */
	setup(NULL);
	tester.fixture.options.reopen = true;
	output_close(tester.output);
	tester.fixture.options.output = "/dev/full";
	tester.fixture.options.buffering = BUFFER_FULL;
	CHECK(output_open(&tester.output, &tester.fixture.session, &tester.failure) == STATUS_OK);
	tester.events.output = tester.output;
	open_loop();
	put(&tester.ring, PRINT, 8, 0);
	send(SIGHUP);
	CHECK(run() == LOOP_BROKEN);
	CHECK(says(&tester.failure, STATUS_FAILED, "cannot write the output: No space left"));
	teardown("");
}

/* A child that somebody else has does not end tracing. */
static void end_stranger(unsigned number)
{
	pid_t pid;

	CHECK(number < 2);
	if (number == 1) {
		send(SIGTERM);
		return;
	}
	pid = fork();
	if (pid == 0)
		_exit(0);
	CHECK(waitpid(pid, NULL, 0) == pid);
}

static void test_child(void)
{
	setup(end_stranger);
	open_loop();
	CHECK(run() == LOOP_SIGNAL);
	CHECK(child_start(&tester.child, "true", true, &tester.failure) == STATUS_OK);
	child_release(&tester.child);
	tester.step = NULL;
	CHECK(run() == LOOP_PROCESS && tester.child.ended);
	close(tester.child.printed);
	child_stop(&tester.child);
	teardown("");
}

static void *thread_id(void *to)
{
	*(uint32_t *)to = (uint32_t)gettid();
	pthread_barrier_wait((pthread_barrier_t *)((uint32_t *)to + 2));
	pthread_barrier_wait((pthread_barrier_t *)((uint32_t *)to + 2));
	return NULL;
}

/* Of -p: a process whose end counts; nothing else will do. */
static void test_process(void)
{
	struct {
		uint32_t id, zero;
		pthread_barrier_t barrier;
	} thread = {0};
	pthread_t other;
	char text[64];
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	setup(NULL);
	tester.fixture.options.pid = (uint32_t)pid;
	open_loop();
	send(SIGTERM);
	CHECK(run() == LOOP_SIGNAL);
	kill(pid, SIGKILL);
	CHECK(run() == LOOP_PROCESS && waitpid(pid, NULL, 0) == pid);
	loop_close(&tester.loop);
	CHECK(loop_open(&tester.loop, &tester.fixture.options, &tester.failure) == STATUS_FAILED);
	snprintf(text, sizeof(text), "-p: there is no process %d.", pid);
	CHECK(says(&tester.failure, STATUS_FAILED, text));
	failure_clear(&tester.failure);
	loop_close(&tester.loop);
	pthread_barrier_init(&thread.barrier, NULL, 2);
	CHECK(pthread_create(&other, NULL, thread_id, &thread) == 0);
	pthread_barrier_wait(&thread.barrier);
	tester.fixture.options.pid = thread.id;
	CHECK(loop_open(&tester.loop, &tester.fixture.options, &tester.failure) == STATUS_FAILED);
	snprintf(text, sizeof(text), "-p: %u is a thread, not a process.", thread.id);
	CHECK(says(&tester.failure, STATUS_FAILED, text));
	pthread_barrier_wait(&thread.barrier);
	pthread_join(other, NULL);
	pthread_barrier_destroy(&thread.barrier);
	teardown("");
}

static void test_timeout(void)
{
	struct failure failure = {0};
	struct options options = {0};

	tester = (struct tester){0};
	CHECK(loop_start_timeout(&options, &failure) == STATUS_OK && tester.alarms == 0);
	options.timeout_ns = 5000123456789;
	CHECK(loop_start_timeout(&options, &failure) == STATUS_OK && tester.alarms == 1);
	CHECK(tester.alarm.it_value.tv_sec == 5000 && tester.alarm.it_value.tv_usec == 123456);
	CHECK(tester.alarm.it_interval.tv_sec == 0 && tester.alarm.it_interval.tv_usec == 0);
}

static void lose(uint64_t count)
{
	uint64_t *counts = calloc(tester.fixture.session.cpus, sizeof(*counts));

	counts[0] = count;
	CHECK(bpf_map_update_elem(tester.lost, &(uint32_t){PRINT}, counts, BPF_ANY) == 0);
	free(counts);
}

static uint64_t told_lost(void)
{
	return tester.events.counts[PRINT].lost;
}

static bool is_sleeping(void)
{
	return tester.fixture.bss[64];
}

/* The ring wakes once programs were asked for it: they do so where the reader sleeps. */
static void wake(void)
{
	CHECK(write(tester.wakes, &(uint64_t){1}, 8) == 8);
}

static void at_rest_and_back(unsigned number)
{
	CHECK(tester.timeout == -1);
	switch (number) {
	case 0:
		/* Nothing came: programs are asked, and one more tick is waited. */
		CHECK(is_sleeping() && tester.loop.timer_armed && told_lost() == 0);
		CHECK(tester.spec.it_value.tv_nsec == 4000000 &&
		      tester.spec.it_interval.tv_nsec == 4000000 && tester.timers == 1);
		break;
	case 1:
		/* Still nothing: what was lost is told, and nobody is woken for nothing. */
		CHECK(is_sleeping() && !tester.loop.timer_armed && told_lost() == 5);
		CHECK(tester.spec.it_value.tv_nsec == 0 && tester.timers == 2);
		lose(7);
		wake();
		break;
	case 2:
		/* A wake-up without a record changes nothing; what is at rest is not looked at. */
		CHECK(!tester.loop.timer_armed && told_lost() == 5 && tester.timers == 2);
		put(&tester.ring, PRINT, 8, 0);
		tester.fixture.bss[64] = 0;
		wake();
		break;
	case 3:
		/* Events come: by ticks from here on, and losses only each quarter of a second. */
		CHECK(!is_sleeping() && tester.loop.timer_armed && tester.timers == 3);
		CHECK(told_lost() == 5);
		tester.now += 249999999;
		put(&tester.ring, PRINT, 8, 0);
		break;
	case 4:
		CHECK(!is_sleeping() && told_lost() == 5 && tester.timers == 3);
		tester.now += 1;
		put(&tester.ring, PRINT, 8, BPF_RINGBUF_BUSY_BIT);
		wake();
		break;
	case 5:
		/* A record that is still written is no rest, and nothing that came. */
		CHECK(!is_sleeping() && tester.loop.timer_armed && told_lost() == 5);
		((uint32_t *)(void *)tester.ring.bytes)[8] = 8;
		wake();
		break;
	case 6:
		CHECK(told_lost() == 7);
		put(&tester.ring, EXIT, 16, 0);
		wake();
		break;
	default:
		CHECK(false);
	}
}

static void test_rest(void)
{
	setup(at_rest_and_back);
	lose(5);
	open_loop();
	/* Looked at long ago. */
	tester.loop.lost_checked = tester.now;
	CHECK(run() == LOOP_EXIT && tester.steps == 7);
	teardown("printed\nprinted\nprinted\n");
}

/* While more is there than a turn takes, nothing is waited for, and signals are seen. */
static void in_a_storm(unsigned number)
{
	if (number == 0) {
		CHECK(tester.timeout == 0 && !tester.loop.timer_armed);
		send(SIGTERM);
	}
	CHECK(number == 0);
}

static void test_storm(void)
{
	setup(in_a_storm);
	open_loop();
	for (uint32_t i = 0; i < 16384 + 1; i++)
		put(&tester.ring, EVENTS, 8, 0);
	CHECK(run() == LOOP_SIGNAL && !ring_is_empty(&tester.events.ring));
	teardown("");
}

/* Of an object without events nothing ticks. */
static void without_ring(unsigned number)
{
	CHECK(number == 0 && tester.timers == 0 && tester.timeout == -1 && !is_sleeping());
	send(SIGINT);
}

static void test_no_ring(void)
{
	setup(without_ring);
	CHECK(loop_open(&tester.loop, &tester.fixture.options, &tester.failure) == STATUS_OK);
	tester.events.has_ring = false;
	/* The descriptor of the file could not be watched. */
	CHECK(loop_watch_ring(&tester.loop, &tester.events, &tester.failure) == STATUS_OK);
	CHECK(run() == LOOP_SIGNAL);
	tester.events.has_ring = true;
	CHECK(loop_watch_ring(&tester.loop, &tester.events, &tester.failure) == STATUS_FAILED);
	CHECK(says(&tester.failure, STATUS_FAILED,
		   "Cannot wait for the ring buffer: Operation not permitted."));
	teardown("");
}

static void interrupted(unsigned number)
{
	if (number == 0)
		tester.refused = EBADF;
	else
		CHECK(number == 1);
}

static void test_failing(void)
{
	setup(interrupted);
	open_loop();
	/* One that a signal cuts off is none; the next one is. */
	tester.refused = EINTR;
	CHECK(run() == LOOP_FAILED && tester.steps == 2);
	CHECK(says(&tester.failure, STATUS_FAILED,
		   "Cannot wait for events: Bad file descriptor."));
	failure_clear(&tester.failure);
	tester.step = NULL;
	close(tester.loop.timer);
	tester.loop.timer = open("/", O_RDONLY | O_CLOEXEC);
	wake();
	CHECK(run() == LOOP_FAILED);
	CHECK(says(&tester.failure, STATUS_FAILED, "Cannot read the timer: Is a directory."));
	failure_clear(&tester.failure);
	/* What broke before is not waited for. */
	tester.events.broken = true;
	CHECK(run() == LOOP_BROKEN);
	tester.events.broken = false;
	tester.events.exited = true;
	CHECK(run() == LOOP_EXIT);
	teardown("");
}

static unsigned seconds;

static bool each_second(void *context)
{
	CHECK(context == &seconds);
	return ++seconds == 2;
}

static void next_second(unsigned number)
{
	const struct itimerspec soon = {.it_value.tv_nsec = 1};

	CHECK(number < 8);
	if (seconds == 1)
		timerfd_settime(tester.loop.second, 0, &soon, NULL);
}

static void test_seconds(void)
{
	setup(next_second);
	open_loop();
	seconds = 0;
	CHECK(loop_look(&tester.loop, NULL, each_second, &seconds, &tester.failure) == STATUS_OK);
	CHECK(tester.spec.it_value.tv_sec == 1 && tester.spec.it_value.tv_nsec == 0 &&
	      tester.spec.it_interval.tv_sec == 1 && tester.spec.it_interval.tv_nsec == 0);
	CHECK(run() == LOOP_LIMIT && seconds == 2);
	teardown("");
}

static void until_told(unsigned number)
{
	CHECK(number < 8);
	if (*tester.told)
		send(SIGTERM);
}

/* The service manager hears half as long apart as it wants. */
static void test_watchdog(void)
{
	setup(until_told);
	open_loop();
	CHECK(loop_feed_watchdog(&tester.loop, 0, &tester.failure) == STATUS_OK);
	CHECK(loop_feed_watchdog(&tester.loop, 1, &tester.failure) == STATUS_OK);
	CHECK(tester.loop.watchdog == -1 && tester.timers == 0);
	CHECK(loop_feed_watchdog(&tester.loop, 7000004, &tester.failure) == STATUS_OK);
	CHECK(tester.loop.watchdog >= 0 && tester.spec.it_value.tv_sec == 3 &&
	      tester.spec.it_value.tv_nsec == 500002000);
	CHECK(tester.spec.it_interval.tv_sec == 3 && tester.spec.it_interval.tv_nsec == 500002000);
	CHECK(run() == LOOP_SIGNAL && strcmp(tester.told, "WATCHDOG=1") == 0);
	teardown("");
}

struct served {
	int fd;
	unsigned count;
	/* What it does when it is served. */
	enum { TAKES, ENDS, BREAKS } does;
};

static void serve(void *context)
{
	struct served *served = context;
	uint64_t value;

	served->count++;
	CHECK(read(served->fd, &value, sizeof(value)) == sizeof(value));
	if (served->does == ENDS)
		send(SIGTERM);
	tester.events.broken = served->does == BREAKS;
}

static void make_served(struct served *served, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		served[i] = (struct served){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
}

static void ready(const struct served *served)
{
	CHECK(write(served->fd, &(uint64_t){1}, 8) == 8);
}

static int serve_by(struct served *served)
{
	return loop_watch(&tester.loop, served->fd, serve, served, &tester.failure);
}

/* Those that are ready, and no other; as many as there is room for, also where some left. */
static void test_served(void)
{
	struct served all[LOOP_WATCHES + 1];

	setup(NULL);
	open_loop();
	make_served(all, LOOP_WATCHES + 1);
	for (uint32_t i = 0; i < LOOP_WATCHES; i++)
		CHECK(serve_by(&all[i]) == STATUS_OK);
	CHECK(serve_by(&all[LOOP_WATCHES]) == STATUS_FAILED);
	CHECK(says(&tester.failure, STATUS_FAILED,
		   "Cannot wait for so much: No space left on device."));
	failure_clear(&tester.failure);
	ready(&all[0]);
	ready(&all[4]);
	all[4].does = ENDS;
	CHECK(run() == LOOP_SIGNAL);
	CHECK(all[0].count == 1 && all[1].count == 0 && all[3].count == 0 && all[4].count == 1);
	/* One that left is not served, and its place is another's. */
	loop_forget(&tester.loop, all[1].fd);
	CHECK(serve_by(&all[LOOP_WATCHES]) == STATUS_OK);
	CHECK(tester.loop.watched_count == LOOP_WATCHES);
	ready(&all[1]);
	ready(&all[LOOP_WATCHES]);
	all[LOOP_WATCHES].does = BREAKS;
	CHECK(run() == LOOP_BROKEN && all[1].count == 0 && all[LOOP_WATCHES].count == 1);
	tester.events.broken = false;
	CHECK(loop_watch(&tester.loop, -1, serve, NULL, &tester.failure) == STATUS_FAILED);
	failure_clear(&tester.failure);
	loop_forget(&tester.loop, all[0].fd);
	CHECK(loop_watch(&tester.loop, tester.ring.fd, serve, NULL, &tester.failure) ==
	      STATUS_FAILED);
	CHECK(says(&tester.failure, STATUS_FAILED, "Cannot wait for what others send: "));
	for (uint32_t i = 0; i <= LOOP_WATCHES; i++)
		close(all[i].fd);
	teardown("");
}

static bool is_pending(int signal)
{
	sigset_t set;

	return sigpending(&set) == 0 && sigismember(&set, signal);
}

/* What comes with the signal that ended tracing means the same; what comes later does not. */
static void test_settled(void)
{
	setup(NULL);
	open_loop();
	send(SIGINT);
	send(SIGTERM);
	send(SIGHUP);
	send(SIGUSR1);
	loop_settle_signals(&tester.loop);
	CHECK(!is_pending(SIGINT) && !is_pending(SIGTERM) && !is_pending(SIGHUP) &&
	      is_pending(SIGUSR1));
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR1, SIG_DFL);
	teardown("");
}

/* The signal that ends a process which gets these at its end, 0 where none does. */
static int ended_by(bool signalled, int first, int second)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		loop_release_signals(&tester.loop, signalled);
		send(first);
		if (second)
			send(second);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_released(void)
{
	setup(NULL);
	open_loop();
	CHECK(ended_by(false, SIGINT, 0) == 0 && ended_by(false, SIGINT, SIGINT) == SIGINT);
	CHECK(ended_by(false, SIGTERM, 0) == 0 && ended_by(false, SIGTERM, SIGTERM) == SIGTERM);
	CHECK(ended_by(false, SIGHUP, 0) == 0 && ended_by(false, SIGHUP, SIGHUP) == SIGHUP);
	CHECK(ended_by(true, SIGINT, 0) == SIGINT && ended_by(true, SIGTERM, 0) == SIGTERM);
	CHECK(ended_by(true, SIGHUP, 0) == SIGHUP);
	/* The end is under way, whenever the time is over. */
	CHECK(ended_by(true, SIGALRM, SIGALRM) == 0 && ended_by(false, SIGALRM, SIGALRM) == 0);
	/* The others stay as they are. */
	CHECK(ended_by(true, SIGUSR1, SIGUSR2) == 0);
	teardown("");

	/* A hangup that is about the file ends nothing. */
	setup(NULL);
	tester.fixture.options.reopen = true;
	open_loop();
	CHECK(ended_by(false, SIGHUP, SIGHUP) == 0 && ended_by(true, SIGHUP, 0) == 0);
	teardown("");
}

int main(void)
{
	/* Whoever starts tests may have some of them ignored. */
	static const int ordinary[] = {SIGHUP, SIGINT, SIGTERM, SIGALRM};

	for (size_t i = 0; i < sizeof(ordinary) / sizeof(*ordinary); i++)
		signal(ordinary[i], SIG_DFL);
	test_blocked();
	test_ends_by_signals();
	test_stop();
	test_heeded();
	test_usr2();
	test_usr1();
	test_reopen();
	test_child();
	test_process();
	test_timeout();
	test_rest();
	test_storm();
	test_no_ring();
	test_failing();
	test_seconds();
	test_watchdog();
	test_served();
	test_settled();
	test_released();
	return check_result("loop");
}
