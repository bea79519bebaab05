/* Metrics over HTTP: what is answered to which request, how long a client has,
 * and who has to go where there is no room. Clients are sockets of this process; the clock is the
 * test's, and so is what the timer is set to. */
#include "run/metrics_server.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failure.h"
#include "check.h"

#define CLIENTS 16
#define MOST_REQUEST 4096
#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define WHOLE "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

static struct {
	struct metrics_server *server;
	struct failure failure;
	uint64_t now;
	/* Absolute time of the timer; 0: none. */
	uint64_t alarm;
	int timer;
	/* What the text is, what it takes to put it together, and what that fails with. */
	const char *text;
	size_t text_size;
	uint64_t takes;
	int error;
	uint32_t reads;
	enum metric_form form;
} scene;

uint64_t clock_ns(clockid_t clock)
{
	CHECK(clock == CLOCK_MONOTONIC);
	return scene.now;
}

/* It rings when a test says so. */
int timerfd_settime(int fd, int flags, const struct itimerspec *spec, struct itimerspec *old)
{
	(void)old;
	CHECK(flags == TFD_TIMER_ABSTIME && spec->it_interval.tv_sec == 0);
	CHECK(spec->it_value.tv_nsec < 1000000000);
	scene.timer = fd;
	scene.alarm = (uint64_t)spec->it_value.tv_sec * SECOND + (uint64_t)spec->it_value.tv_nsec;
	return 0;
}

static int put_text(enum metric_form form, struct strbuf *to, void *context)
{
	CHECK(context == &scene);
	scene.reads++;
	scene.form = form;
	scene.now += scene.takes;
	strbuf_put(to, scene.text, scene.text_size);
	return scene.error;
}

static void begin(void)
{
	memset(&scene, 0, sizeof(scene));
	scene.now = 1000 * SECOND + 1;
	scene.text = "a 1\n";
	scene.text_size = 4;
	scene.form = METRICS_CLASSIC;
	CHECK(metrics_server_open(&scene.server, "0", &scene.failure) == STATUS_OK);
	metrics_server_begin(scene.server, put_text, &scene);
}

static void end(void)
{
	metrics_server_close(scene.server);
	failure_clear(&scene.failure);
}

static bool is_due(int milliseconds)
{
	struct pollfd fd = {.fd = metrics_server_fd(scene.server), .events = POLLIN};

	return poll(&fd, 1, milliseconds) == 1;
}

/* Once there is something to do. */
static void turn_at(int line)
{
	check_that(is_due(10000), "there is something to do", __FILE__, line);
	metrics_server_turn(scene.server);
}

#define turn() turn_at(__LINE__)

/* The timer rings at this time. */
static void ring(uint64_t now)
{
	const struct itimerspec soon = {.it_value.tv_nsec = 1};
	int (*real)(int, int, const struct itimerspec *, struct itimerspec *);

	*(void **)&real = dlsym(RTLD_NEXT, "timerfd_settime");
	scene.now = now;
	scene.alarm = 0;
	CHECK(real(scene.timer, 0, &soon, NULL) == 0);
	turn();
}

static struct sockaddr_in address_of(const char *url)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	const char *port = strrchr(url, ':');

	CHECK(strncmp(url, "http://127.0.0.1:", 17) == 0 && port &&
	      strcmp(strchr(port, '/'), "/metrics") == 0);
	address.sin_port = htons((uint16_t)atoi(port + 1));
	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	return address;
}

static int connect_client(void)
{
	struct sockaddr_in address = address_of(metrics_server_url(scene.server));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

/* One that the server has taken. */
static int new_client(void)
{
	int fd = connect_client();

	turn();
	return fd;
}

static void ask(int fd, const char *request)
{
	CHECK(send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request));
	turn();
}

/* All that comes, to its end. */
static void take(int fd, struct strbuf *answer)
{
	char chunk[65536];
	ssize_t got;

	while ((got = recv(fd, chunk, sizeof(chunk), 0)) > 0)
		strbuf_put(answer, chunk, (size_t)got);
	CHECK(got == 0 || errno == ECONNRESET);
}

