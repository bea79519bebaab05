/* [OUT-037, FUN-025] Names of addresses. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "binary/budget.h"
#include "host/kallsyms.h"
#include "symbols/perf_map.h"
#include "binary/proc_maps.h"
#include "output/stacks.h"
#include "symbols/symbols.h"
#include "check.h"
#include "fixture.h"

/* A function that the tests look for; global, and not small. */
int bpfload_test_landmark(int x);
int bpfload_test_landmark(int x)
{
	volatile int sum = 0;

	for (int i = 0; i < x; i++)
		sum += i;
	return sum;
}

static uint64_t address_of(int (*function)(int))
{
	return (uint64_t)(uintptr_t)function;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "we");

	CHECK(file && fwrite(bytes, 1, size, file) == size);
	if (file)
		fclose(file);
}

static void write_file(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

/* A module whose name goes on behind a zero, where that of another one ends. */
static void kallsyms_with_zeros(void)
{
	static const char path[] = "/tmp/bpfload-test-kallsyms";
	static const char first[] = "ffffffffc0000000 t one\t[m]\nffffffffc0000100 t two\t[m";
	char text[4096] = {0};
	struct kallsyms table;
	struct kernel_symbol symbol;

	memcpy(text, first, sizeof(first));
	memcpy(text + sizeof(text) - 2, "]\n", 2);
	write_bytes(path, text, sizeof(text));
	if (!CHECK(kallsyms_read(&table, kallsyms_open(path))))
		return;
	CHECK(kallsyms_find(&table, 0xffffffffc0000100, &symbol));
	CHECK(strcmp(symbol.name, "two") == 0 && strcmp(symbol.module, "m") == 0);
	kallsyms_free(&table);
	unlink(path);
}

static void kallsyms_from_a_file(void)
{
	static const char path[] = "/tmp/bpfload-test-kallsyms";
	struct kallsyms table;
	struct kernel_symbol symbol;

	write_file(path, "0000000000001000 A per_cpu_start\n"
			 "ffffffff81000000 D some_data\n"
			 "ffffffff81000000 T _stext\n"
			 "ffffffff81000000 t local_alias\n"
			 "ffffffff81000100 t do_work\n"
			 "\n"
			 "garbage line\n"
			 "ffffffff81000200 T do_more\n"
			 "ffffffffc0000010 t in_module\t[loop]\n"
			 "ffffffffc0000000 t before_it\t[loop]\n"
			 "ffffffffc0100000 t bpf_prog_1234\t[bpf]\n");
	if (!CHECK(kallsyms_read(&table, kallsyms_open(path))))
		return;
	CHECK(table.count == 6);
	CHECK(kallsyms_find(&table, 0xffffffff81000004, &symbol));
	CHECK(strcmp(symbol.name, "_stext") == 0 && symbol.offset == 4 && !symbol.module);
	CHECK(kallsyms_find(&table, 0xffffffff810001ff, &symbol));
	CHECK(strcmp(symbol.name, "do_work") == 0 && symbol.offset == 0xff);
	CHECK(kallsyms_find(&table, 0xffffffffc0000011, &symbol));
	CHECK(strcmp(symbol.name, "in_module") == 0 && strcmp(symbol.module, "loop") == 0);
	CHECK(kallsyms_find(&table, 0xffffffffc0100000, &symbol));
	CHECK(strcmp(symbol.module, "bpf") == 0);
	CHECK(!kallsyms_find(&table, 0xffffffff80ffffff, &symbol));
	CHECK(!kallsyms_find(&table, 0xffffffffffff0000, &symbol));
	kallsyms_free(&table);

	/* kptr_restrict shows every address as zero. */
	write_file(path, "0000000000000000 T _stext\n0000000000000000 T do_work\n");
	CHECK(!kallsyms_read(&table, kallsyms_open(path)));
	CHECK(!kallsyms_find(&table, 0xffffffff81000004, &symbol));
	CHECK(!kallsyms_read(&table, kallsyms_open("/nonexistent")));
	CHECK(!kallsyms_are_shown(path));
	/* Per-CPU variables, and no line behind them. */
	write_file(path, "0000000000000000 A first\n0000000000000000 A second\n");
	CHECK(!kallsyms_are_shown(path));
	write_file(path, "0000000000000000 A first\nffffffff81000000 T _stext\n");
	CHECK(kallsyms_are_shown(path));
	unlink(path);
}

/* The names on both sides of where each kind of symbol ends: a number is better than a wrong name.
 */
static void kallsyms_end_somewhere(void)
{
	static const char path[] = "/tmp/bpfload-test-kallsyms";
	static const struct {
		uint64_t address;
		const char *name;
	} there[] = {
		/* The next symbol of the same image, however far. */
		{0xffffffff81800000, "_stext"},	    {0xffffffff81900000, "_etext"},
		{0xffffffff81900001, NULL},	    {0xffffffff82000004, "_sinittext"},
		{0xffffffff82100000, "_einittext"}, {0xffffffff82100008, NULL},
		{0xffffffff833fffff, "last"},	    {0xffffffff83400000, NULL},
		{0xffffffffc01fffff, "in_module"},  {0xffffffffc03fffff, "last_of_module"},
		{0xffffffffc0400000, NULL},	    {0xffffffffc0500fff, "bpf_trampoline_1"},
		{0xffffffffc0501000, NULL},	    {0xffffffffc06fffff, "bpf_prog_1_long"},
		{0xffffffffc0700000, NULL},	    {0xffffffffc0900fff, "kprobe_insn_page"},
		{0xffffffffc0901000, NULL},
	};
	struct kallsyms table;

	write_file(path, "ffffffff81000000 T _stext\n"
			 "ffffffff81900000 T _etext\n"
			 "ffffffff82000000 T _sinittext\n"
			 "ffffffff82100000 T _einittext\n"
			 "ffffffff83300000 R last\n"
			 "ffffffffc0000000 t in_module\t[loop]\n"
			 "ffffffffc0300000 t last_of_module\t[loop]\n"
			 "ffffffffc0500000 t bpf_trampoline_1\t[bpf]\n"
			 "ffffffffc0600000 t bpf_prog_1_long\t[bpf]\n"
			 "ffffffffc0800000 t bpf_prog_2_short\t[bpf]\n"
			 "ffffffffc0900000 t kprobe_insn_page\t[__builtin__kprobes]\n");
	if (!CHECK(kallsyms_read(&table, kallsyms_open(path))))
		return;
	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++) {
		struct kernel_symbol symbol = {0};
		bool found = kallsyms_find(&table, there[i].address, &symbol);

		if (!CHECK(found ? there[i].name && strcmp(symbol.name, there[i].name) == 0
				 : !there[i].name))
			fprintf(stderr, "%#llx is %s\n", (unsigned long long)there[i].address,
				found ? symbol.name : "nothing");
	}
	kallsyms_free(&table);
	unlink(path);
}

