/* The terminal of --top: which terminals will do, its modes and its page while they are ours, keys
 * without the sequences of others, and that it is given back whatever ends the process. It is one
 * of this test's own. */
#include "run/terminal.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/screen_text.h"
#include "check.h"
#include "says.h"

#define HOLD "\033[?1049h\033[?7l\033[?25l\033[H\033[2J"
#define LEAVE "\030\033[m\033[?7h\033[?25h\033[?1049l"

/* What others see of the terminal, and its end that programs have. */
static int master, slave;
/* The standard input and output of this process. */
static int input, output;
/* The group in the foreground; 0: the terminal says none. */
static pid_t foreground;

int ioctl(int fd, unsigned long request, ...)
{
	static int (*real)(int, unsigned long, ...);
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "ioctl");
	if (request != TIOCGPGRP)
		return real(fd, request, argument);
	*(pid_t *)argument = foreground;
	return foreground ? 0 : -1;
}

static void use(int standard_input, int standard_output)
{
	fflush(stdout);
	dup2(standard_input, STDIN_FILENO);
	dup2(standard_output, STDOUT_FILENO);
}

static void restore(void)
{
	use(input, output);
}

/* What was written to it since the last time. */
static void expect_screen_at(const char *expected, int line)
{
	struct pollfd ready = {.fd = master, .events = POLLIN};
	struct strbuf text = {0};
	char chunk[512];
	ssize_t got;

	while (text.length < strlen(expected) && poll(&ready, 1, 10000) > 0 &&
	       (got = read(master, chunk, sizeof(chunk))) > 0)
		strbuf_put(&text, chunk, (size_t)got);
	while (poll(&ready, 1, 0) > 0 && (got = read(master, chunk, sizeof(chunk))) > 0)
		strbuf_put(&text, chunk, (size_t)got);
	check_text(&text, expected, __FILE__, line);
	strbuf_free(&text);
}

#define EXPECT_SCREEN(expected) expect_screen_at((expected), __LINE__)

static void environment(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void which_will_do(void)
{
	static const struct {
		const char *kind, *said;
	} kinds[] = {{"xterm", NULL},
		     {"dumber", NULL},
		     {"dumb", "needs a terminal that can move its cursor: TERM is dumb."},
		     {"", "TERM is not set."},
		     {NULL, "TERM is not set."}};
	struct failure failure = {0};
	struct terminal terminal;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		environment("TERM", kinds[i].kind);
		use(slave, slave);
		CHECK(terminal_open(&terminal, &failure) ==
		      (kinds[i].said ? STATUS_USAGE : STATUS_OK));
		CHECK(!kinds[i].said || says(&failure, STATUS_USAGE, kinds[i].said));
		failure_clear(&failure);
		terminal_close(&terminal);
		restore();
	}
	environment("TERM", "xterm");
	for (int fd = 0; fd < 2; fd++) {
		int nothing = open(fd ? "/dev/null" : "/etc/passwd", O_RDONLY | O_CLOEXEC);

		use(slave, nothing);
		CHECK(terminal_open(&terminal, &failure) == STATUS_USAGE);
		restore();
		CHECK(says(&failure, STATUS_USAGE,
			   "--top draws on a terminal, and standard output is none."));
		failure_clear(&failure);
		terminal_close(&terminal);
		/* Keys of another input than the terminal are not read from there. */
		use(nothing, slave);
		CHECK(terminal_open(&terminal, &failure) == STATUS_OK);
		CHECK(terminal.keys != STDIN_FILENO &&
		      terminal.owns_keys == (terminal.keys > STDIN_FILENO));
		terminal_close(&terminal);
		CHECK(terminal.keys == -1 && !terminal.owns_keys);
		/* Its own are not closed. */
		use(slave, slave);
		CHECK(terminal_open(&terminal, &failure) == STATUS_OK &&
		      terminal.keys == STDIN_FILENO && !terminal.owns_keys);
		terminal_close(&terminal);
		CHECK(isatty(STDIN_FILENO) == 1 && terminal.keys == -1);
		restore();
		close(nothing);
	}
}

