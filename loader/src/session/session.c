#include "session/assumptions.h"
#include "session/session.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "session/explain_load.h"
#include "session/fixups.h"
#include "session/generations.h"
#include "session/host_types.h"
#include "session/kernel_calls.h"
#include "session/kernel_signatures.h"
#include "session/kernel_targets.h"
#include "host/host.h"
#include "session/host_enums.h"
#include "session/libbpf_log.h"
#include "session/lookups.h"
#include "session/name_map.h"
#include "session/named_params.h"
#include "session/params.h"
#include "session/sizes.h"
#include "base/say.h"
#include "session/thread_values.h"
#include "symbols/unwind.h"
#include "session/kernel_types.h"

/* BPF_LOG_LEVEL2 (include/linux/bpf_verifier.h): each instruction, also of programs that are taken.
 */
#define VERIFIER_LOG_ALL 2

#define PAGE 4096
/* Ring of a script that sends no values. */
#define QUIET_RING (256u << 10)

/* A session of a recording has none. */
static struct bpf_map *find_map(const struct session *session, const char *name)
{
	return session->object ? bpf_object__find_map_by_name(session->object, name) : NULL;
}

int session_map_fd(const struct session *session, const char *name)
{
	struct bpf_map *map = find_map(session, name);

	return map ? bpf_map__fd(map) : -1;
}

uint32_t session_map_max_entries(const struct session *session, const char *name)
{
	struct bpf_map *map = find_map(session, name);

	return map ? bpf_map__max_entries(map) : 0;
}

uint32_t session_map_value_size(const struct session *session, const char *name)
{
	struct bpf_map *map = find_map(session, name);

	return map ? bpf_map__value_size(map) : 0;
}

const char *session_probe_name(const struct session *session, uint64_t index)
{
	return index < session->names.count ? session->names.names[index] : NULL;
}

uint32_t session_count(const struct session *session, enum mf_provider provider)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < session->manifest->probe_count; i++)
		count += session->manifest->probes[i].provider == provider && session->programs[i];
	return count;
}

/* Sizes that the manifest says against those that the kernel will be told. */
static bool store_fits(const struct mf_store *store, const struct bpf_map *map)
{
	uint32_t value = bpf_map__value_size(map);

	switch (store->kind) {
	case MF_STORE_HASH:
		return (bpf_map__type(map) == BPF_MAP_TYPE_HASH ||
			bpf_map__type(map) == BPF_MAP_TYPE_LRU_HASH) &&
		       bpf_map__key_size(map) == store->key_size && value == store->value_size;
	case MF_STORE_PERCPU_HASH:
		return (bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_HASH ||
			bpf_map__type(map) == BPF_MAP_TYPE_LRU_PERCPU_HASH) &&
		       bpf_map__key_size(map) == store->key_size && value == store->value_size;
	case MF_STORE_PERCPU_SLOT:
		return bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY &&
		       bpf_map__key_size(map) == 4 && bpf_map__max_entries(map) > store->first &&
		       store->value_size <= value && store->present % 8 == 0 && value >= 8 &&
		       store->present <= value - 8;
	case MF_STORE_PERCPU_SLOTS:
		return bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY &&
		       bpf_map__key_size(map) == 4 && value == store->value_size &&
		       (uint64_t)store->first + store->entries <= bpf_map__max_entries(map);
	case MF_STORE_GLOBAL:
		break;
	}
	return true;
}

static int check_stores(const struct session *session, const struct mf_store *stores,
			uint32_t count, struct failure *failure)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct mf_store *store = &stores[i];
		const struct bpf_map *map;

		if (!store->map)
			continue;
		map = bpf_object__find_map_by_name(session->object, store->map);
		if (!map || !store_fits(store, map))
			return fail(
				failure, STATUS_OBJECT,
				"the object's manifest is not valid: map %s is another than it says",
				store->map);
	}
	return STATUS_OK;
}

static int check_maps(const struct session *session, struct failure *failure)
{
	const struct manifest *manifest = session->manifest;
	const struct bpf_map *events = bpf_object__find_map_by_name(session->object, MF_MAP_EVENTS);
	const struct bpf_map *lost = bpf_object__find_map_by_name(session->object, MF_MAP_LOST);

	for (uint32_t i = 0; i < manifest->map_count; i++) {
		const struct mf_map *map = &manifest->maps[i];

		if (check_stores(session, map->stores, map->store_count, failure) != STATUS_OK ||
		    (map->next &&
		     check_stores(session, map->next, map->store_count, failure) != STATUS_OK))
			return failure->status;
	}
	if (manifest->event_count > 0 && (!events || bpf_map__type(events) != BPF_MAP_TYPE_RINGBUF))
		return fail(failure, STATUS_OBJECT,
			    "the object's manifest is not valid: 'events' is no ring buffer");
	if (lost &&
	    (bpf_map__type(lost) != BPF_MAP_TYPE_PERCPU_ARRAY || bpf_map__value_size(lost) != 8 ||
	     bpf_map__max_entries(lost) < manifest->event_count))
		return fail(failure, STATUS_OBJECT,
			    "the object's manifest is not valid: 'lost' does not count the events");
	return STATUS_OK;
}

