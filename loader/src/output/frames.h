/* Frames of stacks in the forms of output. Of functions that were inlined at an address, each has a
 * frame of its own. */
#ifndef BPFLOAD_FRAMES_H
#define BPFLOAD_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct symbol;

/* Text as bpftrace has it, indented: lines, the innermost first, without the last line feed. */
void frame_text(struct strbuf *to, uint64_t address, const struct symbol *symbol);

/* Folded: parts, each with `;` behind it, the innermost last. `user`: not of the kernel. */
void frame_folded(struct strbuf *to, const struct symbol *symbol, bool user);

/* What stands behind `start` becomes a part of a folded line: one character of it can be neither a
 * separator nor a control character. */
void folded_part_end(struct strbuf *to, size_t start);
void folded_part(struct strbuf *to, const char *text, const char *mark);

/* Members of a frame as json2 has it: number, name and module, file and line (FILE:LINE, or NULL),
 * and where in which file it is; `id` NULL: that is not known. */
void frame_typed_hex(struct strbuf *to, uint64_t number);
void frame_typed_symbol(struct strbuf *to, const struct symbol *symbol);
void frame_typed_source(struct strbuf *to, const char *source);
void frame_typed_file(struct strbuf *to, const uint8_t *id, uint32_t size, uint64_t offset);
/* The members with which a frame begins: its address, or its place in a file. */
void frame_typed_address(struct strbuf *to, uint64_t address);
void frame_typed_place(struct strbuf *to, const uint8_t *id, uint32_t size, uint64_t offset);
/* Whole frames of what was inlined at the address, or the place, with `, ` behind each. */
void frame_typed_inlined(struct strbuf *to, const struct symbol *symbol, uint64_t address);
void frame_typed_inlined_in(struct strbuf *to, const struct symbol *symbol, const uint8_t *id,
			    uint32_t size, uint64_t offset);

#endif
