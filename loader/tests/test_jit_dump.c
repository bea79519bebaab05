/* Functions and lines of files that just-in-time compilers write, and files that lie. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "binary/proc_maps.h"
#include "binary/code_lines.h"
#include "check.h"
#include "object/manifest.h"
#include "symbols/jit_dump.h"
#include "symbols/symbols.h"

enum { LOAD, MOVE, LINES, CLOSE };

static char path[] = "/tmp/bpfload-test-XXXXXX";

/* What one reading gives at most, and how many are answered before the file seems to end: 0 as the
 * kernel has it. */
static size_t piece;
static unsigned int pieces_left;

static uint32_t reads;

/* Stands in for that of the C library. */
ssize_t pread(int fd, void *to, size_t size, off_t offset)
{
	reads++;
	if (piece && !pieces_left)
		return 0;
	pieces_left -= piece != 0;
	return syscall(SYS_pread64, fd, to, piece && size > piece ? piece : size, offset);
}

static void put32(struct strbuf *to, uint32_t value)
{
	strbuf_put(to, &value, sizeof(value));
}

static void put64(struct strbuf *to, uint64_t value)
{
	strbuf_put(to, &value, sizeof(value));
}

static void put_header(struct strbuf *to, uint32_t magic, uint32_t version, uint32_t size)
{
	put32(to, magic);
	put32(to, version);
	put32(to, size);
	strbuf_fill(to, '\0', 40 - 12);
}

static void put_prefix(struct strbuf *to, uint32_t kind, size_t size)
{
	put32(to, kind);
	put32(to, (uint32_t)size);
	put64(to, 1);
}

static void put_load(struct strbuf *to, uint64_t address, uint64_t size, uint64_t index,
		     const char *name)
{
	put_prefix(to, LOAD, 56 + strlen(name) + 1 + 3);
	put64(to, 1);
	put64(to, address);
	put64(to, address);
	put64(to, size);
	put64(to, index);
	strbuf_put(to, name, strlen(name) + 1);
	/* Its code. */
	strbuf_put(to, "\x90\x90\xc3", 3);
}

static void put_move(struct strbuf *to, uint64_t from, uint64_t address, uint64_t size,
		     uint64_t index)
{
	put_prefix(to, MOVE, 64);
	put64(to, 1);
	put64(to, from);
	put64(to, from);
	put64(to, address);
	put64(to, size);
	put64(to, index);
}

struct line {
	uint64_t address;
	uint32_t number;
	const char *file;
};

static void put_lines(struct strbuf *to, uint64_t address, const struct line *lines, size_t count,
		      size_t said)
{
	size_t size = 32;

	for (size_t i = 0; i < count; i++)
		size += 16 + strlen(lines[i].file) + 1;
	put_prefix(to, LINES, size);
	put64(to, address);
	put64(to, said);
	for (size_t i = 0; i < count; i++) {
		put64(to, lines[i].address);
		put32(to, lines[i].number);
		put32(to, 0);
		strbuf_put(to, lines[i].file, strlen(lines[i].file) + 1);
	}
}

static void write_file(const struct strbuf *bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(write(fd, bytes->data, bytes->length) == (ssize_t)bytes->length);
	close(fd);
}

/* `name+offset@line`, `several` or nothing. */
static const char *name_at(struct jit_dump *dump, uint64_t address)
{
	static char text[256];
	struct jit_symbol symbol = {0};

	switch (jit_dump_find(dump, address, address, &symbol)) {
	case JIT_DUMP_NONE:
		return "";
	case JIT_DUMP_SEVERAL:
		return "several";
	case JIT_DUMP_FOUND:
		break;
	}
	snprintf(text, sizeof(text), "%s+%llu%s%s", symbol.name, (unsigned long long)symbol.offset,
		 symbol.line ? "@" : "", symbol.line ? symbol.line : "");
	return text;
}

static void expect(struct jit_dump *dump, uint64_t address, const char *expected)
{
	const char *is = name_at(dump, address);

	if (!CHECK(strcmp(is, expected) == 0))
		fprintf(stderr, "  0x%llx: %s\n", (unsigned long long)address, is);
}

