/* Signatures of objects, and texts of keys. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "object/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t object[64];
	const struct elf_file elf = {.bytes = object, .size = sizeof(object)};
	struct fuzz_input input = {data, size};
	size_t length = SIGNATURE_SIZE;
	uint8_t *bytes = fuzz_bytes(&input, &length);
	char *text = fuzz_text(input.bytes, input.size), name[KEY_NAME_SIZE], time[64];
	struct signature signature;
	struct public_key key;

	if (signature_read(&signature, bytes, length)) {
		if (signature_is_of(&signature, &elf))
			abort();
		key_name(signature.key, name);
		put_time(time, sizeof(time), signature.not_after);
	}
	if (!public_key_read(&key, text))
		put_time(time, sizeof(time), key.not_after);
	free(bytes);
	free(text);
	return 0;
}