static void kallsyms_of_this_kernel(void)
{
	struct kallsyms table;
	struct kernel_symbol symbol;
	double start = seconds();
	uint64_t hits = 0;

	if (!kallsyms_read(&table, kallsyms_open("/proc/kallsyms"))) {
		fprintf(stderr, "kernel symbols are hidden here: not tested\n");
		return;
	}
	fprintf(stderr, "kallsyms: %zu symbols in %.1f ms\n", table.count,
		1e3 * (seconds() - start));
	CHECK(table.count > 10000);
	for (size_t i = 1; i < table.count; i++) {
		if (table.entries[i - 1].address >= table.entries[i].address)
			break;
		hits++;
	}
	CHECK(hits == table.count - 1);
	for (size_t i = 0; i < table.count; i += 97) {
		if (!kallsyms_find(&table, table.entries[i].address, &symbol) || symbol.offset ||
		    strcmp(symbol.name, table.names + table.entries[i].name) != 0) {
			CHECK(!"every symbol is found at its own address");
			break;
		}
	}
	for (size_t i = 0; i < table.count; i += 9973) {
		const struct mf_config config = {0};
		struct symbols *symbols = symbols_new(&config, NULL);
		uint64_t address = table.entries[i].address;
		struct symbol named;

		/* With what is loaded since, there may be more, and others. */
		CHECK(symbols_kernel(symbols, address, &named) && named.name && !named.frames);
		CHECK(!kallsyms_find(&table, address, &symbol) || named.offset ||
		      (strcmp(symbol.name, named.name) == 0 && !symbol.module == !named.module));
		CHECK(!symbols_kernel(symbols, 1, &named) && !symbols_were_denied(symbols));
		symbols_free(symbols);
		if (i > 2 * 9973)
			break;
	}
	start = seconds();
	for (uint32_t i = 0; i < 1000000; i++)
		kallsyms_find(&table, table.entries[i * 2654435761u % table.count].address + 1,
			      &symbol);
	fprintf(stderr, "kallsyms: %.1f million look-ups a second\n", 1 / (seconds() - start));
	kallsyms_free(&table);
}

