#include "session/watches.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>

#include "session/session.h"

struct session_watch {
	uint64_t address;
	/* The link that it belongs to closes it. */
	int fd;
	struct session_watch *next;
};

void watches_add(struct session *session, uint64_t address, int fd)
{
	struct session_watch *watch = arena_alloc(&session->arena, sizeof(*watch));

	*watch = (struct session_watch){address, fd, session->watches};
	session->watches = watch;
}

void watches_end(const struct session *session, uint64_t address)
{
	for (const struct session_watch *watch = session->watches; watch; watch = watch->next)
		if (watch->address == address)
			ioctl(watch->fd, PERF_EVENT_IOC_DISABLE, 0);
}
