/* Which symbol of a file a name means, and where probes can be: files that the test makes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "binary/files.h"
#include "binary/symbol.h"
#include "check.h"
#include "folder.h"
#include "made_elf.h"

/* push %rbp; mov %rsp,%rbp; ret; and nothing of it. */
static const uint8_t code[] = {0x55, 0x48, 0x89, 0xe5, 0xc3, 0x90, 0x90, 0x90,
			       0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90};

struct name {
	const char *name;
	/* From the first byte of code. */
	uint32_t at, size;
	uint8_t type;
	/* Of .gnu.version; 0: this is of .symtab. */
	uint16_t version;
	uint16_t section;
	bool is_local;
};

/* In place of 0, which is the usual. */
#define NO_SIZE UINT32_MAX
#define NO_TYPE UINT8_MAX
#define NO_SECTION UINT16_MAX

/* A function of five bytes of code, but for what is said of it. */
static struct name function_of(struct name name)
{
	name.size = name.size == NO_SIZE ? 0 : name.size ? name.size : 5;
	name.type = name.type == NO_TYPE ? STT_NOTYPE : name.type ? name.type : STT_FUNC;
	name.section = name.section == NO_SECTION ? SHN_UNDEF : name.section ? name.section : 1;
	return name;
}

/* Where the code is in the file, and that of data. */
static uint64_t start;

static void put_symbols(struct made_elf *made, const struct name *names, size_t count, bool dynamic)
{
	struct strbuf symbols = {0}, strings = {0}, versions = {0};
	uint16_t table, none = 0;

	strbuf_fill(&symbols, 0, sizeof(Elf64_Sym));
	strbuf_char(&strings, 0);
	strbuf_put(&versions, &none, sizeof(none));
	for (size_t i = 0; i < count; i++) {
		const struct name *name = &names[i];
		Elf64_Sym symbol = {.st_name = (uint32_t)strings.length,
				    .st_info = ELF64_ST_INFO(
					    name->is_local ? STB_LOCAL : STB_GLOBAL, name->type),
				    .st_shndx = name->section,
				    .st_value = MADE_BASE + start + name->at,
				    .st_size = name->size};

		if (dynamic != (name->version != 0))
			continue;
		strbuf_put(&symbols, &symbol, sizeof(symbol));
		strbuf_put(&strings, name->name, strlen(name->name) + 1);
		strbuf_put(&versions, &name->version, sizeof(name->version));
	}
	table = made_section(made, dynamic ? ".dynsym" : ".symtab",
			     dynamic ? SHT_DYNSYM : SHT_SYMTAB, 0, symbols.data, symbols.length);
	made->sections[table].sh_link = made_section(made, dynamic ? ".dynstr" : ".strtab",
						     SHT_STRTAB, 0, strings.data, strings.length);
	if (dynamic)
		made_section(made, ".gnu.version", SHT_GNU_versym, 0, versions.data,
			     versions.length);
	strbuf_free(&symbols);
	strbuf_free(&strings);
	strbuf_free(&versions);
}

static void put_program(uint16_t machine, const struct name *names, size_t count)
{
	struct made_elf made;

	made_begin(&made, machine);
	made_section(&made, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, code, sizeof(code));
	start = made.sections[1].sh_offset;
	made_section(&made, ".data", SHT_PROGBITS, SHF_ALLOC, code, sizeof(code));
	put_symbols(&made, names, count, true);
	put_symbols(&made, names, count, false);
	made_put(&made, "program");
	made_free(&made);
}

#define PUT(machine, ...)                                        \
	put_program(machine, (const struct name[]){__VA_ARGS__}, \
		    sizeof((const struct name[]){__VA_ARGS__}) / sizeof(struct name))
#define F(...) function_of((struct name){.name = __VA_ARGS__})

/* From the first byte of code; `unchecked`: without looking at what stands there. */
static enum binary_symbol_result find(const char *name, uint64_t offset, bool unchecked,
				      int64_t *at_code)
{
	const struct binary_query query = {
		.function = name, .offset = offset, .unchecked = unchecked};
	uint64_t found = 0;
	enum binary_symbol_result result = binary_symbol_find(at("program"), &query, &found);

	*at_code = result == BINARY_SYMBOL_FOUND ? (int64_t)(found - start) : -1;
	return result;
}