static int find_programs(struct session *session, struct failure *failure)
{
	const struct manifest *manifest = session->manifest;

	session->programs = memory_array(manifest->probe_count, sizeof(*session->programs));
	for (uint32_t i = 0; i < manifest->probe_count; i++) {
		const char *name = manifest->probes[i].program;

		session->programs[i] = bpf_object__find_program_by_name(session->object, name);
		if (!session->programs[i])
			return fail(
				failure, STATUS_OBJECT,
				"the object's manifest is not valid: program %s is another than it says",
				name);
	}
	return STATUS_OK;
}

int session_open(struct session *session, const struct options *options,
		 const struct object_file *object, struct failure *failure)
{
	const struct manifest *manifest = object->manifest;
	LIBBPF_OPTS(bpf_object_open_opts, open, .object_name = "script",
		    .kernel_log_level =
			    options->dump_verifier || options->dump ? VERIFIER_LOG_ALL : 0);
	struct libbpf_log log;

	memset(session, 0, sizeof(*session));
	/* Whatever a script wants, it would fail for that, and not all of it would say so. */
	if (!host_has_sysfs()) {
		fail(failure, STATUS_FAILED,
		     "/sys is not mounted: what it tells of the kernel is needed.");
		return fail_hint(failure, "Run: mount -t sysfs sysfs /sys");
	}
	session->options = options;
	session->manifest = object->manifest;
	session->elf = &object->elf;
	session->parameters = options->parameters;
	session->parameter_count = options->parameter_count;
	open.btf_custom_path = host_types_file(session);
	kernel_targets_register();
	libbpf_log_start(&log, options, manifest->config.log_size);
	if (options->dump_libbpf)
		say("\nlibbpf\n------");
	session->object = bpf_object__open_mem(object->bytes, object->size, &open);
	if (!session->object) {
		fail(failure, STATUS_OBJECT, "libbpf does not take the object: %s.",
		     strerror(errno));
		libbpf_log_explain(&log, failure);
	}
	libbpf_log_stop(&log);
	/* An object that is only checked has no parameters, and stays as it was built. */
	if (session->object && options->command != COMMAND_CHECK &&
	    params_check(options, manifest, failure) == STATUS_OK)
		sizes_settle(session, failure);
	return failure->status == STATUS_OK && check_maps(session, failure) == STATUS_OK
		       ? find_programs(session, failure)
		       : failure->status;
}

/* Writes a number of `size` bytes where the manifest says, if it does. */
static void put_global(uint8_t *section, uint32_t offset, const void *value, size_t size)
{
	if (offset != MF_NONE)
		memcpy(section + offset, value, size);
}

void session_add_table(struct session *session, uint32_t offset, const void *bytes, size_t size)
{
	struct session_table *table = arena_alloc(&session->arena, sizeof(*table));

	*table = (struct session_table){offset, bytes, size, session->tables};
	session->tables = table;
}

void session_load_also(struct session *session, struct bpf_program *program)
{
	struct session_program *more = arena_alloc(&session->arena, sizeof(*more));

	*more = (struct session_program){program, session->more_programs};
	session->more_programs = more;
}

/* Numbers that the loader knows once tracing begins. */
static void put_globals(struct session *session, uint8_t *rodata)
{
	const struct mf_globals *globals = &session->manifest->globals;
	uint64_t cpus = session->cpus, count = session->parameter_count;
	uint64_t namespace[2] = {0}, wall_offset = host_clock_offset(CLOCK_REALTIME);
	uint64_t tai = host_clock_offset(CLOCK_TAI);
	uint32_t kept = session->keeps_thread_values;
	const struct process *process = &session->process;

	host_pid_namespace("self", &namespace[0], &namespace[1]);
	put_global(rodata, globals->filter_pid, &process->filtered, sizeof(process->filtered));
	put_global(rodata, globals->filter_namespace, process->namespace,
		   sizeof(process->namespace));
	put_global(rodata, globals->pid_namespace, namespace, sizeof(namespace));
	put_global(rodata, globals->start, &session->start, sizeof(session->start));
	put_global(rodata, globals->wall_offset, &wall_offset, sizeof(wall_offset));
	put_global(rodata, globals->tai_offset, &tai, sizeof(tai));
	put_global(rodata, globals->cpus, &cpus, sizeof(cpus));
	put_global(rodata, globals->param_count, &count, sizeof(count));
	put_global(rodata, globals->child_pid, &session->child_pid, sizeof(session->child_pid));
	put_global(rodata, globals->thread_values, &kept, sizeof(kept));
}

