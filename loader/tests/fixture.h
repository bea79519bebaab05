/* A session without a program: maps by name, a .bss, a manifest. For tests of the output half. */
#ifndef BPFLOAD_TESTS_FIXTURE_H
#define BPFLOAD_TESTS_FIXTURE_H

#include "object/manifest.h"
#include "session/session.h"

#define FIXTURE_MAPS 16

struct fixture {
	struct session session;
	struct options options;
	struct manifest manifest;
	uint8_t bss[512];
	struct {
		const char *name;
		int fd;
		uint32_t max_entries;
	} maps[FIXTURE_MAPS];
	uint32_t map_count;
};

void fixture_init(struct fixture *fixture);
void fixture_free(struct fixture *fixture);

/* Makes a kernel map of a BPF_MAP_TYPE_*, known to the session by that name. Its descriptor, or -1.
 */
int fixture_map(struct fixture *fixture, const char *name, uint32_t type, uint32_t key_size,
		uint32_t value_size, uint32_t max_entries);

#endif
