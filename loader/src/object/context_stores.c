#include "object/context_stores.h"

#include <elf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "object/patched.h"

/*
 * What registers may hold, instruction by instruction, until nothing new comes: the context, or a
 * place in the stack of some function, since a context may be kept there, and handed on. Where more
 * than one place is possible, it is any; so it is behind instructions that the host changes. Slots
 * of stacks only ever gain values.
 */

#define INSN_SIZE sizeof(struct bpf_insn)
#define REGISTERS 11
#define ARGUMENTS 5
#define SLOTS 64
#define STACK_SIZE (8 * SLOTS)
/* Nobody's stack, and anybody's. */
#define NO_FRAME 0u
#define ANY_FRAME UINT32_MAX
#define ANY_PLACE INT32_MAX
#define ANY_FUNCTION UINT32_MAX
/* Code that needs more than this is no compiler's: then it counts as if it stored. The first is the
 * verifier's own limit (BPF_COMPLEXITY_LIMIT_INSNS), the other more than calls and loops nest. */
#define INSTRUCTIONS_MAX (1u << 20)
#define SWEEPS_MAX 100

struct value {
	bool context;
	/* Number of the function whose stack it leads into, from 1 on. */
	uint32_t frame;
	/* From the upper end of the stack. */
	int32_t place;
	/* Number of the function that it is the address of, from 1 on; 0: of none. */
	uint32_t function;
};

struct state {
	struct value registers[REGISTERS];
	bool is_reached;
};

struct function {
	uint32_t section;
	/* Instructions of the section. */
	uint32_t first, end;
	struct value slots[SLOTS];
	struct value result;
};

struct search {
	const struct elf_file *elf;
	/* By section, by instruction: whether the host changes it. */
	const bool *const *patched;
	struct function *functions;
	uint32_t count, room;
	/* By section, by instruction; NULL: no code. */
	struct state **states;
	/* By section, by instruction: the function that it calls or names, from 1 on. */
	uint32_t **targets;
	bool has_changed;
	/* What was found. */
	bool is_found;
	uint32_t section;
	uint64_t offset;
};

static bool is_context_of_registers(const char *section)
{
	static const char *const kinds[] = {"kprobe", "kretprobe", "uprobe", "uretprobe", "usdt"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t length = strlen(kinds[i]);

		if (strncmp(section, kinds[i], length) == 0 &&
		    (!section[length] || strchr("/.", section[length])))
			return true;
	}
	return false;
}

/* Adds what another value may be; true when that is new. */
static bool join(struct value *to, const struct value *more)
{
	struct value before = *to;

	to->context |= more->context;
	if (more->function && more->function != to->function)
		to->function = to->function ? ANY_FUNCTION : more->function;
	if (more->frame && !to->frame) {
		to->frame = more->frame;
		to->place = more->place;
	} else if (more->frame) {
		if (more->frame != to->frame)
			to->frame = ANY_FRAME;
		if (more->place != to->place)
			to->place = ANY_PLACE;
	}
	return before.context != to->context || before.function != to->function ||
	       before.frame != to->frame || before.place != to->place;
}

static void join_state(struct search *search, struct state *to, const struct value *registers)
{
	bool is_new = !to->is_reached;

	to->is_reached = true;
	for (int i = 0; i < REGISTERS; i++)
		is_new |= join(&to->registers[i], &registers[i]);
	search->has_changed |= is_new;
}

/* Slots of a function that a store or load of up to 8 bytes at a place may touch. */
static void slots_at(int32_t place, uint32_t *first, uint32_t *last)
{
	*first = 0;
	*last = SLOTS - 1;
	if (place == ANY_PLACE || place < -STACK_SIZE || place >= 0)
		return;
	*first = (uint32_t)(place + STACK_SIZE) / 8;
	*last = (uint32_t)(place + STACK_SIZE + 7) / 8;
	if (*last > SLOTS - 1)
		*last = SLOTS - 1;
}

static int32_t moved(int32_t place, int64_t by)
{
	int64_t sum = (int64_t)place + by;

	return place == ANY_PLACE || sum < -STACK_SIZE || sum > STACK_SIZE ? ANY_PLACE
									   : (int32_t)sum;
}

/* Puts a value into a stack, or takes what may be there. */
static void reach_stack(struct search *search, const struct value *base, int16_t offset,
			const struct value *put, struct value *taken)
{
	uint32_t first, last;

	if (!base->frame)
		return;
	slots_at(moved(base->place, offset), &first, &last);
	for (uint32_t i = 0; i < search->count; i++) {
		if (base->frame != ANY_FRAME && base->frame != i + 1)
			continue;
		for (uint32_t slot = first; slot <= last; slot++) {
			if (put)
				search->has_changed |= join(&search->functions[i].slots[slot], put);
			else
				join(taken, &search->functions[i].slots[slot]);
		}
	}
}

