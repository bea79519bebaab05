#include "run/iterator.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"

#define CHUNK (64u << 10)

/* Handles the records in `text` but for a last one that is not whole yet; gives their bytes. */
static size_t handle_records(const struct session *session, struct events *events,
			     const uint8_t *text, size_t length)
{
	const struct manifest *manifest = session->manifest;
	size_t at = 0;

	while (!events->exited && !events->broken && length - at >= sizeof(uint32_t)) {
		uint32_t index;

		memcpy(&index, text + at, sizeof(index));
		if (index >= manifest->event_count || length - at < manifest->events[index].size)
			break;
		events_handle(events, text + at, manifest->events[index].size);
		at += manifest->events[index].size;
	}
	return at;
}

int iterator_run(const struct session *session, int iterator, struct events *events,
		 struct failure *failure)
{
	int fd = bpf_iter_create(iterator);
	struct strbuf text = {0};
	int status = STATUS_OK;

	if (fd < 0)
		return fail(failure, STATUS_FAILED, "Cannot start the iterator: %s.",
			    strerror(errno));
	while (!events->exited && !events->broken) {
		ssize_t got;

		strbuf_reserve(&text, CHUNK);
		got = read(fd, text.data + text.length, CHUNK);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			status = fail(failure, STATUS_FAILED, "Cannot read the iterator: %s.",
				      strerror(errno));
		if (got <= 0)
			break;
		text.length += (size_t)got;
		strbuf_drop(&text, handle_records(session, events, (const uint8_t *)text.data,
						  text.length));
		/* What functions of the script print. */
		events_drain(events);
	}
	strbuf_free(&text);
	close(fd);
	return status;
}
