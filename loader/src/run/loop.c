#include "run/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failure.h"
#include "host/host.h"
#include "output/output.h"
#include "run/notify.h"
#include "session/thread_values.h"

/* While events come, the ring is looked at that often instead of a wake-up for each. */
#define TICK_NS 4000000
#define LOST_INTERVAL_NS 250000000

static int failed(struct failure *failure, const char *what)
{
	return fail(failure, STATUS_FAILED, "Cannot %s: %s.", what, strerror(errno));
}

static int watch(struct loop *loop, int fd, uint32_t how)
{
	struct epoll_event event = {.events = EPOLLIN | how, .data.fd = fd};

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
}

/* nohup(1) has it ignored: then tracing goes on when the terminal has gone. A signal that is
 * blocked would be queued all the same (sig_ignored, kernel/signal.c). */
static bool heeds_hangup(void)
{
	struct sigaction action;

	return sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler != SIG_IGN;
}

static void ending_signals(const struct loop *loop, sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGALRM);
	if (loop->ends_by_hangup)
		sigaddset(set, SIGHUP);
}

static void watched_signals(const struct loop *loop, sigset_t *set, const struct options *options)
{
	ending_signals(loop, set);
	if (options->top) {
		sigaddset(set, SIGWINCH);
		sigaddset(set, SIGTSTP);
		sigaddset(set, SIGCONT);
	}
	if (options->reopen)
		sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGUSR2);
	sigaddset(set, SIGCHLD);
}

int loop_open(struct loop *loop, const struct options *options, struct failure *failure)
{
	sigset_t set, ending;
	uint32_t pid = options->pid;

	memset(loop, 0, sizeof(*loop));
	loop->epoll = loop->signals = loop->timer = loop->process = loop->stop = loop->second = -1;
	loop->watchdog = -1;
	loop->ends_by_hangup = !options->reopen && heeds_hangup();
	watched_signals(loop, &set, options);
	ending_signals(loop, &ending);
	if (sigprocmask(SIG_BLOCK, &set, &loop->old_mask) != 0)
		return failed(failure, "block signals");
	/* A reader that has gone shows as an error of write. */
	signal(SIGPIPE, SIG_IGN);
	/* If our parent ignores it, nobody tells us when the child of -c ends (kernel/signal.c,
	 * do_notify_parent). */
	signal(SIGCHLD, SIG_DFL);
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	loop->stop = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
	loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->epoll < 0 || loop->signals < 0 || loop->stop < 0 || loop->timer < 0)
		return failed(failure, "wait for events");
	if (watch(loop, loop->signals, 0) != 0 || watch(loop, loop->timer, 0) != 0)
		return failed(failure, "wait for events");
	if (!pid)
		return STATUS_OK;
	loop->process = host_watch_process(pid);
	/* A thread that leads no process (kernel/pid.c, pidfd_prepare; ENOENT since Linux 6.9). */
	if (loop->process < 0 && (errno == EINVAL || errno == ENOENT))
		return fail(failure, STATUS_FAILED, "-p: %u is a thread, not a process.", pid);
	if (loop->process < 0 && errno == ESRCH)
		return fail(failure, STATUS_FAILED, "-p: there is no process %u.", pid);
	if (loop->process < 0 || watch(loop, loop->process, 0) != 0)
		return failed(failure, "watch the process of -p");
	return STATUS_OK;
}

int loop_start_timeout(const struct options *options, struct failure *failure)
{
	struct itimerval time = {
		.it_value = {.tv_sec = (time_t)(options->timeout_ns / 1000000000),
			     .tv_usec = (suseconds_t)(options->timeout_ns % 1000000000 / 1000)}};

	/* One that was set before us stays. */
	if (options->timeout_ns && setitimer(ITIMER_REAL, &time, NULL) != 0)
		return failed(failure, "set the time of --timeout");
	return STATUS_OK;
}

int loop_watch_ring(struct loop *loop, const struct events *events, struct failure *failure)
{
	/* Edge-triggered: only wake-ups count, not that records are there, which ticks see to. */
	if (events->has_ring && watch(loop, events->ring.fd, EPOLLET) != 0)
		return failed(failure, "wait for the ring buffer");
	if (packets_fd(&events->packets) >= 0 && watch(loop, packets_fd(&events->packets), 0) != 0)
		return failed(failure, "wait for packets");
	return STATUS_OK;
}

