#include "object/signature.h"

#include <sodium/core.h>
#include <sodium/crypto_sign_ed25519.h>
#include <sodium/utils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/sha256.h"

#define SIGNATURE_SECTION ".bpfscript.sig"
#define DIGEST_SECTION ".bpfscript.sum"
#define VERSION 1
#define KEY_AT 16
#define VALUE_SIZE 64
#define HEAD_SIZE (SIGNATURE_SIZE - VALUE_SIZE)

_Static_assert(VALUE_SIZE == crypto_sign_ed25519_BYTES, "as ed25519 has it");
_Static_assert(KEY_SIZE == crypto_sign_ed25519_PUBLICKEYBYTES, "as ed25519 has it");

/* Goes before what is signed. */
static const char context[] = "bpfscript object\n";
#define CONTEXT_SIZE (sizeof(context) - 1)

/* Of SubjectPublicKeyInfo, before the bytes of the key (RFC 8410). */
static const uint8_t key_prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				     0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

const uint8_t *signature_section(const struct elf_file *elf, size_t *size)
{
	const struct elf_section *section = elf_find_section(elf, SIGNATURE_SECTION);

	*size = section ? section->size : 0;
	return section ? section->data : NULL;
}

bool signature_read(struct signature *signature, const uint8_t *bytes, size_t size)
{
	if (size != SIGNATURE_SIZE || read_u32(bytes) != VERSION || read_u32(bytes + 4) != 0)
		return false;
	signature->bytes = bytes;
	signature->key = bytes + KEY_AT;
	signature->not_after = read_u64(bytes + 8);
	return true;
}

static void blank(uint8_t *file, const struct elf_file *elf, const char *name, size_t skip)
{
	const struct elf_section *section = elf_find_section(elf, name);

	if (section && section->data && section->size > skip)
		memset(file + section->offset + skip, 0, section->size - skip);
}

bool signature_is_of(const struct signature *signature, const struct elf_file *elf)
{
	size_t size = CONTEXT_SIZE + HEAD_SIZE + elf->size;
	uint8_t *message = memory_bytes(size), *file = message + CONTEXT_SIZE + HEAD_SIZE;
	bool is_valid;

	memcpy(message, context, CONTEXT_SIZE);
	memcpy(message + CONTEXT_SIZE, signature->bytes, HEAD_SIZE);
	memcpy(file, elf->bytes, elf->size);
	/* What depends on the signature. */
	blank(file, elf, DIGEST_SECTION, 0);
	blank(file, elf, SIGNATURE_SECTION, HEAD_SIZE);
	is_valid = crypto_sign_ed25519_verify_detached(signature->bytes + HEAD_SIZE, message, size,
						       signature->key) == 0;
	free(message);
	return is_valid;
}

void key_name(const uint8_t *key, char name[KEY_NAME_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 hash;

	sha256_start(&hash);
	sha256_add(&hash, key, KEY_SIZE);
	sha256_finish(&hash, digest);
	for (size_t i = 0; i < (KEY_NAME_SIZE - 1) / 2; i++)
		snprintf(name + 2 * i, 3, "%02x", digest[i]);
}

/*
 * What libsodium ends a process with that calls it wrongly. Its own stands in core.c beside
 * sodium_init(), which nobody needs who only verifies, and which brings ciphers along that no
 * object has: 120 KB.
 */
_Noreturn void sodium_misuse(void)
{
	abort();
}

static bool read_time(uint64_t *seconds, const char *text)
{
	struct tm time = {0};
	int end = 0;

	text += strspn(text, " \t");
	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &time.tm_year, &time.tm_mon, &time.tm_mday,
		   &time.tm_hour, &time.tm_min, &time.tm_sec, &end) != 6 ||
	    end != 20 || (text[end] != '\n' && text[end] != '\r' && text[end]))
		return false;
	time.tm_year -= 1900;
	time.tm_mon -= 1;
	*seconds = (uint64_t)timegm(&time);
	return time.tm_year >= 70;
}

/* NULL: it would begin at `limit` or behind it. */
static const char *next_line(const char *line, const char *limit)
{
	line = strchr(line, '\n');
	return line && line + 1 < limit ? line + 1 : NULL;
}

const char *public_key_read(struct public_key *key, const char *text)
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----";
	uint8_t bytes[sizeof(key_prefix) + KEY_SIZE];
	const char *start = strstr(text, begin), *end, *line;
	size_t size;

	memset(key, 0, sizeof(*key));
	if (!start)
		return "it has no PUBLIC KEY";
	end = strstr(start, "-----END PUBLIC KEY-----");
	if (!end)
		return "its PUBLIC KEY has no end";
	start += sizeof(begin) - 1;
	if (sodium_base642bin(bytes, sizeof(bytes), start, (size_t)(end - start), " \r\n\t", &size,
			      NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    size != sizeof(bytes) || memcmp(bytes, key_prefix, sizeof(key_prefix)) != 0)
		return "it is no key of ed25519";
	memcpy(key->bytes, bytes + sizeof(key_prefix), KEY_SIZE);
	for (line = text; line; line = next_line(line, start))
		if (strncmp(line, "not-after:", 10) == 0 && !read_time(&key->not_after, line + 10))
			return "its not-after is no time";
	return NULL;
}

void put_time(char *text, size_t room, uint64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm parts;

	if (!gmtime_r(&time, &parts) || !strftime(text, room, "%Y-%m-%dT%H:%M:%SZ", &parts))
		snprintf(text, room, "%llu", (unsigned long long)seconds);
}
