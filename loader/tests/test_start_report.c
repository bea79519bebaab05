/* What a start leaves for whoever started it: the report as it stands in its file, and files that
 * cannot be one; and which figures of probes and losses a page of metrics has. */
#include "run/start_report.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attaching.h"
#include "run/document.h"
#include "run/figures.h"
#include "says.h"
#include "stand_in.h"

static char folder[] = "/tmp/bpfload-report-XXXXXX";
static char path[64];
static char text[8192];

struct scene {
	struct attaching of;
	struct start_report report;
	struct object_file object;
	const char *name;
	struct mf_probe probes[2];
	struct bpf_program programs[2];
	struct bpf_program *program_of[2];
	struct failure why;
};

static void setup(struct scene *scene)
{
	*scene = (struct scene){.name = "script.bpf"};
	attaching_begin(&scene->of, NULL);
	scene->of.options.objects = &scene->name;
	scene->of.options.start_report = path;
	scene->of.attachments.session = &scene->of.session;
	scene->of.manifest.script = "script.bt";
	scene->of.manifest.producer = "a compiler";
	scene->of.manifest.probes = scene->probes;
	scene->of.manifest.probe_count = 2;
	scene->of.session.programs = scene->program_of;
	for (uint32_t i = 0; i < 2; i++) {
		scene->probes[i] = (struct mf_probe){.index = i,
						     .name = i ? "kprobe:f" : "begin",
						     .program = i ? "second" : "first",
						     .provider = i ? MF_KPROBE : MF_BEGIN};
		scene->programs[i].fd = 11 + (int)i;
		scene->program_of[i] = &scene->programs[i];
	}
	start_report_begin(&scene->report);
}

static void teardown(struct scene *scene)
{
	attaching_end(&scene->of);
	failure_clear(&scene->why);
	unlink(path);
}

/* Writes it and reads it back. */
static void write_report(struct scene *scene, int status)
{
	FILE *file;
	size_t length;

	CHECK(start_report_write(&scene->report, &scene->of.options, &scene->object,
				 &scene->of.attachments, status, &scene->why,
				 &scene->of.failure) == STATUS_OK);
	file = fopen(path, "r");
	length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	text[length] = '\0';
	if (CHECK(file))
		fclose(file);
	CHECK(text[0] == '{' && length > 2 && strcmp(text + length - 2, "}\n") == 0);
}

static bool has(const char *part)
{
	if (strstr(text, part))
		return true;
	fprintf(stderr, "%.2000s", text);
	return false;
}

static void test_success(void)
{
	struct utsname host;
	struct scene scene;
	char kernel[1024];

	setup(&scene);
	scene.object.bytes = (uint8_t *)"abc";
	scene.object.size = 3;
	scene.object.manifest = &scene.of.manifest;
	scene.of.attachments.attached = 4;
	scene.report.times[0] = 1000000;
	scene.report.times[1] = 3000000;
	scene.report.times[2] = 9500000;
	scene.report.times[3] = 9600000;
	scene.report.stage = START_STAGES;
	write_report(&scene, STATUS_OK);
	CHECK(has("\"type\": \"start\", \"schema\": 1, \"time\": 1"));
	CHECK(uname(&host) == 0);
	snprintf(kernel, sizeof(kernel),
		 "\"host\": \"%s\", \"kernel\": {\"release\": \"%s\", \"version\": \"%s\", "
		 "\"machine\": \"%s\"}",
		 host.nodename, host.release, host.version, host.machine);
	CHECK(has(kernel) && has("\"loader\": \"bpfload "));
	/* As sha256sum says it of the bytes. */
	CHECK(has("\"object\": {\"file\": \"script.bpf\", \"digest\": \"sha256:ba7816bf8f01cfea4141"
		  "40de5dae2223b00361a396177a9cb410ff61f20015ad\", \"script\": \"script.bt\", "
		  "\"producer\": \"a compiler\"}"));
	/* Those that the loader runs itself count, too. */
	CHECK(has("\"dry_run\": false, \"status\": 0, \"probes\": {\"attached\": 5, \"left_out\": "
		  "0}, \"microseconds\": {\"read\": 2000, \"load\": 6500, \"attach\": 100}}"));
	CHECK(!strstr(text, "\"failure\"") && !strstr(text, "\"types\""));
	scene.of.options.dry_run = true;
	scene.of.options.btf = "/given";
	write_report(&scene, STATUS_OK);
	CHECK(has("\"dry_run\": true") && has("\", \"types\": \"/given\"}"));
	teardown(&scene);
}

