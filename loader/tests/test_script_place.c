/* Which place of the script an instruction of a loaded program is from. The test puts a program
 * together as libbpf does, function behind function, and gives each instruction of the object a
 * line of its own: so it is known of each. */
#include "session/script_place.h"

#include <bpf/btf.h>
#include <elf.h>
#include <linux/bpf.h>
#include <stddef.h>

#include "check.h"
#include "stand_in.h"

#define INSN sizeof(struct bpf_insn)
#define HELPER 14
#define OTHER 15

enum { NONE, BTF, EXT, PROGRAM, TEXT, RELOCATIONS, DATA, OF_DATA, SECTIONS };
enum { NULL_SYMBOL, PROBE, SECOND, FUNCTION, TOLD, CALLBACK, COUNTS, KERNELS, ABSOLUTE, SYMBOLS };

/* The program begins behind two instructions of another one. */
#define BEFORE 2
#define OWN 6
#define FUNCTION_SIZE 4
#define TOLD_SIZE 2
#define CALLBACK_SIZE 3
#define WHOLE (OWN + FUNCTION_SIZE + TOLD_SIZE + CALLBACK_SIZE)
/* In .text. */
#define TOLD_AT FUNCTION_SIZE
#define CALLBACK_AT (FUNCTION_SIZE + TOLD_SIZE)

#define PLAIN                                                             \
	{                                                                 \
		.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1 \
	}
#define END                                \
	{                                  \
		.code = BPF_JMP | BPF_EXIT \
	}
#define CALL(number)                                                                    \
	{                                                                               \
		.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = (number) \
	}
#define ADDRESS(bytes)                                                                        \
	{                                                                                     \
		.code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = BPF_PSEUDO_FUNC, .imm = (bytes) \
	}
#define HELP(number)                                        \
	{                                                   \
		.code = BPF_JMP | BPF_CALL, .imm = (number) \
	}

static struct {
	struct session session;
	struct elf_file elf;
	struct elf_section sections[SECTIONS];
	struct elf_symbol symbols[SYMBOLS];
	struct bpf_insn program[BEFORE + OWN], text[CALLBACK_AT + CALLBACK_SIZE], whole[WHOLE];
	/* The line of each instruction of `whole`; 0: none is told. */
	uint32_t lines[WHOLE];
	Elf64_Rel relocations[3];
	uint32_t ext[512];
	struct btf *btf;
	struct bpf_program programs[2];
} scene;

static uint32_t program_line(uint32_t insn)
{
	return 100 + insn;
}

static uint32_t text_line(uint32_t insn)
{
	return 200 + insn;
}

/* Records of one section of code, a line for each instruction; words behind them. */
static uint32_t *put_lines(uint32_t *at, const char *section, uint32_t count,
			   uint32_t (*line)(uint32_t insn))
{
	*at++ = (uint32_t)btf__add_str(scene.btf, section);
	*at++ = count;
	for (uint32_t i = 0; i < count; i++) {
		*at++ = i * (uint32_t)INSN;
		*at++ = (uint32_t)btf__add_str(scene.btf, "script.bt");
		*at++ = (uint32_t)btf__add_str(scene.btf, section);
		*at++ = line(i) << 10 | (i + 1);
	}
	return at;
}

static void make_records(void)
{
	uint32_t *end, size;
	const void *types;

	scene.btf = btf__new_empty();
	scene.ext[8] = 16;
	end = put_lines(scene.ext + 9, "kprobe/f", BEFORE + OWN, program_line);
	end = put_lines(end, ".text", CALLBACK_AT + CALLBACK_SIZE, text_line);
	scene.ext[0] = 0x0001eb9f;
	scene.ext[1] = 32;
	/* Functions: none; lines; CO-RE: none. */
	scene.ext[5] = scene.ext[6] = (uint32_t)((uint8_t *)end - (uint8_t *)(scene.ext + 8));
	types = btf__raw_data(scene.btf, &size);
	scene.sections[BTF] = (struct elf_section){.name = ".BTF", .data = types, .size = size};
	scene.sections[EXT] = (struct elf_section){
		.name = ".BTF.ext", .data = (const uint8_t *)scene.ext, .size = sizeof(scene.ext)};
}

