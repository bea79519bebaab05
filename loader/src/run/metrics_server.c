#include "run/metrics_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "run/http_request.h"

#define MOST_CLIENTS 16
#define MOST_REQUEST 4096
#define BACKLOG 128
/* A client has so long to send its request, and once it is answered, to take the answer. */
#define REQUEST_NS UINT64_C(5000000000)
#define ANSWER_NS UINT64_C(10000000000)
/* Where there is no room it may go after so long without one. */
#define PATIENCE_NS UINT64_C(100000000)
/* What comes behind a request is read, up to a while, so that the answer is not lost with it. */
#define LINGER_NS UINT64_C(1000000000)
/* Putting the text together waits so many times as long as it took the last time. */
#define PAUSES 9

/* In epoll_data, behind the numbers of clients. */
enum { LISTENER = MOST_CLIENTS, TIMER };

enum state {
	FREE,
	READING,
	/* Its request is whole, and its answer is put together when it is time. */
	WAITING,
	WRITING,
	LINGERING,
};

struct client {
	enum state state;
	int fd;
	uint64_t deadline;
	char request[MOST_REQUEST];
	size_t length;
	struct http_request read;
	struct strbuf answer;
	size_t sent;
};

struct metrics_server {
	int epoll, listener, timer;
	bool is_listening;
	char url[INET6_ADDRSTRLEN + 32];
	metrics_reader read;
	void *context;
	/* When a text may be put together again, ns of the monotonic clock. */
	uint64_t next;
	/* What the timer is set to; 0: nothing. */
	uint64_t alarm;
	struct client clients[MOST_CLIENTS];
};

static uint64_t now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* The address and the port of `text`. */
static int split(const char *text, char *host, size_t room, const char **port)
{
	const char *colon = strrchr(text, ':');
	const char *start = text, *end = colon;

	if (!colon) {
		snprintf(host, room, "127.0.0.1");
		*port = text;
		return 0;
	}
	*port = colon + 1;
	if (*text == '[') {
		start = text + 1;
		end = strchr(text, ']');
		if (!end || end + 1 != colon)
			return -1;
	} else if (memchr(text, ':', (size_t)(colon - text))) {
		return -1;
	}
	if (end == start)
		snprintf(host, room, "127.0.0.1");
	else if ((size_t)(end - start) >= room)
		return -1;
	else
		snprintf(host, room, "%.*s", (int)(end - start), start);
	return 0;
}

/* Any of the two families. */
union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* 1 to 5 digits. */
static bool read_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long number;

	if (*text < '0' || *text > '9')
		return false;
	number = strtoul(text, &end, 10);
	*port = (uint16_t)number;
	return !*end && end - text <= 5 && number <= UINT16_MAX;
}

/* Numbers alone: a name would ask others. 0: it is none, else the address's size. */
static socklen_t read_address(union address *address, const char *text)
{
	char host[INET6_ADDRSTRLEN + 1];
	const char *port_text;
	uint16_t port;

	memset(address, 0, sizeof(*address));
	if (split(text, host, sizeof(host), &port_text) != 0 || !read_port(port_text, &port))
		return 0;
	if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(port);
		return sizeof(address->v4);
	}
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) != 1)
		return 0;
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons(port);
	return sizeof(address->v6);
}

/* With the port that was found where any would do. */
static void make_url(struct metrics_server *server)
{
	union address address = {0};
	socklen_t size = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "";
	bool is_v6;

	getsockname(server->listener, &address.any, &size);
	is_v6 = address.any.sa_family == AF_INET6;
	inet_ntop(address.any.sa_family,
		  is_v6 ? (const void *)&address.v6.sin6_addr : &address.v4.sin_addr, host,
		  sizeof(host));
	snprintf(server->url, sizeof(server->url), "http://%s%s%s:%u/metrics", is_v6 ? "[" : "",
		 host, is_v6 ? "]" : "", ntohs(is_v6 ? address.v6.sin6_port : address.v4.sin_port));
}

