/* Where metrics are asked for: which texts are addresses, and what is said of the others. */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/failure.h"
#include "check.h"
#include "run/metrics_server.h"
#include "says.h"

static void expect_url(const char *address, const char *host)
{
	struct metrics_server *server;
	struct failure failure = {0};
	char url[128];
	int port = 0;

	if (CHECK(metrics_server_open(&server, address, &failure) == STATUS_OK)) {
		const char *colon = strrchr(metrics_server_url(server), ':');

		port = atoi(colon + 1);
		snprintf(url, sizeof(url), "http://%s:%d/metrics", host, port);
		CHECK(port > 0 && strcmp(metrics_server_url(server), url) == 0);
	}
	failure_clear(&failure);
	metrics_server_close(server);
}

static void expect_none(const char *address)
{
	struct metrics_server *server;
	struct failure failure = {0};
	char text[256];

	snprintf(text, sizeof(text), "a PORT, not %s.", address);
	if (!CHECK(metrics_server_open(&server, address, &failure) == STATUS_USAGE))
		fprintf(stderr, "  %s\n", address);
	CHECK(says(&failure, STATUS_USAGE, text));
	failure_clear(&failure);
	metrics_server_close(server);
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

static void addresses(void)
{
	static const char *const none[] = {"",
					   "x",
					   "1.2.3.4",
					   "localhost:1",
					   "127.0.0.1:",
					   ":",
					   "127.0.0.1:65536",
					   "127.0.0.1:000001",
					   "99999",
					   "-1",
					   "+1",
					   " 1",
					   "1x",
					   "127.0.0.1:1 ",
					   "::1:0",
					   "[::1]0",
					   "[::1:0",
					   "[::1]",
					   "1.2.3:0",
					   "[1.2.3.4:0",
					   "[x]:0",
					   "[::1]x:0",
					   "1.2.3.4.5:0",
					   "1111111111222222222233333333334444444444555555555566:0",
					   "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa]:0"};
	struct metrics_server *first, *second;
	struct failure failure = {0};
	const char *port;
	char text[64];

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		expect_none(none[i]);
	expect_url("0", "127.0.0.1");
	expect_url("00000", "127.0.0.1");
	expect_url(":0", "127.0.0.1");
	expect_url("127.0.0.1:0", "127.0.0.1");
	expect_url("[127.0.0.1]:0", "127.0.0.1");
	expect_url("0.0.0.0:0", "0.0.0.0");
	if (has_ipv6())
		expect_url("[::1]:0", "[::1]");
	/* Where somebody listens already. */
	CHECK(metrics_server_open(&first, "127.0.0.1:0", &failure) == STATUS_OK);
	port = strrchr(metrics_server_url(first), ':');
	snprintf(text, sizeof(text), "127.0.0.1:%d", atoi(port + 1));
	CHECK(metrics_server_open(&second, text, &failure) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED, "--metrics: cannot listen at 127.0.0.1:") &&
	      says(&failure, STATUS_FAILED, ": Address already in use."));
	failure_clear(&failure);
	metrics_server_close(second);
	metrics_server_close(first);
}

int main(void)
{
	addresses();
	return check_result("metrics_address");
}
