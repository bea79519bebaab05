#include "host/container_path.h"

#include <stddef.h>
#include <string.h>

/* A part of a path, or of one of its names. */
struct span {
	const char *text;
	size_t length;
};

static bool is_hex(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

static bool is_hex_of(struct span span, size_t length)
{
	if (span.length != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_hex(span.text[i]))
			return false;
	return true;
}

static bool take_front(struct span *span, const char *front)
{
	size_t length = strlen(front);

	if (span->length < length || memcmp(span->text, front, length) != 0)
		return false;
	span->text += length;
	span->length -= length;
	return true;
}

static bool take_back(struct span *span, const char *back)
{
	size_t length = strlen(back);

	if (span->length < length || memcmp(span->text + span->length - length, back, length) != 0)
		return false;
	span->length -= length;
	return true;
}

static void keep(char *to, struct span span)
{
	memcpy(to, span.text, span.length);
	to[span.length] = '\0';
}

/*
 * Scopes of containers as their runtimes call them: containerd's CRI and CRI-O, docker, podman
 * (libpod-payload below a unit of systemd's), nerdctl. With the driver cgroupfs it is the id alone,
 * or behind the runtime's name. Others of theirs, such as crio-conmon-ID.scope, are no containers.
 */
static bool is_container(struct span name, struct span *id)
{
	static const char *const runtimes[] = {"cri-containerd-", "crio-",   "docker-",
					       "libpod-payload-", "libpod-", "nerdctl-"};

	take_back(&name, ".scope");
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(*runtimes); i++)
		if (take_front(&name, runtimes[i]))
			break;
	*id = name;
	return is_hex_of(name, CONTAINER_ID_MAX);
}

/* A UUID, whose dashes systemd's names have as _, or digits of a static pod's configuration. */
static bool keep_pod(char *to, struct span uid)
{
	static const size_t dashes[] = {8, 13, 18, 23};

	if (is_hex_of(uid, 32) || is_hex_of(uid, 64)) {
		keep(to, uid);
		return true;
	}
	if (uid.length != 36)
		return false;
	for (size_t i = 0, dash = 0; i < uid.length; i++) {
		if (dash < 4 && i == dashes[dash]) {
			if (uid.text[i] != '-' && uid.text[i] != '_')
				return false;
			dash++;
		} else if (!is_hex(uid.text[i])) {
			return false;
		}
	}
	keep(to, uid);
	for (size_t i = 0; i < 4; i++)
		to[dashes[i]] = '-';
	return true;
}

/* The kubelet's folders of pods: kubepods-burstable-podUID.slice, or podUID where the driver is
 * cgroupfs (pkg/kubelet/cm of Kubernetes); podman's pods: machine-libpod_pod_ID.slice. */
static bool read_pod(char *to, struct span name)
{
	static const char *const podman = "libpod_pod_";
	struct span rest = name;

	if (take_back(&rest, ".slice")) {
		for (size_t i = rest.length; i-- > 0;) {
			struct span tail = {rest.text + i, rest.length - i};

			if (i && rest.text[i - 1] != '-')
				continue;
			if (take_front(&tail, podman) || take_front(&tail, "pod"))
				return keep_pod(to, tail);
		}
		return false;
	}
	return take_front(&rest, "pod") && keep_pod(to, rest);
}

static bool is_unit(struct span name)
{
	struct span rest = name;

	return name.length <= CONTAINER_UNIT_MAX &&
	       (take_back(&rest, ".service") || take_back(&rest, ".scope")) && rest.length;
}

/* user@1000.service: what is below it that user made. */
static bool is_user_manager(struct span name)
{
	return take_front(&name, "user@") && take_back(&name, ".service");
}

static void read_name(struct container_path *out, struct span name)
{
	struct span id;

	if (is_container(name, &id)) {
		keep(out->id, id);
		return;
	}
	if (!out->pod[0] && !out->is_of_user && read_pod(out->pod, name))
		return;
	if (!out->unit[0] && is_unit(name)) {
		keep(out->unit, name);
		out->is_of_user = is_user_manager(name);
	}
}

void container_path_read(struct container_path *out, const char *path)
{
	memset(out, 0, sizeof(*out));
	/* What is below a container its own processes named. */
	while (*path && !out->id[0]) {
		size_t length = strcspn(path, "/");

		if (length)
			read_name(out, (struct span){path, length});
		path += length + (path[length] == '/');
	}
}
