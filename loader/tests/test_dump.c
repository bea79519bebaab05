/* The document of --dump: what the kernel tells of programs and maps, whole and as it is; what is
 * hidden, and what cannot be asked. The kernel is stood in for. */
#include "run/dump.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "check.h"
#include "folder.h"
#include "host/loaded_program.h"
#include "run/document.h"
#include "says.h"

struct bpf_program {
	int fd;
	const char *name;
};

struct bpf_map {
	int fd;
	const char *name;
};

#define BASE 0xffffffff81000000u
#define MOST_BYTES (32u << 20)

static struct {
	struct session session;
	struct options options;
	struct manifest manifest;
	struct object_file object;
	struct btf *btf;
	struct bpf_program programs[4];
	struct bpf_map maps[3];
	uint32_t program_count, map_count;
	/* What is told of any program, and the errno of the one of that descriptor. */
	struct loaded_program loaded;
	int refused_fd, error, asked, freed;
	struct failure failure;
} scene;

/* In place of the kernel and of libbpf. */

int loaded_program_read(struct loaded_program *program, int fd)
{
	scene.asked++;
	*program = scene.loaded;
	program->info.id = (uint32_t)fd * 10;
	errno = scene.error;
	return fd == scene.refused_fd ? -1 : 0;
}

void loaded_program_free(struct loaded_program *program)
{
	(void)program;
	scene.freed++;
}

struct bpf_program *bpf_object__next_program(const struct bpf_object *object,
					     struct bpf_program *program)
{
	uint32_t next = program ? (uint32_t)(program - scene.programs) + 1 : 0;

	CHECK(object == scene.session.object);
	return next < scene.program_count ? &scene.programs[next] : NULL;
}

struct bpf_map *bpf_object__next_map(const struct bpf_object *object, const struct bpf_map *map)
{
	uint32_t next = map ? (uint32_t)(map - scene.maps) + 1 : 0;

	CHECK(object == scene.session.object);
	return next < scene.map_count ? &scene.maps[next] : NULL;
}

int bpf_program__fd(const struct bpf_program *program)
{
	return program->fd;
}

const char *bpf_program__name(const struct bpf_program *program)
{
	return program->name;
}

int bpf_map__fd(const struct bpf_map *map)
{
	return map->fd;
}

const char *bpf_map__name(const struct bpf_map *map)
{
	return map->name;
}

struct btf *bpf_object__btf(const struct bpf_object *object)
{
	CHECK(object == scene.session.object);
	return scene.btf;
}

int bpf_obj_get_info_by_fd(int fd, void *info, __u32 *size)
{
	CHECK(*size == sizeof(struct bpf_map_info));
	if (fd == 99) {
		errno = EBADF;
		return -1;
	}
	CHECK(fd >= 0);
	((struct bpf_map_info *)info)->id = (uint32_t)fd + 1000;
	return 0;
}

int uname(struct utsname *host)
{
	*host = (struct utsname){.release = "6.1.0",
				 .version = "#1 \"SMP\"",
				 .machine = "x86_64",
				 .nodename = "secret"};
	return 0;
}

/* Files of the kernel are those of the test's folder, by the last part of their names. */
static const char *own_path(const char *path)
{
	return strncmp(path, "/proc/", 6) == 0 ? at(strrchr(path, '/') + 1) : path;
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*real)(const char *, const char *);

	*(void **)&real = dlsym(RTLD_NEXT, "fopen");
	return real(own_path(path), mode);
}

int open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...);
	va_list arguments;
	int mode;

	va_start(arguments, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, int) : 0;
	va_end(arguments);
	*(void **)&real = dlsym(RTLD_NEXT, "open");
	return real(own_path(path), flags, mode);
}

static void begin(void)
{
	static int object;

	failure_clear(&scene.failure);
	strbuf_free(&scene.session.verifier_log);
	btf__free(scene.btf);
	memset(&scene, 0, sizeof(scene));
	scene.session.options = &scene.options;
	scene.session.object = (struct bpf_object *)(void *)&object;
	scene.object.manifest = &scene.manifest;
	scene.manifest.script = "a \"b\".bt";
	scene.options.dump = strdup(at("dump"));
	scene.btf = btf__new_empty();
	scene.refused_fd = -1;
}

static void end(void)
{
	unlink(at("dump"));
	free((char *)scene.options.dump);
	begin();
	free((char *)scene.options.dump);
	scene.options.dump = NULL;
}