static int listen_at(struct metrics_server *server, const union address *address, socklen_t size)
{
	int yes = 1;

	server->listener =
		socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (server->listener < 0)
		return -1;
	/* Connections of a loader before us may still be there. */
	setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(server->listener, &address->any, size) != 0)
		return -1;
	return listen(server->listener, BACKLOG);
}

static int watch(const struct metrics_server *server, int how, int fd, uint32_t events,
		 uint32_t number)
{
	struct epoll_event event = {.events = events, .data.u32 = number};

	return epoll_ctl(server->epoll, how, fd, &event);
}

int metrics_server_open(struct metrics_server **out, const char *address, struct failure *failure)
{
	struct metrics_server *server = memory_zeroed(sizeof(*server));
	union address found;
	socklen_t size = read_address(&found, address);

	*out = server;
	server->epoll = server->listener = server->timer = -1;
	if (!size)
		return fail(
			failure, STATUS_USAGE,
			"--metrics takes ADDRESS:PORT, such as 127.0.0.1:9435, or a PORT, not %s.",
			address);
	if (listen_at(server, &found, size) != 0)
		return fail(failure, errno == EACCES ? STATUS_PERMISSION : STATUS_FAILED,
			    "--metrics: cannot listen at %s: %s.", address, strerror(errno));
	make_url(server);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (server->epoll < 0 || server->timer < 0 ||
	    watch(server, EPOLL_CTL_ADD, server->timer, EPOLLIN, TIMER) != 0)
		return fail(failure, STATUS_FAILED, "--metrics: cannot wait for clients: %s.",
			    strerror(errno));
	return STATUS_OK;
}

void metrics_server_begin(struct metrics_server *server, metrics_reader read, void *context)
{
	server->read = read;
	server->context = context;
	watch(server, EPOLL_CTL_ADD, server->listener, EPOLLIN, LISTENER);
	server->is_listening = true;
}

int metrics_server_fd(const struct metrics_server *server)
{
	return server->epoll;
}

const char *metrics_server_url(const struct metrics_server *server)
{
	return server->url;
}

static uint32_t number_of(const struct metrics_server *server, const struct client *client)
{
	return (uint32_t)(client - server->clients);
}

static void drop(struct client *client)
{
	/* With it go what waits for it in epoll, and what it sent. */
	close(client->fd);
	strbuf_free(&client->answer);
	memset(client, 0, sizeof(*client));
}

/* When a client may go for a new one; UINT64_MAX: not while it is served. */
static uint64_t may_go(const struct client *client)
{
	switch (client->state) {
	case READING:
		return client->deadline - REQUEST_NS + PATIENCE_NS;
	case FREE:
	case LINGERING:
		return 0;
	default:
		return UINT64_MAX;
	}
}

/* Where a new client has room: a place that is free, or else the one that may go first. */
static struct client *find_room(struct metrics_server *server)
{
	struct client *first = &server->clients[0];

	for (uint32_t i = 0; i < MOST_CLIENTS; i++) {
		struct client *client = &server->clients[i];

		if (client->state == FREE)
			return client;
		if (may_go(client) < may_go(first))
			first = client;
	}
	return first;
}

static bool has_room(struct metrics_server *server)
{
	return may_go(find_room(server)) <= now();
}

static void set_listening(struct metrics_server *server)
{
	bool wanted = has_room(server);

	if (wanted == server->is_listening || server->listener < 0)
		return;
	watch(server, EPOLL_CTL_MOD, server->listener, wanted ? EPOLLIN : 0, LISTENER);
	server->is_listening = wanted;
}

/* As many as there is room for in one turn: clients that come without end do not hold us. */
static void accept_clients(struct metrics_server *server)
{
	for (uint32_t i = 0; i < MOST_CLIENTS && has_room(server); i++) {
		int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct client *client = find_room(server);

		if (fd < 0)
			return;
		if (client->state != FREE)
			drop(client);
		client->state = READING;
		client->fd = fd;
		client->deadline = now() + REQUEST_NS;
		if (watch(server, EPOLL_CTL_ADD, fd, EPOLLIN, number_of(server, client)) != 0)
			drop(client);
	}
}

