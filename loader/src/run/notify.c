#include "run/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct {
	struct sockaddr_un address;
	socklen_t length;
	/* 0: there is no manager. */
	int socket;
} manager;

void notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un *address = &manager.address;
	size_t length = path ? strlen(path) : 0;
	int fd;

	/* An absolute path, or the abstract name that an @ stands for. */
	if (length < 2 || length >= sizeof(address->sun_path) || (*path != '/' && *path != '@'))
		return;
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, length);
	if (*path == '@')
		address->sun_path[0] = '\0';
	manager.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	manager.socket = fd < 0 ? 0 : fd;
}

void notify_manager(const char *state)
{
	/* By the address each time: a manager that starts anew makes a new socket. */
	if (manager.socket)
		sendto(manager.socket, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		       (const struct sockaddr *)&manager.address, manager.length);
}

/* Digits, or 0. */
static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);
	char *end;
	unsigned long long number;

	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	number = strtoull(text, &end, 10);
	return *end || errno ? 0 : number;
}

uint64_t notify_watchdog(void)
{
	/* WATCHDOG_PID: for whom it is meant (sd_watchdog_enabled(3)). */
	if (!manager.socket ||
	    (getenv("WATCHDOG_PID") && number_of("WATCHDOG_PID") != (uint64_t)getpid()))
		return 0;
	return number_of("WATCHDOG_USEC");
}