static void make_code(void)
{
	const struct bpf_insn program[] = {
		HELP(OTHER), END,	   PLAIN, CALL(-1), ADDRESS(CALLBACK_AT * INSN),
		{0},	     HELP(HELPER), END};
	const struct bpf_insn text[] = {/* Another function of the number that the helper has. */
					CALL(TOLD_AT - 1), PLAIN, HELP(OTHER), END,
					/* What many places share. */
					HELP(HELPER), END, CALL(-1), PLAIN, END};

	memcpy(scene.program, program, sizeof(program));
	memcpy(scene.text, text, sizeof(text));
	scene.sections[NONE].name = "";
	scene.sections[PROGRAM] = (struct elf_section){.name = "kprobe/f",
						       .type = SHT_PROGBITS,
						       .flags = SHF_EXECINSTR | SHF_ALLOC,
						       .data = (const uint8_t *)scene.program,
						       .size = sizeof(scene.program)};
	scene.sections[TEXT] = scene.sections[PROGRAM];
	scene.sections[TEXT].name = ".text";
	scene.sections[TEXT].data = (const uint8_t *)scene.text;
	scene.sections[TEXT].size = sizeof(scene.text);
	scene.sections[DATA] = (struct elf_section){.name = ".data",
						    .type = SHT_PROGBITS,
						    .flags = SHF_ALLOC,
						    .data = (const uint8_t *)scene.program,
						    .size = sizeof(scene.program)};
}

static struct elf_symbol function(const char *name, uint32_t section, uint32_t at, uint32_t count)
{
	return (struct elf_symbol){.name = name,
				   .type = STT_FUNC,
				   .binding = section == PROGRAM ? STB_GLOBAL : STB_LOCAL,
				   .section = section,
				   .value = at * INSN,
				   .size = count * INSN};
}

static void make_symbols(void)
{
	scene.symbols[NULL_SYMBOL].name = "";
	scene.symbols[SECOND] = function("second", PROGRAM, 0, BEFORE);
	scene.symbols[PROBE] = function("probe", PROGRAM, BEFORE, OWN);
	scene.symbols[FUNCTION] = function("function", TEXT, 0, FUNCTION_SIZE);
	scene.symbols[TOLD] = function("told_once", TEXT, TOLD_AT, TOLD_SIZE);
	scene.symbols[CALLBACK] = function("callback", TEXT, CALLBACK_AT, CALLBACK_SIZE);
	scene.symbols[COUNTS] =
		(struct elf_symbol){.name = "counts", .type = STT_OBJECT, .section = DATA};
	scene.symbols[KERNELS] = (struct elf_symbol){.name = "jiffies"};
	scene.symbols[ABSOLUTE] =
		(struct elf_symbol){.name = "script.bt", .type = STT_FUNC, .section = SHN_ABS};
}

/* Which function of the object stands where in the whole program. */
static void place(uint32_t start, const struct bpf_insn *insns, uint32_t count, uint32_t line)
{
	for (uint32_t i = 0; i < count; i++) {
		scene.whole[start + i] = insns[i];
		scene.lines[start + i] = line ? line + i : 0;
	}
}

/* A call, or an address, leads from one place of the whole to another. */
static void lead(uint32_t from, uint32_t to)
{
	scene.whole[from].imm = (int32_t)to - (int32_t)from - 1;
}

/* The functions in the order in which they are met, `turned` the other way round. */
static void link_program(bool turned)
{
	uint32_t one = OWN, told = one + FUNCTION_SIZE, last = told + TOLD_SIZE;

	if (turned) {
		last = OWN;
		told = last + CALLBACK_SIZE;
		one = told + TOLD_SIZE;
	}
	place(0, scene.program + BEFORE, OWN, program_line(BEFORE));
	place(one, scene.text, FUNCTION_SIZE, text_line(0));
	place(told, scene.text + TOLD_AT, TOLD_SIZE, 0);
	place(last, scene.text + CALLBACK_AT, CALLBACK_SIZE, text_line(CALLBACK_AT));
	lead(1, one);
	lead(2, last);
	lead(one, told);
	lead(last, one);
}