/* Whether the server has let go of it without a word. */
static bool is_dropped(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char byte;

	return poll(&ready, 1, 10000) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static bool is_kept(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

#define HEAD(status, type, length, more)                                                       \
	"HTTP/1.1 " status "\r\nContent-Type: text/plain; " type "\r\nContent-Length: " length \
	"\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n" more "\r\n"
#define LINE(status, length, more, body) HEAD(status, "charset=utf-8", length, more) body

static void answers(void)
{
	static char much[MOST_REQUEST + 1];
	static const struct {
		const char *request, *answer;
	} cases[] = {
		{WHOLE, HEAD("200 OK", "version=0.0.4; charset=utf-8", "4", "") "a 1\n"},
		{"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
		 HEAD("200 OK", "version=0.0.4; charset=utf-8", "4", "")},
		{"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", LINE("200 ok", "3", "", "ok\n")},
		{"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", LINE("200 ok", "3", "", "")},
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		 LINE("404 see /metrics", "13", "", "see /metrics\n")},
		{"GET /other HTTP/1.1\r\nHost: x\r\n\r\n",
		 LINE("404 see /metrics", "13", "", "see /metrics\n")},
		{"POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
		 LINE("405 Method Not Allowed", "19", "Allow: GET, HEAD\r\n",
		      "Method Not Allowed\n")},
		{"nothing\r\n\r\n", LINE("400 Bad Request", "12", "", "Bad Request\n")},
		{much, LINE("431 Request Header Fields Too Large", "32", "",
			    "Request Header Fields Too Large\n")},
	};

	memset(much, 'x', MOST_REQUEST);
	memcpy(much, "GET /metrics?", 13);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct strbuf answer = {0};
		int fd;

		begin();
		fd = new_client();
		ask(fd, cases[i].request);
		/* Written in a turn of its own. */
		CHECK(is_kept(fd));
		turn();
		take(fd, &answer);
		CHECK_TEXT(&answer, cases[i].answer);
		strbuf_free(&answer);
		CHECK(scene.reads == (i < 2) && scene.form == METRICS_CLASSIC);
		close(fd);
		turn();
		/* It is gone: nothing is waited for. */
		CHECK(scene.alarm == 0 && !is_due(0));
		end();
	}
}

/* What Prometheus asks for, and what is said where maps cannot be read. */
static void forms(void)
{
	struct strbuf answer = {0};
	int fd;

	begin();
	fd = new_client();
	ask(fd, "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n\r\n");
	turn();
	take(fd, &answer);
	CHECK(scene.form == METRICS_OPEN &&
	      strstr(strbuf_c_text(&answer), "Content-Type: application/openmetrics-text; "
					     "version=1.0.0; charset=utf-8\r\n"));
	strbuf_clear(&answer);
	close(fd);
	turn();
	scene.error = -ENOMEM;
	fd = new_client();
	ask(fd, WHOLE);
	turn();
	take(fd, &answer);
	CHECK_TEXT(&answer, LINE("503 cannot read the maps", "21", "", "cannot read the maps\n"));
	strbuf_free(&answer);
	close(fd);
	end();
}

