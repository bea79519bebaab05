/*
 * What targets of the fuzzers share (`npm run fuzz`). A target is one file, named after what it
 * reads: its function LLVMFuzzerTestOneInput gets bytes and hands them to the loader. A crash, a
 * fault that the sanitizers see, memory that is not given back, or ten seconds without an end is a
 * finding.
 */
#ifndef BPFLOAD_FUZZ_H
#define BPFLOAD_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's: what it calls, and what it offers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

/* Bytes of an input, taken from its front; zeros behind its end. */
struct fuzz_input {
	const uint8_t *bytes;
	size_t size;
};

/* A number of so many bytes, little-endian. */
uint64_t fuzz_number(struct fuzz_input *input, size_t bytes);
/* So many bytes, or as many as there are, in memory of their own, so that what is read beyond them
 * is seen. */
uint8_t *fuzz_bytes(struct fuzz_input *input, size_t *size);

/* A text that ends at its first NUL, to be freed. */
char *fuzz_text(const uint8_t *data, size_t size);

/* The path of a file that holds the bytes, until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* Numbers that look random: the next one, below a limit. */
uint32_t fuzz_random(uint32_t *state, uint32_t limit);

#endif