static void enter(struct search *search, const struct function *function,
		  const struct value *registers)
{
	uint32_t number = (uint32_t)(function - search->functions) + 1;
	struct value start[REGISTERS] = {0};

	memcpy(start + 1, registers + 1, ARGUMENTS * sizeof(*start));
	start[BPF_REG_10] = (struct value){.frame = number};
	join_state(search, &search->states[function->section][function->first], start);
}

/*
 * Helpers that call a function which they are given: the registers with the function and with what
 * they hand on, and the parameter as which they do (check_helper_call, kernel/bpf/verifier.c). None
 * of the others calls one.
 */
static const struct {
	int32_t helper;
	uint8_t of, from, as;
} calling_helpers[] = {
	{BPF_FUNC_loop, 2, 3, 2},
	{BPF_FUNC_for_each_map_elem, 2, 3, 4},
	{BPF_FUNC_find_vma, 3, 4, 3},
	{BPF_FUNC_user_ringbuf_drain, 2, 3, 2},
	{BPF_FUNC_timer_set_callback, 2, 0, 0},
};

static void enter_of(struct search *search, const struct value *called, const struct value *given)
{
	for (uint32_t number = 1; number <= search->count; number++)
		if (called->function == number || called->function == ANY_FUNCTION)
			enter(search, &search->functions[number - 1], given);
}

static void call_helper(struct search *search, int32_t helper, const struct value *registers)
{
	for (size_t i = 0; i < sizeof(calling_helpers) / sizeof(*calling_helpers); i++) {
		struct value given[REGISTERS] = {0};

		if (calling_helpers[i].helper != helper)
			continue;
		if (calling_helpers[i].as) {
			given[calling_helpers[i].as] = registers[calling_helpers[i].from];
			given[calling_helpers[i].as].function = 0;
		}
		enter_of(search, &registers[calling_helpers[i].of], given);
	}
}

/* A function of the kernel: it may call each that it is given, with all that it is given. */
static void call_kernel(struct search *search, const struct value *registers)
{
	struct value given[REGISTERS] = {0}, all = {0};

	for (int i = 1; i <= ARGUMENTS; i++)
		join(&all, &registers[i]);
	all.function = 0;
	for (int i = 1; i <= ARGUMENTS; i++)
		given[i] = all;
	for (int i = 1; i <= ARGUMENTS; i++)
		enter_of(search, &registers[i], given);
}

static void call(struct search *search, const struct bpf_insn *insn, uint32_t target,
		 struct value *registers)
{
	struct value result = {0};

	if (target) {
		enter(search, &search->functions[target - 1], registers);
		result = search->functions[target - 1].result;
	} else if (insn->src_reg) {
		call_kernel(search, registers);
	} else {
		call_helper(search, insn->imm, registers);
	}
	for (int i = 0; i <= ARGUMENTS; i++)
		registers[i] = (struct value){0};
	registers[BPF_REG_0] = result;
}

/* A pointer that is kept is 8 bytes, and comes back as such. */
static bool may_be_whole(const struct bpf_insn *insn, bool is_patched)
{
	return is_patched || BPF_SIZE(insn->code) == BPF_DW;
}

/* What an instruction reaches memory by. */
static struct value base_of(const struct value *value, bool is_patched)
{
	struct value base = *value;

	if (is_patched)
		base.place = ANY_PLACE;
	return base;
}

static void store(struct search *search, uint32_t section, uint32_t at, const struct bpf_insn *insn,
		  struct value *registers)
{
	bool is_patched = search->patched[section][at];
	const struct value reached = base_of(&registers[insn->dst_reg], is_patched),
			   *base = &reached;
	struct value *source = &registers[insn->src_reg], taken = {0};
	bool keeps = BPF_CLASS(insn->code) == BPF_STX && may_be_whole(insn, is_patched);

	if (base->context && !search->is_found) {
		search->is_found = true;
		search->section = section;
		search->offset = at * INSN_SIZE;
	}
	if (!keeps)
		return;
	if (BPF_MODE(insn->code) != BPF_ATOMIC) {
		reach_stack(search, base, insn->off, source, NULL);
		return;
	}
	/* What was there may come out of it. */
	reach_stack(search, base, insn->off, source, NULL);
	reach_stack(search, base, insn->off, NULL, &taken);
	join(source, &taken);
	join(&registers[BPF_REG_0], &taken);
}

