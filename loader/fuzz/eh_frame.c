/* Unwind tables. */
#include <stdlib.h>

#include "binary/budget.h"
#include "binary/eh_frame.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unwind_rows rows;

	if (!eh_frame_read(&rows, data, size, 0x1000))
		return 0;
	for (size_t i = 1; i < rows.count; i++)
		if (rows.rows[i - 1].address >= rows.rows[i].address)
			abort();
	(void)unwind_rows_find(&rows, 0x1234);
	unwind_rows_free(&rows);
	return 0;
}
