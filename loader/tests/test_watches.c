/* unwatch(): all events of one address are switched off, and no others. */
#include "session/watches.h"

#include <linux/perf_event.h>
#include <stdarg.h>

#include "check.h"
#include "session/session.h"

static struct strbuf log;

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	char text[32];

	va_start(arguments, request);
	CHECK(request == PERF_EVENT_IOC_DISABLE && va_arg(arguments, int) == 0);
	va_end(arguments);
	snprintf(text, sizeof(text), "%d ", fd);
	strbuf_text(&log, text);
	return 0;
}

int main(void)
{
	struct session session = {0};

	watches_end(&session, 0);
	CHECK_TEXT(&log, "");
	watches_add(&session, 0x1000, 5);
	watches_add(&session, 0xffffffff00001000, 6);
	watches_add(&session, 0x1000, 7);
	watches_add(&session, 0, 8);
	watches_end(&session, 0x1000);
	CHECK_TEXT(&log, "7 5 ");
	watches_end(&session, 0x1001);
	CHECK_TEXT(&log, "");
	watches_end(&session, 0xffffffff00001000);
	CHECK_TEXT(&log, "6 ");
	/* Whoever asks again has them switched off again: threads begin with what they had. */
	watches_end(&session, 0x1000);
	watches_end(&session, 0);
	CHECK_TEXT(&log, "7 5 8 ");
	arena_free(&session.arena);
	strbuf_free(&log);
	return check_result("watches");
}
