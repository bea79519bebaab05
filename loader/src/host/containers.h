/*
 * What this host knows of cgroups by their ids: path, container, pod, unit of systemd. Names of
 * pods come from the names of log files that the kubelet makes; nothing is asked over a network.
 * What was learned stays, so that a name does not change while a cgroup lives, nor after it.
 */
#ifndef BPFLOAD_CONTAINERS_H
#define BPFLOAD_CONTAINERS_H

#include <stddef.h>
#include <stdint.h>

#include "host/container_path.h"

struct containers;

/* Texts are NULL where nobody knows. */
struct container {
	uint64_t id;
	/* In the hierarchy of version 2, such as "/system.slice/ssh.service"; "/" the root. */
	char *path;
	/* What the path says; empty without one. */
	struct container_path named;
	char *name, *pod, *name_space;
	/* How often the names were looked for. */
	uint8_t tries;
};

/* Where to look: NULL stands for what the host has. For tests. */
struct container_places {
	const char *cgroups;
	/* Where the kubelet has its logs, in folders `pods` and `containers`. */
	const char *logs;
};

struct containers *containers_open(const struct container_places *places);
void containers_close(struct containers *containers);

/*
 * Looks at the host where some of the ids are not known yet, once for all of them: one walk through
 * the cgroups, one through each folder of logs. How many are kept is bounded: beyond it those go
 * that are not among `ids`, and what then has no room stays unknown.
 */
void containers_learn(struct containers *containers, const uint64_t *ids, size_t count);

/* NULL where it was not learned. Until the next containers_learn. */
const struct container *containers_find(const struct containers *containers, uint64_t id);

#endif
