#include "run/misses.h"

#include <stdlib.h>

#include "base/memory.h"
#include "output/renderer.h"

void misses_tell(const struct attachments *attachments, struct output *output)
{
	const struct session *session = attachments->session;
	const struct manifest *manifest = session->manifest;
	struct miss *misses;
	uint32_t count = 0;

	if (session_map_fd(session, MF_MAP_RUNNING) >= 0)
		return;
	misses = memory_array(manifest->probe_count, sizeof(*misses));
	for (uint32_t i = 0; i < manifest->probe_count; i++) {
		uint64_t missed = attach_missed(attachments, &manifest->probes[i]);

		if (missed)
			misses[count++] = (struct miss){&manifest->probes[i], missed};
	}
	(void)output_missed(output, misses, count);
	free(misses);
}
