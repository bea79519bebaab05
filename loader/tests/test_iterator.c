/* Reading an iterator: records that come in pieces, what ends the reading, and what cannot be read.
 * The kernel's file is stood in for: it gives what a test says, a piece at a time. */
#include "run/iterator.h"

#include <bpf/bpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/failure.h"
#include "check.h"
#include "says.h"

#define CHUNK (64u << 10)
#define PIECES 8

static const struct mf_event kinds[] = {{.index = 0, .size = 8}, {.index = 1, .size = 24}};

/* What each read gives: bytes, or fails with an errno. */
static struct piece {
	const void *bytes;
	size_t size;
	int error;
} pieces[PIECES];

static struct {
	struct session session;
	struct manifest manifest;
	struct events events;
	struct failure failure;
	int fd;
	uint32_t reads, drains;
	/* Kinds and sizes of what was handled. */
	struct strbuf handled;
	/* After so many records exit() comes, or the output breaks; 0: not. */
	uint32_t exits_at, breaks_at, count;
} scene;

int bpf_iter_create(int link)
{
	CHECK(link == 42);
	errno = EPERM;
	return scene.fd;
}

ssize_t read(int fd, void *to, size_t size)
{
	static ssize_t (*real)(int, void *, size_t);
	const struct piece *piece = &pieces[scene.reads];

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "read");
	if (fd != scene.fd)
		return real(fd, to, size);
	CHECK(size == CHUNK && piece->size <= size);
	if (!CHECK(scene.reads < PIECES))
		return 0;
	scene.reads++;
	errno = piece->error;
	if (piece->error)
		return -1;
	if (piece->size)
		memcpy(to, piece->bytes, piece->size);
	return (ssize_t)piece->size;
}

void events_handle(struct events *events, const uint8_t *record, size_t size)
{
	char text[32];
	uint32_t number;

	CHECK(events == &scene.events && size >= 8);
	memcpy(&number, record + 4, sizeof(number));
	snprintf(text, sizeof(text), "%u of %zu\n", number, size);
	strbuf_text(&scene.handled, text);
	scene.count++;
	events->exited = scene.count == scene.exits_at;
	events->broken = scene.count == scene.breaks_at;
}

enum drain_result events_drain(struct events *events)
{
	CHECK(events == &scene.events);
	scene.drains++;
	return DRAIN_EMPTY;
}

static void begin(void)
{
	memset(&scene, 0, sizeof(scene));
	memset(pieces, 0, sizeof(pieces));
	scene.session.manifest = &scene.manifest;
	scene.manifest.events = kinds;
	scene.manifest.event_count = 2;
	scene.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int run(void)
{
	return iterator_run(&scene.session, 42, &scene.events, &scene.failure);
}

/* It is over, and nothing is left open. */
static void end(const char *handled)
{
	CHECK(fcntl(scene.fd, F_GETFD) < 0 && errno == EBADF);
	CHECK_TEXT(&scene.handled, handled);
	strbuf_free(&scene.handled);
	failure_clear(&scene.failure);
}

/* Records of 8, 24 and 8 bytes, numbered. */
static const uint32_t three[] = {0, 11, 1, 12, 0, 0, 0, 0, 0, 13};

static void test_pieces(void)
{
	const uint8_t *bytes = (const uint8_t *)three;

	/* Wherever they are cut. */
	for (size_t cut = 0; cut <= sizeof(three); cut++) {
		begin();
		pieces[0] = (struct piece){.bytes = bytes, .size = cut};
		pieces[1] = (struct piece){.bytes = bytes + cut, .size = sizeof(three) - cut};
		/* No bytes are the end. */
		if (cut == 0) {
			pieces[0] = pieces[1];
			pieces[1].size = 0;
		}
		CHECK(run() == STATUS_OK);
		CHECK(scene.drains == (cut == 0 || cut == sizeof(three) ? 1 : 2));
		end("11 of 8\n12 of 24\n13 of 8\n");
	}
	begin();
	CHECK(run() == STATUS_OK && scene.reads == 1 && scene.drains == 0);
	end("");
	/* What is not whole at the end is none. */
	begin();
	pieces[0] = (struct piece){.bytes = bytes, .size = sizeof(three) - 1};
	CHECK(run() == STATUS_OK && scene.reads == 2);
	end("11 of 8\n12 of 24\n");
}

/* As much as is asked for at a time, and more than that in all. */
static void test_many(void)
{
	static uint32_t many[3 * CHUNK / 4];
	uint32_t expected = 3 * CHUNK / 8;

	begin();
	for (uint32_t i = 0; i < expected; i++)
		many[2 * i + 1] = i;
	for (uint32_t i = 0; i < 3; i++)
		pieces[i] = (struct piece){.bytes = many + i * CHUNK / 4, .size = CHUNK};
	CHECK(run() == STATUS_OK && scene.count == expected && scene.drains == 3);
	CHECK(strstr(strbuf_c_text(&scene.handled), "\n24575 of 8\n"));
	strbuf_clear(&scene.handled);
	end("");
}

/* One of no kind is nothing that a program of ours writes: what is behind it cannot be told. */
static void test_strange(void)
{
	static const uint32_t strange[] = {0, 11, 2, 12, 0, 13};

	begin();
	pieces[0] = (struct piece){.bytes = strange, .size = sizeof(strange)};
	CHECK(run() == STATUS_OK && scene.reads == 2);
	end("11 of 8\n");
}

static void test_ends(void)
{
	/* exit() in the middle, and one that a function of the script calls. */
	begin();
	pieces[0] = (struct piece){.bytes = three, .size = sizeof(three)};
	scene.exits_at = 2;
	CHECK(run() == STATUS_OK && scene.reads == 1);
	end("11 of 8\n12 of 24\n");
	begin();
	pieces[0] = (struct piece){.bytes = three, .size = sizeof(three)};
	scene.breaks_at = 1;
	CHECK(run() == STATUS_OK && scene.reads == 1);
	end("11 of 8\n");
	/* Before the first is read. */
	for (int i = 0; i < 2; i++) {
		begin();
		scene.events.exited = i == 0;
		scene.events.broken = i == 1;
		CHECK(run() == STATUS_OK && scene.reads == 0);
		end("");
	}
}

static void test_failing(void)
{
	begin();
	pieces[0] = (struct piece){.error = EINTR};
	pieces[1] = (struct piece){.bytes = three, .size = 8};
	pieces[2] = (struct piece){.error = EAGAIN};
	pieces[3] = (struct piece){.bytes = three + 2, .size = 24};
	pieces[4] = (struct piece){.error = EIO};
	pieces[5] = (struct piece){.bytes = three, .size = 8};
	CHECK(run() == STATUS_FAILED && scene.reads == 5);
	CHECK(says(&scene.failure, STATUS_FAILED, "Cannot read the iterator: Input/output error."));
	end("11 of 8\n12 of 24\n");
	begin();
	close(scene.fd);
	scene.fd = -1;
	CHECK(run() == STATUS_FAILED && scene.reads == 0);
	CHECK(says(&scene.failure, STATUS_FAILED,
		   "Cannot start the iterator: Operation not permitted."));
	end("");
}

int main(void)
{
	test_pieces();
	test_many();
	test_strange();
	test_ends();
	test_failing();
	return check_result("iterator");
}