static void test_failure(void)
{
	static const char *const codes[] = {"script", "usage", "kernel", "permission", "object"};
	static const char *const stages[] = {"read", "load", "attach", "attach"};
	struct scene scene;

	for (int stage = 0; stage < 4; stage++) {
		char part[96];

		setup(&scene);
		for (int i = 0; i < stage; i++)
			start_report_next(&scene.report);
		CHECK(scene.report.stage == (enum start_stage)stage);
		for (int status = 1; status <= 5; status++) {
			failure_clear(&scene.why);
			fail(&scene.why, status, "it \"failed\"");
			write_report(&scene, status);
			snprintf(part, sizeof(part),
				 "\"failure\": {\"code\": \"%s\", \"stage\": \"%s\", \"reason\": ",
				 codes[status - 1], stages[stage]);
			CHECK(has(part) && has("\"reason\": \"it \\\"failed\\\"\"}"));
			CHECK(has("\"probes\": {\"attached\": 0, \"left_out\": 0}"));
			CHECK(has("\"object\": {\"file\": \"script.bpf\"}"));
		}
		CHECK(has("\"microseconds\": {\"read\": "));
		CHECK(!strstr(text, "\"load\": ") == (stage < 1));
		CHECK(!strstr(text, "\"attach\": ") == (stage < 2));
		teardown(&scene);
	}
	/* What is no status of ours is the script's. */
	setup(&scene);
	fail(&scene.why, STATUS_FAILED, "x");
	write_report(&scene, 9);
	CHECK(has("\"code\": \"script\""));
	teardown(&scene);
}

static void test_places(void)
{
	struct scene scene;
	char *details = malloc(6000);

	setup(&scene);
	fail(&scene.why, STATUS_FAILED, "why");
	fail_at(&scene.why, "script.bt", 0);
	write_report(&scene, STATUS_FAILED);
	CHECK(has("\"reason\": \"why\", \"file\": \"script.bt\"}"));
	failure_clear(&scene.why);
	fail(&scene.why, STATUS_FAILED, "why");
	fail_at_column(&scene.why, "script.bt", 7, 3, "line");
	fail_hint(&scene.why, "do that");
	memset(details, 'x', 5999);
	details[5999] = '\0';
	fail_detail(&scene.why, "%s", "one\ttwo");
	fail_detail(&scene.why, "%s", details);
	write_report(&scene, STATUS_FAILED);
	CHECK(has("\"file\": \"script.bt\", \"line\": 7, \"column\": 3, \"hint\": \"do that\", "
		  "\"details\": \"line\\n  ~~\\none\\ttwo\\nxxx"));
	/* No more than 4,096 bytes of it: 18 are those of the first lines. */
	CHECK(strspn(strstr(text, "\\nxxx") + 2, "x") == 4078);
	free(details);
	teardown(&scene);
}

static void test_left_out(void)
{
	struct scene scene;

	setup(&scene);
	for (uint32_t i = 0; i < MAX_LEFT_OUT; i++)
		scene.of.attachments.left_out[i] =
			(struct left_out){&scene.probes[1], i == 0 ? "first" : "other"};
	scene.of.attachments.left_out_count = 2;
	write_report(&scene, STATUS_OK);
	CHECK(has(
		"\"left_out\": 2, \"missing\": [{\"probe\": \"kprobe:f\", \"reason\": \"first\"}, "
		"{\"probe\": \"kprobe:f\", \"reason\": \"other\"}]}"));
	/* Of so many it is known why. */
	scene.of.attachments.left_out_count = MAX_LEFT_OUT + 1;
	write_report(&scene, STATUS_OK);
	CHECK(has("\"left_out\": 65, \"missing\": [{"));
	teardown(&scene);
}

