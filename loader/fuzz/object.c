/* Whole objects: sections are changed, and the digest is right. What is accepted goes on to libbpf,
 * up to where the kernel would be asked. */
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "object_bytes.h"
#include "session/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct failure failure = {0};
	struct options options = {0};
	struct object_file object;
	struct session session;

	if (fuzz_read_object(&object, data, size, &failure) == STATUS_OK) {
		(void)session_open(&session, &options, &object, &failure);
		session_free(&session);
	}
	object_file_free(&object);
	failure_clear(&failure);
	return 0;
}

/* Changes bytes of one section, and not its length; at times anything at all. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	uint32_t state = seed | 1, count = fuzz_section_count(data, size);
	struct fuzz_section section;
	uint8_t *changed;
	size_t length;

	if (!count || fuzz_random(&state, 8) == 0 ||
	    !fuzz_find_section(data, size, NULL, fuzz_random(&state, count), &section) ||
	    !section.size)
		return LLVMFuzzerMutate(data, size, most);
	changed = malloc(section.size + 64);
	if (!changed)
		return size;
	memcpy(changed, data + section.offset, section.size);
	length = LLVMFuzzerMutate(changed, section.size, section.size + 64);
	memcpy(data + section.offset, changed, length < section.size ? length : section.size);
	free(changed);
	return size;
}
