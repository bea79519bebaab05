/* What is done with each signal, what else ends waiting, and what becomes of signals at the end. */
#include "looping.h"

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
	ordinary_signals();
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
	test_settled();
	test_released();
	return check_result("loop");
}