static bool is_at(const char *name, int64_t expected)
{
	int64_t found;

	return find(name, 0, false, &found) == BINARY_SYMBOL_FOUND && found == expected;
}

static enum binary_symbol_result refused(const char *name, uint64_t offset, bool unchecked)
{
	int64_t found;

	return find(name, offset, unchecked, &found);
}

static void places_in_functions(void)
{
	int64_t found;

	PUT(EM_X86_64, F("f"), F("other", .at = 8), F("none", .at = 12, .size = NO_SIZE));
	CHECK(is_at("f", 0) && is_at("other", 8));
	CHECK(find("f", 1, false, &found) == BINARY_SYMBOL_FOUND && found == 1);
	CHECK(find("f", 4, false, &found) == BINARY_SYMBOL_FOUND && found == 4);
	CHECK(refused("f", 2, false) == BINARY_SYMBOL_INSIDE &&
	      refused("f", 3, false) == BINARY_SYMBOL_INSIDE);
	CHECK(find("f", 3, true, &found) == BINARY_SYMBOL_FOUND && found == 3);
	CHECK(refused("f", 5, false) == BINARY_SYMBOL_BEYOND &&
	      refused("f", 5, true) == BINARY_SYMBOL_BEYOND);
	CHECK(refused("none", 0, false) == BINARY_SYMBOL_SIZELESS);
	CHECK(find("none", 2, true, &found) == BINARY_SYMBOL_FOUND && found == 14);
	CHECK(refused("ff", 0, false) == BINARY_SYMBOL_UNKNOWN &&
	      refused("othe", 0, true) == BINARY_SYMBOL_UNKNOWN);
	/* What is not understood is not judged. */
	CHECK(refused("none", 1u << 30, true) == BINARY_SYMBOL_UNKNOWN);
	/* Of the other architecture each instruction has four bytes. */
	PUT(EM_AARCH64, F("f", .size = 16));
	CHECK(find("f", 4, false, &found) == BINARY_SYMBOL_FOUND && found == 4);
	CHECK(refused("f", 2, false) == BINARY_SYMBOL_UNALIGNED &&
	      refused("f", 2, true) == BINARY_SYMBOL_UNALIGNED);
}

static void symbols_that_are_no_functions(void)
{
	PUT(EM_X86_64, F("indirect", .type = STT_GNU_IFUNC), F("object", .type = STT_OBJECT),
	    F("notype", .type = NO_TYPE), F("undefined", .section = NO_SECTION),
	    F("far", .at = 1 << 20));
	CHECK(refused("indirect", 0, false) == BINARY_SYMBOL_INDIRECT);
	CHECK(refused("object", 0, false) == BINARY_SYMBOL_UNKNOWN &&
	      refused("notype", 0, false) == BINARY_SYMBOL_UNKNOWN &&
	      refused("undefined", 0, false) == BINARY_SYMBOL_UNKNOWN &&
	      refused("far", 0, false) == BINARY_SYMBOL_UNKNOWN);
}

/* The name itself, else its default version, else another one; of equal ones the first. */
static void versions_of_a_symbol(void)
{
	PUT(EM_X86_64, F("f@V1", .at = 1), F("f@V0", .at = 4));
	CHECK(is_at("f", 1));
	PUT(EM_X86_64, F("f@V1", .at = 1), F("f@@V2", .at = 4), F("f@@V3", .at = 5));
	CHECK(is_at("f", 4));
	PUT(EM_X86_64, F("f@V1", .at = 1), F("f@@V2", .at = 4), F("f", .at = 5), F("f", .at = 6));
	CHECK(is_at("f", 5));
	/* Tables of dynamic symbols say it beside the name. */
	PUT(EM_X86_64, F("f", .at = 1, .version = 0x8002), F("f", .at = 4, .version = 3),
	    F("f", .at = 5, .version = 4));
	CHECK(is_at("f", 4));
	PUT(EM_X86_64, F("f", .at = 1, .version = 0x8002), F("f@@V", .at = 4));
	CHECK(is_at("f", 4));
	PUT(EM_X86_64, F("f", .at = 1, .version = 2), F("f", .at = 4));
	CHECK(is_at("f", 1));
}

