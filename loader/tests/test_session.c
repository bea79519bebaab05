/* A session: how an object is opened, what is checked of its maps, what the kernel is told when it
 * is loaded, and how its own programs run; libbpf and the kernel are stood in for. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/say.h"
#include "check.h"
#include "host/host.h"
#include "says.h"
#include "session/session.h"
#include "session/thread_values.h"
#include "stand_in.h"

enum { RODATA, BSS, EVENTS, LOST, STORE, OTHER, THREADS, NAMES, WIDE, MAPS };
enum { BEGIN, TRACED, ABSENT, PROBES };

static uint8_t rodata[128];

static const struct bpf_map usual[MAPS] = {
	[RODATA] = {".rodata", 30, BPF_MAP_TYPE_ARRAY, 4, sizeof(rodata), 1, rodata, false},
	[BSS] = {".bss", 31, BPF_MAP_TYPE_ARRAY, 4, 64, 1, NULL, false},
	[EVENTS] = {"events", 32, BPF_MAP_TYPE_RINGBUF, 0, 0, 1, NULL, false},
	[LOST] = {"lost", 33, BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1, NULL, false},
	[STORE] = {"store", 34, BPF_MAP_TYPE_HASH, 8, 16, 5, NULL, false},
	[OTHER] = {"other", 35, BPF_MAP_TYPE_HASH, 8, 16, 5, NULL, false},
	[THREADS] = {"threads", 36, BPF_MAP_TYPE_TASK_STORAGE, 4, 8, 0, NULL, false},
	[NAMES] = {"probe_names", 37, BPF_MAP_TYPE_ARRAY, 4, 16, 1, NULL, false},
	[WIDE] = {"wide_scratch", 38, BPF_MAP_TYPE_ARRAY, 4, 16, 1, NULL, false},
};
static const struct mf_globals nothing = {
	MF_NONE, MF_NONE, MF_NONE, MF_NONE, MF_NONE, MF_NONE,
	MF_NONE, MF_NONE, MF_NONE, MF_NONE, MF_NONE, MF_NONE,
};
static const struct mf_type key = {.kind = MF_INT, .size = 8};

struct scene {
	struct options options;
	struct manifest manifest;
	struct object_file object;
	struct session session;
	struct failure failure;
	struct bpf_map maps[MAPS];
	struct bpf_program programs[PROBES];
	struct mf_probe probes[PROBES];
	struct mf_store store;
	struct mf_map map;
	struct mf_event event;
};

static void setup(struct scene *scene)
{
	static const char *const names[PROBES] = {"first", "second", "third"};

	*scene = (struct scene){0};
	stand_in_reset();
	memcpy(scene->maps, usual, sizeof(usual));
	memset(rodata, 0, sizeof(rodata));
	for (uint32_t i = 0; i < PROBES; i++) {
		scene->programs[i] = (struct bpf_program){
			.fd = 11 + (int)i, .name = names[i], .is_loaded = true};
		scene->probes[i] = (struct mf_probe){.index = i,
						     .program = names[i],
						     .name = names[i],
						     .provider = i == BEGIN ? MF_BEGIN : MF_KPROBE};
	}
	scene->store = (struct mf_store){
		.kind = MF_STORE_HASH, .map = "store", .key_size = 8, .value_size = 16};
	scene->map = (struct mf_map){.name = "@n",
				     .key = &key,
				     .value = &key,
				     .stores = &scene->store,
				     .store_count = 1,
				     .generation = MF_NONE,
				     .buckets = MF_NONE};
	scene->event = (struct mf_event){.kind = MF_EVENT_PRINTF, .control = MF_NONE};
	scene->manifest = (struct manifest){.probes = scene->probes,
					    .probe_count = PROBES,
					    .maps = &scene->map,
					    .map_count = 1,
					    .events = &scene->event,
					    .event_count = 1,
					    .globals = nothing,
					    .config = {.log_size = 1000}};
	scene->object.manifest = &scene->manifest;
	scene->object.size = 77;
	stand_in.maps = scene->maps;
	stand_in.map_count = MAPS;
	stand_in.programs = scene->programs;
	stand_in.program_count = PROBES;
}

static int open_session(struct scene *scene)
{
	return session_open(&scene->session, &scene->options, &scene->object, &scene->failure);
}

static void teardown(struct scene *scene)
{
	session_free(&scene->session);
	failure_clear(&scene->failure);
	stand_in_reset();
}

static void test_open(void)
{
	struct scene scene;

	setup(&scene);
	CHECK(open_session(&scene) == STATUS_OK);
	CHECK_TEXT(&stand_in.log, "object script of 77 bytes, types of the kernel, log level 0\n");
	CHECK(scene.session.programs[TRACED] == &scene.programs[TRACED]);
	CHECK(session_map_fd(&scene.session, "store") == 34);
	CHECK(session_map_fd(&scene.session, "none") == -1);
	CHECK(session_map_max_entries(&scene.session, "store") == 5);
	CHECK(session_map_max_entries(&scene.session, "none") == 0);
	CHECK(session_map_value_size(&scene.session, "store") == 16);
	CHECK(session_map_value_size(&scene.session, "none") == 0);
	CHECK(session_count(&scene.session, MF_KPROBE) == 2);
	scene.session.programs[ABSENT] = NULL;
	CHECK(session_count(&scene.session, MF_KPROBE) == 1);
	CHECK(session_count(&scene.session, MF_END) == 0);
	probe_names_add(&scene.session.names, "name");
	CHECK(strcmp(session_probe_name(&scene.session, 0), "name") == 0);
	CHECK(!session_probe_name(&scene.session, 1));
	teardown(&scene);
	for (uint32_t i = 0; i < 2; i++) {
		setup(&scene);
		scene.options.dump_verifier = i == 0;
		scene.options.dump = i ? "/folder" : NULL;
		scene.options.btf = "/given";
		CHECK(open_session(&scene) == STATUS_OK);
		CHECK_TEXT(&stand_in.log, "object script of 77 bytes, types /given, log level 2\n");
		teardown(&scene);
	}
}

static void test_no_open(void)
{
	struct scene scene;

	setup(&scene);
	stand_in.open_error = EINVAL;
	stand_in.words = "libbpf: it is odd\n";
	CHECK(open_session(&scene) == STATUS_OBJECT);
	CHECK(says(&scene.failure, STATUS_OBJECT, "libbpf does not take the object: Invalid arg"));
	CHECK(strstr(scene.failure.details, "it is odd"));
	teardown(&scene);
	setup(&scene);
	scene.probes[ABSENT].program = "none";
	CHECK(open_session(&scene) == STATUS_OBJECT);
	CHECK(says(&scene.failure, STATUS_OBJECT, "program none is another than it says"));
	teardown(&scene);
}

/* What the manifest says of a map beside what it is. */
static void test_maps(void)
{
	enum { HASH = BPF_MAP_TYPE_HASH, LRU = BPF_MAP_TYPE_LRU_HASH };
	enum { PER_CPU = BPF_MAP_TYPE_PERCPU_HASH, PER_CPU_LRU = BPF_MAP_TYPE_LRU_PERCPU_HASH };
	enum { ARRAY = BPF_MAP_TYPE_PERCPU_ARRAY };
	static const struct {
		struct mf_store store;
		uint32_t type, key, value, most;
		bool fits;
	} cases[] = {
		{{MF_STORE_HASH, "store", 8, 16, NULL, 0, 0, 0, 0}, HASH, 8, 16, 1, true},
		{{MF_STORE_HASH, "store", 8, 16, NULL, 0, 0, 0, 0}, LRU, 8, 16, 1, true},
		{{MF_STORE_HASH, "store", 8, 16, NULL, 0, 0, 0, 0}, PER_CPU, 8, 16, 1, false},
		{{MF_STORE_HASH, "store", 8, 16, NULL, 0, 0, 0, 0}, HASH, 4, 16, 1, false},
		{{MF_STORE_HASH, "store", 8, 16, NULL, 0, 0, 0, 0}, HASH, 8, 8, 1, false},
		{{MF_STORE_PERCPU_HASH, "store", 8, 16, NULL, 0, 0, 0, 0}, PER_CPU, 8, 16, 1, true},
		{{MF_STORE_PERCPU_HASH, "store", 8, 16, NULL, 0, 0, 0, 0},
		 PER_CPU_LRU,
		 8,
		 16,
		 1,
		 true},
		{{MF_STORE_PERCPU_HASH, "store", 8, 16, NULL, 0, 0, 0, 0}, HASH, 8, 16, 1, false},
		{{MF_STORE_PERCPU_HASH, "store", 8, 16, NULL, 0, 0, 0, 0},
		 PER_CPU,
		 4,
		 16,
		 1,
		 false},
		{{MF_STORE_PERCPU_HASH, "store", 8, 16, NULL, 0, 0, 0, 0},
		 PER_CPU,
		 8,
		 24,
		 1,
		 false},
		/* Slots: a value, and the word that tells whether it is there. */
		{{MF_STORE_PERCPU_SLOT, "store", 0, 16, NULL, 16, 0, 0, 2}, ARRAY, 4, 24, 3, true},
		{{MF_STORE_PERCPU_SLOT, "store", 0, 16, NULL, 16, 0, 0, 2}, ARRAY, 4, 24, 2, false},
		{{MF_STORE_PERCPU_SLOT, "store", 0, 16, NULL, 16, 0, 0, 2}, HASH, 4, 24, 3, false},
		{{MF_STORE_PERCPU_SLOT, "store", 0, 16, NULL, 16, 0, 0, 2}, ARRAY, 8, 24, 3, false},
		{{MF_STORE_PERCPU_SLOT, "store", 0, 16, NULL, 20, 0, 0, 2}, ARRAY, 4, 32, 3, false},
		{{MF_STORE_PERCPU_SLOT, "store", 0, 16, NULL, 24, 0, 0, 2}, ARRAY, 4, 24, 3, false},
		{{MF_STORE_PERCPU_SLOT, "store", 0, 16, NULL, 0, 0, 0, 2}, ARRAY, 4, 12, 3, false},
		{{MF_STORE_PERCPU_SLOT, "store", 0, 4, NULL, 0, 0, 0, 2}, ARRAY, 4, 7, 3, false},
		{{MF_STORE_PERCPU_SLOT, "store", 0, 8, NULL, 0, 0, 0, 2}, ARRAY, 4, 8, 3, true},
		{{MF_STORE_PERCPU_SLOTS, "store", 0, 8, NULL, 0, 0, 5, 2}, ARRAY, 4, 8, 7, true},
		{{MF_STORE_PERCPU_SLOTS, "store", 0, 8, NULL, 0, 0, 5, 2}, ARRAY, 4, 8, 6, false},
		{{MF_STORE_PERCPU_SLOTS, "store", 0, 8, NULL, 0, 0, 5, 2}, ARRAY, 4, 16, 7, false},
		{{MF_STORE_PERCPU_SLOTS, "store", 0, 8, NULL, 0, 0, 5, 2}, ARRAY, 8, 8, 7, false},
		{{MF_STORE_PERCPU_SLOTS, "store", 0, 8, NULL, 0, 0, 5, 2}, HASH, 4, 8, 7, false},
		{{MF_STORE_PERCPU_SLOTS, "store", 0, 8, NULL, 0, 0, UINT32_MAX, 2},
		 ARRAY,
		 4,
		 8,
		 7,
		 false},
		{{MF_STORE_GLOBAL, NULL, 0, 8, NULL, 0, 0, 0, 0}, HASH, 4, 8, 7, true},
		{{MF_STORE_HASH, "none", 8, 16, NULL, 0, 0, 0, 0}, HASH, 8, 16, 1, false},
	};

	/* Of the second generation as of the first. */
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		struct mf_store next = cases[i / 2].store;
		struct scene scene;

		setup(&scene);
		if (i % 2 == 0) {
			scene.store = next;
		} else {
			scene.store.map = "other";
			scene.map.next = &next;
		}
		scene.maps[STORE].type = cases[i / 2].type;
		scene.maps[STORE].key_size = cases[i / 2].key;
		scene.maps[STORE].value_size = cases[i / 2].value;
		scene.maps[STORE].most = cases[i / 2].most;
		if (!CHECK(open_session(&scene) == (cases[i / 2].fits ? STATUS_OK : STATUS_OBJECT)))
			fprintf(stderr, "case %zu\n", i / 2);
		CHECK(cases[i / 2].fits ||
		      says(&scene.failure, STATUS_OBJECT, "is another than it says"));
		teardown(&scene);
	}
}

