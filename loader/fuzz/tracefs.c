/* Formats of tracepoints: each word of the text is asked for as a field. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "host/tracefs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *words = fuzz_text(data, size), *rest = words, *word;
	struct tracefs_field field;
	int asked = 0;

	while (asked < 40 && (word = strsep(&rest, " \t\n;[]*:"))) {
		if (!*word)
			continue;
		asked++;
		if (tracefs_field(text, word, &field) &&
		    (strnlen(field.of, sizeof(field.of)) == sizeof(field.of)))
			abort();
		(void)tracefs_same_elements(word, "unsigned int");
		(void)pattern_match(word, "sys_enter_read");
	}
	free(words);
	free(text);
	return 0;
}