int loop_look(struct loop *loop, void (*report)(void *context), bool (*each)(void *context),
	      void *context, struct failure *failure)
{
	const struct itimerspec spec = {.it_value.tv_sec = 1, .it_interval.tv_sec = 1};

	loop->report = report;
	loop->each = each;
	loop->context = context;
	if (!each)
		return STATUS_OK;
	loop->second = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->second < 0 || timerfd_settime(loop->second, 0, &spec, NULL) != 0 ||
	    watch(loop, loop->second, 0) != 0)
		return failed(failure, "look at what tracing costs");
	return STATUS_OK;
}

int loop_watch(struct loop *loop, int fd, void (*serve)(void *context), void *context,
	       struct failure *failure)
{
	uint32_t place = 0;

	while (place < loop->watched_count && loop->watched[place].fd >= 0)
		place++;
	if (place == LOOP_WATCHES) {
		errno = ENOSPC;
		return failed(failure, "wait for so much");
	}
	loop->watched[place] = (struct watched){fd, serve, context};
	if (place == loop->watched_count)
		loop->watched_count++;
	if (watch(loop, fd, 0) != 0)
		return failed(failure, "wait for what others send");
	return STATUS_OK;
}

void loop_forget(struct loop *loop, int fd)
{
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
	for (uint32_t i = 0; i < loop->watched_count; i++)
		if (loop->watched[i].fd == fd)
			loop->watched[i].fd = -1;
}

void loop_heed(struct loop *loop, void (*heed)(void *context, int signal), void *context)
{
	loop->heed = heed;
	loop->heeding = context;
}

int loop_feed_watchdog(struct loop *loop, uint64_t microseconds, struct failure *failure)
{
	uint64_t half = microseconds / 2;
	const struct timespec period = {.tv_sec = (time_t)(half / 1000000),
					.tv_nsec = (long)(half % 1000000) * 1000};
	const struct itimerspec spec = {period, period};

	if (!half)
		return STATUS_OK;
	loop->watchdog = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->watchdog < 0 || timerfd_settime(loop->watchdog, 0, &spec, NULL) != 0 ||
	    watch(loop, loop->watchdog, 0) != 0)
		return failed(failure, "feed the service manager's watchdog");
	return STATUS_OK;
}

static void set_timer(struct loop *loop, bool on)
{
	struct itimerspec spec = {0};

	if (loop->timer_armed == on)
		return;
	if (on)
		spec.it_value.tv_nsec = spec.it_interval.tv_nsec = TICK_NS;
	timerfd_settime(loop->timer, 0, &spec, NULL);
	loop->timer_armed = on;
}

static void check_lost(struct loop *loop, struct events *events, bool at_once)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (!at_once && now - loop->lost_checked < LOST_INTERVAL_NS)
		return;
	loop->lost_checked = now;
	events_check_lost(events);
}

/* SIGUSR1 does what the script says; where it says nothing, it prints all maps. */
static void act_on_signal(struct events *events)
{
	struct failure failure = {0};

	if (session_count(events->session, MF_SELF) > 0) {
		/* Tracing goes on, whatever becomes of it. */
		session_run(events->session, MF_SELF, NULL, NULL, &failure);
		failure_tell(&failure);
		failure_clear(&failure);
		return;
	}
	if (output_all_maps(events->output) != 0 || output_idle(events->output) != 0)
		events->broken = true;
	thread_values_tell(events->session);
}

/* Reads the signals that came; true when one of them ends tracing. */
static bool take_signals(struct loop *loop, struct events *events, struct child *child,
			 enum loop_end *end)
{
	struct signalfd_siginfo info;

	while (read(loop->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGINT:
		case SIGTERM:
		case SIGALRM:
			*end = LOOP_SIGNAL;
			return true;
		case SIGHUP:
			if (loop->ends_by_hangup) {
				*end = LOOP_SIGNAL;
				return true;
			}
			if (output_reopen(events->output) != 0)
				events->broken = true;
			break;
		case SIGUSR1:
			act_on_signal(events);
			break;
		case SIGUSR2:
			if (loop->report)
				loop->report(loop->context);
			break;
		case SIGWINCH:
		case SIGTSTP:
		case SIGCONT:
			if (loop->heed)
				loop->heed(loop->heeding, (int)info.ssi_signo);
			break;
		case SIGCHLD:
			if (child_has_ended(child)) {
				*end = LOOP_PROCESS;
				return true;
			}
			break;
		}
	}
	return false;
}

