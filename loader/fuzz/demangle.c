/* Names of Rust and C++, in all forms. */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "binary/demangle.h"
#include "fuzz.h"

#define LONGEST (65u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = fuzz_text(data, size);
	struct strbuf text = {0};

	for (enum demangle_form form = DEMANGLE_FULL; form <= DEMANGLE_NAME; form++) {
		strbuf_clear(&text);
		if (!demangle(&text, name, form) && text.length)
			abort();
		if (text.length > LONGEST)
			abort();
	}
	(void)demangle_matches("*foo*(*", name, &text);
	strbuf_free(&text);
	free(name);
	return 0;
}
