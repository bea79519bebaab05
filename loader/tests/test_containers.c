/* What paths of cgroups say of containers, and what a host knows of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "check.h"
#include "host/containers.h"

#define ID "3f4e6d2a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e"
#define OTHER_ID "aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"
#define UID "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
#define UID_SLICE "0a1b2c3d_4e5f_6071_8293_a4b5c6d7e8f9"
#define STATIC_UID "0123456789abcdef0123456789abcdef"

/* As the runtimes name them, with their drivers systemd and cgroupfs. */
static const struct {
	const char *path, *id, *pod, *unit;
} paths[] = {
	/* Kubernetes: containerd, CRI-O, docker. */
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_SLICE
	 ".slice/cri-containerd-" ID ".scope",
	 ID, UID, ""},
	{"/kubepods.slice/kubepods-pod" UID_SLICE ".slice/crio-" ID ".scope", ID, UID, ""},
	{"/kubepods.slice/kubepods-pod" UID_SLICE ".slice/crio-" ID ".scope/container", ID, UID,
	 ""},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_SLICE
	 ".slice/docker-" ID ".scope",
	 ID, UID, ""},
	{"/kubepods/burstable/pod" UID "/" ID, ID, UID, ""},
	{"/kubepods/pod" UID "/crio-" ID, ID, UID, ""},
	{"/kubepods/pod" STATIC_UID "/" ID, ID, STATIC_UID, ""},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" STATIC_UID
	 ".slice/cri-containerd-" ID ".scope",
	 ID, STATIC_UID, ""},
	{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
	 "kubelet-kubepods-burstable-pod" UID_SLICE ".slice/cri-containerd-" ID ".scope",
	 ID, UID, ""},
	{"/kubepods/burstable/pod" UID, "", UID, ""},
	/* A node that is a container itself. */
	{"/docker/" OTHER_ID "/kubelet/kubepods/pod" UID "/" ID, OTHER_ID, "", ""},
	/* docker, podman, nerdctl. */
	{"/system.slice/docker-" ID ".scope", ID, "", ""},
	{"/docker/" ID, ID, "", ""},
	{"/machine.slice/libpod-" ID ".scope/container", ID, "", ""},
	{"/machine.slice/machine-libpod_pod_" OTHER_ID ".slice/libpod-" ID ".scope", ID, OTHER_ID,
	 ""},
	{"/libpod_parent/libpod-" ID, ID, "", ""},
	{"/system.slice/web.service/libpod-payload-" ID, ID, "", "web.service"},
	{"/system.slice/nerdctl-" ID ".scope", ID, "", ""},
	{"/default/" ID, ID, "", ""},
	/* Those who look after containers are none. */
	{"/machine.slice/libpod-conmon-" ID ".scope", "", "", "libpod-conmon-" ID ".scope"},
	{"/kubepods.slice/kubepods-pod" UID_SLICE ".slice/crio-conmon-" ID ".scope", "", UID,
	 "crio-conmon-" ID ".scope"},
	/* systemd. */
	{"/", "", "", ""},
	{"/init.scope", "", "", "init.scope"},
	{"/system.slice", "", "", ""},
	{"/system.slice/ssh.service", "", "", "ssh.service"},
	{"/system.slice/system-getty.slice/getty@tty1.service", "", "", "getty@tty1.service"},
	{"/system.slice/containerd.service", "", "", "containerd.service"},
	{"/user.slice/user-1000.slice/session-3.scope", "", "", "session-3.scope"},
	{"/machine.slice/systemd-nspawn@deb.service/payload", "", "", "systemd-nspawn@deb.service"},
	{"/lxc.payload.web", "", "", ""},
	/* What a user makes of his own: his container, in no pod. */
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/ssh.service", "", "",
	 "user@1000.service"},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", ID, "",
	 "user@1000.service"},
	{"/user.slice/user-1000.slice/user@1000.service/kubepods-pod" UID_SLICE
	 ".slice/cri-containerd-" ID ".scope",
	 ID, "", "user@1000.service"},
	/* What a container makes below its own counts for nothing. */
	{"/system.slice/docker-" ID ".scope/kubepods/pod" UID "/" OTHER_ID, ID, "", ""},
	{"/docker/" ID "/ssh.service", ID, "", ""},
	/* Nearly. */
	{"/docker/3f4e6d2a9b8c", "", "", ""},
	{"/docker-" ID "0.scope", "", "", "docker-" ID "0.scope"},
	{"/docker/3F4E6D2A9B8C7D6E5F4A3B2C1D0E9F8A7B6C5D4E3F2A1B0C9D8E7F6A5B4C3D2E", "", "", ""},
	{"/kubepods/pod0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8fg", "", "", ""},
	{"/kubepods/pod0a1b2c3d4e5f-6071-8293-a4b5c6d7e8f9-", "", "", ""},
	{"/kubepods-pod.slice", "", "", ""},
	{"/.slice/-.slice/pod.slice//.service/.scope", "", "", ""},
	{"", "", "", ""},
	{"////", "", "", ""},
};

static void paths_name_containers(void)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct container_path read;

		container_path_read(&read, paths[i].path);
		if (!(CHECK(strcmp(read.id, paths[i].id) == 0) &
		      CHECK(strcmp(read.pod, paths[i].pod) == 0) &
		      CHECK(strcmp(read.unit, paths[i].unit) == 0)))
			fprintf(stderr, "of %s: %s %s %s\n", paths[i].path, read.id, read.pod,
				read.unit);
	}
}

