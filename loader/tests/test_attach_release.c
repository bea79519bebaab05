/* The end of probes: what goes at once, what is left to the end of the process, and who waits for
 * it; the kernel is stood in for. */
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "attach/release.h"
#include "attaching_files.h"
#include "stand_in.h"

#define LINKS 5

static struct bpf_program program = {.fd = 11};
static const struct mf_probe slow = {.provider = MF_UPROBE, .program = "slow", .name = "slow"},
			     quick = {.provider = MF_PROFILE, .program = "quick", .name = "quick"};

static struct bpf_link *new_link(void)
{
	return bpf_program__attach_uprobe_opts(&program, -1, "file", 0,
					       &(struct bpf_uprobe_opts){0});
}

/* How often a line was noted. */
static uint32_t noted(const char *line)
{
	const char *at = strbuf_c_text(&stand_in.log);
	uint32_t count = 0;

	while ((at = strstr(at, line))) {
		at += strlen(line);
		count++;
	}
	return count;
}

/* Five links: 0 and 1 of slow events (the second has none behind it), 2 of a slow one of an old
 * kernel, 3 of a quick one; and a descriptor. */
static void make_links(struct tester *tester, int fd)
{
	struct attachments *attachments = &tester->of.attachments;

	for (uint32_t i = 0; i < 4; i++)
		CHECK(attach_add_link(attachments, new_link(), i == 3 ? &quick : &slow,
				      &tester->of.failure) == ATTACH_OK);
	CHECK(attach_add_descriptor(attachments, fd, &slow, &tester->of.failure) == ATTACH_OK);
	strbuf_clear(&stand_in.log);
}

static const struct stand_in_object objects[] = {
	{.fd = FIRST_LINK, .program = 1, .type = BPF_LINK_TYPE_PERF_EVENT},
	{.fd = FIRST_LINK + 1, .program = 1, .type = BPF_LINK_TYPE_TRACING},
	{.fd = FIRST_LINK + 3, .program = 1, .type = BPF_LINK_TYPE_PERF_EVENT},
};

static void test_release(void)
{
	for (uint32_t round = 0; round < 4; round++) {
		/* Not where a CPU has no ticks, nor where the kernel has no such call. */
		bool leaves = round < 2;
		struct tester tester;
		int fd = open("/dev/null", O_RDONLY);

		setup(&tester);
		stand_in.objects = objects;
		stand_in.object_count = 3;
		stand_in.barriers = leaves ? MEMBARRIER_CMD_GLOBAL | 2 : round == 2 ? -1 : 2;
		make_links(&tester, fd);
		if (round == 1) {
			CHECK(attach_free(&tester.of.attachments));
			CHECK(!tester.of.attachments.links && !tester.of.attachments.targets);
		} else {
			attach_release(&tester.of.attachments);
			CHECK(tester.of.attachments.has_events_left == leaves);
		}
		CHECK(tester.of.attachments.link_count == 0);
		for (uint32_t i = 0; i < 4; i++) {
			char line[32];

			snprintf(line, sizeof(line), "link %u ends\n", i);
			CHECK(noted(line) == 1);
		}
		/* Of the first the event stays, and what ran is waited for. */
		CHECK(noted("link 0 leaves\n") == leaves && noted("leaves\n") == leaves);
		CHECK(noted("barrier 1\n") == leaves && noted("barrier") == leaves);
		CHECK(fcntl(fd, F_GETFD) == -1);
		/* Once more there is nothing to do, and what was left is. */
		strbuf_clear(&stand_in.log);
		if (round != 1) {
			attach_release(&tester.of.attachments);
			CHECK(attach_free(&tester.of.attachments) == leaves);
			CHECK(!attach_free(&tester.of.attachments));
		}
		CHECK(stand_in.log.length == 0);
		teardown(&tester);
	}
}

static void test_many(void)
{
	struct attached links[60] = {{0}};
	struct tester tester;

	setup(&tester);
	for (uint32_t i = 0; i < 60; i++)
		links[i] = (struct attached){.probe = &slow, .link = new_link(), .descriptor = -1};
	strbuf_clear(&stand_in.log);
	CHECK(!release_all(links, 60));
	CHECK(noted("ends\n") == 60 && noted("leaves") == 0);
	/* One that another holds has nothing to let go of. */
	links[0] = (struct attached){.probe = &slow, .descriptor = -1};
	CHECK(!release_all(links, 1) && noted("ends\n") == 60);
	teardown(&tester);
}

static void test_copies_close(void)
{
	struct tester tester;
	int fd = open("/dev/null", O_RDONLY);

	setup(&tester);
	tester.of.attachments.copies = malloc(sizeof(struct program_copy));
	tester.of.attachments.copies[tester.of.attachments.copy_count++] =
		(struct program_copy){&slow, fd};
	attach_release(&tester.of.attachments);
	CHECK(fcntl(fd, F_GETFD) == 0);
	CHECK(!attach_free(&tester.of.attachments) && tester.of.attachments.copy_count == 0);
	CHECK(fcntl(fd, F_GETFD) == -1);
	teardown(&tester);
}

/* Whether the other end is closed, by then. */
static bool is_over(int fd, int milliseconds)
{
	struct pollfd waits = {.fd = fd, .events = POLLIN};

	return poll(&waits, 1, milliseconds) == 1 && waits.revents & POLLHUP;
}

/* Events that are left stay with another process, until this one has ended; who reads what was
 * written does not wait for it. */
static void test_leave(void)
{
	int output[2], held[2], go[2], status;
	pid_t child;

	CHECK(pipe(output) == 0 && pipe(held) == 0 && pipe(go) == 0);
	child = fork();
	if (child == 0) {
		char byte;

		dup2(output[1], STDIN_FILENO);
		dup2(output[1], STDOUT_FILENO);
		dup2(output[1], STDERR_FILENO);
		close(output[0]);
		close(output[1]);
		close(held[0]);
		close(go[1]);
		release_leave();
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		close(held[1]);
		_exit(read(go[0], &byte, 1) == 1 ? 7 : 8);
	}
	close(output[1]);
	close(held[1]);
	close(go[0]);
	CHECK(is_over(output[0], 20000));
	CHECK(!is_over(held[0], 0));
	CHECK(write(go[1], "x", 1) == 1);
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	CHECK(is_over(held[0], 20000));
	close(output[0]);
	close(held[0]);
	close(go[1]);
}

int main(void)
{
	test_release();
	test_many();
	test_copies_close();
	test_leave();
	return check_result("attach_release");
}
