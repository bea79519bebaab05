/* Stacks: tokens {u64 hash, u32 pid, u32 frames}, whose frames the map `stacks` holds. */
#ifndef BPFLOAD_STACKS_H
#define BPFLOAD_STACKS_H

#include "output/value.h"

/* Finds the map of frames and makes room for one stack. */
void stacks_open(struct value_context *context);

/* Appends a line feed and the frames, each on a line. */
void stacks_text(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
		 const uint8_t *token);

/* The same for frames that are at hand; pid 0: of the kernel. */
void stacks_frames_text(struct strbuf *to, const struct value_context *context,
			enum mf_stack_mode mode, bool user, uint32_t pid, const uint64_t *frames,
			uint32_t count);

struct bpf_stack_build_id;

/* The same for frames with build ids: id and offset in the file, or the address where the file has
 * none. */
void stacks_build_ids_text(struct strbuf *to, const struct value_context *context, uint32_t pid,
			   const struct bpf_stack_build_id *frames, uint32_t count);

#endif