static void test_ring_and_losses(void)
{
	static const struct {
		const char *events, *lost;
		uint32_t ring, type, value, most, count;
		const char *text;
	} cases[] = {
		{"events", "lost", BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_PERCPU_ARRAY, 8, 1, 1, NULL},
		{"events", "none", BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_HASH, 8, 1, 1, NULL},
		{"none", "none", BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_HASH, 8, 1, 0, NULL},
		{"none", "lost", BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_PERCPU_ARRAY, 8, 1, 1,
		 "'events' is no ring buffer"},
		{"events", "lost", BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, 8, 1, 1,
		 "'events' is no ring buffer"},
		{"events", "lost", BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_ARRAY, 8, 1, 1,
		 "'lost' does not count the events"},
		{"events", "lost", BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_PERCPU_ARRAY, 4, 1, 1,
		 "'lost' does not count the events"},
		{"events", "lost", BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_PERCPU_ARRAY, 8, 0, 1,
		 "'lost' does not count the events"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene scene;

		setup(&scene);
		scene.maps[EVENTS].name = cases[i].events;
		scene.maps[EVENTS].type = cases[i].ring;
		scene.maps[LOST].name = cases[i].lost;
		scene.maps[LOST].type = cases[i].type;
		scene.maps[LOST].value_size = cases[i].value;
		scene.maps[LOST].most = cases[i].most;
		scene.manifest.event_count = cases[i].count;
		CHECK(open_session(&scene) == (cases[i].text ? STATUS_OBJECT : STATUS_OK));
		CHECK(!cases[i].text || says(&scene.failure, STATUS_OBJECT, cases[i].text));
		teardown(&scene);
	}
}

static uint64_t number_at(const void *bytes, uint32_t offset)
{
	uint64_t number;

	memcpy(&number, (const uint8_t *)bytes + offset, sizeof(number));
	return number;
}

/* What the programs are told before they run, and how large maps are. */
static void test_load(void)
{
	static const uint16_t table[] = {7, 8};
	struct scene scene;
	char log[512];

	setup(&scene);
	scene.maps[BSS].fd = memfd_create("bss", 0);
	CHECK(ftruncate(scene.maps[BSS].fd, 64) == 0);
	scene.manifest.globals = (struct mf_globals){.filter_pid = 0,
						     .filter_namespace = 8,
						     .pid_namespace = MF_NONE,
						     .start = 24,
						     .wall_offset = 32,
						     .tai_offset = 40,
						     .cpus = 48,
						     .param_count = 56,
						     .child_pid = 64,
						     .thread_values = 68,
						     .threads_alone = 16,
						     .sleeping = MF_NONE};
	rodata[100] = 99;
	scene.manifest.config.max_map_keys = 9;
	scene.manifest.config.perf_rb_pages = 4;
	CHECK(open_session(&scene) == STATUS_OK);
	strbuf_clear(&stand_in.log);
	scene.session.programs[ABSENT] = NULL;
	session_add_table(&scene.session, 72, table, sizeof(table));
	scene.session.process = (struct process){.filtered = 5, .namespace = {6, 7}};
	probe_names_add(&scene.session.names, "a name");
	probe_names_add(&scene.session.names, "another name");
	stand_in.release = "6.4.0";
	CHECK(session_load(&scene.session, 44, &scene.failure) == STATUS_OK);
	snprintf(log, sizeof(log),
		 "map events of 16384\nmap wide_scratch of %u\nmap store of 9\n"
		 "map probe_names of 2\nmap .rodata gets 128 bytes\nprogram first is loaded\n"
		 "program second is loaded\nmap 37 gets 0, flags 0\nmap 37 gets 1, flags 0\n",
		 scene.session.cpus);
	CHECK_TEXT(&stand_in.log, log);
	CHECK(strcmp((const char *)stand_in.value, "another name") == 0);
	CHECK((uint32_t)number_at(rodata, 0) == 5 && number_at(rodata, 8) == 6 &&
	      number_at(rodata, 16) == 7);
	CHECK(number_at(rodata, 24) == scene.session.start &&
	      scene.session.start <= host_boot_clock() && scene.session.start > 0);
	CHECK(number_at(rodata, 32) > number_at(rodata, 24) / 2 && number_at(rodata, 40) > 0);
	CHECK(number_at(rodata, 48) == scene.session.cpus && scene.session.cpus > 0);
	CHECK(number_at(rodata, 56) == 0 && (uint32_t)number_at(rodata, 64) == 44);
	/* Values stand with their threads, and programs know. */
	CHECK((uint32_t)number_at(rodata, 68) == 1 && !scene.maps[THREADS].is_left_out);
	CHECK(number_at(rodata, 72) == (8u << 16 | 7) && rodata[100] == 99);
	CHECK(scene.session.bss && scene.session.bss_size == 64);
	CHECK(number_at(scene.session.bss, 16) == 1 && number_at(scene.session.bss, 24) == 0);
	CHECK(scene.session.online_cpu_count > 0 && scene.session.child_pid == 44);
	close(scene.maps[BSS].fd);
	teardown(&scene);
}

/* Kernels that cannot keep values with threads, as far as a script has such. */
static void test_thread_values(void)
{
	static const struct {
		const char *release;
		uint32_t without, word;
		bool lacks, keeps, makes;
	} cases[] = {
		{"6.4.0", 0, 68, false, true, true},
		{"6.3.9", 0, 68, false, false, false},
		{"7.0.0", 0, 68, false, true, true},
		{"6.12.0", FEATURE_TASK_STORAGE, 68, false, false, false},
		{"6.12.0", 0, 68, true, false, false},
		{"6.12.0", 0, MF_NONE, false, false, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene scene;
		struct mf_map plain;
		uint64_t bss[4] = {0};

		setup(&scene);
		scene.manifest.globals.thread_values = cases[i].word;
		scene.manifest.globals.threads_alone = 8;
		CHECK(open_session(&scene) == STATUS_OK);
		stand_in.release = cases[i].release;
		stand_in.lacks_maps = cases[i].lacks ? 1ull << BPF_MAP_TYPE_TASK_STORAGE : 0;
		scene.options.without = cases[i].without;
		thread_values_choose(&scene.session);
		CHECK(scene.session.keeps_thread_values == cases[i].keeps);
		CHECK(scene.maps[THREADS].is_left_out == !cases[i].makes);
		CHECK(!scene.maps[STORE].is_left_out);
		plain = scene.map;
		scene.map.threads = "threads";
		CHECK(thread_values_hide(&scene.session, &scene.map) == cases[i].keeps);
		CHECK(!thread_values_hide(&scene.session, &plain));
		scene.session.bss = (uint8_t *)bss;
		thread_values_begin(&scene.session);
		CHECK(bss[1] == cases[i].keeps && bss[0] == 0 && bss[2] == 0);
		scene.manifest.globals.threads_alone = MF_NONE;
		thread_values_begin(&scene.session);
		scene.session.bss = NULL;
		teardown(&scene);
	}
}

static char said[256];

static void keep(void *context, const char *text, size_t length)
{
	(void)context;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%.*s", (int)length, text);
}

static void test_hidden_maps(void)
{
	struct mf_map maps[2];
	struct scene scene;

	setup(&scene);
	CHECK(open_session(&scene) == STATUS_OK);
	maps[0] = scene.map;
	maps[1] = scene.map;
	maps[1].name = "@t";
	maps[1].threads = "threads";
	scene.manifest.maps = maps;
	scene.manifest.map_count = 2;
	thread_values_tell(&scene.session);
	CHECK(!*said);
	scene.session.keeps_thread_values = true;
	thread_values_tell(&scene.session);
	CHECK(strcmp(said, "@t is not shown: its values stand with their threads, and the end "
			   "clears them.\n") == 0);
	teardown(&scene);
}

static void test_map_sizes(void)
{
	for (uint32_t round = 0; round < 5; round++) {
		struct mf_store next = {MF_STORE_HASH, "other", 8, 16, NULL, 0, 0, 0, 0};
		bool is_sized = round != 1 && round != 2 && round != 4;
		uint32_t ring;
		struct scene scene;

		setup(&scene);
		scene.maps[BSS].name = "no bss";
		scene.maps[WIDE].name = "none";
		scene.map.next = round == 3 ? &next : NULL;
		scene.map.is_sized = round == 1;
		scene.map.key = round == 2 ? NULL : &key;
		scene.manifest.config.max_map_keys = round == 4 ? 0 : 12;
		/* Without values that come with the events the ring is small. */
		if (round == 1)
			scene.manifest.event_count = 0;
		if (round == 2)
			scene.event.kind = MF_EVENT_EXIT;
		CHECK(open_session(&scene) == STATUS_OK);
		CHECK(session_load(&scene.session, 0, &scene.failure) == STATUS_OK);
		CHECK(scene.maps[STORE].most == (is_sized ? 12 : 5));
		CHECK(scene.maps[OTHER].most == (round == 3 ? 12 : 5));
		CHECK(scene.maps[WIDE].most == 1);
		ring = round == 1 || round == 2 ? 256u << 10 : host_ring_size();
		CHECK(scene.maps[EVENTS].most == ring);
		CHECK(!scene.session.bss);
		teardown(&scene);
	}
}

/* What the loader says where a step fails; nothing behind it is done. */
static void test_no_load(void)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{"The script takes names of probes as text, of up to 15 bytes. This one is longer: a "
		 "name of 16 byte",
		 STATUS_FAILED},
		{"'probe_names' does not hold names", STATUS_OBJECT},
		{"'probe_names' does not hold names", STATUS_OBJECT},
		{"'probe_names' does not hold names", STATUS_OBJECT},
		{"Cannot size the map probe_names: Argument list too long.", STATUS_FAILED},
		{"the object is damaged: .rodata has no bytes", STATUS_OBJECT},
		{"Cannot set the parameters: Device or resource busy.", STATUS_FAILED},
		{"The kernel refused the script's programs: Invalid argument.", STATUS_FAILED},
		{"Cannot write the names of probes: No space left on device.", STATUS_FAILED},
		{"Cannot map the script's variables: Bad file descriptor.", STATUS_FAILED},
	};

	for (uint32_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene scene;

		setup(&scene);
		/* The sizes of ring, scratch, names; the parameters, and a name. */
		stand_in.error_count = i == 4 ? 3 : i == 6 ? 4 : i == 8 ? 5 : 0;
		if (stand_in.error_count)
			stand_in.errors[stand_in.error_count - 1] = i == 4   ? E2BIG
								    : i == 6 ? EBUSY
									     : ENOSPC;
		scene.maps[NAMES].type = i == 1 ? BPF_MAP_TYPE_HASH : BPF_MAP_TYPE_ARRAY;
		scene.maps[NAMES].key_size = i == 2 ? 8 : 4;
		scene.maps[NAMES].value_size = i == 3 ? 1 : 16;
		scene.maps[RODATA].bytes = i == 5 ? NULL : rodata;
		scene.maps[BSS].fd = -1;
		CHECK(open_session(&scene) == STATUS_OK);
		probe_names_add(&scene.session.names,
				i == 0 ? "a name of 16 byte" : "15 bytes here ");
		stand_in.load_error = i == 7 ? EINVAL : 0;
		CHECK(session_load(&scene.session, 0, &scene.failure) == cases[i].status);
		CHECK(says(&scene.failure, cases[i].status, cases[i].text));
		CHECK(i >= 7 || !strstr(strbuf_c_text(&stand_in.log), "is loaded"));
		CHECK(!scene.session.bss);
		teardown(&scene);
	}
}