static void addresses_and_places(void)
{
	static const char text[] = "no program";
	int64_t found;

	PUT(EM_X86_64, F("f"));
	CHECK(find("", MADE_BASE + start + 3, false, &found) == BINARY_SYMBOL_FOUND && found == 3);
	/* What is no address of code may be a place in the file that has some. */
	CHECK(find("", start + 4, false, &found) == BINARY_SYMBOL_FOUND && found == 4);
	CHECK(refused("", 1 << 20, false) == BINARY_SYMBOL_BEYOND);
	/* Of what is no program only what nobody looks at. */
	put_file("program", text);
	start = 0;
	CHECK(find("", sizeof(text) - 2, true, &found) == BINARY_SYMBOL_FOUND &&
	      found == sizeof(text) - 2);
	CHECK(refused("", sizeof(text) - 1, true) == BINARY_SYMBOL_BEYOND);
	CHECK(refused("", 0, false) == BINARY_SYMBOL_NOT_ELF &&
	      refused("f", 0, true) == BINARY_SYMBOL_NOT_ELF);
	put_file("program", "");
	CHECK(refused("", 0, true) == BINARY_SYMBOL_NOT_ELF);
	unlink(at("program"));
	CHECK(refused("", 0, true) == BINARY_SYMBOL_NO_FILE &&
	      refused("f", 0, false) == BINARY_SYMBOL_NO_FILE);
}

/* `name@offset` of each, from the first byte of code; a local one has a minus. */
static bool matches(const char *pattern, bool every_name, bool unchecked, const char *expected)
{
	const struct binary_query query = {
		.function = pattern, .every_name = every_name, .unchecked = unchecked};
	struct binary_function *functions;
	struct arena arena = {0};
	struct strbuf text = {0};
	size_t count;
	bool same;

	CHECK(binary_symbol_match(&arena, at("program"), &query, &functions, &count) ==
	      (*expected ? BINARY_SYMBOL_FOUND : BINARY_SYMBOL_UNKNOWN));
	for (size_t i = 0; i < count; i++) {
		strbuf_text(&text, i ? " " : "");
		strbuf_text(&text, functions[i].is_local ? "-" : "");
		strbuf_text(&text, functions[i].name);
		strbuf_char(&text, '@');
		strbuf_i64(&text, (int64_t)(functions[i].offset - start));
	}
	same = strcmp(strbuf_c_text(&text), expected) == 0;
	if (!same)
		fprintf(stderr, "  %s\n", text.data);
	free(functions);
	arena_free(&arena);
	strbuf_free(&text);
	return same;
}

static void functions_that_match(void)
{
	PUT(EM_X86_64, F("__b", .at = 4), F("b", .at = 4), F("b2", .at = 4), F("a@@V1", .at = 8),
	    F("a.cold", .at = 9), F("c", .at = 1, .is_local = true), F("d", .at = 1),
	    F("_e", .at = 0), F("e", .at = 0, .is_local = true), F("i", .type = STT_GNU_IFUNC),
	    F("n", .at = 12, .type = NO_TYPE), F("s", .at = 13, .size = NO_SIZE),
	    F("o", .type = STT_OBJECT), F("", .at = 3), F("v", .at = 14, .version = 2),
	    F("x", .section = NO_SECTION), F("z", .section = 2, .at = 15));
	/* By their places; of several names of one the one with the fewest underscores, a global
	 * one rather than a local one, the least. */
	CHECK(matches("*", false, false, "-e@0 d@1 b@4 a@8 v@14 z@15"));
	CHECK(matches("*", false, true, "-e@0 d@1 b@4 a@8 s@13 v@14 z@15"));
	CHECK(matches("a*", false, false, "a@8") && matches("__*", false, false, "__b@4"));
	CHECK(matches("q*", false, false, "") && matches("i", false, false, "") &&
	      matches("a.cold", false, false, ""));
	/* By name, each once: what stands in sections of code, with or without a type. */
	CHECK(matches("*", true, false,
		      "__b@4 _e@0 a@8 b@4 b2@4 -c@1 d@1 -e@0 i@0 n@12 s@13 v@14"));
	CHECK(matches("a.cold", true, false, "a.cold@9") && matches("o", true, false, "") &&
	      matches("z", true, false, "") && matches("x", true, false, ""));
}