/* A request that comes in pieces, and one byte short of too long. */
static void pieces(void)
{
	static char much[MOST_REQUEST];
	struct strbuf answer = {0};
	int fd;

	begin();
	fd = new_client();
	for (const char *at = WHOLE; *at; at++)
		ask(fd, (const char[]){*at, 0});
	turn();
	take(fd, &answer);
	CHECK(strstr(strbuf_c_text(&answer), "200 OK"));
	strbuf_clear(&answer);
	close(fd);
	turn();
	memset(much, 'x', MOST_REQUEST - 1);
	memcpy(much, "GET /", 5);
	fd = new_client();
	ask(fd, much);
	CHECK(!is_due(0) && is_kept(fd));
	ask(fd, "y");
	turn();
	take(fd, &answer);
	CHECK(strncmp(strbuf_c_text(&answer), "HTTP/1.1 431 ", 13) == 0);
	/* What comes behind is read, so that nobody loses the answer with it. */
	ask(fd, "more");
	CHECK(!is_due(0));
	close(fd);
	turn();
	CHECK(scene.alarm == 0);
	strbuf_free(&answer);
	/* One that leaves before it has asked. */
	fd = new_client();
	CHECK(scene.alarm == scene.now + 5 * SECOND);
	close(fd);
	turn();
	CHECK(scene.alarm == 0);
	end();
}

/* Putting the text together takes a tenth of the time at most: who asks meanwhile waits. */
static void pauses(void)
{
	struct strbuf answer = {0};
	uint64_t begun;
	const struct linger at_once = {.l_onoff = 1};
	int first, second, third;

	begin();
	first = new_client();
	second = new_client();
	third = new_client();
	scene.takes = 7;
	begun = scene.now;
	ask(first, WHOLE);
	CHECK(scene.reads == 1 && scene.now == begun + 7);
	turn();
	take(first, &answer);
	close(first);
	turn();
	strbuf_clear(&answer);
	/* The third asks first. */
	ask(third, WHOLE);
	scene.now++;
	ask(second, WHOLE);
	CHECK(scene.reads == 1 && scene.alarm == begun + 7 + 9 * 7);
	ring(begun + 7 + 9 * 7 - 1);
	CHECK(scene.reads == 1 && is_kept(third));
	ring(begun + 7 + 9 * 7);
	CHECK(scene.reads == 2);
	turn();
	take(third, &answer);
	CHECK(strstr(strbuf_c_text(&answer), "200 OK") && is_kept(second));
	strbuf_clear(&answer);
	close(third);
	turn();
	/* One at a time, and another pause. */
	CHECK(scene.reads == 2 && scene.alarm == begun + 7 + 9 * 7 + 7 + 9 * 7);
	/* Who breaks off while it waits is not answered. */
	setsockopt(second, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(second);
	turn();
	CHECK(scene.reads == 2 && scene.alarm == 0);
	strbuf_free(&answer);
	end();
}

static void too_late(void)
{
	static char large[16 << 20];
	struct strbuf answer = {0};
	uint64_t begun;
	int fd;

	/* Five seconds for a request. */
	begin();
	fd = new_client();
	begun = scene.now;
	CHECK(scene.alarm == begun + 5 * SECOND);
	ring(begun + 5 * SECOND - 1);
	CHECK(is_kept(fd) && scene.alarm == begun + 5 * SECOND);
	ring(begun + 5 * SECOND);
	CHECK(is_dropped(fd) && scene.alarm == 0);
	close(fd);
	/* Ten for its answer, once it waits, and once more when it is there. */
	scene.takes = 2 * SECOND;
	fd = new_client();
	ask(fd, WHOLE);
	turn();
	take(fd, &answer);
	strbuf_clear(&answer);
	close(fd);
	turn();
	fd = new_client();
	begun = scene.now;
	ask(fd, WHOLE);
	ring(begun + 10 * SECOND - 1);
	CHECK(is_kept(fd) && scene.alarm == begun + 10 * SECOND);
	ring(begun + 10 * SECOND);
	CHECK(is_dropped(fd));
	close(fd);
	end();
	begin();
	scene.text = large;
	scene.text_size = sizeof(large);
	scene.takes = 3;
	fd = new_client();
	begun = scene.now;
	ask(fd, WHOLE);
	turn();
	/* It does not read: the rest waits for it. */
	CHECK(scene.alarm == begun + 3 + 10 * SECOND);
	ring(begun + 3 + 10 * SECOND - 1);
	ring(begun + 3 + 10 * SECOND);
	take(fd, &answer);
	CHECK(answer.length > 0 && answer.length < sizeof(large));
	CHECK(scene.alarm == 0);
	strbuf_free(&answer);
	close(fd);
	end();
}

/* A large answer goes on where it was. */
static void large_answers(void)
{
	static char large[8 << 20];
	struct strbuf answer = {0};
	char chunk[65536];
	ssize_t got = 1;
	int fd;

	begin();
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)('a' + i % 23);
	scene.text = large;
	scene.text_size = sizeof(large);
	fd = new_client();
	ask(fd, WHOLE);
	while (got) {
		struct pollfd both[] = {{.fd = fd, .events = POLLIN},
					{.fd = metrics_server_fd(scene.server), .events = POLLIN}};

		CHECK(poll(both, 2, 10000) > 0);
		if (both[1].revents)
			metrics_server_turn(scene.server);
		if (!both[0].revents)
			continue;
		got = recv(fd, chunk, sizeof(chunk), 0);
		if (!CHECK(got >= 0))
			break;
		strbuf_put(&answer, chunk, (size_t)got);
	}
	CHECK(answer.length > sizeof(large) &&
	      memcmp(answer.data + answer.length - sizeof(large), large, sizeof(large)) == 0);
	strbuf_free(&answer);
	/* It lingers for a second. */
	CHECK(scene.alarm == scene.now + SECOND);
	ring(scene.now + SECOND);
	CHECK(scene.alarm == 0);
	close(fd);
	end();
}