/* The file of the kernel's symbols is closed once: its number may be another's by then. */
static void the_kernels_file_is_closed_once(void)
{
	const struct mf_config config = {0};
	struct symbols *symbols = symbols_new(&config, NULL);
	struct symbol symbol;
	int other;

	symbols_open_kernel(symbols);
	(void)symbols_kernel(symbols, 1, &symbol);
	other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	symbols_free(symbols);
	CHECK(other >= 0 && close(other) == 0);
	/* One that was not read is, too. */
	symbols = symbols_new(&config, NULL);
	symbols_open_kernel(symbols);
	symbols_free(symbols);
	CHECK(open("/dev/null", O_RDONLY | O_CLOEXEC) == other && close(other) == 0);
}

static void own_maps(void)
{
	struct proc_maps maps;
	const struct proc_mapping *mapping;

	if (!CHECK(proc_maps_read(&maps, "/proc/self/maps")))
		return;
	mapping = proc_maps_find(&maps, address_of(bpfload_test_landmark));
	CHECK(mapping && strstr(mapping->path, "test_symbols") && mapping->inode);
	CHECK(!proc_maps_find(&maps, 1));
	CHECK(!proc_maps_find(&maps, UINT64_MAX));
	/* The stack is not executable, so it is not among them. */
	CHECK(!proc_maps_find(&maps, (uint64_t)(uintptr_t)&maps));
	proc_maps_free(&maps);
	CHECK(!proc_maps_read(&maps, "/proc/0/maps"));
}

static void maps_from_a_file(void)
{
	static const char path[] = "/tmp/bpfload-test-maps";
	struct proc_maps maps;
	const struct proc_mapping *mapping;

	write_file(path, "00400000-00452000 r-xp 00002000 08:02 173521      /usr/bin/a file\n"
			 "00651000-00652000 r--p 00051000 08:02 173521      /usr/bin/a file\n"
			 "7f0000000000-7f0000001000 rwxp 00000000 00:00 0 \n"
			 "7f0000002000-7f0000003000 r-xp 00000000 fd:1f 99  /tmp/gone (deleted)\n"
			 "nonsense\n"
			 "7ffff7fc1000-7ffff7fc3000 r-xp 00000000 00:00 0   [vdso]\n");
	if (!CHECK(proc_maps_read(&maps, path)))
		return;
	CHECK(maps.count == 4);
	mapping = proc_maps_find(&maps, 0x451fff);
	CHECK(mapping && strcmp(mapping->path, "/usr/bin/a file") == 0 &&
	      mapping->offset == 0x2000 && mapping->inode == 173521 && mapping->device_major == 8 &&
	      mapping->device_minor == 2 && !mapping->deleted);
	CHECK(!proc_maps_find(&maps, 0x452000));
	mapping = proc_maps_find(&maps, 0x7f0000000000);
	CHECK(mapping && mapping->path[0] == '\0');
	mapping = proc_maps_find(&maps, 0x7f0000002010);
	CHECK(mapping && mapping->deleted && strcmp(mapping->path, "/tmp/gone") == 0 &&
	      mapping->device_minor == 0x1f);
	mapping = proc_maps_find(&maps, 0x7ffff7fc1000);
	CHECK(mapping && strcmp(mapping->path, "[vdso]") == 0);
	proc_maps_free(&maps);
	unlink(path);
}

