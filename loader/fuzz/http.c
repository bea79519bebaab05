/* Requests of clients that ask for metrics. */
#include <stdlib.h>

#include "fuzz.h"
#include "run/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request request;
	int status = http_request_read(&request, (const char *)data, size);

	if (status != 0 && status != 200 && status != 400 && status != 405)
		abort();
	if (status == 200 && request.path > HTTP_ELSEWHERE)
		abort();
	return 0;
}