static void note(void *context)
{
	++*(uint32_t *)context;
}

static void test_run(void)
{
	uint32_t count = 0, result;
	struct scene scene;

	setup(&scene);
	CHECK(open_session(&scene) == STATUS_OK);
	strbuf_clear(&stand_in.log);
	scene.probes[ABSENT].provider = MF_BEGIN;
	CHECK(session_run(&scene.session, MF_BEGIN, note, &count, &scene.failure) == STATUS_OK);
	CHECK_TEXT(&stand_in.log, "program 11 runs\nprogram 13 runs\n");
	CHECK(count == 2);
	scene.session.programs[BEGIN] = NULL;
	CHECK(session_run(&scene.session, MF_BEGIN, NULL, NULL, &scene.failure) == STATUS_OK);
	CHECK(session_run(&scene.session, MF_END, note, &count, &scene.failure) == STATUS_OK);
	CHECK_TEXT(&stand_in.log, "program 13 runs\n");
	CHECK(session_run_probe(&scene.session, &scene.probes[ABSENT], &result, &scene.failure) ==
		      STATUS_OK &&
	      result == 26 && count == 2);
	stand_in.errors[0] = EPERM;
	stand_in.error_count = 1;
	CHECK(session_run(&scene.session, MF_BEGIN, note, &count, &scene.failure) ==
	      STATUS_PERMISSION);
	CHECK(says(&scene.failure, STATUS_PERMISSION,
		   "Cannot run third: Operation not permitted."));
	failure_clear(&scene.failure);
	stand_in.errors[0] = EINVAL;
	stand_in.error_count = 1;
	CHECK(session_run(&scene.session, MF_BEGIN, note, &count, &scene.failure) == STATUS_FAILED);
	CHECK(says(&scene.failure, STATUS_FAILED, "Cannot run third: Invalid argument."));
	CHECK(count == 2);
	teardown(&scene);
}

int main(void)
{
	say_divert(keep, NULL);
	test_open();
	test_no_open();
	test_maps();
	test_ring_and_losses();
	test_load();
	test_thread_values();
	test_hidden_maps();
	test_map_sizes();
	test_no_load();
	test_run();
	return check_result("session");
}