/* All places are taken: who has not asked for a while goes for one that comes. */
static void no_room(void)
{
	struct strbuf answer = {0};
	int clients[CLIENTS], late, later;
	uint64_t begun;

	begin();
	/* From here on answers have to wait. */
	scene.takes = SECOND;
	late = new_client();
	ask(late, WHOLE);
	turn();
	take(late, &answer);
	strbuf_free(&answer);
	close(late);
	turn();
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = new_client();
		scene.now += MS;
	}
	ask(clients[0], WHOLE);
	ring(scene.now + SECOND);
	late = connect_client();
	later = connect_client();
	/* All have been there for long: two go, but not the one that is served. */
	turn();
	CHECK(is_dropped(clients[1]) && is_dropped(clients[2]));
	CHECK(is_kept(clients[0]) && is_kept(clients[3]) && is_kept(clients[CLIENTS - 1]));
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i]);
	close(late);
	close(later);
	end();
	begin();
	/* Those that came just now stay, for a tenth of a second. */
	begun = scene.now;
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = new_client();
	CHECK(scene.alarm == begun + 100 * MS);
	late = connect_client();
	CHECK(!is_due(50));
	ring(begun + 100 * MS - 1);
	CHECK(!is_due(50) && scene.alarm == begun + 100 * MS);
	ring(begun + 100 * MS);
	/* There is room for one that comes, and one comes. */
	turn();
	CHECK(is_dropped(clients[0]) && is_kept(clients[1]) && is_kept(clients[CLIENTS - 1]));
	/* Whoever has its answer already goes at once. */
	ask(clients[5], "GET /healthz HTTP/1.1\r\n\r\n");
	turn();
	scene.now = begun + 50 * MS;
	later = connect_client();
	turn();
	CHECK(is_kept(clients[1]) && is_kept(clients[4]) && is_kept(clients[6]));
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i]);
	close(late);
	close(later);
	end();
}

/* Nothing stays open. */
static void closing(void)
{
	int before = dup(0), clients[3], after;

	close(before);
	begin();
	for (int i = 0; i < 3; i++)
		clients[i] = new_client();
	end();
	for (int i = 0; i < 3; i++) {
		CHECK(is_dropped(clients[i]));
		close(clients[i]);
	}
	metrics_server_close(NULL);
	after = dup(0);
	CHECK(after == before);
	close(after);
}

int main(void)
{
	answers();
	forms();
	pieces();
	pauses();
	too_late();
	large_answers();
	no_room();
	closing();
	return check_result("metrics_server");
}
