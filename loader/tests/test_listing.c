/* Lists of what needs no kernel: probes with fixed names, functions and USDT points of files. */
#include <elf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/sink.h"
#include "check.h"
#include "listing/listing.h"
#include "usdt_point.h"

__attribute__((noinline, used)) void bpfload_listed_one(void)
{
	POINT("app", "plain", "0", "");
	POINT("app", "typed", "0",
	      "1@a -1@b 2@c -2@d 4@e -4@f 8@g -8@h 4f@%xmm0 8f@%xmm1 %rax 3@x 44@y");
	POINT("app", "switched", "0x1230", "-4@%edi");
	POINT("app", "often", "0", "4@%eax");
	POINT("app", "often", "0", "8@%rax");
	POINT("other", "often", "0x10", "");
	POINT("other", "often", "0x10", "");
	POINT("other", "odd\\nname", "0", "");
}

__attribute__((noinline, used)) void bpfload_listed_two(void)
{
	__asm__ volatile("");
}

static struct failure failure;
static char noted[512];
static char folder[] = "/tmp/bpfload-test-XXXXXX", listed[64];

static void note(const char *text)
{
	snprintf(noted + strlen(noted), sizeof(noted) - strlen(noted), "%s\n", text);
}

/* What it writes; the addresses of places, which are those of this program, as `#`. */
static char *list_of(struct list_request request, int *status)
{
	static char text[1 << 16];
	struct sink sink;
	FILE *file;
	size_t length = 0;
	int byte;

	failure_clear(&failure);
	noted[0] = '\0';
	request.note = note;
	CHECK(sink_open(&sink, listed, "list", &failure) == STATUS_OK);
	*status = list_probes(&request, &sink, &failure);
	sink_close(&sink);
	file = fopen(listed, "re");
	while ((byte = fgetc(file)) != EOF && length < sizeof(text) - 1) {
		text[length++] = (char)byte;
		if (length > 8 && strncmp(text + length - 8, "// at 0x", 8) == 0) {
			while ((byte = fgetc(file)) != EOF && strchr("0123456789abcdef", byte))
				;
			text[length++] = '#';
			if (byte != EOF)
				text[length++] = (char)byte;
		}
	}
	text[length] = '\0';
	fclose(file);
	return text;
}

static void expect(const char *word, bool verbose, const char *expected)
{
	const char *const words[] = {word};
	int status;
	const char *text =
		list_of((struct list_request){.words = words, .word_count = 1, .verbose = verbose},
			&status);

	if (!CHECK(status == STATUS_OK) || !CHECK(strcmp(text, expected) == 0))
		fprintf(stderr, "  %s: %d %s\n%s", word, status, failure.text, text);
}

static void refuses(const char *word, const char *why)
{
	const char *const words[] = {word};
	int status;

	list_of((struct list_request){.words = words, .word_count = 1}, &status);
	if (!CHECK(status != STATUS_OK) || !CHECK(strcmp(failure.text, why) == 0))
		fprintf(stderr, "  %s: %s\n", word, failure.text);
}

static void test_fixed_names(void)
{
	expect("software:cpu*", false,
	       "software:cpu-clock:\nsoftware:cpu-migrations:\nsoftware:cpu:\n");
	expect("software:faults:100", false, "software:faults:100\n");
	expect("software:faults:*", false, "software:faults:\n");
	expect("hardware:branch*", false,
	       "hardware:branch-instructions:\nhardware:branch-misses:\nhardware:branches:\n");
	expect("hardware:cpu", false, "");
	expect("interval:*", false, "interval:hz:\ninterval:ms:\ninterval:s:\ninterval:us:\n");
	expect("interval:s:5,profile:hz", false, "interval:s:5\nprofile:hz:\n");
	expect("interval:100ms", false, "interval:100ms\n");
	expect("i:$1", false, "interval:$1\n");
	/* Each once, also where two searches find it, and in the order of providers. */
	expect("software:faults,profile:hz,profile:*z,hardware:branches", true,
	       "hardware:branches:\nprofile:hz:\nsoftware:faults:\n");
	expect("Software:faults", false, "software:faults:\n");
	expect("soft*:faults", false, "software:faults:\n");
	expect("SOFT*:faults", false, "software:faults:\n");
	refuses("softwares:faults", "Invalid provider: 'softwares'");
}

