/* Names of probes as texts in a map of the object: which maps are none, what has no room, and what
 * stands in it. */
#include "session/name_map.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "check.h"
#include "says.h"
#include "session/session.h"
#include "stand_in.h"

static struct {
	struct session session;
	struct bpf_map map;
	struct failure failure;
} scene;

static void begin(const char *first, const char *second)
{
	static int object;

	memset(&scene, 0, sizeof(scene));
	stand_in_reset();
	scene.session.object = (struct bpf_object *)(void *)&object;
	scene.map = (struct bpf_map){.name = MF_MAP_PROBE_NAMES,
				     .fd = 7,
				     .type = BPF_MAP_TYPE_ARRAY,
				     .key_size = 4,
				     .value_size = 8};
	stand_in.maps = &scene.map;
	stand_in.map_count = 1;
	if (first)
		probe_names_add(&scene.session.names, first);
	if (second)
		probe_names_add(&scene.session.names, second);
}

static void end(const char *asked)
{
	CHECK_TEXT(&stand_in.log, asked);
	probe_names_free(&scene.session.names);
	failure_clear(&scene.failure);
	stand_in_reset();
}

static int size(void)
{
	return name_map_size(&scene.session, &scene.failure);
}

static int fill(void)
{
	return name_map_fill(&scene.session, &scene.failure);
}

/* Scripts that never ask for a name as text have no such map. */
static void no_map(void)
{
	begin("a name that is longer than any room", NULL);
	stand_in.map_count = 0;
	CHECK(size() == STATUS_OK && fill() == STATUS_OK);
	end("");
}

static void sizes(void)
{
	static const struct bpf_map none[] = {
		{.type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8},
		{.type = BPF_MAP_TYPE_ARRAY, .key_size = 8, .value_size = 8},
		{.type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 1},
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		begin("a", NULL);
		scene.map = none[i];
		scene.map.name = MF_MAP_PROBE_NAMES;
		CHECK(size() == STATUS_OBJECT);
		CHECK(says(&scene.failure, STATUS_OBJECT, "does not hold names"));
		end("");
	}
	/* One byte is for the end of the text. */
	begin("seven_7", "a");
	CHECK(size() == STATUS_OK && scene.map.most == 2);
	end("map " MF_MAP_PROBE_NAMES " of 2\n");
	begin("a", "");
	scene.map.value_size = 2;
	CHECK(size() == STATUS_OK);
	end("map " MF_MAP_PROBE_NAMES " of 2\n");
	begin("a", "eight__8");
	CHECK(size() == STATUS_FAILED);
	CHECK(says(&scene.failure, STATUS_FAILED,
		   "of up to 7 bytes. This one is longer: eight__8"));
	end("");
	/* A map has room for something. */
	begin(NULL, NULL);
	CHECK(size() == STATUS_OK && scene.map.most == 1);
	end("map " MF_MAP_PROBE_NAMES " of 1\n");
	begin("a", NULL);
	stand_in.errors[0] = EINVAL;
	stand_in.error_count = 1;
	CHECK(size() == STATUS_FAILED);
	CHECK(says(&scene.failure, STATUS_FAILED,
		   "Cannot size the map " MF_MAP_PROBE_NAMES ": Invalid argument."));
	end("map " MF_MAP_PROBE_NAMES " of 1: EINVAL\n");
}

static void texts(void)
{
	begin("longest", NULL);
	CHECK(fill() == STATUS_OK && memcmp(stand_in.value, "longest", 8) == 0);
	end("map 7 gets 0, flags 0\n");
	/* Nothing of one is left behind the next. */
	begin("longest", "b");
	CHECK(fill() == STATUS_OK && memcmp(stand_in.value, "b\0\0\0\0\0\0\0", 8) == 0);
	end("map 7 gets 0, flags 0\nmap 7 gets 1, flags 0\n");
	begin("a", "b");
	stand_in.errors[0] = ENOSPC;
	stand_in.error_count = 1;
	CHECK(fill() == STATUS_FAILED);
	CHECK(says(&scene.failure, STATUS_FAILED,
		   "Cannot write the names of probes: No space left on device."));
	end("map 7 gets 0, flags 0: ENOSPC\n");
}

/* A name has one number, however often it is asked for; each that is added has its own. */
static void numbers(void)
{
	struct probe_names *names = &scene.session.names;
	char many[300][8];

	begin("a", "b");
	CHECK(probe_names_index(names, "b") == 1 && probe_names_index(names, "a") == 0);
	CHECK(probe_names_index(names, "c") == 2 && names->count == 3);
	CHECK(probe_names_add(names, "a") == 3 && probe_names_index(names, "a") == 0);
	CHECK(probe_names_pair(names, "b", "d") == (UINT64_C(4) << 32 | 1));
	CHECK(probe_names_pair(names, "d", "b") == (UINT64_C(1) << 32 | 4));
	for (uint32_t i = 0; i < 300; i++) {
		snprintf(many[i], sizeof(many[i]), "n%u", i);
		CHECK(probe_names_index(names, many[i]) == 5 + i);
	}
	for (uint32_t i = 0; i < 300; i++)
		CHECK(probe_names_index(names, many[i]) == 5 + i &&
		      strcmp(names->names[5 + i], many[i]) == 0);
	CHECK(names->count == 305);
	end("");
	CHECK(names->count == 0 && probe_names_index(names, "b") == 0);
	probe_names_free(names);
}

int main(void)
{
	no_map();
	sizes();
	texts();
	numbers();
	return check_result("name_map");
}