static void compute(const struct bpf_insn *insn, bool is_patched, struct value *registers)
{
	struct value *to = &registers[insn->dst_reg];
	const struct value *from = &registers[insn->src_reg];
	bool is_register = BPF_SRC(insn->code) == BPF_X;
	bool adds = BPF_OP(insn->code) == BPF_ADD;

	if (BPF_CLASS(insn->code) == BPF_ALU64 && BPF_OP(insn->code) == BPF_MOV && is_register) {
		*to = *from;
		return;
	}
	/* Of anything else, such as what is left of 32 bits, no verifier takes the result for a
	 * pointer. */
	if (BPF_CLASS(insn->code) != BPF_ALU64 || (!adds && BPF_OP(insn->code) != BPF_SUB)) {
		*to = (struct value){0};
		return;
	}
	/* What is taken away of an address is none. */
	if (is_register && adds)
		join(to, from);
	if (!to->frame)
		return;
	if (is_register || is_patched)
		to->place = ANY_PLACE;
	else
		to->place = moved(to->place, adds ? (int64_t)insn->imm : -(int64_t)insn->imm);
}

static struct bpf_insn insn_at(const struct elf_section *code, uint32_t at)
{
	struct bpf_insn insn;

	memcpy(&insn, code->data + at * INSN_SIZE, sizeof(insn));
	return insn;
}

/* Runs one instruction on what holds before it, and hands on what holds behind it. */
static void step(struct search *search, uint32_t number, uint32_t at)
{
	struct function *function = &search->functions[number];
	struct state *states = search->states[function->section];
	const struct bpf_insn instruction = insn_at(&search->elf->sections[function->section], at),
			      *insn = &instruction;
	uint32_t target = search->targets[function->section][at];
	struct value registers[REGISTERS], loaded = {0}, base;
	bool is_patched = search->patched[function->section][at];
	int64_t next = (int64_t)at + 1;

	memcpy(registers, states[at].registers, sizeof(registers));
	if (insn->dst_reg >= REGISTERS || insn->src_reg >= REGISTERS)
		return;
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		/* Two slots; or one of the old loads from packets. */
		registers[insn->dst_reg] = (struct value){.function = target};
		next += insn->code == (BPF_LD | BPF_IMM | BPF_DW);
		break;
	case BPF_LDX:
		base = base_of(&registers[insn->src_reg], is_patched);
		if (may_be_whole(insn, is_patched))
			reach_stack(search, &base, insn->off, NULL, &loaded);
		registers[insn->dst_reg] = loaded;
		break;
	case BPF_ST:
	case BPF_STX:
		store(search, function->section, at, insn, registers);
		break;
	case BPF_ALU:
	case BPF_ALU64:
		compute(insn, is_patched, registers);
		break;
	default:
		if (BPF_OP(insn->code) == BPF_CALL) {
			call(search, insn, target, registers);
		} else if (BPF_OP(insn->code) == BPF_EXIT) {
			search->has_changed |= join(&function->result, &registers[BPF_REG_0]);
			return;
		} else {
			/* A long jump has its distance where others have a number. */
			int64_t to =
				next + (insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off);

			if (to >= function->first && to < function->end)
				join_state(search, &states[to], registers);
			if (BPF_OP(insn->code) == BPF_JA)
				return;
		}
	}
	if (next < function->end)
		join_state(search, &states[next], registers);
}

static void add_function(struct search *search, uint32_t section, uint64_t first, uint64_t size)
{
	memory_grow(search->functions, search->count, search->room);
	search->functions[search->count++] = (struct function){
		.section = section,
		.first = (uint32_t)first,
		.end = (uint32_t)(first + size),
	};
}

static uint32_t find_function(const struct search *search, uint32_t section, uint64_t first)
{
	for (uint32_t i = 0; i < search->count; i++)
		if (search->functions[i].section == section && search->functions[i].first == first)
			return i + 1;
	return 0;
}

/* Functions are what symbols of functions name; libbpf calls nothing else. */
static void find_functions(struct search *search)
{
	for (uint32_t i = 0; i < search->elf->symbol_count; i++) {
		const struct elf_symbol *symbol = &search->elf->symbols[i];

		if (symbol->type == STT_FUNC && symbol->section < search->elf->section_count &&
		    search->states[symbol->section] && symbol->size)
			add_function(search, symbol->section, symbol->value / INSN_SIZE,
				     symbol->size / INSN_SIZE);
	}
}

/* Calls within a section that no relocation names. */
static void find_near(struct search *search, uint32_t section)
{
	const struct elf_section *code = &search->elf->sections[section];

	for (uint32_t at = 0; at < code->size / INSN_SIZE; at++) {
		const struct bpf_insn insn = insn_at(code, at);

		if (insn.code == (BPF_LD | BPF_IMM | BPF_DW))
			at++;
		else if (insn.code == (BPF_JMP | BPF_CALL) && insn.src_reg == BPF_PSEUDO_CALL)
			search->targets[section][at] = find_function(
				search, section, (uint64_t)((int64_t)at + 1 + insn.imm));
	}
}

