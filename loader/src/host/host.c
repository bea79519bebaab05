#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

/* PROC_PID_INIT_INO (include/linux/proc_ns.h): inode of the initial PID namespace on every kernel.
 */
#define INITIAL_PID_NAMESPACE 0xEFFFFFFCu

#define MIN_RING (1u << 20)
#define MAX_RING (16u << 20)
#define MAX_CPUS 65536

uint64_t host_boot_clock(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

uint64_t host_clock_offset(clockid_t clock)
{
	uint64_t best = UINT64_MAX, offset = 0;

	/* The narrowest of a few looks is the one that nothing interrupted. */
	for (int i = 0; i < 5; i++) {
		uint64_t before = host_boot_clock();
		uint64_t there = clock_ns(clock);
		uint64_t after = host_boot_clock();

		if (after - before < best) {
			best = after - before;
			offset = there - (before + (after - before) / 2);
		}
	}
	return offset;
}

bool host_pid_namespace(const char *process, uint64_t *device, uint64_t *inode)
{
	struct stat info;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/pid", process);
	if (stat(path, &info) != 0 || info.st_ino == INITIAL_PID_NAMESPACE)
		return false;
	/* bpf_get_ns_current_pid_tgid compares with the kernel's own dev_t: MKDEV of
	 * include/linux/kdev_t.h. */
	*device = (uint64_t)major(info.st_dev) << 20 | minor(info.st_dev);
	*inode = info.st_ino;
	return true;
}

int host_watch_process(uint32_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

bool host_can_access(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

bool host_kernel_is(unsigned major, unsigned minor)
{
	unsigned own_major = 0, own_minor = 0;
	struct utsname host;

	if (uname(&host) != 0 || sscanf(host.release, "%u.%u", &own_major, &own_minor) != 2)
		return false;
	return own_major > major || (own_major == major && own_minor >= minor);
}

uint32_t host_ring_size(void)
{
	unsigned long long available = 0;
	uint32_t size = MIN_RING;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	if (!file)
		return MIN_RING;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %llu kB", &available) == 1)
			break;
	fclose(file);
	/* A thousandth of what is there, so that 16 MiB want 16 GiB. */
	while (size < MAX_RING && size * 2ull <= available)
		size *= 2;
	return size;
}

uint32_t host_online_cpus(uint32_t **cpus)
{
	uint32_t *numbers = memory_array(MAX_CPUS, sizeof(*numbers));
	FILE *file = fopen("/sys/devices/system/cpu/online", "re");
	uint32_t count = 0;
	unsigned first, last;

	*cpus = numbers;
	if (!file)
		goto out;
	/* `0-3,5`: ranges and single numbers (Documentation/core-api/kernel-api). */
	while (fscanf(file, "%u", &first) == 1) {
		int next = fgetc(file);

		last = first;
		if (next == '-') {
			if (fscanf(file, "%u", &last) != 1)
				break;
			next = fgetc(file);
		}
		for (unsigned cpu = first; cpu <= last && count < MAX_CPUS; cpu++)
			numbers[count++] = cpu;
		if (next != ',')
			break;
	}
out:
	if (file)
		fclose(file);
	if (count == 0) {
		free(numbers);
		*cpus = NULL;
		if (!errno)
			errno = EIO;
	}
	return count;
}

const char *host_btf_path(void)
{
	const char *path = getenv("BPFTRACE_BTF");

	return path && *path ? path : NULL;
}

bool host_has_sysfs(void)
{
	return access("/sys/kernel", F_OK) == 0;
}
