#include "base/sha256.h"

#include <string.h>

static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t value, unsigned count)
{
	return value >> count | value << (32 - count);
}

static void add_block(uint32_t state[8], const uint8_t block[64])
{
	uint32_t words[64], a[8];

	for (int i = 0; i < 16; i++)
		words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
			   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++) {
		uint32_t x = words[i - 15], y = words[i - 2];

		words[i] = words[i - 16] + words[i - 7] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) +
			   (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
	}
	memcpy(a, state, sizeof(a));
	for (int i = 0; i < 64; i++) {
		uint32_t big1 = rotate(a[4], 6) ^ rotate(a[4], 11) ^ rotate(a[4], 25);
		uint32_t choice = (a[4] & a[5]) ^ (~a[4] & a[6]);
		uint32_t first = a[7] + big1 + choice + round_constants[i] + words[i];
		uint32_t big0 = rotate(a[0], 2) ^ rotate(a[0], 13) ^ rotate(a[0], 22);
		uint32_t majority = (a[0] & a[1]) ^ (a[0] & a[2]) ^ (a[1] & a[2]);

		memmove(a + 1, a, 7 * sizeof(*a));
		a[4] += first;
		a[0] = first + big0 + majority;
	}
	for (int i = 0; i < 8; i++)
		state[i] += a[i];
}

void sha256_start(struct sha256 *hash)
{
	static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memcpy(hash->state, initial, sizeof(initial));
	hash->length = 0;
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t size)
{
	const uint8_t *next = bytes;

	while (size > 0) {
		size_t used = hash->length % 64;
		size_t part = 64 - used < size ? 64 - used : size;

		if (part == 64) {
			add_block(hash->state, next);
		} else {
			memcpy(hash->block + used, next, part);
			if (used + part == 64)
				add_block(hash->state, hash->block);
		}
		hash->length += part;
		next += part;
		size -= part;
	}
}

void sha256_finish(struct sha256 *hash, uint8_t digest[SHA256_SIZE])
{
	static const uint8_t padding[64] = {0x80};
	uint64_t bits = hash->length * 8;
	size_t used = hash->length % 64;
	uint8_t length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(hash, padding, used < 56 ? 56 - used : 120 - used);
	sha256_add(hash, length, sizeof(length));
	for (int i = 0; i < 32; i++)
		digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}
