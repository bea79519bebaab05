/* Requests over HTTP/1, as far as metrics want it: who sends them is not believed. */
#ifndef BPFLOAD_HTTP_REQUEST_H
#define BPFLOAD_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum http_path { HTTP_METRICS, HTTP_HEALTH, HTTP_INDEX, HTTP_ELSEWHERE };

struct http_request {
	bool is_head;
	enum http_path path;
	/* The client takes OpenMetrics. */
	bool takes_openmetrics;
};

/*
 * Reads the bytes that came so far. 0: more are wanted; 200: it is whole; else the status that it
 * is answered with: 400 or 405.
 */
int http_request_read(struct http_request *request, const char *bytes, size_t length);

#endif
