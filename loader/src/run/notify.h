/* Telling a service manager how far we are: the datagrams of sd_notify(3). */
#ifndef BPFLOAD_NOTIFY_H
#define BPFLOAD_NOTIFY_H

#include <stdint.h>

/* Makes the socket that notify_manager sends by; without NOTIFY_SOCKET, none. */
void notify_open(void);

/* Sends `state`, such as "READY=1", to NOTIFY_SOCKET; nothing without one. Failing is no error. */
void notify_manager(const char *state);

/* How often the manager wants to hear "WATCHDOG=1" of this process, in us; 0: not at all. */
uint64_t notify_watchdog(void);

#endif