static void test_functions(void)
{
	struct strbuf bytes = {0};
	struct jit_dump dump = {0};

	put_header(&bytes, 0x4a695444, 1, 40);
	put_load(&bytes, 0x2000, 0x10, 2, "second");
	put_load(&bytes, 0x1000, 0x10, 1, "first");
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path));
	/* Nothing is new. */
	CHECK(!jit_dump_read(&dump, path));
	expect(&dump, 0xfff, "");
	expect(&dump, 0x1000, "first+0");
	expect(&dump, 0x100f, "first+15");
	expect(&dump, 0x1010, "");
	expect(&dump, 0x2001, "second+1");
	/* More is written: a function that replaces one, one within another, one that moves. */
	put_load(&bytes, 0x1000, 0x20, 3, "first");
	put_load(&bytes, 0x3000, 0x1000, 4, "outer");
	put_load(&bytes, 0x3800, 0x10, 5, "inner");
	put_move(&bytes, 0x2000, 0x5000, 0x10, 2);
	put_move(&bytes, 0x2000, 0x6000, 0x10, 3);
	put_move(&bytes, 0x2001, 0x6000, 0x10, 2);
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path));
	expect(&dump, 0x101f, "first+31");
	expect(&dump, 0x37ff, "outer+2047");
	expect(&dump, 0x3800, "several");
	expect(&dump, 0x3810, "outer+2064");
	expect(&dump, 0x3fff, "outer+4095");
	expect(&dump, 0x4000, "");
	expect(&dump, 0x500f, "second+15");
	expect(&dump, 0x6000, "");
	/* A move of what nobody knows does not end the reading. */
	put_load(&bytes, 0x6800, 0x10, 9, "behind");
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path));
	expect(&dump, 0x6801, "behind+1");
	/* No function has no bytes, or ends beyond the end of memory. */
	put_load(&bytes, 0x7000, 0, 6, "empty");
	put_load(&bytes, UINT64_MAX - 1, 3, 7, "endless");
	write_file(&bytes);
	CHECK(!jit_dump_read(&dump, path));
	expect(&dump, 0x7000, "");
	expect(&dump, UINT64_MAX, "");
	/* Behind the end nothing comes. */
	put_prefix(&bytes, CLOSE, 16);
	put_load(&bytes, 0x8000, 0x10, 8, "late");
	write_file(&bytes);
	CHECK(!jit_dump_read(&dump, path));
	expect(&dump, 0x8000, "");
	jit_dump_free(&dump);
	strbuf_free(&bytes);
}

/* A reading may give less than it was asked for. */
static void test_pieces(void)
{
	struct strbuf bytes = {0};
	struct jit_dump dump = {0};

	put_header(&bytes, 0x4a695444, 1, 40);
	put_load(&bytes, 0x1000, 0x10, 1, "first");
	put_load(&bytes, 0x2000, 0x10, 2, "second");
	write_file(&bytes);
	piece = 7;
	pieces_left = 1000;
	CHECK(jit_dump_read(&dump, path) && dump.count == 2);
	expect(&dump, 0x1001, "first+1");
	expect(&dump, 0x2002, "second+2");
	/* What has been added, from where the reading ended. */
	put_load(&bytes, 0x3000, 0x10, 3, "third");
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path) && dump.count == 3);
	expect(&dump, 0x3003, "third+3");
	CHECK(pieces_left > 0);
	piece = 0;
	jit_dump_free(&dump);
	strbuf_free(&bytes);
}

/* A file is read from the front, and each part of it once. */
static void test_reads(void)
{
	enum { FUNCTIONS = 5000 };
	struct strbuf bytes = {0};
	struct jit_dump dump = {0};

	put_header(&bytes, 0x4a695444, 1, 40);
	for (uint64_t i = 0; i < FUNCTIONS; i++)
		put_load(&bytes, 0x1000 + 16 * i, 16, i, "f");
	write_file(&bytes);
	reads = 0;
	CHECK(jit_dump_read(&dump, path) && dump.count == FUNCTIONS);
	CHECK(reads < bytes.length / 20000);
	jit_dump_free(&dump);
	strbuf_free(&bytes);
}

/* A name has an end within 4096 bytes, or is none; and so has the last record's, behind which there
 * is nothing. */
