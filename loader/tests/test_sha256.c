/* SHA-256 against the examples of FIPS 180-4 and at every way of cutting the input. */
#include "base/sha256.h"
#include "check.h"

static void expect_digest(const char *text, size_t repeat, const char *expected)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	struct sha256 hash;

	sha256_start(&hash);
	for (size_t i = 0; i < repeat; i++)
		sha256_add(&hash, text, strlen(text));
	sha256_finish(&hash, digest);
	for (int i = 0; i < SHA256_SIZE; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	CHECK(strcmp(hex, expected) == 0);
}

int main(void)
{
	uint8_t whole[SHA256_SIZE], parts[SHA256_SIZE];
	struct sha256 hash;
	char text[200];

	expect_digest("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect_digest("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	expect_digest("a", 1000000,
		      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	memset(text, 'x', sizeof(text));
	sha256_start(&hash);
	sha256_add(&hash, text, sizeof(text));
	sha256_finish(&hash, whole);
	for (size_t cut = 0; cut <= sizeof(text); cut++) {
		sha256_start(&hash);
		sha256_add(&hash, text, cut);
		sha256_add(&hash, text + cut, sizeof(text) - cut);
		sha256_finish(&hash, parts);
		CHECK(memcmp(whole, parts, sizeof(whole)) == 0);
	}
	return check_result("sha256");
}
