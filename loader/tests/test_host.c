/* What is asked of the host: its version, memory, processors, and what this process may do there.
 */
#include "host/host.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "check.h"
#include "host/memory_use.h"

/* A file of this host, the only one; NULL text: it cannot be read. */
static const char *file_path, *file_text;
static const char *release;

FILE *fopen(const char *path, const char *mode)
{
	CHECK(mode[0] == 'r');
	errno = ENOENT;
	if (!file_path || strcmp(path, file_path) != 0 || !file_text)
		return NULL;
	return fmemopen((void *)file_text, strlen(file_text), "r");
}

int uname(struct utsname *host)
{
	*host = (struct utsname){.sysname = "Linux"};
	snprintf(host->release, sizeof(host->release), "%s", release ? release : "");
	return release ? 0 : -1;
}

static void versions(void)
{
	release = "6.12.3-generic";
	CHECK(host_kernel_is(6, 12) && host_kernel_is(6, 11) && host_kernel_is(5, 99));
	CHECK(!host_kernel_is(6, 13) && !host_kernel_is(7, 0));
	release = "7.0";
	CHECK(host_kernel_is(6, 99) && host_kernel_is(7, 0) && !host_kernel_is(7, 1));
	release = "next";
	CHECK(!host_kernel_is(1, 0));
	release = NULL;
	CHECK(!host_kernel_is(0, 0));
}

static uint32_t ring(const char *text)
{
	file_path = "/proc/meminfo";
	file_text = text;
	return host_ring_size();
}

static void ring_sizes(void)
{
	CHECK(ring(NULL) == 1 << 20);
	CHECK(ring("MemTotal: 99999999 kB\nMemAvailable: 16777216 kB\n") == 16 << 20);
	CHECK(ring("MemAvailable: 16777215 kB\n") == 8 << 20);
	CHECK(ring("MemAvailable: 99999999999 kB\n") == 16 << 20);
	CHECK(ring("MemAvailable: 2097152 kB\nMemAvailable: 99999999 kB\n") == 2 << 20);
	CHECK(ring("MemAvailable: 2097151 kB\n") == 1 << 20);
	CHECK(ring("MemAvailable: 12 kB\n") == 1 << 20);
	CHECK(ring("MemTotal: 99999999 kB\n") == 1 << 20);
}

/* Numbers with a space behind each. */
static void expect_cpus(const char *text, const char *expected)
{
	struct strbuf got = {0};
	uint32_t *cpus, count;

	file_path = "/sys/devices/system/cpu/online";
	file_text = text;
	errno = 0;
	count = host_online_cpus(&cpus);
	CHECK(count ? cpus != NULL : !cpus && errno != 0);
	for (uint32_t i = 0; i < count; i++) {
		strbuf_u64(&got, cpus[i]);
		strbuf_char(&got, ' ');
	}
	CHECK_TEXT(&got, expected);
	strbuf_free(&got);
	free(cpus);
}

static void processors(void)
{
	uint32_t *cpus;

	expect_cpus("0\n", "0 ");
	expect_cpus("0-3\n", "0 1 2 3 ");
	expect_cpus("0-1,5,7-8\n", "0 1 5 7 8 ");
	expect_cpus("3,1-\n", "3 ");
	expect_cpus("2-1\n", "");
	expect_cpus("nothing\n", "");
	expect_cpus(NULL, "");
	expect_cpus("0 9\n", "0 ");
	file_text = "1-4294967295";
	CHECK(host_online_cpus(&cpus) == 65536 && cpus[65535] == 65536);
	free(cpus);
}

static void memory(void)
{
	file_path = "/proc/self/statm";
	file_text = "100 30 10 1 0 5 0\n";
	CHECK(memory_of_process() == 20u * 4096);
	file_text = "100 10 30 1 0 5 0\n";
	CHECK(memory_of_process() == 0);
	file_text = "100 30";
	CHECK(memory_of_process() == 0);
	file_text = NULL;
	CHECK(memory_of_process() == 0);
	file_path = "/proc/self/fdinfo/17";
	file_text = "pos:\t0\nmemlock:\t4096\nmap_id:\t7\nmemlock:\t1\n";
	CHECK(memory_of_descriptor(17) == 4096 && memory_of_descriptor(18) == 0);
	file_text = "pos:\t0\n";
	CHECK(memory_of_descriptor(17) == 0);
}

static void types_of_elsewhere(void)
{
	setenv("BPFTRACE_BTF", "/some/file", 1);
	CHECK(strcmp(host_btf_path(), "/some/file") == 0);
	setenv("BPFTRACE_BTF", "", 1);
	CHECK(!host_btf_path());
	unsetenv("BPFTRACE_BTF");
	CHECK(!host_btf_path());
}

/* Both are clocks of this machine, which go at the same pace but for what is asked in between. */
static void clocks(void)
{
	uint64_t before = host_boot_clock();

	CHECK(before > 0 && host_boot_clock() >= before);
	/* What lies between is halved: it may be a bit too much, or too little. */
	CHECK(llabs((int64_t)host_clock_offset(CLOCK_BOOTTIME)) < 1000000000);
}

static void access_to_files(void)
{
	CHECK(host_can_access("/proc/self/status", 4));
	CHECK(!host_can_access("/none", 0) && errno == ENOENT);
	CHECK(host_has_sysfs());
	CHECK(host_watch_process(0) == -1 && errno == EINVAL);
}

int main(void)
{
	versions();
	ring_sizes();
	processors();
	memory();
	types_of_elsewhere();
	clocks();
	access_to_files();
	return check_result("host");
}
