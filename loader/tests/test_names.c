/* Users, errors, signals and system calls by their numbers. */
#include "host/name_text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "check.h"
#include "host/syscalls.h"

/* The list of users of these tests; NULL: there is none. */
static const char *users;
static int opened;

FILE *fopen(const char *path, const char *mode)
{
	CHECK(strcmp(path, "/etc/passwd") == 0 && mode[0] == 'r');
	opened++;
	return users ? fmemopen((void *)users, strlen(users), "r") : NULL;
}

static struct strbuf text;

static const char *name(struct names *names, enum mf_name_space space, uint64_t number)
{
	strbuf_clear(&text);
	name_text(&text, names, space, number);
	strbuf_put(&text, "", 1);
	return text.data;
}

#define IS(space, number, expected) CHECK(strcmp(name(names, (space), (number)), (expected)) == 0)

static void test_users(void)
{
	struct names *names;

	users = "root:x:0:0:root:/root:/bin/sh\n"
		"first:x:7:7::/:/bin/sh\n"
		"second:x:7:8::/:/bin/sh\n"
		"last:x:4294967294:9::/:/bin/sh\n";
	names = names_new();
	opened = 0;
	IS(MF_NAME_ERRNO, 1, "Operation not permitted");
	/* It is read when the first user is named, and once. */
	CHECK(opened == 0);
	IS(MF_NAME_USER, 0, "root");
	/* The first line with an id counts. */
	IS(MF_NAME_USER, 7, "first");
	IS(MF_NAME_USER, 4294967294u, "last");
	IS(MF_NAME_USER, 8, "");
	/* Ids have 32 bits, numbers 64. */
	IS(MF_NAME_USER, (UINT64_C(1) << 32) + 7, "");
	CHECK(opened == 1);
	names_free(names);
	users = NULL;
	names = names_new();
	IS(MF_NAME_USER, 0, "");
	IS(MF_NAME_USER, 0, "");
	CHECK(opened == 2);
	names_free(names);
	names_free(NULL);
}

static void test_errors(void)
{
	struct names *names = names_new();

	IS(MF_NAME_ERRNO, 0, "Success");
	IS(MF_NAME_ERRNO, ENOENT, "No such file or directory");
	/* As functions of the kernel return them. */
	IS(MF_NAME_ERRNO, (uint64_t)-ENOENT, "No such file or directory");
	IS(MF_NAME_ERRNO, EHWPOISON, "Memory page has hardware error");
	IS(MF_NAME_ERRNO, 134, "Unknown error");
	IS(MF_NAME_ERRNO, (uint64_t)-4095, "Unknown error");
	/* Numbers that hold another one in their lower half. */
	IS(MF_NAME_ERRNO, (UINT64_C(1) << 32) + ENOENT, "Unknown error");
	IS(MF_NAME_ERRNO, (uint64_t)(-(INT64_C(1) << 32) - ENOENT), "Unknown error");
	IS(MF_NAME_ERRNO, UINT64_C(1) << 63, "Unknown error");
	names_free(names);
}

static void test_signals(void)
{
	struct names *names = names_new();

	IS(MF_NAME_SIGNAL, 0, "N/A");
	IS(MF_NAME_SIGNAL, SIGKILL, "Killed");
	IS(MF_NAME_SIGNAL, SIGSYS, "Bad system call");
	IS(MF_NAME_SIGNAL, 40, "N/A");
	IS(MF_NAME_SIGNAL, (UINT64_C(1) << 32) + SIGKILL, "N/A");
	names_free(names);
}

/* By the names of <asm/unistd.h>, where the kernel's events have others. */
static void test_system_calls(void)
{
	static const struct {
		const char *event, *name;
	} calls[] = {{"read", "read"},
		     {"newfstat", "fstat"},
		     {"newuname", "uname"},
		     {"umount", "umount2"},
#ifdef __x86_64__
		     {"newstat", "stat"},
		     {"newlstat", "lstat"},
		     {"sendfile64", "sendfile"},
#endif
		     {"newfstatat", "newfstatat"}};
	struct names *names = names_new();

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		IS(MF_NAME_SYSCALL, (uint64_t)syscall_number(calls[i].event), calls[i].name);
	IS(MF_NAME_SYSCALL, 100000, "unknown system call");
	IS(MF_NAME_SYSCALL, (UINT64_C(1) << 32), "unknown system call");
	names_free(names);
}

int main(void)
{
	test_users();
	test_errors();
	test_signals();
	test_system_calls();
	strbuf_free(&text);
	return check_result("names");
}
