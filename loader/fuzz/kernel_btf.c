/* BTF that takes the place of the kernel's (--btf); what is accepted goes to libbpf. */
#include <bpf/btf.h>

#include "base/failure.h"
#include "fuzz.h"
#include "object/elf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct failure failure = {0};
	struct btf *btf;

	if (size < 1u << 24 &&
	    btf_check_kernel(data, (uint32_t)size, "file", &failure) == STATUS_OK) {
		btf = btf__new(data, (uint32_t)size);
		if (btf)
			for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
				(void)btf__name_by_offset(btf, btf__type_by_id(btf, id)->name_off);
				(void)btf__resolve_size(btf, id);
			}
		btf__free(btf);
	}
	failure_clear(&failure);
	return 0;
}
