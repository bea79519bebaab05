/*
 * Maps a library in an archive as a linker does that knows archives, and prints what a function of
 * it gives: mapper ARCHIVE OFFSET ADDRESS. The library has nothing to relocate.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4095UL

int main(int argc, char **argv)
{
	int file = argc == 4 ? open(argv[1], O_RDONLY) : -1;
	off_t start = file < 0 ? 0 : atol(argv[2]);
	char *base = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	Elf64_Ehdr header;
	Elf64_Phdr part;

	if (pread(file, &header, sizeof(header), start) != sizeof(header))
		return 1;
	for (int i = 0; i < header.e_phnum; i++) {
		off_t at = start + (off_t)(header.e_phoff + i * sizeof(part));

		if (pread(file, &part, sizeof(part), at) != sizeof(part))
			return 1;
		if (part.p_type != PT_LOAD)
			continue;
		if (mmap(base + (part.p_vaddr & ~PAGE), part.p_memsz + (part.p_vaddr & PAGE),
			 (part.p_flags & PF_R ? PROT_READ : 0) |
				 (part.p_flags & PF_W ? PROT_WRITE : 0) |
				 (part.p_flags & PF_X ? PROT_EXEC : 0),
			 MAP_PRIVATE | MAP_FIXED, file,
			 start + (off_t)(part.p_offset & ~PAGE)) == MAP_FAILED)
			return 1;
	}
	printf("%d\n", ((int (*)(void))(base + strtoul(argv[3], NULL, 0)))());
	return 0;
}