/* Calls, and addresses of functions, by relocation: relocate in tools/lib/bpf/libbpf.c. */
static void find_named(struct search *search, const struct elf_section *table)
{
	const struct elf_section *code = &search->elf->sections[table->info];

	for (uint64_t entry = 0; entry < table->size; entry += sizeof(Elf64_Rel)) {
		uint64_t offset = read_u64(table->data + entry + offsetof(Elf64_Rel, r_offset));
		uint64_t info = read_u64(table->data + entry + offsetof(Elf64_Rel, r_info));
		const struct elf_symbol *symbol = &search->elf->symbols[ELF64_R_SYM(info)];
		const struct bpf_insn insn = insn_at(code, (uint32_t)(offset / INSN_SIZE));
		int64_t behind = insn.imm;

		if (symbol->section >= search->elf->section_count ||
		    !search->states[symbol->section])
			continue;
		behind = insn.code == (BPF_JMP | BPF_CALL) ? behind + 1
							   : behind / (int64_t)INSN_SIZE;
		/* A function's own symbol is the function. */
		if (symbol->type == STT_FUNC)
			behind = 0;
		search->targets[table->info][offset / INSN_SIZE] = find_function(
			search, symbol->section, symbol->value / INSN_SIZE + (uint64_t)behind);
	}
}

static void prepare(struct search *search)
{
	const struct elf_file *elf = search->elf;

	search->states = memory_array(elf->section_count, sizeof(*search->states));
	search->targets = memory_array(elf->section_count, sizeof(*search->targets));
	for (uint32_t i = 1; i < elf->section_count; i++) {
		if (!elf_is_code(&elf->sections[i]) || !elf->sections[i].data)
			continue;
		search->states[i] = memory_array(elf->sections[i].size / INSN_SIZE + 1,
						 sizeof(**search->states));
		search->targets[i] = memory_array(elf->sections[i].size / INSN_SIZE + 1,
						  sizeof(**search->targets));
	}
	find_functions(search);
	for (uint32_t i = 1; i < elf->section_count; i++)
		if (search->states[i])
			find_near(search, i);
	for (uint32_t i = 1; i < elf->section_count; i++)
		if (elf->sections[i].type == SHT_REL && search->states[elf->sections[i].info])
			find_named(search, &elf->sections[i]);
}

static void start(struct search *search)
{
	struct value registers[REGISTERS] = {[BPF_REG_1] = {.context = true}};

	for (uint32_t i = 0; i < search->count; i++)
		if (is_context_of_registers(
			    search->elf->sections[search->functions[i].section].name))
			enter(search, &search->functions[i], registers);
}

static void release(struct search *search)
{
	for (uint32_t i = 0; i < search->elf->section_count; i++) {
		free(search->states[i]);
		free(search->targets[i]);
	}
	free(search->states);
	free(search->targets);
	free(search->functions);
}

static uint64_t instructions_of(const struct elf_file *elf)
{
	uint64_t bytes = 0;

	for (uint32_t i = 1; i < elf->section_count; i++)
		if (elf_is_code(&elf->sections[i]))
			bytes += elf->sections[i].size;
	return bytes / INSN_SIZE;
}

static bool has_registers(const struct elf_file *elf)
{
	for (uint32_t i = 1; i < elf->section_count; i++)
		if (elf_is_code(&elf->sections[i]) &&
		    is_context_of_registers(elf->sections[i].name))
			return true;
	return false;
}

static void sweep(struct search *search)
{
	search->has_changed = false;
	for (uint32_t i = 0; i < search->count; i++) {
		const struct function *function = &search->functions[i];

		for (uint32_t at = function->first; at < function->end; at++)
			if (search->states[function->section][at].is_reached)
				step(search, i, at);
	}
}

bool context_stores_find(const struct elf_file *elf, const struct manifest *manifest,
			 struct arena *arena, uint32_t *section, uint64_t *offset)
{
	struct search search = {.elf = elf, .section = 1};
	uint32_t sweeps = 0;

	if (!has_registers(elf))
		return false;
	if (instructions_of(elf) > INSTRUCTIONS_MAX) {
		*section = 1;
		*offset = 0;
		return true;
	}
	search.patched = patched_find(elf, manifest, arena);
	prepare(&search);
	start(&search);
	do
		sweep(&search);
	while (search.has_changed && !search.is_found && ++sweeps < SWEEPS_MAX);
	*section = search.section;
	*offset = search.offset;
	release(&search);
	return search.is_found || sweeps == SWEEPS_MAX;
}