static int set_rodata(struct session *session, struct failure *failure)
{
	struct bpf_map *map = bpf_object__find_map_by_name(session->object, ".rodata");
	const struct manifest *manifest = session->manifest;
	const void *initial;
	uint8_t *rodata;
	size_t size;

	session->start = host_boot_clock();
	if (!map)
		return STATUS_OK;
	initial = bpf_map__initial_value(map, &size);
	if (!initial)
		return fail(failure, STATUS_OBJECT, "the object is damaged: .rodata has no bytes");
	rodata = memory_bytes(size);
	memcpy(rodata, initial, size);
	put_globals(session, rodata);
	sizes_store(session, rodata);
	for (const struct session_table *table = session->tables; table; table = table->next)
		memcpy(rodata + table->offset, table->bytes, table->size);
	if (params_store(session->options, manifest, rodata, size, failure) == STATUS_OK &&
	    named_store(session->options, manifest, rodata, size, failure) == STATUS_OK &&
	    lookups_store(session, rodata, size, failure) == STATUS_OK &&
	    bpf_map__set_initial_value(map, rodata, size) != 0)
		fail(failure, STATUS_FAILED, "Cannot set the parameters: %s.", strerror(errno));
	free(rodata);
	return failure->status;
}

/* libbpf 1.1 maps the kernel's .bss into the process only for its own skeletons. */
static int map_bss(struct session *session, struct failure *failure)
{
	struct bpf_map *map = bpf_object__find_map_by_name(session->object, ".bss");
	void *bytes;

	if (!map)
		return STATUS_OK;
	bytes = mmap(NULL, bpf_map__value_size(map), PROT_READ | PROT_WRITE, MAP_SHARED,
		     bpf_map__fd(map), 0);
	if (bytes == MAP_FAILED)
		return fail(failure, STATUS_FAILED, "Cannot map the script's variables: %s.",
			    strerror(errno));
	session->bss = bytes;
	session->bss_size = bpf_map__value_size(map);
	thread_values_begin(session);
	return STATUS_OK;
}

/*
 * Whether records come with the traced events: then bursts want room. The others are few, and those
 * that must not be lost leave a mark in .bss.
 */
static bool sends_values(const struct manifest *manifest)
{
	for (uint32_t i = 0; i < manifest->event_count; i++)
		if (!mf_event_is_rare[manifest->events[i].kind])
			return true;
	return false;
}

/* The ring's pages are mapped at once, twice over, and take time to be zeroed. */
static uint32_t ring_size(const struct session *session)
{
	uint32_t pages = session->manifest->config.perf_rb_pages;

	if (pages)
		return pages * PAGE;
	return sends_values(session->manifest) ? host_ring_size() : QUIET_RING;
}

static void set_ring_size(struct session *session)
{
	struct bpf_map *events = bpf_object__find_map_by_name(session->object, MF_MAP_EVENTS);

	if (events)
		bpf_map__set_max_entries(events, ring_size(session));
}

/* Memory of programs that is more than per-CPU maps give: an element for each CPU. */
static void set_wide_scratch(struct session *session)
{
	struct bpf_map *scratch =
		bpf_object__find_map_by_name(session->object, MF_MAP_WIDE_SCRATCH);

	if (scratch)
		bpf_map__set_max_entries(scratch, session->cpus);
}

static void set_sizes(struct session *session, const struct mf_store *stores, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		bpf_map__set_max_entries(
			bpf_object__find_map_by_name(session->object, stores[i].map),
			session->manifest->config.max_map_keys);
}

/* Maps whose size the script leaves open are as large as the environment wants them. */
static void set_map_sizes(struct session *session)
{
	const struct manifest *manifest = session->manifest;

	if (!manifest->config.max_map_keys)
		return;
	for (uint32_t i = 0; i < manifest->map_count; i++) {
		const struct mf_map *map = &manifest->maps[i];

		if (!map->key || map->is_sized)
			continue;
		set_sizes(session, map->stores, map->store_count);
		if (map->next)
			set_sizes(session, map->next, map->store_count);
	}
}

/* Only programs whose probe has something to attach to are loaded. */
static void choose_programs(struct session *session)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, session->object)
		bpf_program__set_autoload(program, false);
	for (uint32_t i = 0; i < session->manifest->probe_count; i++)
		if (session->programs[i])
			bpf_program__set_autoload(session->programs[i], true);
	for (const struct session_program *more = session->more_programs; more; more = more->next)
		bpf_program__set_autoload(more->program, true);
}