/* Whether a descriptor woke the loop. */
static bool is_ready(int fd, const struct epoll_event *ready, int count)
{
	for (int i = 0; i < count; i++)
		if (fd >= 0 && ready[i].data.fd == fd)
			return true;
	return false;
}

/*
 * Decides how to wait after a drain. While events come: until the next tick. After a tick without
 * any: programs are asked for a wake-up, and one more tick is waited, because a program on another
 * CPU may have read `sleeping` just before, and its record may have come into sight just after, we
 * looked. After that: until woken.
 */
static void prepare_wait(struct loop *loop, struct events *events, enum drain_result drained)
{
	if (!events->has_ring)
		return;
	if (drained != DRAIN_EMPTY || !ring_is_empty(&events->ring)) {
		set_timer(loop, true);
		return;
	}
	if (!events_waiting_for_wakeup(events)) {
		events_ask_for_wakeup(events);
		set_timer(loop, true);
		return;
	}
	if (loop->timer_armed)
		check_lost(loop, events, true);
	set_timer(loop, false);
}

enum loop_end loop_run(struct loop *loop, struct events *events, struct child *child,
		       struct failure *failure)
{
	enum loop_end end = LOOP_SIGNAL;

	for (;;) {
		enum drain_result drained = events_drain(events);
		struct epoll_event ready[8];
		uint64_t ticks;
		int count;

		if (events->broken)
			return LOOP_BROKEN;
		if (events->exited)
			return LOOP_EXIT;
		if (drained != DRAIN_EMPTY)
			check_lost(loop, events, false);
		if (drained != DRAIN_MORE)
			prepare_wait(loop, events, drained);
		count = epoll_wait(loop->epoll, ready, 8, drained == DRAIN_MORE ? 0 : -1);
		if (count < 0 && errno != EINTR) {
			failed(failure, "wait for events");
			return LOOP_FAILED;
		}
		if (read(loop->timer, &ticks, sizeof(ticks)) < 0 && errno != EAGAIN) {
			failed(failure, "read the timer");
			return LOOP_FAILED;
		}
		if (take_signals(loop, events, child, &end))
			return end;
		if (loop->watchdog >= 0 && read(loop->watchdog, &ticks, sizeof(ticks)) > 0)
			notify_manager("WATCHDOG=1");
		if (loop->second >= 0 && read(loop->second, &ticks, sizeof(ticks)) > 0 &&
		    loop->each(loop->context))
			return LOOP_LIMIT;
		for (uint32_t i = 0; i < loop->watched_count; i++)
			if (is_ready(loop->watched[i].fd, ready, count))
				loop->watched[i].serve(loop->watched[i].context);
		if (events->broken)
			return LOOP_BROKEN;
		if (is_ready(loop->process, ready, count))
			return LOOP_PROCESS;
	}
}

void loop_settle_signals(struct loop *loop)
{
	const struct timespec together = {.tv_nsec = 20 * 1000 * 1000};
	struct signalfd_siginfo info;

	nanosleep(&together, NULL);
	while (read(loop->stop, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
}

static void ignore_once(int signal)
{
	(void)signal;
}

void loop_release_signals(const struct loop *loop, bool signalled)
{
	const struct sigaction once = {.sa_handler = ignore_once,
				       .sa_flags = SA_RESETHAND | SA_RESTART};
	sigset_t set;

	/* The end is under way, whenever the time is over. */
	signal(SIGALRM, SIG_IGN);
	if (!signalled) {
		sigaction(SIGINT, &once, NULL);
		sigaction(SIGTERM, &once, NULL);
		if (loop->ends_by_hangup)
			sigaction(SIGHUP, &once, NULL);
	}
	ending_signals(loop, &set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void loop_close(struct loop *loop)
{
	close_fd(loop->process);
	close_fd(loop->second);
	close_fd(loop->watchdog);
	close_fd(loop->timer);
	close_fd(loop->stop);
	close_fd(loop->signals);
	close_fd(loop->epoll);
	sigprocmask(SIG_SETMASK, &loop->old_mask, NULL);
}