static void own_functions(struct symbols *symbols)
{
	struct symbol symbol;
	Dl_info info;
	void *libc = (void *)(uintptr_t)&strerror;
	uint64_t vdso = getauxval(AT_SYSINFO_EHDR);
	double start;

	CHECK(symbols_user(symbols, (uint32_t)getpid(), address_of(bpfload_test_landmark) + 3,
			   &symbol));
	CHECK(symbol.name && strcmp(symbol.name, "bpfload_test_landmark") == 0);
	CHECK(symbol.offset == 3 && strstr(symbol.module, "test_symbols"));

	/* A shared library, stripped: its dynamic symbols. */
	if (CHECK(dladdr(libc, &info) && info.dli_saddr) &&
	    CHECK(symbols_user(symbols, (uint32_t)getpid(), (uint64_t)(uintptr_t)info.dli_saddr,
			       &symbol)))
		CHECK(symbol.name && symbol.offset == 0 && strcmp(symbol.name, "strerror") == 0);

	/* The kernel's page of code has symbols too: some function of it is found. */
	if (vdso) {
		bool named = false;

		for (uint64_t at = vdso; at < vdso + 8192 && !named; at += 16)
			named = symbols_user(symbols, (uint32_t)getpid(), at, &symbol) &&
				symbol.name && strstr(symbol.name, "gettime");
		CHECK(named);
	}

	CHECK(!symbols_user(symbols, (uint32_t)getpid(), 1, &symbol));
	CHECK(!symbols_user(symbols, 0x7ffffff0, 0x400000, &symbol));

	start = seconds();
	for (uint32_t i = 0; i < 1000000; i++)
		symbols_user(symbols, (uint32_t)getpid(),
			     (uint64_t)(uintptr_t)libc - i * 64 % 500000, &symbol);
	fprintf(stderr, "user symbols: %.1f million look-ups a second\n", 1 / (seconds() - start));
}

/* A child that runs a copy of this program, and lives until `to_child` is closed. */
struct copy {
	pid_t pid;
	int to_child;
	/* Of bpfload_test_landmark in it. */
	uint64_t landmark;
};

static bool start_copy(struct copy *copy, const char *path)
{
	int to_child[2], from_child[2];
	char command[128];

	*copy = (struct copy){0};
	snprintf(command, sizeof(command), "cp /proc/%d/exe %s", getpid(), path);
	if (!CHECK(system(command) == 0) ||
	    !CHECK(pipe2(to_child, O_CLOEXEC) == 0 && pipe2(from_child, O_CLOEXEC) == 0))
		return false;
	copy->pid = fork();
	if (copy->pid == 0) {
		dup2(to_child[0], STDIN_FILENO);
		dup2(from_child[1], STDOUT_FILENO);
		close(to_child[1]);
		close(from_child[0]);
		execl(path, path, "--landmark", NULL);
		_exit(127);
	}
	close(to_child[0]);
	close(from_child[1]);
	copy->to_child = to_child[1];
	CHECK(read(from_child[0], &copy->landmark, sizeof(copy->landmark)) ==
	      sizeof(copy->landmark));
	close(from_child[0]);
	return true;
}

static void end_copy(const struct copy *copy)
{
	close(copy->to_child);
	CHECK(waitpid(copy->pid, NULL, 0) == copy->pid);
}