static void test_long_names(void)
{
	static const size_t lengths[] = {3900, 4000, 4095, 4096, 5000};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct strbuf bytes = {0};
		struct jit_dump dump = {0};
		struct jit_symbol symbol;
		char *name = malloc(lengths[i] + 1);

		memset(name, 'n', lengths[i]);
		name[lengths[i]] = '\0';
		put_header(&bytes, 0x4a695444, 1, 40);
		put_load(&bytes, 0x2000, 0x10, 1, "first");
		put_load(&bytes, 0x1000, 0x10, 2, name);
		write_file(&bytes);
		CHECK(jit_dump_read(&dump, path));
		expect(&dump, 0x2000, "first+0");
		CHECK((jit_dump_find(&dump, 0x1001, 0x1001, &symbol) == JIT_DUMP_FOUND) ==
		      (lengths[i] < 4096));
		CHECK(lengths[i] >= 4096 || strcmp(symbol.name, name) == 0);
		free(name);
		jit_dump_free(&dump);
		strbuf_free(&bytes);
	}
}

static void test_lines(void)
{
	/* Written in any order; a file is named once. */
	static const struct line lines[] = {{0x1000, 10, "/a.js"},
					    {0x1008, 12, "\xff"},
					    {0x1004, 11, "/a.js"},
					    {0x100c, 1, "/b.js"}};
	struct strbuf bytes = {0};
	struct jit_dump dump = {0};
	size_t before;

	put_header(&bytes, 0x4a695444, 1, 40);
	put_lines(&bytes, 0x1000, lines, 4, 4);
	before = bytes.length;
	write_file(&bytes);
	/* Their function is still being written. */
	CHECK(!jit_dump_read(&dump, path));
	put_load(&bytes, 0x1000, 0x10, 1, "f");
	put_load(&bytes, 0x2000, 0x10, 2, "none");
	bytes.length -= 1;
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path));
	bytes.length += 1;
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path));
	expect(&dump, 0x1000, "f+0@/a.js:10");
	expect(&dump, 0x1003, "f+3@/a.js:10");
	expect(&dump, 0x1004, "f+4@/a.js:11");
	expect(&dump, 0x100b, "f+11@/a.js:12");
	expect(&dump, 0x100f, "f+15@/b.js:1");
	expect(&dump, 0x2000, "none+0");
	jit_dump_free(&dump);
	/* Lines of another function are none of this one's. */
	bytes.length = before;
	put_load(&bytes, 0x1001, 0x10, 1, "f");
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path));
	expect(&dump, 0x1004, "f+3");
	jit_dump_free(&dump);
	strbuf_free(&bytes);
}

/* As V8 writes them: addresses are those behind a header of 64 bytes. */
static void test_shifted_lines(void)
{
	static const struct line shifted[] = {{0x1040, 1, "/v.js"}, {0x1048, 2, "\xff"}};
	static const struct line plain[] = {{0x2000, 1, "/v.js"}};
	struct strbuf bytes = {0};
	struct jit_dump dump = {0};

	put_header(&bytes, 0x4a695444, 1, 40);
	put_lines(&bytes, 0x1000, shifted, 2, 2);
	put_load(&bytes, 0x1000, 0x10, 1, "f");
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path));
	expect(&dump, 0x1007, "f+7@/v.js:1");
	expect(&dump, 0x1008, "f+8@/v.js:2");
	/* One without lines says nothing of how they are meant, wherever it stands. */
	put_load(&bytes, 0x1020, 0x10, 3, "none");
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path));
	expect(&dump, 0x1007, "f+7@/v.js:1");
	expect(&dump, 0x1020, "none+0");
	/* What is both has no lines. */
	put_lines(&bytes, 0x2000, plain, 1, 1);
	put_load(&bytes, 0x2000, 0x10, 2, "g");
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path));
	expect(&dump, 0x1007, "f+7");
	expect(&dump, 0x2000, "g+0");
	jit_dump_free(&dump);
	strbuf_free(&bytes);
}