/* Without a standard input the folder that is looked into may get its number. */
static void patterns_without_a_standard_input(void)
{
	struct arena arena = {0};
	struct binary_files files = {.arena = &arena};
	char pattern[64];
	int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);

	PUT(EM_X86_64, F("f"));
	snprintf(pattern, sizeof(pattern), "%s/prog*", folder);
	close(STDIN_FILENO);
	binary_files_match(&files, pattern, 0);
	CHECK(files.count == 1 && strcmp(files.files[0].shown, at("program")) == 0);
	if (input >= 0) {
		dup2(input, STDIN_FILENO);
		close(input);
	}
	arena_free(&arena);
}

/* Bare names are those of programs, in the folders of PATH, of which an empty one is where we are.
 */
static void patterns_of_programs(void)
{
	const char *before = getenv("PATH");
	char *kept = before ? strdup(before) : NULL, path[128], here[512];

	CHECK(getcwd(here, sizeof(here)) && chdir(folder) == 0);
	snprintf(path, sizeof(path), "/nonexistent:%s", folder);
	for (int is_here = 0; is_here < 2; is_here++) {
		struct arena arena = {0};
		struct binary_files files = {.arena = &arena};

		CHECK(setenv("PATH", is_here ? ":/nonexistent" : path, 1) == 0);
		binary_files_match(&files, "progra*", 0);
		CHECK(files.count == 1 &&
		      strcmp(files.files[0].shown, is_here ? "./program" : at("program")) == 0);
		binary_files_match(&files, "./prog*m", 0);
		CHECK(files.count == 1);
		/* A library is one by its bare name, too. */
		binary_files_match(&files, "libc.so.*", 0);
		CHECK(files.count == 2 && strstr(files.files[1].shown, "/libc.so.6"));
		arena_free(&arena);
	}
	CHECK(chdir(here) == 0);
	if (kept)
		setenv("PATH", kept, 1);
	free(kept);
}

/* As many as there are; hidden ones have to be asked for. */
static void patterns_of_many_files(void)
{
	struct arena arena = {0};
	struct binary_files files = {.arena = &arena};
	char name[32], pattern[64];

	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), i % 2 ? "many-%02d" : ".many-%02d", i);
		put_file(name, "x");
	}
	snprintf(pattern, sizeof(pattern), "%s/*many-*", folder);
	binary_files_match(&files, pattern, 0);
	CHECK(files.count == 20);
	for (size_t i = 0; i < files.count; i++) {
		snprintf(name, sizeof(name), "many-%02zu", 2 * i + 1);
		CHECK(strcmp(files.files[i].shown, at(name)) == 0);
	}
	snprintf(pattern, sizeof(pattern), "%s/.many-*", folder);
	binary_files_match(&files, pattern, 0);
	CHECK(files.count == 40);
	/* Each once, and folders in between. */
	snprintf(pattern, sizeof(pattern), "/tm*/%s/many-0*", folder + 5);
	binary_files_match(&files, pattern, 0);
	CHECK(files.count == 40);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), i % 2 ? "many-%02d" : ".many-%02d", i);
		unlink(at(name));
	}
	arena_free(&arena);
}

int main(void)
{
	CHECK(mkdtemp(folder));
	places_in_functions();
	symbols_that_are_no_functions();
	versions_of_a_symbol();
	addresses_and_places();
	functions_that_match();
	patterns_without_a_standard_input();
	patterns_of_programs();
	patterns_of_many_files();
	unlink(at("program"));
	CHECK(rmdir(folder) == 0);
	return check_result("symbol choice");
}