static int find_cpus(struct session *session, struct failure *failure)
{
	int cpus = libbpf_num_possible_cpus();

	if (cpus <= 0)
		return fail(failure, STATUS_FAILED, "Cannot find the number of CPUs: %s.",
			    strerror(-cpus));
	session->cpus = (uint32_t)cpus;
	session->online_cpu_count = host_online_cpus(&session->online_cpus);
	if (session->online_cpu_count == 0)
		return fail(failure, STATUS_FAILED, "Cannot find which CPUs are online: %s.",
			    strerror(errno));
	return STATUS_OK;
}

/* The tables of dw_ustack, of -p's process and those of --dwarf-pid. */
static int prepare_unwind(struct session *session, struct failure *failure)
{
	const struct options *options = session->options;
	const struct unwind_pids wanted = {
		.pids = options->dwarf_pids,
		.count = options->dwarf_pid_count,
		.first = options->pid,
	};

	if (unwind_prepare(&session->unwind, session->object, &wanted, failure) != STATUS_OK)
		return failure->status;
	if (unwind_is_empty(session->unwind) && !options->no_warnings)
		say_warning("dw_ustack has no tables: name processes with --dwarf-pid or -p.");
	return STATUS_OK;
}

static int load_object(struct session *session, struct failure *failure)
{
	struct libbpf_log log;
	int error;

	libbpf_log_start(&log, session->options, session->manifest->config.log_size);
	if (session->options->dump)
		log.kept = &session->verifier_log;
	if (session->options->dump_verifier)
		say("\nverifier\n--------");
	kernel_targets_of(session);
	error = bpf_object__load(session->object);
	kernel_targets_of(NULL);
	if (error)
		explain_load(session, &log, -error, failure);
	libbpf_log_stop(&log);
	return failure->status;
}

/* Only functions of the kernel itself: no object calls those of modules. */
static int check_calls(struct session *session, struct failure *failure)
{
	const struct btf *local = bpf_object__btf(session->object), *host;

	if (!local || btf__find_by_name_kind(local, ".ksyms", BTF_KIND_DATASEC) < 0)
		return STATUS_OK;
	/* Without it libbpf finds no function, and says so. */
	host = session_kernel_btf(session, NULL);
	return host ? kernel_calls_check(local, host, failure) : STATUS_OK;
}

int session_load(struct session *session, uint32_t child_pid, struct failure *failure)
{
	session->child_pid = child_pid;
	if (find_cpus(session, failure) != STATUS_OK)
		return failure->status;
	choose_programs(session);
	host_enums_find(session);
	set_ring_size(session);
	set_wide_scratch(session);
	set_map_sizes(session);
	thread_values_choose(session);
	if (name_map_size(session, failure) == STATUS_OK &&
	    set_rodata(session, failure) == STATUS_OK &&
	    assumptions_check(session, failure) == STATUS_OK &&
	    fixups_apply(session, failure) == STATUS_OK &&
	    check_calls(session, failure) == STATUS_OK &&
	    host_types_check(session, failure) == STATUS_OK &&
	    prepare_unwind(session, failure) == STATUS_OK &&
	    load_object(session, failure) == STATUS_OK &&
	    name_map_fill(session, failure) == STATUS_OK &&
	    unwind_store(session->unwind, session->object, failure) == STATUS_OK)
		map_bss(session, failure);
	if (failure->status == STATUS_OK)
		generations_prepare(session, failure);
	return failure->status;
}

int session_run_probe(const struct session *session, const struct mf_probe *probe, uint32_t *result,
		      struct failure *failure)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	int error =
		bpf_prog_test_run_opts(bpf_program__fd(session->programs[probe->index]), &options);

	*result = options.retval;
	if (!error)
		return STATUS_OK;
	return fail(failure, error == -EPERM ? STATUS_PERMISSION : STATUS_FAILED,
		    "Cannot run %s: %s.", probe->name, strerror(-error));
}

int session_run(const struct session *session, enum mf_provider provider,
		void (*after)(void *context), void *context, struct failure *failure)
{
	uint32_t result;

	for (uint32_t i = 0; i < session->manifest->probe_count; i++) {
		const struct mf_probe *probe = &session->manifest->probes[i];

		if (probe->provider != provider || !session->programs[i])
			continue;
		if (session_run_probe(session, probe, &result, failure) != STATUS_OK)
			return failure->status;
		if (after)
			after(context);
	}
	return STATUS_OK;
}

void session_free(struct session *session)
{
	unwind_free(session->unwind);
	generations_free(session);
	if (session->types_file)
		close(session->types_file);
	kernel_types_free(session);
	kernel_signatures_free(session);
	if (session->bss)
		munmap(session->bss, session->bss_size);
	bpf_object__close(session->object);
	strbuf_free(&session->verifier_log);
	free(session->programs);
	probe_names_free(&session->names);
	free(session->online_cpus);
	arena_free(&session->arena);
	memset(session, 0, sizeof(*session));
}
