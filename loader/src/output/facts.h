/*
 * What values are shown by and do not hold: names, frames, time zones. The host is asked; what it
 * says is noted where a recording is made, and found there when one is shown.
 */
#ifndef BPFLOAD_FACTS_H
#define BPFLOAD_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/strbuf.h"
#include "object/manifest.h"

struct answers;
struct bpf_stack_build_id;
struct facts;
struct recording;
struct session;
struct symbol;
struct symbol_place;
struct symbols;

/* `symbols` may be NULL where `facts_found_in` follows. */
struct facts *facts_new(const struct session *session, struct symbols *symbols);
void facts_free(struct facts *facts);

/* From here on, answers are noted; or found there and nowhere else. */
void facts_note_in(struct facts *facts, struct recording *recording);
void facts_found_in(struct facts *facts, const struct answers *answers);

/* Names that are not found there are looked for in files of these folders, by their build ids
 * (named_files.h). */
void facts_name_from(struct facts *facts, const char *folders, bool readable);

bool facts_are_named(const struct facts *facts);

/* Whether the host is not asked: these are the facts of a recording. */
bool facts_are_found(const struct facts *facts);

/* As symbols_generation. */
uint64_t facts_generation(const struct facts *facts);

/* As symbols.h has them. `is_return` counts with source lines alone. */
bool facts_kernel(struct facts *facts, uint64_t address, struct symbol *symbol);
bool facts_user(struct facts *facts, uint32_t pid, uint64_t address, struct symbol *symbol);
bool facts_user_source(struct facts *facts, uint32_t pid, uint64_t address, bool is_return,
		       struct symbol *symbol);
/* The name of a place in a file that is known by its build id; false without facts_name_from. */
bool facts_by_id(struct facts *facts, const uint8_t *id, uint32_t size, uint64_t offset,
		 bool is_return, struct symbol *symbol);
bool facts_place(struct facts *facts, uint32_t pid, uint64_t address, struct symbol_place *place);

/* Appends the name of a number, the path of a cgroup, the name of a probe. */
void facts_name(struct facts *facts, struct strbuf *to, enum mf_name_space space, uint64_t number);
void facts_cgroup(struct facts *facts, struct strbuf *to, uint64_t id, uint32_t filter);
/* NULL: there is no such probe. It lives as long as the facts. */
const char *facts_probe(struct facts *facts, uint64_t index);

/* Local time; false: the year has too many digits. Without facts, that of this host. */
bool facts_local_time(struct facts *facts, int64_t second, struct tm *local);

/*
 * The frames of a stack, which are `room` bytes. `map`: the kernel's map, or -1. False: there are
 * none.
 */
bool facts_stack(struct facts *facts, int map, uint64_t id, void *frames, uint32_t room);

#endif
