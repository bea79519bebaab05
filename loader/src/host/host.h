/* Facts about this host that programs are told or the loader decides by. */
#ifndef BPFLOAD_HOST_H
#define BPFLOAD_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* CLOCK_BOOTTIME in ns. */
uint64_t host_boot_clock(void);

/* What to add to the boot clock for another one, in ns. */
uint64_t host_clock_offset(clockid_t clock);

/* Device (as the kernel numbers it) and inode of the PID namespace of a process: its number in
 * /proc, or `self`. False in the initial one. */
bool host_pid_namespace(const char *process, uint64_t *device, uint64_t *inode);

/* A descriptor that becomes readable when the process ends; -1 with errno. */
int host_watch_process(uint32_t pid);

/*
 * Whether a file may be accessed (R_OK, X_OK, F_OK) with the capabilities that we have; else errno.
 * access(2) asks for the real user, who has none (fs/open.c, access_override_creds).
 */
bool host_can_access(const char *path, int mode);

/* Whether the kernel is of that version or newer. */
bool host_kernel_is(unsigned major, unsigned minor);

/* BTF that takes the place of the kernel's own where types are looked up (BPFTRACE_BTF), or NULL.
 */
const char *host_btf_path(void);

/* Bytes of a ring buffer: a power of two from 1 MiB to 16 MiB, by the memory that is available. */
uint32_t host_ring_size(void);

/*
 * Numbers of the CPUs that are online, in ascending order; the caller frees them. The result is
 * their number, 0 with errno on failure.
 */
uint32_t host_online_cpus(uint32_t **cpus);

/* Whether /sys is there: CPUs, BTF and tracing are told of below it. */
bool host_has_sysfs(void);

#endif