static void begin_answer(struct client *client, const char *status, const char *type,
			 const char *body, size_t length)
{
	char *head = memory_format("HTTP/1.1 %s\r\n"
				   "Content-Type: %s\r\n"
				   "Content-Length: %zu\r\n"
				   "Connection: close\r\n"
				   "X-Content-Type-Options: nosniff\r\n"
				   "%s\r\n",
				   status, type, length,
				   strncmp(status, "405", 3) == 0 ? "Allow: GET, HEAD\r\n" : "");

	strbuf_text(&client->answer, head);
	if (!client->read.is_head)
		strbuf_put(&client->answer, body, length);
	free(head);
}

/* What is said in one line. */
static void answer_line(struct metrics_server *server, struct client *client, const char *status)
{
	char body[64];
	int length = snprintf(body, sizeof(body), "%s\n", status + 4);

	begin_answer(client, status, "text/plain; charset=utf-8", body, (size_t)length);
	client->state = WRITING;
	client->deadline = now() + ANSWER_NS;
	watch(server, EPOLL_CTL_MOD, client->fd, EPOLLOUT, number_of(server, client));
}

static void answer_metrics(struct metrics_server *server, struct client *client)
{
	enum metric_form form = client->read.takes_openmetrics ? METRICS_OPEN : METRICS_CLASSIC;
	uint64_t begun = now(), ended;
	struct strbuf text = {0};
	int error = server->read(form, &text, server->context);

	ended = now();
	server->next = ended + PAUSES * (ended - begun);
	if (error) {
		strbuf_free(&text);
		answer_line(server, client, "503 cannot read the maps");
		return;
	}
	begin_answer(client, "200 OK",
		     form == METRICS_OPEN
			     ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			     : "text/plain; version=0.0.4; charset=utf-8",
		     text.data, text.length);
	strbuf_free(&text);
	client->state = WRITING;
	client->deadline = ended + ANSWER_NS;
	watch(server, EPOLL_CTL_MOD, client->fd, EPOLLOUT, number_of(server, client));
}

static void take_request(struct metrics_server *server, struct client *client, int status)
{
	if (status == 400) {
		answer_line(server, client, "400 Bad Request");
	} else if (status == 405) {
		answer_line(server, client, "405 Method Not Allowed");
	} else if (client->read.path == HTTP_ELSEWHERE || client->read.path == HTTP_INDEX) {
		answer_line(server, client, "404 see /metrics");
	} else if (client->read.path == HTTP_HEALTH) {
		answer_line(server, client, "200 ok");
	} else {
		client->state = WAITING;
		client->deadline = now() + ANSWER_NS;
		watch(server, EPOLL_CTL_MOD, client->fd, 0, number_of(server, client));
	}
}

static void read_client(struct metrics_server *server, struct client *client)
{
	ssize_t count = recv(client->fd, client->request + client->length,
			     MOST_REQUEST - client->length, MSG_DONTWAIT);
	int status;

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0) {
		drop(client);
		return;
	}
	client->length += (size_t)count;
	status = http_request_read(&client->read, client->request, client->length);
	if (status)
		take_request(server, client, status);
	else if (client->length == MOST_REQUEST)
		answer_line(server, client, "431 Request Header Fields Too Large");
}

static void write_client(struct metrics_server *server, struct client *client)
{
	ssize_t count = send(client->fd, client->answer.data + client->sent,
			     client->answer.length - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count < 0) {
		drop(client);
		return;
	}
	client->sent += (size_t)count;
	if (client->sent < client->answer.length)
		return;
	strbuf_free(&client->answer);
	memset(&client->answer, 0, sizeof(client->answer));
	shutdown(client->fd, SHUT_WR);
	client->state = LINGERING;
	client->deadline = now() + LINGER_NS;
	watch(server, EPOLL_CTL_MOD, client->fd, EPOLLIN, number_of(server, client));
}

