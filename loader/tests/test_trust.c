/* Keys, signatures and whose files they are in: what counts, and what is said of the rest. Files of
 * whoever runs this stand for root's. */
#include "session/trust.h"

#include <dlfcn.h>
#include <errno.h>
#include <sodium/crypto_sign_ed25519.h>
#include <sodium/utils.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "check.h"
#include "folder.h"
#include "object/signature.h"
#include "session/policy.h"

static struct failure failure;
/* Whom files of this user belong to, and those of anybody in the last folder. */
static uid_t owner, owner_of_folders;

int fstat(int fd, struct stat *info)
{
	static int (*real)(int, struct stat *);
	int result;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fstat");
	result = real(fd, info);
	if (result == 0 && info->st_uid == geteuid())
		info->st_uid = S_ISDIR(info->st_mode) ? owner_of_folders : owner;
	return result;
}

static void write_file(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "w");

	CHECK(file && fwrite(bytes, 1, size, file) == size);
	fclose(file);
	CHECK(chmod(path, 0644) == 0);
}

struct pair {
	uint8_t public[crypto_sign_ed25519_PUBLICKEYBYTES];
	uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];
};

static struct pair first, second;

static void make_pair(struct pair *pair, uint32_t seed)
{
	uint8_t seeds[crypto_sign_ed25519_SEEDBYTES] = {(uint8_t)seed, (uint8_t)(seed >> 8)};

	CHECK(crypto_sign_ed25519_seed_keypair(pair->public, pair->secret, seeds) == 0);
}

/* The second key begins as the first. */
static void make_pairs(void)
{
	uint32_t seed = 0;

	make_pair(&first, seed);
	do
		make_pair(&second, ++seed);
	while (second.public[0] != first.public[0] && seed < UINT16_MAX);
	CHECK(second.public[0] == first.public[0]);
}

/* As openssl writes it, with a line before it. */
static void write_key(const char *path, const struct pair *pair, const char *before)
{
	uint8_t bytes[44] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
			     0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
	char digits[128], text[256];

	memcpy(bytes + 12, pair->public, 32);
	sodium_bin2base64(digits, sizeof(digits), bytes, sizeof(bytes),
			  sodium_base64_VARIANT_ORIGINAL);
	snprintf(text, sizeof(text), "%s-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
		 before, digits);
	write_file(path, text, strlen(text));
}

/* An object whose bytes hold its signature, or a place for it. */
#define SIZE 200
#define PLACE 50

struct signed_object {
	uint8_t bytes[SIZE];
	/* The first is none, as in each object. */
	struct elf_section sections[2];
	struct object_file object;
};

static void begin_object(struct signed_object *of, bool has_section)
{
	*of = (struct signed_object){.bytes = {1, 2, 3}};
	of->sections[0] = (struct elf_section){.name = ""};
	of->sections[1] = (struct elf_section){.name = has_section ? ".bpfscript.sig" : "other",
					       .data = of->bytes + PLACE,
					       .size = SIGNATURE_SIZE,
					       .offset = PLACE};
	of->object.elf = (struct elf_file){
		.bytes = of->bytes, .size = SIZE, .sections = of->sections, .section_count = 2};
}

/* Signs what the object holds at present; where it has a section, there. */
static void sign(struct signed_object *of, const struct pair *pair, uint64_t not_after,
		 uint8_t signature[SIGNATURE_SIZE])
{
	static const char context[] = "bpfscript object\n";
	uint8_t message[sizeof(context) - 1 + 48 + SIZE];
	uint32_t version = 1;
	bool is_inside = strcmp(of->sections[1].name, ".bpfscript.sig") == 0;

	memset(signature, 0, SIGNATURE_SIZE);
	memcpy(signature, &version, sizeof(version));
	memcpy(signature + 8, &not_after, sizeof(not_after));
	memcpy(signature + 16, pair->public, 32);
	if (is_inside) {
		memset(of->bytes + PLACE, 0, SIGNATURE_SIZE);
		memcpy(of->bytes + PLACE, signature, 48);
	}
	memcpy(message, context, sizeof(context) - 1);
	memcpy(message + sizeof(context) - 1, signature, 48);
	memcpy(message + sizeof(context) - 1 + 48, of->bytes, SIZE);
	crypto_sign_ed25519_detached(signature + 48, NULL, message, sizeof(message), pair->secret);
	if (is_inside)
		memcpy(of->bytes + PLACE, signature, SIGNATURE_SIZE);
}