/* Lines that are damaged are left out, and their function keeps its name. */
static void test_damaged_lines(void)
{
	static const struct line unnamed[] = {{0x1000, 1, "\xff"}},
				 control[] = {{0x1000, 1, "/\n"}},
				 outside[] = {{0x1000, 1, "/a"}, {0x1051, 2, "/a"}},
				 at_end[] = {{0x1000, 1, "/a"}, {0x1050, 2, "/a"}},
				 before[] = {{0xfff, 1, "/a"}}, good[] = {{0x1000, 1, "/a"}},
				 nameless[] = {{0x1000, 1, ""}},
				 second[] = {{0x1000, 1, "/a"}, {0x1004, 2, "/\n"}};
	static const struct {
		const struct line *lines;
		size_t count, said;
		const char *expected;
	} cases[] = {{unnamed, 1, 1, "f+0"},	 {control, 1, 1, "f+0"},  {outside, 2, 2, "f+0"},
		     {at_end, 2, 2, "f+0@/a:1"}, {before, 1, 1, "f+0"},	  {good, 1, 2, "f+0"},
		     {good, 1, 1, "f+0@/a:1"},	 {nameless, 1, 1, "f+0"}, {good, 1, 0, "f+0"},
		     {second, 2, 2, "f+0"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct strbuf bytes = {0};
		struct jit_dump dump = {0};

		put_header(&bytes, 0x4a695444, 1, 40);
		put_lines(&bytes, 0x1000, cases[i].lines, cases[i].count, cases[i].said);
		put_load(&bytes, 0x1000, 0x10, 1, "f");
		write_file(&bytes);
		CHECK(jit_dump_read(&dump, path));
		expect(&dump, 0x1000, cases[i].expected);
		jit_dump_free(&dump);
		strbuf_free(&bytes);
	}
}

static void expect_none(const struct strbuf *bytes, bool is_broken)
{
	struct jit_dump dump = {0};

	write_file(bytes);
	CHECK(!jit_dump_read(&dump, path) && dump.count == 0);
	CHECK(dump.is_broken == is_broken);
	jit_dump_free(&dump);
}

static void test_files_that_are_none(void)
{
	struct strbuf bytes = {0};
	struct jit_dump dump = {0};
	char *name;

	put_header(&bytes, 0x4a695444, 1, 40);
	bytes.length = 39;
	expect_none(&bytes, false);
	bytes.length = 40;
	expect_none(&bytes, false);
	strbuf_clear(&bytes);
	put_header(&bytes, 0x4454694a, 1, 40);
	expect_none(&bytes, true);
	strbuf_clear(&bytes);
	put_header(&bytes, 0x4a695444, 2, 40);
	expect_none(&bytes, true);
	strbuf_clear(&bytes);
	put_header(&bytes, 0x4a695444, 1, 39);
	put_load(&bytes, 0x1000, 0x10, 1, "f");
	expect_none(&bytes, true);
	/* A longer header, of later versions; and records that nobody knows, or that are too short.
	 */
	strbuf_clear(&bytes);
	put_header(&bytes, 0x4a695444, 1, 48);
	put64(&bytes, 0);
	put_prefix(&bytes, 9, 16);
	put_prefix(&bytes, LOAD, 16);
	put_prefix(&bytes, MOVE, 16);
	put_prefix(&bytes, LINES, 16);
	put_load(&bytes, 0x1000, 0x10, 1, "f");
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path));
	expect(&dump, 0x1000, "f+0");
	jit_dump_free(&dump);
	/* A record that is shorter than what each begins with. */
	strbuf_clear(&bytes);
	put_header(&bytes, 0x4a695444, 1, 40);
	put_prefix(&bytes, CLOSE, 15);
	expect_none(&bytes, true);
	/* Names that do not end, and one that is as long as is looked at. */
	name = malloc(4097);
	memset(name, 'n', 4096);
	name[4096] = '\0';
	strbuf_clear(&bytes);
	put_header(&bytes, 0x4a695444, 1, 40);
	put_load(&bytes, 0x1000, 0x10, 1, name);
	put_load(&bytes, 0x2000, 0x10, 2, name + 1);
	write_file(&bytes);
	CHECK(jit_dump_read(&dump, path) && dump.count == 1);
	CHECK(strlen(name_at(&dump, 0x2000)) == 255);
	expect(&dump, 0x1000, "");
	jit_dump_free(&dump);
	free(name);
	strbuf_free(&bytes);
	unlink(path);
	CHECK(!jit_dump_read(&dump, path));
}