static void characters(void)
{
	static const struct {
		const char *all, *type, *lang;
		bool utf8;
	} cases[] = {{NULL, NULL, NULL, false},
		     {NULL, NULL, "de_DE.UTF-8", true},
		     {NULL, NULL, "C.utf8", true},
		     {NULL, NULL, "C", false},
		     {NULL, "C", "de_DE.UTF-8", false},
		     {NULL, "en_US.utf-8", "C", true},
		     {"POSIX", "en_US.utf-8", "C.UTF-8", false},
		     {"C.UTF-8", "C", "C", true},
		     {"", "", "C.UTF-8", true},
		     {"de_DE.ISO-8859-1", NULL, NULL, false}};
	struct failure failure = {0};
	struct terminal terminal;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		environment("LC_ALL", cases[i].all);
		environment("LC_CTYPE", cases[i].type);
		environment("LANG", cases[i].lang);
		use(slave, slave);
		CHECK(terminal_open(&terminal, &failure) == STATUS_OK);
		restore();
		if (!CHECK(terminal.utf8 == cases[i].utf8))
			fprintf(stderr, "  case %zu\n", i);
	}
}

static struct termios modes(void)
{
	struct termios modes;

	CHECK(tcgetattr(slave, &modes) == 0);
	return modes;
}

static void (*handler_of(int number))(int)
{
	struct sigaction action;

	CHECK(sigaction(number, NULL, &action) == 0);
	return action.sa_handler;
}

static void own_handler(int number)
{
	(void)number;
}

static void holding(void)
{
	struct termios before = modes(), during, after;
	struct failure failure = {0};
	struct terminal terminal;

	signal(SIGQUIT, SIG_DFL);
	signal(SIGABRT, own_handler);
	use(slave, slave);
	CHECK(terminal_open(&terminal, &failure) == STATUS_OK);
	/* What is not held is not given back. */
	terminal_leave(&terminal);
	EXPECT_SCREEN("");
	CHECK(terminal_hold(&terminal));
	EXPECT_SCREEN(HOLD);
	CHECK(terminal_hold(&terminal));
	EXPECT_SCREEN("");
	during = modes();
	CHECK((before.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO));
	CHECK(during.c_lflag == (before.c_lflag & ~(tcflag_t)(ICANON | ECHO)));
	CHECK(during.c_cc[VMIN] == 0 && during.c_cc[VTIME] == 0 &&
	      during.c_oflag == before.c_oflag);
	CHECK(handler_of(SIGQUIT) != SIG_DFL && handler_of(SIGABRT) == own_handler);
	terminal_leave(&terminal);
	EXPECT_SCREEN(LEAVE);
	after = modes();
	CHECK(after.c_lflag == before.c_lflag && after.c_cc[VMIN] == before.c_cc[VMIN]);
	CHECK(handler_of(SIGQUIT) == SIG_DFL && handler_of(SIGABRT) == own_handler);
	terminal_leave(&terminal);
	EXPECT_SCREEN("");
	/* Again, and by closing. */
	CHECK(terminal_hold(&terminal));
	terminal_close(&terminal);
	EXPECT_SCREEN(HOLD LEAVE);
	signal(SIGABRT, SIG_DFL);
	/* In the background it is left alone, also where it was ours before. */
	CHECK(terminal_open(&terminal, &failure) == STATUS_OK);
	foreground = getpgrp() + 1;
	CHECK(!terminal_hold(&terminal) && !terminal.is_held);
	EXPECT_SCREEN("");
	foreground = getpgrp();
	CHECK(terminal_hold(&terminal));
	foreground = getpgrp() + 1;
	CHECK(!terminal_hold(&terminal));
	foreground = 0;
	terminal_close(&terminal);
	EXPECT_SCREEN(HOLD LEAVE);
	restore();
}

/* Whatever ends a process that holds it; 0: it ends by itself. */
static void ended_by(int number)
{
	struct termios before = modes(), after;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct failure failure = {0};
		struct terminal terminal;

		/* No core of it is wanted. */
		setenv("TERM", "xterm", 1);
		signal(SIGQUIT, SIG_DFL);
		use(slave, slave);
		if (terminal_open(&terminal, &failure) != STATUS_OK || !terminal_hold(&terminal))
			_exit(99);
		if (number)
			raise(number);
		exit(5);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(number ? WIFSIGNALED(status) && WTERMSIG(status) == number
		     : WIFEXITED(status) && WEXITSTATUS(status) == 5);
	EXPECT_SCREEN(HOLD LEAVE);
	after = modes();
	CHECK(after.c_lflag == before.c_lflag);
}