/* "": it is trusted. `%s` is the folder of this test. */
static void expect(const struct signed_object *of, const char *keys, bool of_root, int status,
		   const char *format)
{
	char said[512];

	snprintf(said, sizeof(said), format, folder);
	failure_clear(&failure);
	CHECK(trust_check(&of->object, at("a.o"), keys, of_root, &failure) == status);
	if (!CHECK(strcmp(failure.text, said) == 0))
		fprintf(stderr, "  %s\n", failure.text);
}

static const char unsigned_[] = "it is not signed, and only signed objects run here";

static void whose_signatures_count(void)
{
	struct signed_object of;
	uint8_t signature[SIGNATURE_SIZE];
	char name[KEY_NAME_SIZE], said[128];

	write_key(at("keys/1.pub"), &first, "");
	/* Neither of these is a key. */
	write_key(at("keys/.hidden.pub"), &second, "");
	write_key(at("keys/.pub"), &second, "");
	write_key(at("keys/second.pubs"), &second, "");
	write_key(at("keys/secondpub"), &second, "");
	begin_object(&of, true);
	sign(&of, &first, 0, signature);
	expect(&of, at("keys"), false, STATUS_OK, "");
	expect(&of, at("keys"), true, STATUS_OK, "");
	expect(&of, at("keys/1.pub"), false, STATUS_OK, "");
	expect(&of, at("keys/1.pub"), true, STATUS_OK, "");
	/* Each byte of the object counts, before and behind the signature. */
	of.bytes[0] ^= 1;
	expect(&of, at("keys"), false, STATUS_OBJECT, "its signature does not belong to its bytes");
	of.bytes[0] ^= 1;
	of.bytes[SIZE - 1] ^= 1;
	expect(&of, at("keys"), false, STATUS_OBJECT, "its signature does not belong to its bytes");
	sign(&of, &second, 0, signature);
	key_name(second.public, name);
	snprintf(said, sizeof(said), "it is signed with key %s, which is not in %%s/keys", name);
	expect(&of, at("keys"), false, STATUS_OBJECT, said);
	write_key(at("keys/2.pub"), &second, "");
	expect(&of, at("keys"), false, STATUS_OK, "");
	CHECK(unlink(at("keys/2.pub")) == 0);
	expect(&of, at("keys/2.pub"), false, STATUS_USAGE,
	       "cannot read keys %s/keys/2.pub: No such file or directory");
}

/* Beside the object: where it has none of its own. */
static void signatures_beside(void)
{
	struct signed_object of;
	uint8_t signature[SIGNATURE_SIZE + 1] = {0};

	begin_object(&of, false);
	expect(&of, at("keys"), false, STATUS_OBJECT, unsigned_);
	sign(&of, &first, 0, signature);
	write_file(at("a.o.sig"), signature, SIGNATURE_SIZE);
	expect(&of, at("keys"), false, STATUS_OK, "");
	write_file(at("a.o.sig"), signature, SIGNATURE_SIZE + 1);
	expect(&of, at("keys"), false, STATUS_OBJECT, "its signature is damaged");
	write_file(at("a.o.sig"), signature, SIGNATURE_SIZE - 1);
	expect(&of, at("keys"), false, STATUS_OBJECT, "its signature is damaged");
	write_file(at("a.o.sig"), "", 0);
	expect(&of, at("keys"), false, STATUS_OBJECT, "its signature is damaged");
	/* It does not help an object whose own is wrong. */
	write_file(at("a.o.sig"), signature, SIGNATURE_SIZE);
	of.sections[1].name = ".bpfscript.sig";
	expect(&of, at("keys"), false, STATUS_OBJECT, "its signature is damaged");
	/* Nor does it count where the object's own is right. */
	write_file(at("a.o.sig"), "nothing", 7);
	sign(&of, &first, 0, signature);
	expect(&of, at("keys"), false, STATUS_OK, "");
	CHECK(unlink(at("a.o.sig")) == 0);
}