static void test_files(void)
{
	struct failure failure = {0};
	struct scene scene;
	struct strbuf some = {0};
	struct stat info;

	setup(&scene);
	CHECK(document_try(NULL, "dump", &failure) == STATUS_OK &&
	      document_try("-", "dump", &failure) == STATUS_OK);
	CHECK(start_report_try(&scene.of.options, &failure) == STATUS_OK);
	CHECK(access(path, F_OK) != 0);
	CHECK(document_try(folder, "dump", &failure) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED, "cannot write the dump /tmp/bpfload-report-") &&
	      strstr(failure.text, ": it is something else than a file."));
	failure_clear(&failure);
	CHECK(symlink("/dev/null", path) == 0);
	CHECK(start_report_try(&scene.of.options, &failure) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED, "cannot write the report /tmp/"));
	failure_clear(&failure);
	unlink(path);
	CHECK(document_try("/nowhere/file", "dump", &failure) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED,
		   "cannot write the dump /nowhere/file: No such file or directory."));
	failure_clear(&failure);
	strbuf_text(&some, "text");
	umask(0);
	CHECK(document_write(path, "dump", 0640, &some, &failure) == STATUS_OK);
	CHECK(stat(path, &info) == 0 && info.st_size == 4 && (info.st_mode & 0777) == 0640);
	CHECK(document_try(path, "dump", &failure) == STATUS_OK);
	CHECK(document_write("/nowhere/file", "dump", 0640, &some, &failure) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED, "cannot write the dump /nowhere/file: No such file"));
	failure_clear(&failure);
	/* Nothing is asked for, or it cannot be written: that settles it. */
	scene.of.options.start_report = NULL;
	CHECK(start_report_write(&scene.report, &scene.of.options, &scene.object,
				 &scene.of.attachments, 0, &scene.why, &failure) == STATUS_OK);
	CHECK(!scene.report.is_settled);
	scene.of.options.start_report = "/nowhere/file";
	CHECK(start_report_write(&scene.report, &scene.of.options, &scene.object,
				 &scene.of.attachments, 0, &scene.why, &failure) == STATUS_FAILED);
	CHECK(scene.report.is_settled);
	strbuf_free(&some);
	failure_clear(&failure);
	teardown(&scene);
}

/* Which probes stand, as a page of figures says it: links stand for theirs, and pairs for both. */
static void test_figures(void)
{
	static const struct mf_kprobe_pair pair = {.entry = 0, .exit = 1};
	struct own_figures own;
	struct events events;
	struct attached link;
	struct figures figures = {0};
	struct scene scene;

	setup(&scene);
	link = (struct attached){.probe = &scene.probes[0], .descriptor = -1};
	events = (struct events){.session = &scene.of.session};
	figures_settle(&figures);
	CHECK(!figures.is_over);
	figures_begin(&figures, &scene.of.attachments, &events, NULL);
	figures_read(&own, &figures);
	CHECK(!own.attached[0] && !own.attached[1] && !own.cost && own.loss_count == 0);
	CHECK(own.start > 1500000000000000000ull && own.cpu > 0);
	scene.of.attachments.links = &link;
	scene.of.attachments.link_count = 1;
	figures_read(&own, &figures);
	CHECK(own.attached[0] && !own.attached[1]);
	scene.of.manifest.kprobe_pairs = &pair;
	scene.of.manifest.kprobe_pair_count = 1;
	figures_read(&own, &figures);
	CHECK(own.attached[0] && own.attached[1]);
	scene.program_of[1] = NULL;
	figures_read(&own, &figures);
	CHECK(own.attached[0] && !own.attached[1]);
	/* At the end they are what they were before all was let go. */
	figures_settle(&figures);
	scene.of.attachments.link_count = 0;
	figures_read(&own, &figures);
	CHECK(figures.is_over && own.attached[0]);
	scene.of.attachments.links = NULL;
	figures_free(&figures);
	CHECK(!figures.attached && !figures.start);
	teardown(&scene);
}

int main(void)
{
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/report", folder);
	test_success();
	test_failure();
	test_places();
	test_left_out();
	test_files();
	test_figures();
	rmdir(folder);
	return check_result("start_report");
}
