/* What the kernel left out is told of the probes that missed something, and of no others. */
#include "run/misses.h"

#include "check.h"
#include "output/renderer.h"
#include "session/session.h"

static struct {
	struct session session;
	struct manifest manifest;
	struct attachments attachments;
	struct mf_probe probes[4];
	uint64_t missed[4];
	/* Programs of the script may run inside of each other. */
	bool is_nested;
	uint32_t told;
	struct strbuf text;
} scene;

uint64_t attach_missed(const struct attachments *attachments, const struct mf_probe *probe)
{
	CHECK(attachments == &scene.attachments);
	return scene.missed[probe - scene.probes];
}

int session_map_fd(const struct session *session, const char *name)
{
	CHECK(session == &scene.session && strcmp(name, MF_MAP_RUNNING) == 0);
	return scene.is_nested ? 0 : -1;
}

int output_missed(struct output *output, const struct miss *misses, uint32_t count)
{
	char text[64];

	CHECK(output == (struct output *)(void *)&scene);
	scene.told++;
	for (uint32_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%s %llu\n", misses[i].probe->name,
			 (unsigned long long)misses[i].count);
		strbuf_text(&scene.text, text);
	}
	return -1;
}

static void tell(const char *expected, uint32_t told)
{
	scene.told = 0;
	misses_tell(&scene.attachments, (struct output *)(void *)&scene);
	CHECK_TEXT(&scene.text, expected);
	CHECK(scene.told == told);
}

int main(void)
{
	static const char *const names[] = {"first", "second", "third", "last"};

	scene.session.manifest = &scene.manifest;
	scene.attachments.session = &scene.session;
	scene.manifest.probes = scene.probes;
	tell("", 1);
	scene.manifest.probe_count = 4;
	for (uint32_t i = 0; i < 4; i++)
		scene.probes[i] = (struct mf_probe){.index = i, .name = names[i]};
	tell("", 1);
	scene.missed[0] = 1;
	scene.missed[2] = 7;
	tell("first 1\nthird 7\n", 1);
	scene.missed[1] = 2;
	scene.missed[3] = UINT64_MAX;
	tell("first 1\nsecond 2\nthird 7\nlast 18446744073709551615\n", 1);
	scene.is_nested = true;
	tell("", 0);
	strbuf_free(&scene.text);
	return check_result("misses");
}
