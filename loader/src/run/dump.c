#include "run/dump.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/strbuf.h"
#include "host/called_symbols.h"
#include "host/kallsyms.h"
#include "host/loaded_program.h"
#include "output/json_members.h"
#include "output/value_json.h"
#include "run/document.h"

#define SCHEMA 1
/* Addresses of the kernel stand in it, which only those may see who may load programs. */
#define MODE 0600
/* Code of programs beyond is left out: readers have limits, too. */
#define MOST_BYTES (32u << 20)

int dump_try(const struct options *options, struct failure *failure)
{
	return document_try(options->dump, "dump", failure);
}

static void put_bytes(struct strbuf *to, const char *name, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *byte = bytes;
	char *out;

	json_member_begin(to, name);
	strbuf_reserve(to, 2 * size + 2);
	out = to->data + to->length;
	*out++ = '"';
	for (size_t i = 0; i < size; i++) {
		*out++ = digits[byte[i] >> 4];
		*out++ = digits[byte[i] & 15];
	}
	*out++ = '"';
	to->length = (size_t)(out - to->data);
}

/* As text: no reader of JSON keeps 64 bits of a number. */
static void put_address(struct strbuf *to, const char *name, uint64_t address)
{
	json_member_begin(to, name);
	strbuf_char(to, '"');
	strbuf_hex(to, address);
	strbuf_char(to, '"');
}

static void put_text_of(struct strbuf *to, const char *name, const struct btf *btf, uint32_t offset)
{
	const char *text = btf__str_by_offset(btf, offset);

	json_member_text(to, name, text ? text : "");
}

static void put_kernel(struct strbuf *to)
{
	struct utsname host;

	if (uname(&host) != 0)
		memset(&host, 0, sizeof(host));
	json_member_object(to, "kernel");
	json_member_text(to, "release", host.release);
	json_member_text(to, "version", host.version);
	json_member_text(to, "machine", host.machine);
	strbuf_char(to, '}');
}

static void put_setting(struct strbuf *to, const char *name, const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned value;

	if (!file)
		return;
	if (fscanf(file, "%u", &value) == 1)
		json_member_i64(to, name, value);
	fclose(file);
}

/* What decides whether there is native code, and who sees it. */
static void put_settings(struct strbuf *to)
{
	json_member_object(to, "settings");
	put_setting(to, "net.core.bpf_jit_enable", "/proc/sys/net/core/bpf_jit_enable");
	put_setting(to, "net.core.bpf_jit_harden", "/proc/sys/net/core/bpf_jit_harden");
	put_setting(to, "kernel.kptr_restrict", "/proc/sys/kernel/kptr_restrict");
	strbuf_char(to, '}');
}

/* By the numbers that stand in translated code. */
static void put_maps(struct strbuf *to, struct bpf_object *object)
{
	const struct bpf_map *map;

	json_member_begin(to, "maps");
	strbuf_char(to, '[');
	bpf_object__for_each_map(map, object)
	{
		struct bpf_map_info info = {0};
		uint32_t size = sizeof(info);

		if (bpf_map__fd(map) < 0 ||
		    bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size) != 0)
			continue;
		json_element_object(to);
		json_member_i64(to, "id", info.id);
		json_member_text(to, "name", bpf_map__name(map));
		strbuf_char(to, '}');
	}
	strbuf_char(to, ']');
}

static void put_functions(struct strbuf *to, const struct loaded_program *program,
			  const struct btf *btf)
{
	json_member_begin(to, "functions");
	strbuf_char(to, '[');
	for (uint32_t i = 0; i < program->function_count; i++) {
		const struct loaded_function *function = &program->functions[i];
		const struct btf_type *type =
			function->type ? btf__type_by_id(btf, function->type) : NULL;

		json_element_object(to);
		put_text_of(to, "name", btf, type ? type->name_off : 0);
		json_member_i64(to, "instruction", function->instruction);
		if (function->address)
			put_address(to, "address", function->address);
		json_member_i64(to, "size", function->size);
		strbuf_char(to, '}');
	}
	strbuf_char(to, ']');
}