/* Both end: keys, and what they signed. */
static void times(void)
{
	struct signed_object of;
	uint8_t signature[SIGNATURE_SIZE];
	char name[KEY_NAME_SIZE], said[128];

	begin_object(&of, true);
	sign(&of, &first, 86400, signature);
	expect(&of, at("keys"), false, STATUS_OBJECT,
	       "its signature does not count after 1970-01-02T00:00:00Z");
	sign(&of, &first, 32503680000, signature);
	expect(&of, at("keys"), false, STATUS_OK, "");
	write_key(at("keys/1.pub"), &first, "not-after: 2001-02-03T04:05:06Z\n");
	key_name(first.public, name);
	snprintf(said, sizeof(said), "key %s does not count after 2001-02-03T04:05:06Z", name);
	expect(&of, at("keys"), false, STATUS_OBJECT, said);
	write_key(at("keys/1.pub"), &first, "not-after: 2999-02-03T04:05:06Z\n");
	expect(&of, at("keys"), false, STATUS_OK, "");
	write_key(at("keys/1.pub"), &first, "");
}

static void keys_that_cannot_be_read(void)
{
	struct signed_object of;
	uint8_t signature[SIGNATURE_SIZE];

	begin_object(&of, true);
	sign(&of, &first, 0, signature);
	expect(&of, at("none"), false, STATUS_USAGE,
	       "cannot read keys %s/none: No such file or directory");
	expect(&of, at("empty"), false, STATUS_USAGE, "%s/empty has no keys (files *.pub)");
	write_file(at("text"), "no key", 6);
	expect(&of, at("text"), false, STATUS_USAGE, "%s/text is no key: it has no PUBLIC KEY");
	expect(&of, at("text"), true, STATUS_USAGE, "%s/text is no key: it has no PUBLIC KEY");
	/* One that is wrong ends it, though the right one is there, too. */
	CHECK(symlink(at("nowhere"), at("keys/0.pub")) == 0);
	expect(&of, at("keys"), false, STATUS_USAGE,
	       "cannot read key %s/keys/0.pub: No such file or directory");
	expect(&of, at("keys"), true, STATUS_OBJECT,
	       "cannot read %s/keys/0.pub: Too many levels of symbolic links (it is, or leads through, one)");
	CHECK(unlink(at("keys/0.pub")) == 0);
	/* Of another user they count where nobody said that they have to be root's. */
	owner = 77;
	expect(&of, at("keys"), false, STATUS_OK, "");
	expect(&of, at("keys"), true, STATUS_OBJECT,
	       "%s/keys/1.pub belongs to user 77, and not to root");
	owner = 0;
}

/* However many there are, those in the folder count and no other. */
static void many_keys(void)
{
	enum { MOST = 17 };
	struct signed_object of;
	uint8_t signature[SIGNATURE_SIZE];
	struct pair pair;
	char name[KEY_NAME_SIZE], said[128], file[32];

	CHECK(mkdir(at("many"), 0755) == 0);
	begin_object(&of, true);
	key_name(first.public, name);
	snprintf(said, sizeof(said), "it is signed with key %s, which is not in %%s/many", name);
	for (uint32_t i = 0; i < MOST; i++) {
		make_pair(&pair, 70000 + i);
		snprintf(file, sizeof(file), "many/%u.pub", i);
		write_key(at(file), &pair, "");
		sign(&of, &pair, 0, signature);
		expect(&of, at("many"), false, STATUS_OK, "");
		sign(&of, &first, 0, signature);
		expect(&of, at("many"), false, STATUS_OBJECT, said);
	}
	/* The last that was found is as good as the first. */
	for (uint32_t i = 0; i < MOST; i++) {
		make_pair(&pair, 70000 + i);
		sign(&of, &pair, 0, signature);
		expect(&of, at("many"), false, STATUS_OK, "");
	}
}

/* A host's policy: without its file all is as if there were none, whatever was there before. */
static void policies_of_files(void)
{
	struct policy policy;
	static const char text[] = "signature required\n", wrong[] = "run no\nrun perhaps\n";

	failure_clear(&failure);
	memset(&policy, 0x55, sizeof(policy));
	CHECK(policy_read(&policy, at("policy/none"), &failure) == STATUS_OK && !policy.is_there);
	CHECK(!policy.wants_signature && !policy.probes && !policy.allowed.write);
	policy_free(&policy);
	write_file(at("policy/rules"), text, strlen(text));
	CHECK(policy_read(&policy, at("policy/rules"), &failure) == STATUS_OK);
	CHECK(policy.is_there && policy.wants_signature);
	policy_free(&policy);
	write_file(at("policy/rules"), wrong, strlen(wrong));
	CHECK(policy_read(&policy, at("policy/rules"), &failure) == failure.status &&
	      failure.status != STATUS_OK && failure.line == 2);
	policy_free(&policy);
	failure_clear(&failure);
	/* One that does not count is no policy of which nothing is known: it is an error. */
	owner = 5;
	memset(&policy, 0x55, sizeof(policy));
	CHECK(policy_read(&policy, at("policy/rules"), &failure) == STATUS_OBJECT);
	CHECK(!policy.is_there && strstr(failure.text, "belongs to user 5"));
	owner = 0;
	policy_free(&policy);
	CHECK(unlink(at("policy/rules")) == 0);
}

