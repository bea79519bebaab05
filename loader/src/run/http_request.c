#include "run/http_request.h"

#include <string.h>
#include <strings.h>

/* Behind the empty line that ends the headers; NULL: it is not there. */
static const char *find_end(const char *bytes, size_t length)
{
	for (size_t i = 0; i + 1 < length; i++) {
		if (bytes[i] != '\n')
			continue;
		if (bytes[i + 1] == '\n')
			return bytes + i + 2;
		if (i + 2 < length && bytes[i + 1] == '\r' && bytes[i + 2] == '\n')
			return bytes + i + 3;
	}
	return NULL;
}

static bool begins_with(const char *at, const char *end, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(end - at) >= length && memcmp(at, text, length) == 0;
}

static bool is_path(const char *at, size_t length, const char *path)
{
	return length == strlen(path) && memcmp(at, path, length) == 0;
}

static enum http_path path_of(const char *at, const char *end)
{
	const char *query = memchr(at, '?', (size_t)(end - at));
	size_t length = (size_t)((query ? query : end) - at);

	if (is_path(at, length, "/metrics"))
		return HTTP_METRICS;
	if (is_path(at, length, "/healthz"))
		return HTTP_HEALTH;
	return is_path(at, length, "/") ? HTTP_INDEX : HTTP_ELSEWHERE;
}

/* `Accept: application/openmetrics-text;version=1.0.0;q=0.5,*`, among the headers. */
static bool takes_openmetrics(const char *at, const char *end)
{
	static const char name[] = "accept:", type[] = "application/openmetrics-text";

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		line_end = line_end ? line_end : end;
		if ((size_t)(line_end - at) >= strlen(name) &&
		    strncasecmp(at, name, strlen(name)) == 0 &&
		    memmem(at, (size_t)(line_end - at), type, strlen(type)))
			return true;
		at = line_end + 1;
	}
	return false;
}

/* METHOD TARGET HTTP/1.x */
static int read_line(struct http_request *request, const char *line, const char *end)
{
	const char *target = memchr(line, ' ', (size_t)(end - line));
	const char *version = target ? memchr(target + 1, ' ', (size_t)(end - target - 1)) : NULL;

	if (!version || target == line || !begins_with(version + 1, end, "HTTP/1."))
		return 400;
	request->is_head = begins_with(line, end, "HEAD ");
	if (!request->is_head && !begins_with(line, end, "GET "))
		return 405;
	request->path = path_of(target + 1, version);
	return 200;
}

int http_request_read(struct http_request *request, const char *bytes, size_t length)
{
	const char *end = find_end(bytes, length);
	const char *line_end = length ? memchr(bytes, '\n', length) : NULL;
	int status;

	memset(request, 0, sizeof(*request));
	if (!line_end)
		return 0;
	/* What is no request at all needs no end of headers. */
	status = read_line(request, bytes, line_end);
	if (status != 200)
		return status;
	if (!end)
		return 0;
	request->takes_openmetrics = takes_openmetrics(line_end + 1, end);
	return 200;
}