static void begin(void)
{
	memset(&scene, 0, sizeof(scene));
	stand_in_reset();
	make_code();
	make_symbols();
	make_records();
	link_program(false);
	scene.elf = (struct elf_file){.sections = scene.sections,
				      .section_count = SECTIONS,
				      .symbols = scene.symbols,
				      .symbol_count = SYMBOLS};
	scene.session.elf = &scene.elf;
	scene.programs[0] = (struct bpf_program){
		.name = "probe", .is_loaded = true, .insns = scene.whole, .insn_count = WHOLE};
	scene.programs[1] = (struct bpf_program){.name = "second", .is_loaded = true};
	stand_in.programs = scene.programs;
	stand_in.program_count = 2;
	for (uint32_t i = RELOCATIONS; i < SECTIONS; i++)
		if (!scene.sections[i].name)
			scene.sections[i].name = "";
}

static void end(void)
{
	btf__free(scene.btf);
	stand_in_reset();
}

/* The line of an instruction of the whole; 0: none. */
static uint32_t line_of(uint32_t insn)
{
	struct btf_ext_place place = {0};
	bool found = script_place(&scene.session, "probe", insn, &place);

	CHECK(!found || (strcmp(place.file, "script.bt") == 0 && place.line > 0));
	return found ? place.line : 0;
}

static void each_instruction(void)
{
	struct btf_ext_place place;

	for (int turned = 0; turned < 2; turned++) {
		begin();
		link_program(turned);
		for (uint32_t i = 0; i < WHOLE; i++)
			if (!CHECK(line_of(i) == scene.lines[i]))
				fprintf(stderr, "  instruction %u: line %u, not %u\n", i,
					line_of(i), scene.lines[i]);
		CHECK(line_of(WHOLE) == 0 && line_of(UINT32_MAX) == 0);
		CHECK(script_place(&scene.session, "probe", OWN - 1, &place) &&
		      place.line == program_line(BEFORE + OWN - 1) &&
		      place.column == BEFORE + OWN && strcmp(place.text, "kprobe/f") == 0);
		end();
	}
}

/* What does not fit together says nothing, least of all another place. */
static void odd_programs(void)
{
	struct btf_ext_place place;

	begin();
	CHECK(!script_place(&scene.session, "none", 0, &place));
	scene.symbols[PROBE].name = "other";
	CHECK(!script_place(&scene.session, "probe", 0, &place));
	scene.symbols[PROBE].name = "probe";
	/* Fewer instructions than its own. */
	scene.programs[0].insn_count = OWN - 1;
	CHECK(line_of(0) == 0);
	/* A function that would end behind the whole is not there; the others are. */
	scene.programs[0].insn_count = WHOLE - 1;
	CHECK(line_of(0) == scene.lines[0] && line_of(OWN) == scene.lines[OWN]);
	CHECK(line_of(WHOLE - CALLBACK_SIZE) == 0);
	scene.programs[0].insn_count = WHOLE;
	/* Before the whole. */
	scene.whole[1].imm = -10;
	CHECK(line_of(0) == scene.lines[0] && line_of(WHOLE - 1) == scene.lines[WHOLE - 1]);
	lead(1, OWN);
	/* Symbols at the same place that are no functions, or of another section. */
	scene.symbols[FUNCTION].type = STT_OBJECT;
	CHECK(line_of(OWN) == 0);
	scene.symbols[FUNCTION].type = STT_FUNC;
	scene.symbols[FUNCTION].section = PROGRAM;
	CHECK(line_of(OWN) == 0);
	scene.symbols[FUNCTION].section = TEXT;
	CHECK(line_of(OWN) == scene.lines[OWN]);
	scene.sections[TEXT].name = "none";
	CHECK(line_of(0) == scene.lines[0] && line_of(OWN) == 0);
	end();
	/* A record without a line says nothing. */
	begin();
	scene.ext[11 + 4 * BEFORE + 3] = 5;
	CHECK(line_of(0) == 0 && line_of(1) == scene.lines[1]);
	end();
}

static uint32_t helper_line(int helper)
{
	struct btf_ext_place place;

	return script_place_of_helper(&scene.session, helper, &place) ? place.line : 0;
}