static void put_lines(struct strbuf *to, const struct loaded_program *program,
		      const struct btf *btf)
{
	json_member_begin(to, "lines");
	strbuf_char(to, '[');
	for (uint32_t i = 0; i < program->line_count; i++) {
		const struct loaded_line *line = &program->lines[i];

		json_element_object(to);
		json_member_i64(to, "instruction", line->instruction);
		if (line->native != UINT32_MAX)
			json_member_i64(to, "native", line->native);
		put_text_of(to, "file", btf, line->file);
		json_member_i64(to, "line", line->line);
		json_member_i64(to, "column", line->column);
		put_text_of(to, "text", btf, line->text);
		strbuf_char(to, '}');
	}
	strbuf_char(to, ']');
}

static void put_program(struct strbuf *to, const char *name, const struct loaded_program *program,
			const struct btf *btf)
{
	const struct bpf_prog_info *info = &program->info;

	json_element_object(to);
	json_member_text(to, "name", name);
	json_member_i64(to, "id", info->id);
	put_bytes(to, "tag", info->tag, sizeof(info->tag));
	/* Since Linux 5.16. */
	if (info->verified_insns)
		json_member_i64(to, "verified", info->verified_insns);
	if (program->hides_translated)
		json_member_begin(to, "translated"), strbuf_text(to, "null");
	else
		put_bytes(to, "translated", program->translated,
			  program->translated_count * sizeof(*program->translated));
	if (program->hides_native)
		json_member_begin(to, "native"), strbuf_text(to, "null");
	else
		put_bytes(to, "native", program->native, program->native_size);
	put_functions(to, program, btf);
	put_lines(to, program, btf);
	strbuf_char(to, '}');
}

static int put_programs(struct strbuf *to, const struct session *session,
			const struct kallsyms *table, struct called_symbols *called,
			struct failure *failure)
{
	const struct btf *btf = bpf_object__btf(session->object);
	struct bpf_program *program;
	uint32_t left_out = 0;

	json_member_begin(to, "programs");
	strbuf_char(to, '[');
	bpf_object__for_each_program(program, session->object)
	{
		struct loaded_program loaded;
		int error;

		if (bpf_program__fd(program) < 0)
			continue;
		if (to->length > MOST_BYTES) {
			left_out++;
			continue;
		}
		error = loaded_program_read(&loaded, bpf_program__fd(program)) == 0 ? 0 : errno;
		if (!error) {
			put_program(to, bpf_program__name(program), &loaded, btf);
			called_symbols_add(called, table, &loaded);
		}
		loaded_program_free(&loaded);
		if (error)
			return fail(failure, STATUS_FAILED,
				    "--dump: cannot ask the kernel for program %s: %s.",
				    bpf_program__name(program), strerror(error));
	}
	strbuf_char(to, ']');
	if (left_out)
		json_member_i64(to, "left_out", left_out);
	return STATUS_OK;
}

static void put_symbols(struct strbuf *to, const struct called_symbols *called)
{
	if (called->base)
		put_address(to, "call_base", called->base);
	json_member_begin(to, "symbols");
	strbuf_char(to, '[');
	for (uint32_t i = 0; i < called->count; i++) {
		json_element_object(to);
		put_address(to, "address", called->items[i].address);
		json_member_text(to, "name", called->items[i].name);
		strbuf_char(to, '}');
	}
	strbuf_char(to, ']');
}

int dump_write(const struct session *session, const struct object_file *object,
	       struct failure *failure)
{
	const char *path = session->options->dump;
	struct called_symbols called;
	struct strbuf text = {0};
	struct kallsyms table;
	int status;

	if (!path)
		return STATUS_OK;
	/* Where it shows no addresses, nothing gets a name. */
	kallsyms_read(&table, kallsyms_open("/proc/kallsyms"));
	called_symbols_begin(&called, &table);
	strbuf_char(&text, '{');
	json_member_text(&text, "type", "dump");
	json_member_i64(&text, "schema", SCHEMA);
	json_member_text(&text, "loader", "bpfload " BPFLOAD_VERSION);
	json_member_text(&text, "script", object->manifest->script);
	put_kernel(&text);
	put_settings(&text);
	put_maps(&text, session->object);
	status = put_programs(&text, session, &table, &called, failure);
	if (status == STATUS_OK) {
		size_t start;

		put_symbols(&text, &called);
		json_member_begin(&text, "verifier");
		start = text.length;
		strbuf_put(&text, session->verifier_log.data, session->verifier_log.length);
		json_quote(&text, start);
		strbuf_text(&text, "}\n");
		status = document_write(path, "dump", MODE, &text, failure);
	}
	called_symbols_free(&called);
	kallsyms_free(&table);
	strbuf_free(&text);
	return status;
}
