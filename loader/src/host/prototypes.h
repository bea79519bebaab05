/* What raw tracepoints and functions of the kernel are called with, as its BTF says it. */
#ifndef BPFLOAD_PROTOTYPES_H
#define BPFLOAD_PROTOTYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;
struct btf_type;

struct prototype {
	const struct btf *btf;
	/* BTF_KIND_FUNC_PROTO: parameters with their types, and one with their names. */
	const struct btf_type *types, *names;
	/* Parameters before the first that programs see. */
	uint32_t hidden;
};

/* A value in the context of a typed program. */
struct prototype_value {
	/* As declared; 0: void. */
	uint32_t type;
	/* Of u64, in the context. */
	uint32_t slot;
};

/* How the functions of an event begin (include/linux/tracepoint.h) that name its parameters. */
#define EVENT_FUNCTIONS 3
extern const char *const event_functions[EVENT_FUNCTIONS];

/* Of the raw tracepoint with that typedef; `find` gives the id of a function by its name, 0: there
 * is none. False where it is none. */
bool prototype_of_event_type(const struct btf *btf, uint32_t type, const char *event,
			     uint32_t (*find)(const void *context, const char *function),
			     const void *context, struct prototype *prototype);

/* That in a BTF. */
uint32_t prototype_find_function(const void *btf, const char *name);

/* False where the BTF knows no such raw tracepoint, or function. */
bool prototype_of_event(const struct btf *btf, const char *event, struct prototype *prototype);
bool prototype_of_function(const struct btf *btf, const char *function,
			   struct prototype *prototype);

/* The type of a parameter, from 0 on, and its name, written to `room` if it has none of its own;
 * NULL after the last. */
const char *prototype_parameter_at(const struct prototype *prototype, uint32_t index,
				   uint32_t *type, char *room, size_t size);

/* The parameter of that name; one without a name is called `argN`. False where there is none. */
bool prototype_parameter(const struct prototype *prototype, const char *name,
			 struct prototype_value *value);

/* What fexit finds that the function returned. */
struct prototype_value prototype_result(const struct prototype *prototype);

/* The names of all parameters, with commas, for messages. */
void prototype_list(const struct prototype *prototype, char *text, size_t room);

#endif
