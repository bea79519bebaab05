/* What tests of probes in files have: probes with programs of their own, and the path of this very
 * program, in which they stand. */
#ifndef BPFLOAD_TESTS_ATTACHING_FILES_H
#define BPFLOAD_TESTS_ATTACHING_FILES_H

#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>

#include "attaching.h"
#include "binary/symbol.h"
#include "says.h"

#define PROBES 4

struct tester {
	struct attaching of;
	struct mf_probe probes[PROBES];
	struct bpf_program programs[PROBES];
	struct bpf_program *program_of[PROBES];
	char self[256];
};

static const char *const needs_cookies[] = {"bpf_get_attach_cookie"};

/* A kernel with links of many places, which programs ask by their cookies; no probe yet. */
static inline void setup(struct tester *tester)
{
	ssize_t length;

	*tester = (struct tester){0};
	attaching_begin(&tester->of, NULL);
	length = readlink("/proc/self/exe", tester->self, sizeof(tester->self) - 1);
	tester->self[CHECK(length > 0) ? length : 0] = '\0';
	tester->of.manifest.features = (const char **)needs_cookies;
	tester->of.manifest.feature_count = 1;
	tester->of.manifest.probes = tester->probes;
	tester->of.session.programs = tester->program_of;
	tester->of.attachments.session = &tester->of.session;
	tester->of.options.no_warnings = true;
	stand_in.folder = EBADF;
	stand_in.no_process = EINVAL;
}

static inline void teardown(struct tester *tester)
{
	attaching_end(&tester->of);
}

static inline struct mf_probe *add(struct tester *tester, enum mf_provider provider,
				   const char *name, const void *target)
{
	uint32_t index = tester->of.manifest.probe_count++;

	tester->programs[index] =
		(struct bpf_program){.fd = 11 + (int)index, .type = BPF_PROG_TYPE_KPROBE};
	tester->program_of[index] = &tester->programs[index];
	tester->probes[index] = (struct mf_probe){.index = index,
						  .program = name,
						  .name = name,
						  .provider = provider,
						  .target = target,
						  .block = MF_NONE};
	return &tester->probes[index];
}

static inline enum attach_result find(struct tester *tester, uint32_t probe)
{
	return attach_provider_of(&tester->probes[probe])
		->find(&tester->of.attachments, &tester->probes[probe], &tester->of.failure);
}

static inline enum attach_result attach(struct tester *tester, uint32_t target)
{
	const struct attach_target *which = &tester->of.attachments.targets[target];

	return which->provider->attach(&tester->of.attachments, which, &tester->of.failure);
}

/* What the next calls fail with. */
static inline void refuse(int first, int second)
{
	stand_in.errors[0] = first;
	stand_in.errors[1] = second;
	stand_in.error_count = second ? 2 : 1;
}

static inline void filter(struct tester *tester, const char *pattern)
{
	tester->of.options.has_probe_filter = CHECK(
		regcomp(&tester->of.options.probe_filter, pattern, REG_EXTENDED | REG_NOSUB) == 0);
}

/* Where a function of this program is in its file. */
static inline unsigned long long place_of(const struct tester *tester, const char *function)
{
	const struct binary_query query = {.function = function};
	uint64_t offset = 0;

	CHECK(binary_symbol_find(tester->self, &query, &offset) == BINARY_SYMBOL_FOUND);
	return offset;
}

/* What was asked since the last time. */
static inline void asked(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline void asked(const char *format, ...)
{
	char text[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	CHECK_TEXT(&stand_in.log, text);
}

/* The name that half of a cookie stands for. */
static inline bool is_named(const struct tester *tester, uint64_t index, const char *name)
{
	const struct probe_names *names = &tester->of.session.names;
	const char *found = (uint32_t)index < names->count ? names->names[(uint32_t)index] : "";

	if (strcmp(found, name) == 0)
		return true;
	fprintf(stderr, "%s\n", found);
	return false;
}

/* A file with these bytes, which the caller removes. */
static inline void make_file(char *path, const void *bytes, size_t size)
{
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

#endif