static int dump(void)
{
	return dump_write(&scene.session, &scene.object, &scene.failure);
}

static void read_file(const char *name, struct strbuf *text)
{
	FILE *file = fopen(at(name), "r");
	char chunk[65536];
	size_t got;

	while (file && (got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		strbuf_put(text, chunk, got);
	if (CHECK(file))
		fclose(file);
}

#define HEAD                                                                                          \
	"{\"type\": \"dump\", \"schema\": 1, \"loader\": \"bpfload " BPFLOAD_VERSION                  \
	"\", \"script\": \"a \\\"b\\\".bt\", \"kernel\": {\"release\": \"6.1.0\", \"version\": \"#1 " \
	"\\\"SMP\\\"\", \"machine\": \"x86_64\"}, "

static void expect(const char *rest)
{
	struct strbuf text = {0}, expected = {0};

	CHECK(dump() == STATUS_OK && scene.failure.status == STATUS_OK);
	read_file("dump", &text);
	strbuf_text(&expected, HEAD);
	strbuf_text(&expected, rest);
	CHECK_TEXT(&text, strbuf_c_text(&expected));
	strbuf_free(&text);
	strbuf_free(&expected);
}

/* Without a file nothing is asked, and with one what there is none of is empty. */
static void test_empty(void)
{
	struct stat status;

	begin();
	expect("\"settings\": {}, \"maps\": [], \"programs\": [], \"symbols\": [], \"verifier\": \"\"}\n");
	/* Addresses stand in it. */
	CHECK(stat(at("dump"), &status) == 0 && (status.st_mode & 0777) == 0600);
	end();
	begin();
	free((char *)scene.options.dump);
	scene.options.dump = NULL;
	scene.programs[0] = (struct bpf_program){.fd = 3, .name = "one"};
	scene.program_count = 1;
	CHECK(dump() == STATUS_OK && scene.asked == 0 && access(at("dump"), F_OK) != 0);
	begin();
	end();
}

static void test_settings(void)
{
	put_file("bpf_jit_enable", "1\n");
	put_file("bpf_jit_harden", "2\n");
	put_file("kptr_restrict", "no number\n");
	begin();
	strbuf_text(&scene.session.verifier_log, "0: (b7) r0 = 0\n\"x\"");
	expect("\"settings\": {\"net.core.bpf_jit_enable\": 1, \"net.core.bpf_jit_harden\": 2}, "
	       "\"maps\": [], \"programs\": [], \"symbols\": [], \"verifier\": \"0: (b7) r0 = 0\\n\\\"x\\\"\"}\n");
	/* What was said of the programs stays as it was. */
	CHECK(strcmp(strbuf_c_text(&scene.session.verifier_log), "0: (b7) r0 = 0\n\"x\"") == 0);
	unlink(at("bpf_jit_enable"));
	unlink(at("bpf_jit_harden"));
	put_file("kptr_restrict", "2");
	expect("\"settings\": {\"kernel.kptr_restrict\": 2}, "
	       "\"maps\": [], \"programs\": [], \"symbols\": [], \"verifier\": \"0: (b7) r0 = 0\\n\\\"x\\\"\"}\n");
	unlink(at("kptr_restrict"));
	end();
}

static void test_maps(void)
{
	begin();
	scene.maps[0] = (struct bpf_map){.fd = 0, .name = "first"};
	/* One that is not created, and one of which the kernel tells nothing. */
	scene.maps[1] = (struct bpf_map){.fd = -1, .name = "none"};
	scene.map_count = 2;
	expect("\"settings\": {}, \"maps\": [{\"id\": 1000, \"name\": \"first\"}], \"programs\": [], "
	       "\"symbols\": [], \"verifier\": \"\"}\n");
	scene.maps[1].fd = 99;
	scene.maps[2] = (struct bpf_map){.fd = 7, .name = "last"};
	scene.map_count = 3;
	expect("\"settings\": {}, \"maps\": [{\"id\": 1000, \"name\": \"first\"}, "
	       "{\"id\": 1007, \"name\": \"last\"}], \"programs\": [], \"symbols\": [], \"verifier\": \"\"}\n");
	end();
}

static void test_programs(void)
{
	static const struct bpf_insn call = {.code = BPF_JMP | BPF_CALL, .imm = 0x100};
	static uint8_t native[] = {0xf0, 0x0f, 0x90};
	struct bpf_insn translated[] = {call, {.code = BPF_JMP | BPF_EXIT}};
	struct loaded_function functions[2] = {
		{.instruction = 0, .address = BASE + 0x5000, .size = 2},
		{.instruction = 1, .address = 0, .size = 1}};
	struct loaded_line lines[2];
	int integer, prototype;

	begin();
	put_file("kallsyms", "ffffffff81000000 T __bpf_call_base\n"
			     "ffffffff81000100 T a_helper\nffffffff81000200 T another\n");
	integer = btf__add_int(scene.btf, "int", 4, BTF_INT_SIGNED);
	prototype = btf__add_func_proto(scene.btf, integer);
	functions[0].type = (uint32_t)btf__add_func(scene.btf, "main", BTF_FUNC_GLOBAL, prototype);
	lines[0] = (struct loaded_line){.instruction = 0,
					.native = 0,
					.file = (uint32_t)btf__add_str(scene.btf, "a.bt"),
					.text = (uint32_t)btf__add_str(scene.btf, "@ = 1"),
					.line = 3,
					.column = 9};
	lines[1] = (struct loaded_line){
		.instruction = 1, .native = UINT32_MAX, .file = UINT32_MAX, .line = 4, .column = 1};
	scene.loaded = (struct loaded_program){.translated = translated,
					       .translated_count = 2,
					       .native = native,
					       .native_size = 3,
					       .functions = functions,
					       .function_count = 2,
					       .lines = lines,
					       .line_count = 2};
	memcpy(scene.loaded.info.tag, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
	scene.loaded.info.verified_insns = 55;
	/* Programs that were not loaded are not there. */
	scene.programs[0] = (struct bpf_program){.fd = -1, .name = "none"};
	scene.programs[1] = (struct bpf_program){.fd = 0, .name = "one"};
	scene.program_count = 2;
	expect("\"settings\": {}, \"maps\": [], \"programs\": [{\"name\": \"one\", \"id\": 0, "
	       "\"tag\": \"0123456789abcdef\", \"verified\": 55, "
	       "\"translated\": \"85000000000100009500000000000000\", \"native\": \"f00f90\", "
	       "\"functions\": [{\"name\": \"main\", \"instruction\": 0, "
	       "\"address\": \"ffffffff81005000\", \"size\": 2}, "
	       "{\"name\": \"\", \"instruction\": 1, \"size\": 1}], "
	       "\"lines\": [{\"instruction\": 0, \"native\": 0, \"file\": \"a.bt\", \"line\": 3, "
	       "\"column\": 9, \"text\": \"@ = 1\"}, {\"instruction\": 1, \"file\": \"\", \"line\": 4, "
	       "\"column\": 1, \"text\": \"\"}]}], "
	       "\"call_base\": \"ffffffff81000000\", "
	       "\"symbols\": [{\"address\": \"ffffffff81000100\", \"name\": \"a_helper\"}], "
	       "\"verifier\": \"\"}\n");
	CHECK(scene.asked == 1 && scene.freed == 1);
	unlink(at("kallsyms"));
	/* What is hidden is told apart from what is empty; older kernels count nothing. */
	scene.loaded.info.verified_insns = 0;
	scene.loaded.hides_translated = true;
	scene.loaded.native_size = 0;
	scene.loaded.function_count = scene.loaded.line_count = 0;
	scene.programs[0] = scene.programs[1];
	scene.program_count = 1;
	expect("\"settings\": {}, \"maps\": [], \"programs\": [{\"name\": \"one\", \"id\": 0, "
	       "\"tag\": \"0123456789abcdef\", \"translated\": null, \"native\": \"\", "
	       "\"functions\": [], \"lines\": []}], \"symbols\": [], \"verifier\": \"\"}\n");
	scene.loaded.hides_translated = false;
	scene.loaded.hides_native = true;
	scene.loaded.translated_count = 0;
	scene.programs[1].fd = 4;
	scene.program_count = 2;
	expect("\"settings\": {}, \"maps\": [], \"programs\": [{\"name\": \"one\", \"id\": 0, "
	       "\"tag\": \"0123456789abcdef\", \"translated\": \"\", \"native\": null, "
	       "\"functions\": [], \"lines\": []}, {\"name\": \"one\", \"id\": 40, "
	       "\"tag\": \"0123456789abcdef\", \"translated\": \"\", \"native\": null, "
	       "\"functions\": [], \"lines\": []}], \"symbols\": [], \"verifier\": \"\"}\n");
	CHECK(scene.asked == 4 && scene.freed == 4);
	end();
}

/* A program that the kernel does not tell of: there is no document then. */
static void test_refused(void)
{
	begin();
	scene.programs[0] = (struct bpf_program){.fd = 3, .name = "one"};
	scene.programs[1] = (struct bpf_program){.fd = 4, .name = "two"};
	scene.programs[2] = (struct bpf_program){.fd = 5, .name = "three"};
	scene.program_count = 3;
	scene.refused_fd = 4;
	scene.error = EPERM;
	CHECK(dump() == STATUS_FAILED && scene.asked == 2 && scene.freed == 2);
	CHECK(says(&scene.failure, STATUS_FAILED,
		   "--dump: cannot ask the kernel for program two: Operation not permitted."));
	CHECK(access(at("dump"), F_OK) != 0);
	end();
}

/* Readers have limits, too: programs behind what is that much are counted. */
static void test_left_out(void)
{
	uint8_t *native = calloc(1, MOST_BYTES / 4);
	struct strbuf text = {0};
	const char *tail = "\"left_out\": 2, \"symbols\": [], \"verifier\": \"\"}\n";

	begin();
	scene.loaded.native = native;
	scene.loaded.native_size = MOST_BYTES / 4;
	for (uint32_t i = 0; i < 4; i++)
		scene.programs[i] = (struct bpf_program){.fd = (int)i, .name = "p"};
	scene.program_count = 4;
	CHECK(dump() == STATUS_OK && scene.asked == 2);
	read_file("dump", &text);
	CHECK(text.length > MOST_BYTES && text.length < MOST_BYTES + 2000);
	CHECK(text.length > strlen(tail) &&
	      strncmp(text.data + text.length - strlen(tail), tail, strlen(tail)) == 0);
	strbuf_free(&text);
	free(native);
	end();
}

/* Whether it can be written is known before anything is loaded. */
static void test_try(void)
{
	struct failure failure = {0};
	struct options options = {0};
	char text[256];

	CHECK(dump_try(&options, &failure) == STATUS_OK);
	options.dump = "-";
	CHECK(dump_try(&options, &failure) == STATUS_OK);
	options.dump = at("new");
	CHECK(dump_try(&options, &failure) == STATUS_OK && access(at("new"), F_OK) != 0);
	put_file("new", "kept");
	CHECK(dump_try(&options, &failure) == STATUS_OK && access(at("new"), F_OK) == 0);
	unlink(at("new"));
	CHECK(failure.status == STATUS_OK);
	options.dump = at("none/there");
	snprintf(text, sizeof(text), "cannot write the dump %s: No such file or directory.",
		 options.dump);
	CHECK(dump_try(&options, &failure) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED, text));
	failure_clear(&failure);
	/* A link could lead anywhere. */
	CHECK(symlink("/dev/null", at("link")) == 0);
	options.dump = at("link");
	snprintf(text, sizeof(text), "cannot write the dump %s: it is something else than a file.",
		 options.dump);
	CHECK(dump_try(&options, &failure) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED, text));
	failure_clear(&failure);
	unlink(at("link"));
}

static void test_document(void)
{
	struct failure failure = {0};
	struct strbuf text = {0}, read = {0};
	int fd, old;

	strbuf_text(&text, "{}\n");
	CHECK(document_write(at("none/there"), "report", 0644, &text, &failure) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED, "cannot write the report ") &&
	      says(&failure, STATUS_FAILED, "none/there: No such file or directory."));
	failure_clear(&failure);
	/* Standard output. */
	fflush(stdout);
	old = dup(STDOUT_FILENO);
	fd = open(at("out"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	dup2(fd, STDOUT_FILENO);
	CHECK(document_write("-", "report", 0644, &text, &failure) == STATUS_OK);
	close(fd);
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	dup2(fd, STDOUT_FILENO);
	CHECK(document_write("-", "report", 0644, &text, &failure) == STATUS_FAILED);
	CHECK(says(&failure, STATUS_FAILED, "cannot write the report -: No space left on device."));
	failure_clear(&failure);
	dup2(old, STDOUT_FILENO);
	close(old);
	close(fd);
	read_file("out", &read);
	CHECK_TEXT(&read, "{}\n");
	strbuf_free(&read);
	strbuf_free(&text);
	unlink(at("out"));
}

int main(void)
{
	if (!CHECK(mkdtemp(folder)))
		return 1;
	test_empty();
	test_settings();
	test_maps();
	test_programs();
	test_refused();
	test_left_out();
	test_try();
	test_document();
	CHECK(rmdir(folder) == 0);
	return check_result("dump");
}
