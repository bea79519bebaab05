/* `bpfload list`: what is asked for, whose files are searched, and who is told what is missing. */
#include "run/list.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sink.h"
#include "captured.h"
#include "check.h"
#include "host/host.h"
#include "listing/listing.h"
#include "says.h"
#include "session/options.h"
#include "session/process.h"

static struct {
	struct options options;
	struct failure failure;
	/* Errno of looking at a process, and how listing goes. */
	int no_process, status;
	int descriptor;
	uint32_t lists;
	struct list_request asked;
} scene;

int host_watch_process(uint32_t pid)
{
	CHECK(pid == 42);
	errno = scene.no_process;
	return scene.no_process ? -1 : (scene.descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void process_describe(struct process *process, uint32_t pid, int descriptor)
{
	CHECK(pid == 42 && descriptor == scene.descriptor);
	*process = (struct process){.in_proc = 4242};
}

int list_probes(const struct list_request *request, struct sink *sink, struct failure *failure)
{
	struct strbuf text = {0};

	scene.lists++;
	scene.asked = *request;
	CHECK(signal(SIGPIPE, SIG_DFL) == SIG_DFL);
	strbuf_text(&text, "a probe\n");
	CHECK(sink_write(sink, &text) == 0);
	strbuf_free(&text);
	if (request->note)
		request->note("something is missing");
	return scene.status ? fail(failure, scene.status, "No list.") : STATUS_OK;
}

static const char *const words[] = {"kprobe:*", "uprobe:*"};

static void begin(void)
{
	failure_clear(&scene.failure);
	memset(&scene, 0, sizeof(scene));
	scene.options.objects = words;
	scene.options.object_count = 2;
	signal(SIGPIPE, SIG_IGN);
}

static void expect(int status, const char *printed, const char *told)
{
	struct strbuf out = {0}, said = {0};
	struct captured output, error;

	capture_begin(&error, STDERR_FILENO);
	capture_begin(&output, STDOUT_FILENO);
	CHECK(list(&scene.options, &scene.failure) == status);
	capture_end(&output, &out);
	capture_end(&error, &said);
	CHECK_TEXT(&out, printed);
	CHECK_TEXT(&said, told);
	strbuf_free(&out);
	strbuf_free(&said);
}

#define MISSING "WARNING: something is missing\n"

int main(void)
{
	begin();
	expect(STATUS_OK, "a probe\n", MISSING);
	CHECK(scene.asked.words == words && scene.asked.word_count == 2 && scene.asked.pid == 0 &&
	      !scene.asked.verbose && !scene.asked.is_terminal);
	begin();
	scene.options.verbose = true;
	scene.options.quiet = true;
	expect(STATUS_OK, "a probe\n", "");
	CHECK(scene.asked.verbose);
	begin();
	scene.options.no_warnings = true;
	expect(STATUS_OK, "a probe\n", "");
	begin();
	scene.status = STATUS_KERNEL;
	expect(STATUS_KERNEL, "a probe\n", MISSING);
	CHECK(says(&scene.failure, STATUS_KERNEL, "No list."));
	/* By the number that the process has in /proc; nothing of it stays open. */
	begin();
	scene.options.pid = 42;
	expect(STATUS_OK, "a probe\n", MISSING);
	CHECK(scene.asked.pid == 4242 && fcntl(scene.descriptor, F_GETFD) < 0);
	begin();
	scene.options.pid = 42;
	scene.no_process = ESRCH;
	expect(STATUS_FAILED, "", "");
	CHECK(scene.lists == 0 &&
	      says(&scene.failure, STATUS_FAILED, "cannot look at process 42: No such process"));
	failure_clear(&scene.failure);
	return check_result("list");
}