static char *lines(const char *provider, const char *path, const char *names)
{
	static char text[2][4096];
	static int which;
	char *to = text[which ^= 1], copy[512];

	snprintf(copy, sizeof(copy), "%s", names);
	*to = '\0';
	for (char *name = strtok(copy, " "); name; name = strtok(NULL, " "))
		snprintf(to + strlen(to), sizeof(text[0]) - strlen(to), "%s:%s:%s\n", provider,
			 path, name);
	return to;
}

/* By the name alone, and in those of its files that a pattern means. */
static void test_process(void)
{
	static const char *const found[] = {"bpfload_listed_two",
					    "uprobe:*test_listing:*listed_two",
					    "uprobe::bpfload_listed_two"};
	static const char *const none[] = {"uprobe:*none:bpfload_listed_two", "usdt:*:listed"};
	struct list_request request = {.word_count = 1, .pid = (uint32_t)getpid()};
	char own[512] = "", text[1024];
	int status;

	CHECK(readlink("/proc/self/exe", own, sizeof(own) - 1) > 0);
	snprintf(text, sizeof(text), "uprobe:%s:bpfload_listed_two\n", own);
	for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++) {
		request.words = &found[i];
		if (!CHECK(strcmp(list_of(request, &status), text) == 0) ||
		    !CHECK(status == STATUS_OK))
			fprintf(stderr, "  %s: %s\n", found[i], failure.text);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		request.words = &none[i];
		CHECK(!*list_of(request, &status) && status == STATUS_OK);
	}
	/* No process has so high a number. */
	request.pid = 1 << 30;
	list_of(request, &status);
	CHECK(status == STATUS_FAILED);
	CHECK(strcmp(failure.text,
		     "cannot look at process 1073741824: No such file or directory") == 0);
}

static void test_functions(const char *path)
{
	char word[1024];

	snprintf(word, sizeof(word), "uprobe:%s:bpfload_listed_*", path);
	expect(word, false, lines("uprobe", path, "bpfload_listed_one bpfload_listed_two"));
	snprintf(word, sizeof(word), "ur:%s:bpfload_listed_t*", path);
	expect(word, false, lines("uretprobe", path, "bpfload_listed_two"));
	snprintf(word, sizeof(word), "uprobe:%s:bpfload_listed", path);
	expect(word, false, "");
	test_process();
}

static void test_points(const char *path)
{
	char word[512], text[4096];

	snprintf(word, sizeof(word), "usdt:%s:app:*", path);
	expect(word, false, lines("usdt", path, "app:often app:plain app:switched app:typed"));
	snprintf(word, sizeof(word), "usdt:%s:often", path);
	expect(word, false, lines("usdt", path, "app:often other:often"));
	/* A name that would be two lines is left out. */
	snprintf(word, sizeof(word), "usdt:%s:other:*", path);
	expect(word, false, lines("usdt", path, "other:often"));
	snprintf(word, sizeof(word), "usdt:%s:ap*:typed", path);
	snprintf(text, sizeof(text),
		 "usdt:%s:app:typed\n    uint8 arg0\n    int8 arg1\n    uint16 arg2\n"
		 "    int16 arg3\n    uint32 arg4\n    int32 arg5\n    uint64 arg6\n"
		 "    int64 arg7\n    float arg8\n    double arg9\n    int64 arg10\n"
		 "    int64 arg11\n    int64 arg12\n"
		 "    // at 0x#: 1@a -1@b 2@c -2@d 4@e -4@f 8@g -8@h 4f@%%xmm0 8f@%%xmm1 %%rax 3@x "
		 "44@y\n",
		 path);
	expect(word, true, text);
	snprintf(word, sizeof(word), "usdt:%s:app:plain,usdt:%s:app:switched", path, path);
	snprintf(text, sizeof(text),
		 "usdt:%s:app:plain\n    // at 0x#\nusdt:%s:app:switched\n    int32 arg0\n"
		 "    // semaphore 0x1230\n    // at 0x#: -4@%%edi\n",
		 path, path);
	expect(word, true, text);
	snprintf(word, sizeof(word), "usdt:%s:*:often", path);
	snprintf(text, sizeof(text),
		 "usdt:%s:app:often\n    uint32 arg0\n    // 2 places\n    // at 0x#: 4@%%eax\n"
		 "    // at 0x#: 8@%%rax\nusdt:%s:other:often\n"
		 "    // 2 places, semaphore 0x10\n    // at 0x#\n    // at 0x#\n",
		 path, path);
	expect(word, true, text);
}

