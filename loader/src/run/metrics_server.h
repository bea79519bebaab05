/*
 * Metrics over HTTP (--metrics): a responder that knows GET and HEAD of /metrics and /healthz, and
 * closes each connection behind its answer. It is part of the loop, and no thread: nothing waits
 * for a client, each of which has bounds of bytes and time, and putting the text together takes at
 * most a tenth of the loader's time.
 */
#ifndef BPFLOAD_METRICS_SERVER_H
#define BPFLOAD_METRICS_SERVER_H

#include <stdbool.h>

#include "base/failure.h"
#include "base/strbuf.h"
#include "output/metric_text.h"

struct metrics_server;

/* Puts the text together: 0, or a negative error number. */
typedef int (*metrics_reader)(enum metric_form form, struct strbuf *to, void *context);

/*
 * Listens at ADDRESS:PORT, [ADDRESS]:PORT of IPv6, or PORT of 127.0.0.1; port 0: any that is free.
 * Before the loader gives up what it may do. STATUS_USAGE for what is no address, STATUS_FAILED
 * where nobody can listen. Close in either case.
 */
int metrics_server_open(struct metrics_server **out, const char *address, struct failure *failure);

/* Who puts the text together, from here on. */
void metrics_server_begin(struct metrics_server *server, metrics_reader read, void *context);

/* Readable when there is something to do. */
int metrics_server_fd(const struct metrics_server *server);
/* Does what there is to do. */
void metrics_server_turn(struct metrics_server *server);

/* Where it listens: http://127.0.0.1:9435/metrics. */
const char *metrics_server_url(const struct metrics_server *server);

void metrics_server_close(struct metrics_server *server);

#endif