/* Of another user nothing is believed, nor of a file that is another one by now. */
static void test_whose_file(void)
{
	struct strbuf bytes = {0};
	struct jit_dump dump = {0};
	struct proc_mapping mapping = {.path = path};
	struct stat about;

	put_header(&bytes, 0x4a695444, 1, 40);
	put_load(&bytes, 0x1000, 0x10, 1, "f");
	write_file(&bytes);
	CHECK(stat(path, &about) == 0);
	mapping.inode = about.st_ino + 1;
	CHECK(!jit_dump_refresh(&dump, (uint32_t)getpid(), about.st_uid, &mapping));
	mapping.inode = about.st_ino;
	mapping.deleted = true;
	CHECK(!jit_dump_refresh(&dump, (uint32_t)getpid(), about.st_uid, &mapping));
	mapping.deleted = false;
	CHECK(jit_dump_refresh(&dump, (uint32_t)getpid(), about.st_uid, &mapping));
	expect(&dump, 0x1000, "f+0");
	jit_dump_free(&dump);
	if (geteuid() == 0 && CHECK(chown(path, 12345, 12345) == 0)) {
		CHECK(!jit_dump_refresh(&dump, (uint32_t)getpid(), 12346, &mapping));
		CHECK(jit_dump_refresh(&dump, (uint32_t)getpid(), 12345, &mapping));
		/* One that takes its place is read from the front. */
		CHECK(rename(path, "/tmp/bpfload-test-jit-moved") == 0);
		strbuf_clear(&bytes);
		put_header(&bytes, 0x4a695444, 1, 40);
		put_load(&bytes, 0x1000, 0x10, 1, "other");
		write_file(&bytes);
		CHECK(jit_dump_read(&dump, path));
		expect(&dump, 0x1000, "other+0");
		unlink("/tmp/bpfload-test-jit-moved");
	}
	jit_dump_free(&dump);
	strbuf_free(&bytes);
	unlink(path);
}

static bool is_mark(const char *name)
{
	return jit_dump_is_marked(&(struct proc_mapping){.path = name});
}

static void test_marks(void)
{
	CHECK(is_mark("/tmp/jit-1.dump") && is_mark("/a/jit-2/jit-123.dump"));
	CHECK(!is_mark("jit-1.dump") && !is_mark("/tmp/jit-.dump") && !is_mark("/tmp/jit-1.dumps"));
	CHECK(!is_mark("/tmp/jit-1x.dump") && !is_mark("/tmp/xjit-1.dump") && !is_mark(""));
}

/* Code of this process, which it has mapped the file for: a function with its line, where lines are
 * wanted. `place` is behind a call or not. */
static void check_named(bool with_lines, uint64_t code, bool is_return, const char *line)
{
	const struct mf_config config = {.show_debug_info = with_lines};
	struct symbols *symbols = symbols_new(&config, NULL);
	struct symbol symbol = {0};

	CHECK(symbols_user_source(symbols, (uint32_t)getpid(), code + 4, is_return, &symbol));
	CHECK(symbol.name && strcmp(symbol.name, "hot") == 0 && symbol.offset == 4);
	CHECK(symbol.frame_count == (line != NULL));
	if (line && symbol.frame_count)
		CHECK(!symbol.frames->function && strcmp(symbol.frames->line, line) == 0);
	/* A function of which no lines were written. */
	CHECK(symbols_user_source(symbols, (uint32_t)getpid(), code + 0x20, false, &symbol));
	CHECK(symbol.name && strcmp(symbol.name, "bare") == 0 && symbol.frame_count == 0);
	CHECK(!symbols_user_source(symbols, (uint32_t)getpid(), code + 0x40, false, &symbol));
	symbols_free(symbols);
}

static void test_process(void)
{
	char folder[] = "/tmp/bpfload-test-XXXXXX", own[64];
	uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t address = (uint64_t)(uintptr_t)code;
	const struct line lines[] = {{address, 10, "/a.js"}, {address + 4, 11, "/a.js"}};
	struct strbuf bytes = {0};
	void *mark;
	int fd;

	put_header(&bytes, 0x4a695444, 1, 40);
	put_lines(&bytes, address, lines, 2, 2);
	put_load(&bytes, address, 0x10, 1, "hot");
	put_load(&bytes, address + 0x20, 0x10, 2, "bare");
	CHECK(code != MAP_FAILED && mkdtemp(folder));
	snprintf(own, sizeof(own), "%s/jit-%d.dump", folder, getpid());
	fd = open(own, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(write(fd, bytes.data, bytes.length) == (ssize_t)bytes.length);
	mark = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	CHECK(mark != MAP_FAILED);
	check_named(true, address, false, "/a.js:11");
	/* The line of a call is that of the place before. */
	check_named(true, address, true, "/a.js:10");
	check_named(false, address, false, NULL);
	munmap(mark, 4096);
	munmap(code, 4096);
	close(fd);
	unlink(own);
	rmdir(folder);
	strbuf_free(&bytes);
}

int main(void)
{
	close(mkstemp(path));
	test_process();
	test_functions();
	test_pieces();
	test_reads();
	test_long_names();
	test_lines();
	test_shifted_lines();
	test_damaged_lines();
	test_files_that_are_none();
	test_whose_file();
	test_marks();
	return check_result("jit_dump");
}