/* A folder with all before it; gives its number, as cgroups have it. */
static uint64_t make_folder(const char *root, const char *path)
{
	char *whole = memory_format("%s%s", root, path);
	struct stat about = {0};

	for (char *at = whole + strlen(root) + 1; *at; at++)
		if (*at == '/') {
			*at = '\0';
			CHECK(mkdir(whole, 0755) == 0 || errno == EEXIST);
			*at = '/';
		}
	CHECK(mkdir(whole, 0755) == 0 || errno == EEXIST);
	CHECK(stat(whole, &about) == 0);
	free(whole);
	return about.st_ino;
}

static bool is_text(const char *text, const char *expected)
{
	return text && strcmp(text, expected) == 0;
}

static void hosts_know_pods_by_their_logs(void)
{
	char root[] = "/tmp/containers-XXXXXX", *cgroups, *logs, *remove;
	uint64_t ids[6];
	struct containers *containers;
	const struct container *container;

	if (!CHECK(mkdtemp(root) != NULL))
		return;
	cgroups = memory_format("%s/cgroup", root);
	logs = memory_format("%s/log", root);
	ids[0] = make_folder(root, "/cgroup/kubepods.slice/kubepods-pod" UID_SLICE
				   ".slice/cri-containerd-" ID ".scope");
	ids[1] = make_folder(root, "/cgroup/kubepods.slice/kubepods-pod" UID_SLICE
				   ".slice/cri-containerd-" OTHER_ID ".scope");
	ids[2] = make_folder(root, "/cgroup/user.slice/user@7.service/libpod-" ID ".scope");
	ids[3] = make_folder(root, "/cgroup/system.slice/ssh.service");
	ids[4] = 1;
	ids[5] = make_folder(root, "/cgroup/kubepods/pod" STATIC_UID);
	make_folder(root, "/log/pods/shop_cart-0_" UID);
	make_folder(root, "/log/pods/sh\"op_cart-1_" UID);
	make_folder(root, "/log/pods/_" UID);
	make_folder(root, "/log/containers/cart-0_shop_web-" ID ".log");
	/* Of two that say so one counts. */
	make_folder(root, "/log/containers/cart-0_shop_again-" ID ".log");
	make_folder(root, "/log/containers/no_one_is-.log");
	make_folder(root, "/log/containers/-" OTHER_ID ".log");
	make_folder(root, "/log/containers/a_b-" OTHER_ID ".log");
	containers = containers_open(&(struct container_places){.cgroups = cgroups, .logs = logs});
	containers_learn(containers, ids, 6);
	container = containers_find(containers, ids[0]);
	if (CHECK(container)) {
		CHECK(is_text(container->pod, "cart-0"));
		CHECK(is_text(container->name_space, "shop"));
		CHECK(is_text(container->name, "web") || is_text(container->name, "again"));
	}
	/* The pod's own, which has no log. */
	container = containers_find(containers, ids[1]);
	if (CHECK(container)) {
		CHECK(is_text(container->pod, "cart-0"));
		CHECK(!container->name);
	}
	/* A user's, who says it is the first. */
	container = containers_find(containers, ids[2]);
	if (CHECK(container)) {
		CHECK(is_text(container->named.id, ID));
		CHECK(!container->pod && !container->name);
	}
	container = containers_find(containers, ids[3]);
	if (CHECK(container))
		CHECK(is_text(container->path, "/system.slice/ssh.service"));
	container = containers_find(containers, ids[4]);
	CHECK(container && !container->path);
	/* A pod without logs, and no container of no name. */
	container = containers_find(containers, ids[5]);
	CHECK(container && is_text(container->named.pod, STATIC_UID));
	CHECK(container && !container->pod && !container->name);
	CHECK(!containers_find(containers, 2));
	/* What is gone keeps its name. */
	remove = memory_format("rm -r %s", root);
	CHECK(system(remove) == 0);
	ids[4] = 3;
	containers_learn(containers, ids, 6);
	container = containers_find(containers, ids[0]);
	CHECK(container && (is_text(container->name, "web") || is_text(container->name, "again")));
	containers_close(containers);
	free(remove);
	free(cgroups);
	free(logs);
}

/* More than are remembered: those that are asked for now stay. */
static void what_is_remembered_is_bounded(void)
{
	enum { MANY = 20000 };
	struct containers *containers =
		containers_open(&(struct container_places){"/nowhere", "/nowhere"});
	uint64_t *ids = memory_array(MANY, sizeof(*ids));
	size_t known = 0;

	for (uint64_t i = 0; i < MANY; i++)
		ids[i] = i + 1;
	containers_learn(containers, ids, MANY);
	for (size_t i = 0; i < MANY; i++)
		known += containers_find(containers, ids[i]) != NULL;
	CHECK(known == 16384);
	ids[0] = MANY + 1;
	containers_learn(containers, ids, 1);
	CHECK(containers_find(containers, MANY + 1) && !containers_find(containers, 5));
	containers_close(containers);
	free(ids);
}

int main(void)
{
	paths_name_containers();
	hosts_know_pods_by_their_logs();
	what_is_remembered_is_bounded();
	return check_result("containers");
}
