/* How the ring is looked at while events come and when they stop, what comes each second, and whose
 * descriptors are served. */
#include <sys/resource.h>

#include "looping.h"

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
	CHECK(says(&tester.failure, STATUS_FAILED, "Cannot wait for events: Bad file descriptor."));
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

/* Without descriptors there is no loop: it says what it cannot do, and leaves signals as they were.
 */
static void test_no_descriptors(void)
{
	/* epoll, two for signals, a timer, and two that are watched; then the process of -p. */
	enum { CALLS = 6 };
	struct rlimit before, few;
	int free_ones[4], last = 0;

	for (unsigned call = 1; call <= CALLS; call++) {
		setup(NULL);
		tester.refused_call = call;
		CHECK(loop_open(&tester.loop, &tester.fixture.options, &tester.failure) ==
		      STATUS_FAILED);
		CHECK(says(&tester.failure, STATUS_FAILED,
			   "Cannot wait for events: Too many open files."));
		teardown("");
	}
	setup(NULL);
	tester.fixture.options.pid = (uint32_t)getpid();
	tester.refused_call = CALLS + 1;
	CHECK(loop_open(&tester.loop, &tester.fixture.options, &tester.failure) == STATUS_FAILED);
	CHECK(says(&tester.failure, STATUS_FAILED,
		   "Cannot watch the process of -p: Too many open files."));
	teardown("");
	/* None for the process, which is there. */
	setup(NULL);
	tester.fixture.options.pid = (uint32_t)getpid();
	for (int i = 0; i < 4; i++)
		last = free_ones[i] = dup(0);
	for (int i = 0; i < 4; i++)
		close(free_ones[i]);
	CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
	few = (struct rlimit){.rlim_cur = (rlim_t)last + 1, .rlim_max = before.rlim_max};
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	CHECK(loop_open(&tester.loop, &tester.fixture.options, &tester.failure) == STATUS_FAILED);
	CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
	CHECK(says(&tester.failure, STATUS_FAILED,
		   "Cannot watch the process of -p: Too many open files."));
	teardown("");
	for (unsigned call = 1; call <= 2; call++) {
		setup(NULL);
		open_loop();
		tester.refused_call = call;
		CHECK(loop_look(&tester.loop, NULL, each_second, &seconds, &tester.failure) ==
		      STATUS_FAILED);
		CHECK(says(&tester.failure, STATUS_FAILED,
			   "Cannot look at what tracing costs: Too many open files."));
		failure_clear(&tester.failure);
		tester.refused_call = call;
		CHECK(loop_feed_watchdog(&tester.loop, 7000000, &tester.failure) == STATUS_FAILED);
		CHECK(says(&tester.failure, STATUS_FAILED,
			   "Cannot feed the service manager's watchdog: Too many open files."));
		teardown("");
	}
}

int main(void)
{
	ordinary_signals();
	test_rest();
	test_storm();
	test_no_ring();
	test_failing();
	test_seconds();
	test_watchdog();
	test_served();
	test_no_descriptors();
	return check_result("loop_waits");
}
