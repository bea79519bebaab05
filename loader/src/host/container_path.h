/*
 * What the path of a cgroup says of containers, as runtimes and systemd name their folders. Whoever
 * was given a cgroup names the folders below it as he likes: of each kind the outermost name
 * counts, and below a manager of a user nothing is said of pods.
 */
#ifndef BPFLOAD_CONTAINER_PATH_H
#define BPFLOAD_CONTAINER_PATH_H

#include <stdbool.h>

/* 64 hexadecimal digits; a pod's is a UUID, or 32 or 64 digits. */
#define CONTAINER_ID_MAX 64
/* The most that a name of a file has. */
#define CONTAINER_UNIT_MAX 255

/* Texts are empty where the path says nothing. */
struct container_path {
	char id[CONTAINER_ID_MAX + 1];
	/* With its dashes. */
	char pod[CONTAINER_ID_MAX + 1];
	/* The unit of systemd around it, such as ssh.service: none that is a container. */
	char unit[CONTAINER_UNIT_MAX + 1];
	/* Below user@UID.service: a user said it. */
	bool is_of_user;
};

/* Reads any path, such as /system.slice/docker-0123.scope: never fails. */
void container_path_read(struct container_path *out, const char *path);

#endif
