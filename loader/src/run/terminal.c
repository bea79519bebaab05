#include "run/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/screen_text.h"
#include "base/write_text.h"

/* The second page; lines that are too long are cut, and do not go on below; no cursor. */
#define HOLD "\033[?1049h\033[?7l\033[?25l\033[H\033[2J"
/* CAN first: a sequence may have been begun (ECMA-48, 8.3.7, takes it as its end). */
#define LEAVE "\030\033[m\033[?7h\033[?25h\033[?1049l"

static const int ending[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
#define ENDING_COUNT (sizeof(ending) / sizeof(*ending))

/* For what ends the process outside of all order: handlers of signals have no other way to it. */
static struct terminal *held;

/* A locale is not read: what the names say of it is what users of terminals set. */
static bool says_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

static void give_back(void)
{
	if (held)
		terminal_leave(held);
}

int terminal_open(struct terminal *terminal, struct failure *failure)
{
	const char *kind = getenv("TERM");

	*terminal = (struct terminal){.keys = -1, .utf8 = says_utf8(), .group = getpgrp()};
	if (isatty(STDOUT_FILENO) != 1)
		return fail(failure, STATUS_USAGE,
			    "--top draws on a terminal, and standard output is none.");
	if (!kind || !*kind || strcmp(kind, "dumb") == 0)
		return fail(failure, STATUS_USAGE,
			    "--top needs a terminal that can move its cursor: TERM is %s.",
			    kind && *kind ? kind : "not set");
	if (isatty(STDIN_FILENO) == 1)
		terminal->keys = STDIN_FILENO;
	else
		terminal->keys = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	terminal->owns_keys = terminal->keys > STDIN_FILENO;
	atexit(give_back);
	return STATUS_OK;
}

void terminal_close(struct terminal *terminal)
{
	terminal_leave(terminal);
	if (terminal->owns_keys)
		close(terminal->keys);
	terminal->keys = -1;
	terminal->owns_keys = false;
}

static int modes_of(const struct terminal *terminal)
{
	return terminal->keys >= 0 ? terminal->keys : STDOUT_FILENO;
}

/* It does not wait: a terminal that takes nothing must not keep the end from coming. */
static void put(const char *text)
{
	size_t written;

	write_text(STDOUT_FILENO, WRITE_WITHOUT_WAITING, text, strlen(text), &written);
}

static void leave_by_signal(int signal_number)
{
	int error = errno;

	give_back();
	errno = error;
	/* The default action is back (SA_RESETHAND): it comes when this handler is done. */
	raise(signal_number);
}

static void watch_ends(bool on)
{
	const struct sigaction leave = {.sa_handler = leave_by_signal, .sa_flags = SA_RESETHAND};
	struct sigaction before;

	for (size_t i = 0; i < ENDING_COUNT; i++) {
		/* Somebody else's, such as a sanitizer's, stay. */
		if (sigaction(ending[i], NULL, &before) != 0 ||
		    before.sa_handler != (on ? SIG_DFL : leave_by_signal))
			continue;
		if (on)
			sigaction(ending[i], &leave, NULL);
		else
			signal(ending[i], SIG_DFL);
	}
}

/* A terminal that is nobody's foreground is ours as anybody's. */
static bool is_background(const struct terminal *terminal)
{
	pid_t foreground;

	return ioctl(modes_of(terminal), TIOCGPGRP, &foreground) == 0 &&
	       foreground != terminal->group;
}

bool terminal_hold(struct terminal *terminal)
{
	struct termios modes;

	if (is_background(terminal))
		return false;
	if (terminal->is_held)
		return true;
	terminal->has_modes = tcgetattr(modes_of(terminal), &terminal->before) == 0;
	if (terminal->has_modes) {
		modes = terminal->before;
		/* Ctrl-C and Ctrl-Z stay what they are. */
		modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		modes.c_cc[VMIN] = 0;
		modes.c_cc[VTIME] = 0;
		tcsetattr(modes_of(terminal), TCSANOW, &modes);
	}
	terminal->is_held = true;
	held = terminal;
	watch_ends(true);
	put(HOLD);
	return true;
}

void terminal_leave(struct terminal *terminal)
{
	sigset_t output, before;

	if (!terminal->is_held)
		return;
	terminal->is_held = false;
	held = NULL;
	put(LEAVE);
	/* In the background the kernel would stop us instead (tty_check_change, which lets those go
	 * on who block the signal). */
	sigemptyset(&output);
	sigaddset(&output, SIGTTOU);
	sigprocmask(SIG_BLOCK, &output, &before);
	if (terminal->has_modes)
		tcsetattr(modes_of(terminal), TCSANOW, &terminal->before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	watch_ends(false);
}

static size_t within(size_t number, size_t least, size_t most)
{
	return number < least ? least : number > most ? most : number;
}

void terminal_size(size_t *width, size_t *height)
{
	struct winsize size = {0};

	/* Of one that does not know, what terminals have been. */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_col || !size.ws_row)
		size = (struct winsize){.ws_row = 24, .ws_col = 80};
	*width = within(size.ws_col, 1, SCREEN_MOST_COLUMNS);
	*height = within(size.ws_row, 1, SCREEN_MOST_LINES);
}

/* ESC [ or ESC O, bytes of a parameter, and one that ends it (ECMA-48, 5.4). False: the byte is a
 * part of such a sequence. */
static bool is_key(struct terminal *terminal, char byte)
{
	switch (terminal->state) {
	case KEY_PLAIN:
		if (byte != '\033')
			return true;
		terminal->state = KEY_ESCAPE;
		return false;
	case KEY_ESCAPE:
		if (byte == '\033')
			return false;
		terminal->state = byte == '[' || byte == 'O' ? KEY_SEQUENCE : KEY_PLAIN;
		/* ESC by itself does nothing, and a key behind it is what it is: both may come at
		 * once, as if Alt were held. */
		return terminal->state == KEY_PLAIN;
	case KEY_SEQUENCE:
		if (byte >= 0x40 && byte <= 0x7e)
			terminal->state = KEY_PLAIN;
		return false;
	}
	return false;
}

bool terminal_keys(struct terminal *terminal, char *keys, size_t room, size_t *count)
{
	ssize_t got = read(terminal->keys, keys, room);

	/* What ESC begins comes at once: by itself it is the key. */
	if (terminal->state == KEY_ESCAPE)
		terminal->state = KEY_PLAIN;
	*count = 0;
	for (ssize_t i = 0; i < got; i++)
		if (is_key(terminal, keys[i]))
			keys[(*count)++] = keys[i];
	return got > 0;
}

void terminal_stop_here(void)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	/* The kernel decides, as for every process: nobody could wake one of an orphaned group
	 * (kernel/signal.c, get_signal). It waits while it is blocked. */
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	sigprocmask(SIG_BLOCK, &stop, NULL);
}
