#include "binary/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "binary/budget.h"
#include "binary/rust_name.h"
#include "host/tracefs.h"

/* Names of real programs have a few thousand characters at most. */
#define MANGLED_MAX (16u << 10)
#define READABLE_MAX (64u << 10)

/*
 * Time of the processor for one name, and for all that were given up. libiberty bounds neither: for
 * a parameter pack it looks into each argument of an argument again, however often the name refers
 * to one of its own parts (cp-demangle.c, d_find_pack). Names of real programs take microseconds.
 */
#define NAME_MICROSECONDS 40000
#define GIVEN_UP_MAX 50

struct sink {
	struct strbuf *to;
	size_t start;
};

/* Of the name that is being read; there is one at a time. */
static struct {
	jmp_buf stop;
	/* libiberty is at work, and not in `take`: it holds no memory, so it can be left anywhere.
	 */
	volatile sig_atomic_t may_stop;
	volatile sig_atomic_t is_late;
	bool has_handler;
	uint32_t given_up;
} work;

static void on_timer(int signal)
{
	(void)signal;
	work.is_late = 1;
	if (work.may_stop)
		longjmp(work.stop, 1);
}

static void set_timer(long microseconds)
{
	const struct itimerval time = {.it_value.tv_usec = microseconds};

	setitimer(ITIMER_VIRTUAL, &time, NULL);
}

static void start_timer(void)
{
	/* The handler does not come back, so the signal must not stay blocked. */
	const struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_NODEFER};

	if (!work.has_handler)
		sigaction(SIGVTALRM, &action, NULL);
	work.has_handler = true;
	work.is_late = 0;
	set_timer(NAME_MICROSECONDS);
}

static void take(const char *text, size_t length, void *opaque)
{
	struct sink *sink = opaque;

	work.may_stop = 0;
	if (sink->to->length - sink->start + length > READABLE_MAX)
		longjmp(work.stop, 1);
	strbuf_put(sink->to, text, length);
	work.may_stop = 1;
	if (work.is_late)
		longjmp(work.stop, 1);
}

static int read_cpp(const char *name, enum demangle_form form, struct sink *sink)
{
	static const int options[] = {
		[DEMANGLE_FULL] = DMGL_PARAMS | DMGL_ANSI,
		[DEMANGLE_SIGNATURE] = DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP,
		[DEMANGLE_NAME] = DMGL_NO_OPTS,
	};
	int found;

	if (work.given_up >= GIVEN_UP_MAX)
		return 0;
	if (setjmp(work.stop)) {
		work.may_stop = 0;
		set_timer(0);
		work.given_up += work.is_late != 0;
		if (work.is_late)
			budget_exceed();
		return 0;
	}
	start_timer();
	work.may_stop = 1;
	found = cplus_demangle_v3_callback(name, options[form], take, sink);
	work.may_stop = 0;
	set_timer(0);
	return found;
}

/* Rust's older names are C++ names that end in a hash, which is left out. */
static int read_old_rust(const char *name, struct sink *sink)
{
	int found = 0;

	if (!setjmp(work.stop))
		found = rust_demangle_callback(name, 0, take, sink);
	work.may_stop = 0;
	return found;
}

static bool read_name(const char *name, enum demangle_form form, struct sink *sink)
{
	if (name[1] == 'R')
		return rust_name_read(sink->to, name);
	work.is_late = 0;
	return read_old_rust(name, sink) || read_cpp(name, form, sink);
}

bool demangle_is_mangled(const char *name)
{
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

bool demangle(struct strbuf *to, const char *name, enum demangle_form form)
{
	struct sink sink = {.to = to, .start = to->length};

	if (!demangle_is_mangled(name) || strnlen(name, MANGLED_MAX) == MANGLED_MAX)
		return false;
	if (read_name(name, form, &sink) && to->length > sink.start)
		return true;
	to->length = sink.start;
	return false;
}

static bool form_matches(const char *pattern, const char *name, enum demangle_form form,
			 struct strbuf *scratch)
{
	const char *text;

	strbuf_clear(scratch);
	if (!demangle(scratch, name, form))
		return false;
	text = strbuf_c_text(scratch);
	return pattern_match(pattern, text);
}

bool demangle_matches(const char *pattern, const char *name, struct strbuf *scratch)
{
	if (!demangle_is_mangled(name) || demangle_is_mangled(pattern))
		return pattern_match(pattern, name);
	if (form_matches(pattern, name, DEMANGLE_NAME, scratch))
		return true;
	return strchr(pattern, '(') && (form_matches(pattern, name, DEMANGLE_SIGNATURE, scratch) ||
					form_matches(pattern, name, DEMANGLE_FULL, scratch));
}