/* The first call in what is loaded. */
static void helpers(void)
{
	begin();
	CHECK(helper_line(HELPER) == program_line(BEFORE + 4));
	CHECK(helper_line(OTHER) == program_line(0) && helper_line(16) == 0);
	/* Numbers of functions are no helpers. */
	CHECK(helper_line(-1) == 0 && helper_line(TOLD_AT - 1) == 0);
	scene.programs[1].is_loaded = false;
	CHECK(helper_line(OTHER) == text_line(2));
	scene.programs[0].is_loaded = false;
	/* What many places share says nothing. */
	CHECK(helper_line(HELPER) == 0);
	scene.symbols[FUNCTION].type = STT_OBJECT;
	CHECK(helper_line(OTHER) == 0);
	scene.symbols[FUNCTION].type = STT_FUNC;
	/* The last instruction counts, and none behind it. */
	scene.symbols[FUNCTION].size = 3 * INSN;
	CHECK(helper_line(OTHER) == text_line(2));
	scene.symbols[FUNCTION].size = 3 * INSN - 1;
	CHECK(helper_line(OTHER) == 0);
	/* Data is no code. */
	scene.symbols[FUNCTION] = function("function", DATA, 0, 1);
	CHECK(helper_line(OTHER) == 0);
	end();
	begin();
	/* The first one has no line: the next one has. */
	scene.ext[11 + 3] = 5;
	CHECK(helper_line(OTHER) == text_line(2));
	end();
}

static uint32_t symbol_line(const char *name)
{
	struct btf_ext_place place;

	return script_place_of_symbol(&scene.session, name, &place) ? place.line : 0;
}

static void relocate(uint32_t index, uint32_t insn, uint64_t symbol)
{
	scene.relocations[index] =
		(Elf64_Rel){.r_offset = insn * INSN, .r_info = ELF64_R_INFO(symbol, 1)};
}

/* The first use in what is loaded. */
static void symbols(void)
{
	begin();
	CHECK(symbol_line("counts") == 0);
	relocate(0, 1, COUNTS);
	relocate(1, BEFORE + 3, KERNELS);
	relocate(2, BEFORE, COUNTS);
	scene.sections[RELOCATIONS] =
		(struct elf_section){.name = ".relkprobe/f",
				     .type = SHT_REL,
				     .info = PROGRAM,
				     .data = (const uint8_t *)scene.relocations,
				     .size = sizeof(scene.relocations)};
	CHECK(symbol_line("counts") == program_line(1));
	CHECK(symbol_line("jiffies") == program_line(BEFORE + 3) && symbol_line("none") == 0);
	scene.programs[1].is_loaded = false;
	CHECK(symbol_line("counts") == program_line(BEFORE));
	/* One without a line is passed over. */
	scene.programs[1].is_loaded = true;
	scene.ext[11 + 4 + 3] = 5;
	CHECK(symbol_line("counts") == program_line(BEFORE));
	scene.programs[0].is_loaded = scene.programs[1].is_loaded = false;
	CHECK(symbol_line("counts") == 0);
	scene.programs[0].is_loaded = true;
	/* Of code alone, and of such records alone. */
	scene.sections[RELOCATIONS].info = DATA;
	scene.symbols[FUNCTION] = function("function", DATA, 0, BEFORE + OWN);
	CHECK(symbol_line("counts") == 0);
	scene.sections[RELOCATIONS].info = PROGRAM;
	scene.sections[RELOCATIONS].type = SHT_RELA;
	CHECK(symbol_line("counts") == 0);
	scene.sections[RELOCATIONS].type = SHT_REL;
	CHECK(symbol_line("counts") == program_line(BEFORE));
	/* The last instruction of a function is its own, the one behind it is not. */
	scene.symbols[PROBE].size = (3 + 1) * INSN;
	CHECK(symbol_line("jiffies") == program_line(BEFORE + 3));
	scene.symbols[PROBE].size = 3 * INSN;
	CHECK(symbol_line("jiffies") == 0);
	end();
}

int main(void)
{
	each_instruction();
	odd_programs();
	helpers();
	symbols();
	return check_result("script_place");
}
