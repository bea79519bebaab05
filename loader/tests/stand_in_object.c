/* An object in place of libbpf's: its programs, maps and types, which a test gives. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "stand_in.h"

struct bpf_program *bpf_object__find_program_by_name(const struct bpf_object *object,
						     const char *name)
{
	(void)object;
	for (uint32_t i = 0; i < stand_in.program_count; i++)
		if (strcmp(stand_in.programs[i].name, name) == 0)
			return &stand_in.programs[i];
	return stand_in.name && strcmp(stand_in.name, name) == 0 ? stand_in.named : NULL;
}

struct bpf_program *bpf_object__next_program(const struct bpf_object *object,
					     struct bpf_program *program)
{
	uint32_t next = program ? (uint32_t)(program - stand_in.programs) + 1 : 0;

	(void)object;
	return next < stand_in.program_count ? &stand_in.programs[next] : NULL;
}

bool bpf_program__autoload(const struct bpf_program *program)
{
	return program->is_loaded;
}

int bpf_program__set_autoload(struct bpf_program *program, bool autoload)
{
	program->is_loaded = autoload;
	return 0;
}

size_t bpf_program__insn_cnt(const struct bpf_program *program)
{
	return program->insn_count ? program->insn_count
				   : sizeof(stand_in.insns) / sizeof(*stand_in.insns);
}

const struct bpf_insn *bpf_program__insns(const struct bpf_program *program)
{
	return program->insns ? program->insns : stand_in.insns;
}

int bpf_program__set_insns(struct bpf_program *program, struct bpf_insn *insns, size_t count)
{
	(void)program;
	memcpy(stand_in.insns, insns, count * sizeof(*insns));
	return 0;
}

const char *bpf_program__name(const struct bpf_program *program)
{
	return program->name ? program->name : program->section;
}

__u32 bpf_program__flags(const struct bpf_program *program)
{
	(void)program;
	return 7;
}

struct btf *bpf_object__btf(const struct bpf_object *object)
{
	(void)object;
	return (struct btf *)stand_in.object_types;
}

int bpf_object__btf_fd(const struct bpf_object *object)
{
	(void)object;
	return FIRST_LINK - 2;
}

struct bpf_map *bpf_object__find_map_by_name(const struct bpf_object *object, const char *name)
{
	(void)object;
	for (uint32_t i = 0; i < stand_in.map_count; i++)
		if (strcmp(stand_in.maps[i].name, name) == 0)
			return &stand_in.maps[i];
	return NULL;
}

struct bpf_map *bpf_object__next_map(const struct bpf_object *object, const struct bpf_map *map)
{
	uint32_t next = map ? (uint32_t)(map - stand_in.maps) + 1 : 0;

	(void)object;
	return next < stand_in.map_count ? &stand_in.maps[next] : NULL;
}

int bpf_map__fd(const struct bpf_map *map)
{
	return map->fd;
}

const char *bpf_map__name(const struct bpf_map *map)
{
	return map->name;
}

enum bpf_map_type bpf_map__type(const struct bpf_map *map)
{
	return (enum bpf_map_type)map->type;
}

__u32 bpf_map__key_size(const struct bpf_map *map)
{
	return map->key_size;
}

__u32 bpf_map__value_size(const struct bpf_map *map)
{
	return map->value_size;
}

__u32 bpf_map__max_entries(const struct bpf_map *map)
{
	return map->most;
}

int bpf_map__set_max_entries(struct bpf_map *map, __u32 most)
{
	map->most = most;
	stand_in_note("map %s of %u", map->name, most);
	return stand_in_answer() < 0 ? -errno : 0;
}

int bpf_map__set_autocreate(struct bpf_map *map, bool autocreate)
{
	map->is_left_out = !autocreate;
	return 0;
}

const void *bpf_map__initial_value(struct bpf_map *map, size_t *size)
{
	*size = map->value_size;
	return map->bytes;
}

int bpf_map__set_initial_value(struct bpf_map *map, const void *data, size_t size)
{
	memcpy(map->bytes, data, size);
	stand_in_note("map %s gets %zu bytes", map->name, size);
	return stand_in_answer() < 0 ? -errno : 0;
}

int bpf_map_update_elem(int map, const void *key, const void *value, __u64 flags)
{
	stand_in_note("map %d gets %u, flags %llu", map, *(const uint32_t *)key,
		      (unsigned long long)flags);
	for (uint32_t i = 0; i < stand_in.map_count; i++)
		if (stand_in.maps[i].fd == map)
			memcpy(stand_in.value, value, stand_in.maps[i].value_size);
	return stand_in_answer() < 0 ? -1 : 0;
}

int libbpf_probe_bpf_map_type(enum bpf_map_type type, const void *options)
{
	(void)options;
	return !(stand_in.lacks_maps >> type & 1);
}

static libbpf_print_fn_t printed;

libbpf_print_fn_t libbpf_set_print(libbpf_print_fn_t print)
{
	libbpf_print_fn_t before = printed;

	printed = print;
	return before;
}

void stand_in_say(int level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (printed)
		printed((enum libbpf_print_level)level, format, arguments);
	va_end(arguments);
}

struct bpf_object *bpf_object__open_mem(const void *bytes, size_t size,
					const struct bpf_object_open_opts *options)
{
	static int object;

	(void)bytes;
	stand_in_note("object %s of %zu bytes, types %s, log level %u\n", options->object_name,
		      size, options->btf_custom_path ? options->btf_custom_path : "of the kernel",
		      options->kernel_log_level);
	if (stand_in.words)
		stand_in_say(LIBBPF_WARN, "%s", stand_in.words);
	errno = stand_in.open_error;
	return stand_in.open_error ? NULL : (struct bpf_object *)&object;
}

int bpf_object__load(struct bpf_object *object)
{
	(void)object;
	for (uint32_t i = 0; i < stand_in.program_count; i++)
		if (stand_in.programs[i].is_loaded)
			stand_in_note("program %s is loaded\n", stand_in.programs[i].name);
	if (stand_in.words)
		stand_in_say(LIBBPF_WARN, "%s", stand_in.words);
	return -stand_in.load_error;
}

void bpf_object__close(struct bpf_object *object)
{
	(void)object;
}

int bpf_prog_test_run_opts(int program, struct bpf_test_run_opts *options)
{
	options->retval = (uint32_t)program * 2;
	stand_in_note("program %d runs", program);
	return stand_in_answer() < 0 ? -errno : 0;
}

int uname(struct utsname *host)
{
	static int (*real)(struct utsname *);
	int result;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "uname");
	result = real(host);
	if (stand_in.release)
		snprintf(host->release, sizeof(host->release), "%s", stand_in.release);
	return result;
}