static void test_files(const char *path)
{
	char other[64], word[512], why[512];
	uint8_t elf_header[sizeof(Elf64_Ehdr)] = {0};
	FILE *file;

	file = fopen(path, "re");
	CHECK(fread(elf_header, 1, sizeof(elf_header), file) == sizeof(elf_header));
	fclose(file);
	/* A pattern of files meets some that are no programs. */
	snprintf(other, sizeof(other), "%s/listing_script", folder);
	file = fopen(other, "we");
	fputs("echo\n", file);
	fclose(file);
	chmod(other, 0755);
	snprintf(word, sizeof(word), "uprobe:%s/listing_*:bpfload_listed_one", folder);
	expect(word, false, lines("uprobe", path, "bpfload_listed_one"));
	CHECK(!noted[0]);
	snprintf(word, sizeof(word), "uprobe:%s:f", other);
	snprintf(why, sizeof(why), "cannot read %s: not an ELF file", other);
	refuses(word, why);
	snprintf(word, sizeof(word), "usdt:%s:f", other);
	refuses(word, why);
	/* The first bytes of a program, whose sections are at its end. */
	file = fopen(other, "we");
	fwrite(elf_header, 1, sizeof(elf_header), file);
	fclose(file);
	snprintf(word, sizeof(word), "uprobe:%s:*", other);
	snprintf(why, sizeof(why), "cannot read %s: it ends before its table of sections", other);
	refuses(word, why);
	snprintf(word, sizeof(word), "usdt:%s:*", other);
	refuses(word, why);
	/* Among others it does not keep them from being listed, and is told. */
	snprintf(word, sizeof(word), "uprobe:%s/listing_*:bpfload_listed_one", folder);
	expect(word, false, lines("uprobe", path, "bpfload_listed_one"));
	CHECK(strncmp(noted, why, strlen(why)) == 0 && strcmp(noted + strlen(why), "\n") == 0);
	unlink(other);
	snprintf(word, sizeof(word), "uprobe:%s:f", other);
	snprintf(why, sizeof(why), "there is no file %s", other);
	refuses(word, why);
	refuses("uprobe:*:f",
		"which file? Name its path, as in uprobe:/bin/bash:*, or a process with -p PID");
	refuses("usdt::f",
		"which file? Name its path, as in uprobe:/bin/bash:*, or a process with -p PID");
}

static void test_what_terminals_obey(void)
{
	const char *const words[] = {"interval:1\033"};
	int status;

	CHECK(strcmp(list_of((struct list_request){.words = words, .word_count = 1}, &status),
		     "interval:1\033\n") == 0);
	CHECK(!strchr(
		list_of((struct list_request){.words = words, .word_count = 1, .is_terminal = true},
			&status),
		'\033'));
}

int main(void)
{
	char path[64], own[512] = "";

	bpfload_listed_one();
	bpfload_listed_two();
	CHECK(mkdtemp(folder) && readlink("/proc/self/exe", own, sizeof(own) - 1) > 0);
	snprintf(listed, sizeof(listed), "%s/list", folder);
	snprintf(path, sizeof(path), "%s/listing_program", folder);
	CHECK(symlink(own, path) == 0);
	test_fixed_names();
	test_functions(path);
	test_points(path);
	test_files(path);
	test_what_terminals_obey();
	unlink(path);
	unlink(listed);
	rmdir(folder);
	failure_clear(&failure);
	return check_result("listing");
}
