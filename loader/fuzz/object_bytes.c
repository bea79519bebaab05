#include "object_bytes.h"

#include <elf.h>
#include <string.h>

#include "base/memory.h"
#include "base/sha256.h"
#include "fuzz.h"

#define DIGEST_SECTION ".bpfscript.sum"

uint32_t fuzz_section_count(const uint8_t *bytes, size_t size)
{
	uint64_t at;
	uint32_t count;

	if (size < sizeof(Elf64_Ehdr))
		return 0;
	at = read_u64(bytes + offsetof(Elf64_Ehdr, e_shoff));
	count = read_u16(bytes + offsetof(Elf64_Ehdr, e_shnum));
	return within(at, (uint64_t)count * sizeof(Elf64_Shdr), size) ? count : 0;
}

static bool section_at(const uint8_t *bytes, size_t size, uint32_t index,
		       struct fuzz_section *section)
{
	uint64_t at, length;

	if (index >= fuzz_section_count(bytes, size))
		return false;
	section->header =
		read_u64(bytes + offsetof(Elf64_Ehdr, e_shoff)) + index * sizeof(Elf64_Shdr);
	at = read_u64(bytes + section->header + offsetof(Elf64_Shdr, sh_offset));
	length = read_u64(bytes + section->header + offsetof(Elf64_Shdr, sh_size));
	if (!within(at, length, size))
		return false;
	section->offset = at;
	section->size = length;
	return true;
}

bool fuzz_find_section(const uint8_t *bytes, size_t size, const char *name, uint32_t number,
		       struct fuzz_section *section)
{
	struct fuzz_section names;

	if (!name)
		return section_at(bytes, size, number, section);
	if (!fuzz_section_count(bytes, size) ||
	    !section_at(bytes, size, read_u16(bytes + offsetof(Elf64_Ehdr, e_shstrndx)), &names))
		return false;
	for (uint32_t i = 1; i < fuzz_section_count(bytes, size); i++) {
		uint32_t at;

		if (!section_at(bytes, size, i, section))
			continue;
		at = read_u32(bytes + section->header);
		if (within(at, strlen(name) + 1, names.size) &&
		    memcmp(bytes + names.offset + at, name, strlen(name) + 1) == 0)
			return true;
	}
	return false;
}

static void fix_digest(uint8_t *bytes, size_t size)
{
	struct fuzz_section section;
	struct sha256 hash;
	uint8_t digest[SHA256_SIZE];

	if (!fuzz_find_section(bytes, size, DIGEST_SECTION, 0, &section) ||
	    section.size != SHA256_SIZE)
		return;
	memset(bytes + section.offset, 0, SHA256_SIZE);
	sha256_start(&hash);
	sha256_add(&hash, bytes, size);
	sha256_finish(&hash, digest);
	memcpy(bytes + section.offset, digest, SHA256_SIZE);
}

int fuzz_read_object(struct object_file *object, const uint8_t *data, size_t size,
		     struct failure *failure)
{
	struct fuzz_input input = {data, size};
	uint8_t *bytes = fuzz_bytes(&input, &size);

	fix_digest(bytes, size);
	return object_file_check(object, bytes, size, failure);
}