static void sizes(void)
{
	static const struct {
		unsigned short columns, lines;
		size_t width, height;
	} cases[] = {
		{100, 30, 100, 30},
		{1, 1, 1, 1},
		{0, 30, 80, 24},
		{100, 0, 80, 24},
		{SCREEN_MOST_COLUMNS, SCREEN_MOST_LINES, SCREEN_MOST_COLUMNS, SCREEN_MOST_LINES},
		{SCREEN_MOST_COLUMNS + 1, SCREEN_MOST_LINES + 1, SCREEN_MOST_COLUMNS,
		 SCREEN_MOST_LINES},
		{UINT16_MAX, 2, SCREEN_MOST_COLUMNS, 2}};
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t width, height;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct winsize size = {.ws_col = cases[i].columns, .ws_row = cases[i].lines};

		CHECK(ioctl(master, TIOCSWINSZ, &size) == 0);
		use(slave, slave);
		terminal_size(&width, &height);
		restore();
		CHECK(width == cases[i].width && height == cases[i].height);
	}
	use(slave, nothing);
	terminal_size(&width, &height);
	restore();
	CHECK(width == 80 && height == 24);
	close(nothing);
}

/* Keys are what is left without what other keys and the terminal itself send. */
static void keys(void)
{
	static const struct {
		/* What comes at once, and behind that; and which keys they are. */
		const char *first, *second, *keys;
	} cases[] = {
		{"q", NULL, "q"},
		{"abc", "d", "abcd"},
		/* Arrows, also cut in two; a key behind them. */
		{"\033[A", "x", "x"},
		{"\033OP", "x", "x"},
		{"\033[", "Ax", "x"},
		{"\033[1;5", "Cx", "x"},
		{"a\033[15~b", NULL, "ab"},
		/* Parameters end at a byte from @ to ~. */
		{"\033[?!@x", NULL, "x"},
		{"\033[0~x", NULL, "x"},
		{"\033[0\x7fzx", NULL, "x"},
		/* Alt, twice ESC, and ESC by itself, behind which a key is one. */
		{"\033q", NULL, "q"},
		{"\033\033[Ax", NULL, "x"},
		{"\033", "[A", "[A"},
		{"\033", "q", "q"},
	};
	struct terminal terminal = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *parts[] = {cases[i].first, cases[i].second};
		struct strbuf all = {0};
		char room[64];
		size_t count;
		int ends[2];

		CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
		terminal = (struct terminal){.keys = ends[0]};
		for (int part = 0; part < 2 && parts[part]; part++) {
			CHECK(write(ends[1], parts[part], strlen(parts[part])) ==
			      (ssize_t)strlen(parts[part]));
			CHECK(terminal_keys(&terminal, room, sizeof(room), &count));
			strbuf_put(&all, room, count);
		}
		check_text(&all, cases[i].keys, cases[i].first, (int)i);
		/* Nothing more comes, and then it is closed. */
		CHECK(!terminal_keys(&terminal, room, sizeof(room), &count) && count == 0);
		close(ends[1]);
		CHECK(!terminal_keys(&terminal, room, sizeof(room), &count) && count == 0);
		close(ends[0]);
		strbuf_free(&all);
	}
}

/* Stopped as by Ctrl-Z, and on again. */
static void stopping(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		sigset_t stop, mask;

		/* Nobody could wake one whose parent is of its own group. */
		setpgid(0, 0);
		signal(SIGTSTP, SIG_DFL);
		sigemptyset(&stop);
		sigaddset(&stop, SIGTSTP);
		sigprocmask(SIG_BLOCK, &stop, NULL);
		terminal_stop_here();
		sigprocmask(SIG_BLOCK, NULL, &mask);
		_exit(sigismember(&mask, SIGTSTP) ? 7 : 8);
	}
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) &&
	      WSTOPSIG(status) == SIGTSTP);
	CHECK(kill(pid, SIGCONT) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

int main(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	input = dup(STDIN_FILENO);
	output = dup(STDOUT_FILENO);
	if (!CHECK(slave >= 0))
		return check_result("screen_terminal");
	which_will_do();
	characters();
	holding();
	ended_by(0);
	ended_by(SIGQUIT);
	sizes();
	keys();
	stopping();
	return check_result("screen_terminal");
}
