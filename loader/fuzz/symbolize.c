/* Texts that get names: of the kernel, and of a program that is the fuzzer's own. What has none has
 * to come out as it is. */
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "fuzz.h"
#include "output/symbolize.h"
#include "symbols/saved_symbols.h"

static struct saved_symbols *named, *empty;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char kernel[] = "ffffffff81000000 T _text\nffffffff81000100 T \"\\}\t[m]\n";
	struct saved_files files = {.kallsyms =
					    fuzz_file((const uint8_t *)kernel, sizeof(kernel) - 1)};
	struct failure failure = {0};

	(void)argc;
	(void)argv;
	if (saved_symbols_open(&named, &files, &failure) != STATUS_OK)
		abort();
	files.kallsyms = NULL;
	if (saved_symbols_open(&empty, &files, &failure) != STATUS_OK)
		abort();
	return 0;
}

/* All lines of the text, as the command takes them. */
static void put_names(struct saved_symbols *symbols, const uint8_t *data, size_t size,
		      struct strbuf *to)
{
	struct symbolizer symbolizer = {.symbols = symbols};

	while (size) {
		const uint8_t *newline = memchr(data, '\n', size);
		size_t length = newline ? (size_t)(newline - data) : size, left = size - length;
		/* In memory of its own, so that what is read beyond it is seen. */
		char *line = malloc(length + 1);

		memcpy(line, data, length);
		line = realloc(line, length ? length : 1);
		symbolize_line(&symbolizer, line, length, to);
		free(line);
		if (newline) {
			strbuf_char(to, '\n');
			left--;
		}
		data += size - left;
		size = left;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf text = {0};

	put_names(empty, data, size, &text);
	if (text.length != size || (size && memcmp(text.data, data, size) != 0))
		abort();
	strbuf_clear(&text);
	put_names(named, data, size, &text);
	strbuf_free(&text);
	return 0;
}