/* To close with bytes unread would take the answer back (RFC 9112, section 9.6). */
static void linger(struct client *client)
{
	char nothing[MOST_REQUEST];
	ssize_t count = recv(client->fd, nothing, sizeof(nothing), MSG_DONTWAIT);

	if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
		drop(client);
}

static void serve(struct metrics_server *server, struct client *client, uint32_t events)
{
	switch (client->state) {
	case FREE:
		break;
	case READING:
		read_client(server, client);
		break;
	case WAITING:
		/* Nothing is asked for: only its end is told. */
		if (events & (EPOLLHUP | EPOLLERR))
			drop(client);
		break;
	case WRITING:
		write_client(server, client);
		break;
	case LINGERING:
		linger(client);
		break;
	}
}

/* Of those whose time is over, and of those whose answer is due: one, so that the ring has its
 * turn. */
static void look_at_clients(struct metrics_server *server)
{
	uint64_t time = now();
	struct client *first = NULL;

	for (uint32_t i = 0; i < MOST_CLIENTS; i++) {
		struct client *client = &server->clients[i];

		if (client->state == FREE)
			continue;
		if (client->deadline <= time)
			drop(client);
		else if (client->state == WAITING && (!first || client->deadline < first->deadline))
			first = client;
	}
	if (first && server->next <= time)
		answer_metrics(server, first);
}

/* When there is something to do though nobody sends anything; 0: never. */
static uint64_t next_alarm(const struct metrics_server *server)
{
	uint64_t alarm = 0;

	for (uint32_t i = 0; i < MOST_CLIENTS; i++) {
		const struct client *client = &server->clients[i];
		uint64_t due = client->deadline;

		if (client->state == FREE)
			continue;
		if (client->state == WAITING && server->next < due)
			due = server->next;
		/* Others wait for its place. */
		if (!server->is_listening && may_go(client) < due)
			due = may_go(client);
		if (!alarm || due < alarm)
			alarm = due;
	}
	return alarm;
}

static void set_alarm(struct metrics_server *server)
{
	uint64_t alarm = next_alarm(server);
	const struct itimerspec spec = {.it_value = {.tv_sec = (time_t)(alarm / 1000000000),
						     .tv_nsec = (long)(alarm % 1000000000)}};

	if (alarm == server->alarm)
		return;
	/* A time that has passed already rings at once. */
	timerfd_settime(server->timer, TFD_TIMER_ABSTIME, &spec, NULL);
	server->alarm = alarm;
}

void metrics_server_turn(struct metrics_server *server)
{
	struct epoll_event ready[MOST_CLIENTS + 2];
	int count = epoll_wait(server->epoll, ready, MOST_CLIENTS + 2, 0);
	bool is_new = false;
	uint64_t ticks;

	for (int i = 0; i < count; i++) {
		uint32_t number = ready[i].data.u32;

		if (number == LISTENER)
			is_new = true;
		else if (number == TIMER && read(server->timer, &ticks, sizeof(ticks)) > 0)
			server->alarm = 0;
		else if (number < MOST_CLIENTS)
			serve(server, &server->clients[number], ready[i].events);
	}
	look_at_clients(server);
	/* Last, because a new client may take the number of one that was told of. */
	if (is_new)
		accept_clients(server);
	set_listening(server);
	set_alarm(server);
}

void metrics_server_close(struct metrics_server *server)
{
	if (!server)
		return;
	for (uint32_t i = 0; i < MOST_CLIENTS; i++)
		if (server->clients[i].state != FREE)
			drop(&server->clients[i]);
	if (server->listener >= 0)
		close(server->listener);
	if (server->timer >= 0)
		close(server->timer);
	if (server->epoll >= 0)
		close(server->epoll);
	free(server);
}
