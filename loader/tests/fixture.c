#include "fixture.h"

#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* The session is the fixture's first member. */
static const struct fixture *fixture_of(const struct session *session)
{
	return (const struct fixture *)session;
}

void fixture_init(struct fixture *fixture)
{
	*fixture = (struct fixture){0};
	fixture->manifest.script = "test.bt";
	fixture->manifest.config.str_trunc_trailer = "..";
	fixture->manifest.config.max_cat_bytes = 10240;
	fixture->manifest.config.print_maps_on_exit = true;
	fixture->session.options = &fixture->options;
	fixture->session.manifest = &fixture->manifest;
	fixture->session.cpus = (uint32_t)libbpf_num_possible_cpus();
	fixture->session.bss = fixture->bss;
	fixture->session.bss_size = sizeof(fixture->bss);
}

void fixture_free(struct fixture *fixture)
{
	for (uint32_t i = 0; i < fixture->map_count; i++)
		close(fixture->maps[i].fd);
	arena_free(&fixture->session.arena);
}

int fixture_map(struct fixture *fixture, const char *name, uint32_t type, uint32_t key_size,
		uint32_t value_size, uint32_t max_entries)
{
	int fd = bpf_map_create((enum bpf_map_type)type, NULL, key_size, value_size, max_entries,
				NULL);

	if (fd < 0 || fixture->map_count == FIXTURE_MAPS)
		return -1;
	fixture->maps[fixture->map_count].name = name;
	fixture->maps[fixture->map_count].fd = fd;
	fixture->maps[fixture->map_count++].max_entries = max_entries;
	return fd;
}

int session_map_fd(const struct session *session, const char *name)
{
	const struct fixture *fixture = fixture_of(session);

	for (uint32_t i = 0; i < fixture->map_count; i++) {
		if (strcmp(fixture->maps[i].name, name) == 0)
			return fixture->maps[i].fd;
	}
	return -1;
}

uint32_t session_map_max_entries(const struct session *session, const char *name)
{
	const struct fixture *fixture = fixture_of(session);

	for (uint32_t i = 0; i < fixture->map_count; i++) {
		if (strcmp(fixture->maps[i].name, name) == 0)
			return fixture->maps[i].max_entries;
	}
	return 0;
}

const char *session_probe_name(const struct session *session, uint64_t index)
{
	return index < session->names.count ? session->names.names[index] : NULL;
}
