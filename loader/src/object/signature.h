/* Signatures of objects: ed25519 over the whole file (docs/signing.md, linker/signature.ts). */
#ifndef BPFLOAD_SIGNATURE_H
#define BPFLOAD_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/elf_file.h"

#define SIGNATURE_SIZE 112
#define KEY_SIZE 32
/* Room for a key's name, with a NUL. */
#define KEY_NAME_SIZE 17

struct signature {
	const uint8_t *bytes;
	const uint8_t *key;
	/* Seconds since 1970; 0: it does not expire. */
	uint64_t not_after;
};

/* A public key that counts; `not_after` as above. */
struct public_key {
	uint8_t bytes[KEY_SIZE];
	uint64_t not_after;
};

/* The signature in the object's own section; NULL: there is none. */
const uint8_t *signature_section(const struct elf_file *elf, size_t *size);

/* Reads one. False: it is none that this loader knows. */
bool signature_read(struct signature *signature, const uint8_t *bytes, size_t size);

/* Whether it belongs to the object's bytes. */
bool signature_is_of(const struct signature *signature, const struct elf_file *elf);

/* The first 16 hexadecimal digits of the key's SHA-256. */
void key_name(const uint8_t *key, char name[KEY_NAME_SIZE]);

/* Reads a public key: PEM (RFC 7468) of ed25519 (RFC 8410), before it perhaps a line `not-after:
 * TIME`. What is wrong with it, or NULL. */
const char *public_key_read(struct public_key *key, const char *text);

/* Seconds since 1970, as `2027-12-31T12:00:00Z`. */
void put_time(char *text, size_t room, uint64_t seconds);

#endif
