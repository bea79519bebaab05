/* Waits: for events, signals, the child or the traced process. Nothing is polled while nothing
 * happens. */
#ifndef BPFLOAD_LOOP_H
#define BPFLOAD_LOOP_H

#include <stdbool.h>
#include <signal.h>

#include "run/child.h"
#include "run/events.h"
#include "session/options.h"

/* Descriptors of others. */
#define LOOP_WATCHES 5

struct loop {
	int epoll, signals, timer, process;
	/* Readable when a signal came that ends tracing; `signals` has it too. */
	int stop;
	/* Of loop_look; -1 and NULL: nobody asked. */
	int second;
	/* Says when the service manager wants to hear of us; -1: it does not. */
	int watchdog;
	/* Of loop_watch. */
	struct watched {
		int fd;
		void (*serve)(void *context);
		void *context;
	} watched[LOOP_WATCHES];
	uint32_t watched_count;
	/* Of loop_heed; NULL: nobody asked. */
	void (*heed)(void *context, int signal);
	void *heeding;
	void (*report)(void *context);
	bool (*each)(void *context);
	void *context;
	bool timer_armed;
	/* When lost events were last looked for, ns. */
	uint64_t lost_checked;
	/* SIGHUP ends tracing, too. */
	bool ends_by_hangup;
	/* The signals' mask before. */
	sigset_t old_mask;
};

enum loop_end {
	/* exit() of the script. */
	LOOP_EXIT,
	LOOP_SIGNAL,
	/* The child of -c or the process of -p ended: what is queued still counts. */
	LOOP_PROCESS,
	/* The output can take no more. */
	LOOP_BROKEN,
	/* `each` of loop_look says so: what is queued still counts. */
	LOOP_LIMIT,
	/* An error of ours. */
	LOOP_FAILED,
};

/*
 * Blocks the signals that it waits for, so to be called before anything that they should not
 * interrupt.
 */
int loop_open(struct loop *loop, const struct options *options, struct failure *failure);

/* Tracing began: the time of --timeout runs. When it is over, SIGALRM comes, which ends tracing as
 * SIGINT does. */
int loop_start_timeout(const struct options *options, struct failure *failure);

/* Starts to watch the ring, which is there only after loading. */
int loop_watch_ring(struct loop *loop, const struct events *events, struct failure *failure);

/*
 * Has `report` called when SIGUSR2 comes, and `each` every second until it is true, which ends
 * tracing; NULL: not. Without a report the signal does nothing.
 */
int loop_look(struct loop *loop, void (*report)(void *context), bool (*each)(void *context),
	      void *context, struct failure *failure);

/* Has `heed` called with the signals of a terminal, which are watched for --top: SIGWINCH, SIGTSTP,
 * SIGCONT. */
void loop_heed(struct loop *loop, void (*heed)(void *context, int signal), void *context);

/* Has `serve` called whenever the descriptor is readable; of LOOP_WATCHES at most. */
int loop_watch(struct loop *loop, int fd, void (*serve)(void *context), void *context,
	       struct failure *failure);

/* Looks no more at it. */
void loop_forget(struct loop *loop, int fd);

/* Tells the service manager, half as long apart as it wants, that tracing goes on. */
int loop_feed_watchdog(struct loop *loop, uint64_t microseconds, struct failure *failure);

enum loop_end loop_run(struct loop *loop, struct events *events, struct child *child,
		       struct failure *failure);

/*
 * Takes the signals that come together with the one that ended tracing, and mean the same: shells
 * and timeout(1) signal a process and its group, and what started the loader passes its own on.
 */
void loop_settle_signals(struct loop *loop);

/*
 * From now on SIGINT and SIGTERM kill, so that a second one ends what takes long; where no signal
 * ended tracing (`signalled` is false), the first to come only asks for the end that is under way.
 */
void loop_release_signals(const struct loop *loop, bool signalled);
void loop_close(struct loop *loop);

#endif
