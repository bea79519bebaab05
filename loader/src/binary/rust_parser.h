/* The words of mangled Rust names: characters, numbers, identifiers; what is written of them. */
#ifndef BPFLOAD_RUST_PARSER_H
#define BPFLOAD_RUST_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* The longest readable name. */
#define RUST_TEXT_MAX (64u << 10)

struct rust_parser {
	struct strbuf *to;
	size_t start;
	/* Behind `_R`: references count from here. */
	const char *text;
	size_t at, end;
	/* What is read is not shown. */
	bool silent;
	uint32_t steps, depth;
	/* Lifetimes that enclosing `for<...>` have named. */
	uint64_t lifetimes;
	bool failed;
};

struct rust_identifier {
	const char *text;
	size_t length;
	bool is_punycode;
};

bool rust_fail_here(struct rust_parser *parser);
void rust_put(struct rust_parser *parser, const char *text, size_t length);
void rust_put_text(struct rust_parser *parser, const char *text);
void rust_put_number(struct rust_parser *parser, uint64_t number);
/* Counts one part; each way through a name comes here. */
bool rust_step(struct rust_parser *parser);
char rust_take(struct rust_parser *parser);
bool rust_eat(struct rust_parser *parser, char c);
uint64_t rust_base62(struct rust_parser *parser);
/* 0 where the mark is not there. */
uint64_t rust_marked_base62(struct rust_parser *parser, char mark);
struct rust_identifier rust_read_identifier(struct rust_parser *parser);
void rust_put_identifier(struct rust_parser *parser, struct rust_identifier identifier);
void rust_put_lifetime(struct rust_parser *parser, uint64_t index);

#endif
