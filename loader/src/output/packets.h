/*
 * Network packets that programs send with skboutput(): they come through buffers of perf events,
 * because only the kernel can put the parts of a packet together, and go to pcap files.
 */
#ifndef BPFLOAD_PACKETS_H
#define BPFLOAD_PACKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "session/session.h"
#include "output/time_format.h"

struct failure;
struct perf_buffer;
struct pcap;

struct packets {
	const struct session *session;
	struct perf_buffer *buffer;
	struct pcap *files;
	/* By index of manifest.events: the file of a packet event. */
	struct pcap **by_event;
	struct wall_clock clock;
	/* Packets were handled since the last drain began. */
	bool some;
	/* A file could not be written; `failure` says why. */
	bool failed;
	struct failure *failure;
};

/*
 * Opens the buffers and files of the object's packet events; without such events nothing is open.
 * `failure` is kept until packets_close, for what cannot be written. Close in either case.
 */
int packets_open(struct packets *packets, const struct session *session, struct failure *failure);

/* Readable when packets have come; -1: there are never any. */
int packets_fd(const struct packets *packets);

/*
 * Writes the packets that are there to their files: 1 where there were some, 0 where there were
 * none, -1 where a file could not be written.
 */
int packets_drain(struct packets *packets);

void packets_close(struct packets *packets);

#endif