/* NULL: there is none, and nothing is said. */
static void expect_text(const char *path, const char *text, const char *format)
{
	char said[512], *got;

	snprintf(said, sizeof(said), format, folder);
	failure_clear(&failure);
	got = trust_read_file(path, &failure);
	CHECK(failure.status == (*said ? STATUS_OBJECT : STATUS_OK));
	if (!CHECK(strcmp(failure.text, said) == 0))
		fprintf(stderr, "  %s\n", failure.text);
	CHECK(text ? got && strcmp(got, text) == 0 : !got);
	free(got);
}

static void whose_files_count(void)
{
	expect_text(at("policy/it"), NULL, "");
	write_file(at("policy/it"), "text\n", 5);
	expect_text(at("policy/it"), "text\n", "");
	for (mode_t mode = 0020; mode >= 0002; mode /= 8) {
		CHECK(chmod(at("policy/it"), 0644 | mode) == 0);
		expect_text(at("policy/it"), NULL,
			    "%s/policy/it can be written by others than root");
		CHECK(chmod(at("policy/it"), 0644) == 0);
		CHECK(chmod(at("policy"), 0755 | mode) == 0);
		expect_text(at("policy/it"), NULL, "%s/policy can be written by others than root");
		CHECK(chmod(at("policy"), 0755) == 0);
	}
	owner = 5;
	expect_text(at("policy/it"), NULL, "%s/policy/it belongs to user 5, and not to root");
	owner = 0;
	owner_of_folders = 6;
	expect_text(at("policy/it"), NULL, "%s/policy belongs to user 6, and not to root");
	owner_of_folders = 0;
	/* Links, at its end and on the way. */
	CHECK(symlink("it", at("policy/link")) == 0 && symlink("policy", at("way")) == 0);
	expect_text(
		at("policy/link"), NULL,
		"cannot read %s/policy/link: Too many levels of symbolic links (it is, or leads through, one)");
	expect_text(
		at("way/it"), NULL,
		"cannot read %s/way/it: Too many levels of symbolic links (it is, or leads through, one)");
	expect_text(at("policy"), NULL, "cannot read %s/policy: Is a directory");
	/* Nobody writes to it, and it is not waited for. */
	CHECK(mkfifo(at("policy/pipe"), 0600) == 0);
	expect_text(at("policy/pipe"), "", "");
	expect_text(at("policy/it/below"), NULL, "cannot read %s/policy/it/below: Not a directory");
}

static void paths_of_one_name(void)
{
	CHECK(chdir(at("policy")) == 0);
	expect_text("it", "text\n", "");
	owner_of_folders = 6;
	expect_text("it", NULL, ". belongs to user 6, and not to root");
	owner_of_folders = 0;
	CHECK(chdir("/") == 0);
}

static void large_files(void)
{
	static char bytes[64 << 10];
	char *got;

	memset(bytes, 'x', sizeof(bytes));
	write_file(at("policy/large"), bytes, sizeof(bytes) - 1);
	failure_clear(&failure);
	got = trust_read_file(at("policy/large"), &failure);
	CHECK(got && strlen(got) == sizeof(bytes) - 1);
	free(got);
	write_file(at("policy/large"), bytes, sizeof(bytes));
	expect_text(at("policy/large"), NULL, "cannot read %s/policy/large: File too large");
}

int main(void)
{
	char command[64];

	CHECK(mkdtemp(folder) && mkdir(at("keys"), 0755) == 0 && mkdir(at("empty"), 0755) == 0 &&
	      mkdir(at("policy"), 0755) == 0);
	make_pairs();
	whose_signatures_count();
	signatures_beside();
	times();
	keys_that_cannot_be_read();
	many_keys();
	policies_of_files();
	whose_files_count();
	paths_of_one_name();
	large_files();
	failure_clear(&failure);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK(system(command) == 0);
	return check_result("trust");
}
