#include "binary/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

#include "host/tracefs.h"

/* Names of real programs have a few thousand characters at most. */
#define MANGLED_MAX (16u << 10)
#define READABLE_MAX (64u << 10)

struct sink {
	struct strbuf *to;
	size_t start;
	jmp_buf stop;
};

/* libiberty cannot be told to stop, but holds no memory of its own while it calls back. */
static void take(const char *text, size_t length, void *opaque)
{
	struct sink *sink = opaque;

	if (sink->to->length - sink->start + length > READABLE_MAX)
		longjmp(sink->stop, 1);
	strbuf_put(sink->to, text, length);
}

static int run(const char *name, enum demangle_form form, struct sink *sink)
{
	static const int options[] = {
		[DEMANGLE_FULL] = DMGL_PARAMS | DMGL_ANSI,
		[DEMANGLE_SIGNATURE] = DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP,
		[DEMANGLE_NAME] = DMGL_NO_OPTS,
	};

	if (setjmp(sink->stop))
		return 0;
	/* Rust's older names are C++ names that end in a hash, which it leaves out. */
	return rust_demangle_callback(name, 0, take, sink) ||
	       (name[1] == 'Z' && cplus_demangle_v3_callback(name, options[form], take, sink));
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
	if (run(name, form, &sink) && to->length > sink.start)
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
