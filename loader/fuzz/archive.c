/* Zip archives with libraries in them. */
#include <stdlib.h>

#include "binary/file_view.h"
#include "binary/zip_member.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct file_view *view = file_view_of_bytes(data, size);
	uint64_t offset, length;

	if (zip_member_find(view, "lib/x.so", &offset, &length)) {
		if (offset > size || length > size - offset ||
		    !file_view_narrow(view, offset, length))
			abort();
		(void)file_view_range(view, 0, length);
	}
	file_view_close(view);
	return 0;
}