/* Its program is deleted, and it ends before its address is named. */
static void a_process_that_is_gone(struct symbols *symbols)
{
	static const char path[] = "/tmp/bpfload-test-gone";
	struct symbol symbol;
	struct copy copy;

	if (!start_copy(&copy, path))
		return;
	CHECK(unlink(path) == 0);
	symbols_note_process(symbols, (uint32_t)copy.pid);
	/* Known already: nothing happens. */
	symbols_note_process(symbols, (uint32_t)copy.pid);
	end_copy(&copy);
	CHECK(symbols_user(symbols, (uint32_t)copy.pid, copy.landmark + 1, &symbol));
	CHECK(symbol.name && strcmp(symbol.name, "bpfload_test_landmark") == 0 &&
	      symbol.offset == 1);
}

/* Not a running program can be cut, but a library can: a file that is mapped as code. */
static void a_file_that_is_cut(void)
{
	static const char path[] = "/tmp/bpfload-test-cut";
	const struct mf_config config = {.lazy_symbolication = true, .show_debug_info = true};
	struct symbols *symbols = symbols_new(&config, NULL);
	char command[128];
	struct symbol symbol = {0};
	struct symbol_place place;
	uint64_t at;
	void *code;
	int fd;

	snprintf(command, sizeof(command), "cp /proc/%d/exe %s", getpid(), path);
	if (!CHECK(system(command) == 0))
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	code = mmap(NULL, 1 << 20, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (!CHECK(fd >= 0 && code != MAP_FAILED))
		return;
	at = (uint64_t)(uintptr_t)code + 64;
	symbols_note_process(symbols, (uint32_t)getpid());
	CHECK(ftruncate(fd, 100) == 0);
	CHECK(symbols_user_source(symbols, (uint32_t)getpid(), at, false, &symbol));
	CHECK(!symbol.name && symbol.frame_count == 0 && strcmp(symbol.module, path) == 0);
	CHECK(symbols_place(symbols, (uint32_t)getpid(), at, false, &place) && !place.build_id);
	symbols_free(symbols);
	munmap(code, 1 << 20);
	close(fd);
	unlink(path);
}

/* More files than descriptors may be held for: those of the first are closed, their names stay. */
static void more_files_than_descriptors(void)
{
	const struct mf_config config = {0};
	struct rlimit before, few = {.rlim_cur = 64};
	struct symbols *symbols = symbols_new(&config, NULL);
	struct copy copies[20];
	struct symbol symbol;
	int lowest;

	CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
	few.rlim_max = before.rlim_max;
	for (size_t i = 0; i < 20; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/tmp/bpfload-test-many-%zu", i);
		if (!start_copy(&copies[i], path))
			return;
		unlink(path);
	}
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	for (size_t i = 0; i < 20; i++)
		symbols_note_process(symbols, (uint32_t)copies[i].pid);
	lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK(lowest >= 0 && lowest < 50);
	close(lowest);
	for (size_t i = 0; i < 20; i++)
		end_copy(&copies[i]);
	CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
	for (size_t i = 0; i < 20; i++)
		CHECK(symbols_user(symbols, (uint32_t)copies[i].pid, copies[i].landmark, &symbol) &&
		      symbol.name && strcmp(symbol.name, "bpfload_test_landmark") == 0);
	symbols_free(symbols);
}

static int be_a_landmark(void)
{
	uint64_t address = address_of(bpfload_test_landmark);
	char byte;

	if (write(STDOUT_FILENO, &address, sizeof(address)) != sizeof(address))
		return 1;
	/* Until the other end is closed. */
	return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
}

/* More than all files may hold: those that were used last have names. */
static void more_files_than_memory(void)
{
	const struct mf_config config = {0};
	struct symbols *symbols = symbols_new(&config, NULL);
	struct copy copies[8];
	struct symbol symbol;
	uint64_t one;

	for (size_t i = 0; i < 8; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/tmp/bpfload-test-memory-%zu", i);
		if (!start_copy(&copies[i], path))
			return;
		unlink(path);
	}
	symbols_note_process(symbols, (uint32_t)copies[0].pid);
	CHECK(symbols_user(symbols, (uint32_t)copies[0].pid, copies[0].landmark, &symbol) &&
	      symbol.name);
	one = budget_held();
	CHECK(one > 0);
	/* Libraries, which all of them share, are among what is held. */
	budget_limit(4 * one, 4 * one);
	for (size_t i = 1; i < 8; i++) {
		symbols_note_process(symbols, (uint32_t)copies[i].pid);
		CHECK(budget_held() <= 4 * one);
	}
	for (size_t i = 0; i < 8; i++)
		end_copy(&copies[i]);
	CHECK(symbols_user(symbols, (uint32_t)copies[7].pid, copies[7].landmark, &symbol) &&
	      symbol.name && strcmp(symbol.name, "bpfload_test_landmark") == 0);
	budget_limit(256 << 20, 512 << 20);
	symbols_free(symbols);
}

static void code_of_a_jit(struct symbols *symbols)
{
	char path[64], text[256];
	struct symbol symbol;
	uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct timespec wait = {.tv_nsec = 120000000};

	if (!CHECK(code != MAP_FAILED))
		return;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	snprintf(text, sizeof(text), "%lx 40 hot_loop\n%lx 20 py::main (a.py)\nbroken\n",
		 (unsigned long)(uintptr_t)code, (unsigned long)(uintptr_t)code + 0x40);
	write_file(path, text);
	nanosleep(&wait, NULL);
	CHECK(symbols_user(symbols, (uint32_t)getpid(), (uint64_t)(uintptr_t)code + 0x44, &symbol));
	CHECK(symbol.name && strcmp(symbol.name, "py::main (a.py)") == 0 && symbol.offset == 4);
	CHECK(symbols_user(symbols, (uint32_t)getpid(), (uint64_t)(uintptr_t)code, &symbol));
	CHECK(symbol.name && strcmp(symbol.name, "hot_loop") == 0);
	CHECK(!symbols_user(symbols, (uint32_t)getpid(), (uint64_t)(uintptr_t)code + 0x60,
			    &symbol));
	unlink(path);
	munmap(code, 4096);
	/* A pipe under that name must not make us wait. */
	CHECK(mkfifo(path, 0600) == 0);
	CHECK(!perf_map_refresh(&(struct perf_map){0}, (uint32_t)getpid()));
	unlink(path);
}

static void frames(struct symbols *symbols)
{
	struct fixture fixture;
	struct wall_clock clock;
	struct value_context values;
	struct strbuf text = {0};
	char expected[512], exe[256] = "";
	uint64_t address = address_of(bpfload_test_landmark) + 12;

	fixture_init(&fixture);
	wall_clock_init(&clock);
	CHECK(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	value_context_init(&values, &fixture.session, symbols, &clock);
	stacks_frames_text(&text, &values, MF_STACK_BPFTRACE, true, (uint32_t)getpid(), &address,
			   1);
	CHECK_TEXT(&text, "\n        bpfload_test_landmark+12\n");
	stacks_frames_text(&text, &values, MF_STACK_PERF, true, (uint32_t)getpid(), &address, 1);
	snprintf(expected, sizeof(expected), "\n\t%lx bpfload_test_landmark+12 (%s)\n",
		 (unsigned long)address, exe);
	CHECK_TEXT(&text, expected);
	value_context_free(&values);
	strbuf_free(&text);
	fixture_free(&fixture);
}

int main(int argc, char **argv)
{
	const struct mf_config config = {.cpp_demangle = true};
	struct symbols *symbols;

	if (argc == 2 && strcmp(argv[1], "--landmark") == 0)
		return be_a_landmark();
	symbols = symbols_new(&config, NULL);
	CHECK(bpfload_test_landmark(3) == 3);
	kallsyms_from_a_file();
	kallsyms_with_zeros();
	kallsyms_end_somewhere();
	kallsyms_of_this_kernel();
	the_kernels_file_is_closed_once();
	own_maps();
	maps_from_a_file();
	own_functions(symbols);
	a_process_that_is_gone(symbols);
	a_file_that_is_cut();
	more_files_than_descriptors();
	more_files_than_memory();
	code_of_a_jit(symbols);
	frames(symbols);
	symbols_free(symbols);
	return check_result("symbols");
}
