#include "run/start_report.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/clock.h"
#include "base/failure.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "host/host.h"
#include "output/json_members.h"
#include "output/value_json.h"
#include "run/document.h"

#define SCHEMA 1
/* Of lines that show more of a failure, such as the end of a verifier's log. */
#define MOST_DETAILS 4096

static const char *const stages[START_STAGES] = {
	[START_READ] = "read",
	[START_LOAD] = "load",
	[START_ATTACH] = "attach",
};

/* What each status means (docs/exit-status.md). */
static const char *const codes[] = {
	[STATUS_FAILED] = "script",	    [STATUS_USAGE] = "usage",	[STATUS_KERNEL] = "kernel",
	[STATUS_PERMISSION] = "permission", [STATUS_OBJECT] = "object",
};

void start_report_begin(struct start_report *report)
{
	report->times[START_READ] = clock_ns(CLOCK_MONOTONIC);
}

void start_report_next(struct start_report *report)
{
	report->times[++report->stage] = clock_ns(CLOCK_MONOTONIC);
}

static void put_kernel(struct strbuf *to, const struct options *options)
{
	const char *types = options->btf ? options->btf : host_btf_path();
	struct utsname host;

	if (uname(&host) != 0)
		memset(&host, 0, sizeof(host));
	json_member_text(to, "host", host.nodename);
	json_member_object(to, "kernel");
	json_member_text(to, "release", host.release);
	json_member_text(to, "version", host.version);
	json_member_text(to, "machine", host.machine);
	/* They are perhaps not its own. */
	if (types)
		json_member_text(to, "types", types);
	strbuf_char(to, '}');
}

/* As sha256sum and registries call the file: not the digest that stands in it. */
static void put_digest(struct strbuf *to, const struct object_file *object)
{
	char text[sizeof("sha256:") + 2 * SHA256_SIZE] = "sha256:";
	uint8_t digest[SHA256_SIZE];
	struct sha256 hash;
	char *end = text + strlen(text);

	sha256_start(&hash);
	sha256_add(&hash, object->bytes, object->size);
	sha256_finish(&hash, digest);
	for (size_t i = 0; i < SHA256_SIZE; i++)
		end += sprintf(end, "%02x", digest[i]);
	json_member_text(to, "digest", text);
}

static void put_object(struct strbuf *to, const char *path, const struct object_file *object)
{
	json_member_object(to, "object");
	json_member_text(to, "file", path);
	if (object->bytes)
		put_digest(to, object);
	if (object->manifest) {
		json_member_text(to, "script", object->manifest->script);
		json_member_text(to, "producer", object->manifest->producer);
	}
	strbuf_char(to, '}');
}

/* Only the first have a reason; all are counted. */
static void put_probes(struct strbuf *to, const struct attachments *attachments, bool is_attached)
{
	uint32_t count = attachments->left_out_count;
	uint32_t own =
		attachments->session && is_attached ? attach_count_own(attachments->session) : 0;

	json_member_object(to, "probes");
	json_member_i64(to, "attached", is_attached ? attachments->attached + own : 0);
	json_member_i64(to, "left_out", count);
	if (count) {
		json_member_begin(to, "missing");
		strbuf_char(to, '[');
		for (uint32_t i = 0; i < count && i < MAX_LEFT_OUT; i++) {
			json_element_object(to);
			json_member_text(to, "probe", attachments->left_out[i].probe->name);
			json_member_text(to, "reason", attachments->left_out[i].reason);
			strbuf_char(to, '}');
		}
		strbuf_char(to, ']');
	}
	strbuf_char(to, '}');
}

static void put_failure(struct strbuf *to, const struct start_report *report, int status,
			const struct failure *why)
{
	bool is_known = status > 0 && (size_t)status < sizeof(codes) / sizeof(*codes);

	json_member_object(to, "failure");
	json_member_text(to, "code", is_known ? codes[status] : "script");
	/* Giving up rights comes after the last one. */
	json_member_text(to, "stage",
			 stages[report->stage < START_STAGES ? report->stage : START_ATTACH]);
	json_member_text(to, "reason", why->text);
	if (why->file[0])
		json_member_text(to, "file", why->file);
	if (why->file[0] && why->line)
		json_member_i64(to, "line", why->line);
	if (why->file[0] && why->line && why->column)
		json_member_i64(to, "column", why->column);
	if (why->hint[0])
		json_member_text(to, "hint", why->hint);
	if (why->details) {
		size_t start;

		json_member_begin(to, "details");
		start = to->length;
		strbuf_put(to, why->details, strnlen(why->details, MOST_DETAILS));
		json_quote(to, start);
	}
	strbuf_char(to, '}');
}

/* Of the stages that were begun; the last one may have ended early. */
static void put_times(struct strbuf *to, const struct start_report *report)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC);

	json_member_object(to, "microseconds");
	for (int i = 0; i < START_STAGES && i <= (int)report->stage; i++) {
		uint64_t until = i < (int)report->stage ? report->times[i + 1] : end;

		json_member_i64(to, stages[i], (until - report->times[i]) / 1000);
	}
	strbuf_char(to, '}');
}

int start_report_try(const struct options *options, struct failure *failure)
{
	return document_try(options->start_report, "report", failure);
}

int start_report_write(struct start_report *report, const struct options *options,
		       const struct object_file *object, const struct attachments *attachments,
		       int status, const struct failure *why, struct failure *failure)
{
	const char *path = options->start_report;
	struct strbuf text = {0};
	int result;

	if (!path)
		return STATUS_OK;
	strbuf_char(&text, '{');
	json_member_text(&text, "type", "start");
	json_member_i64(&text, "schema", SCHEMA);
	json_member_i64(&text, "time", (uint64_t)time(NULL));
	put_kernel(&text, options);
	json_member_text(&text, "loader", "bpfload " BPFLOAD_VERSION);
	put_object(&text, options->objects[0], object);
	json_member_begin(&text, "dry_run");
	strbuf_text(&text, options->dry_run ? "true" : "false");
	json_member_i64(&text, "status", (uint64_t)status);
	put_probes(&text, attachments, status == STATUS_OK);
	if (status != STATUS_OK)
		put_failure(&text, report, status, why);
	put_times(&text, report);
	strbuf_text(&text, "}\n");
	result = document_write(path, "report", 0666, &text, failure);
	if (result != STATUS_OK)
		report->is_settled = true;
	strbuf_free(&text);
	return result;
}
