/* Stacks: tokens {u64 hash, u32 pid, u32 frames}, whose frames the map `stacks` holds. */
#ifndef BPFLOAD_STACKS_H
#define BPFLOAD_STACKS_H

#include "output/value.h"

/* Finds the map of frames and makes room for one stack. */
void stacks_open(struct value_context *context);
/* The latter alone: bytes of the frames of one. */
void stacks_make_room(struct value_context *context, uint32_t room);

struct bpf_stack_build_id;
struct symbol;

/* dw_ustack: no frame can be here. */
#define STACK_UNWIND_FAILURE UINT64_MAX

/* The frames of a token, innermost first; they live until the next stack is read. */
struct stack_frames {
	/* 0: of the kernel. */
	uint32_t pid, count;
	/* One of the two. */
	const uint64_t *addresses;
	const struct bpf_stack_build_id *build_ids;
};

/* No frames: nothing was captured, or there was no room for it. */
void stacks_read(struct stack_frames *frames, const struct value_context *context,
		 const struct mf_type *type, const uint8_t *token);

/* The name of a frame, as far as the mode wants names; its texts live until the next name. False:
 * nothing is known. */
bool stacks_name_frame(const struct value_context *context, enum mf_stack_mode mode, bool user,
		       uint32_t pid, const uint64_t *frames, uint32_t index, struct symbol *symbol);

/* The build id of a frame, and its offset in the file; NULL: the file has none. */
const uint8_t *stacks_build_id(const struct value_context *context, uint32_t pid,
			       const struct bpf_stack_build_id *frame, uint32_t *size,
			       uint64_t *offset);
void stacks_build_id_text(struct strbuf *to, const uint8_t *id, uint32_t size);

/* Appends a line feed and the frames, each on a line. */
void stacks_text(struct strbuf *to, const struct value_context *context, const struct mf_type *type,
		 const uint8_t *token);

/* The same for frames that are at hand; pid 0: of the kernel. */
void stacks_frames_text(struct strbuf *to, const struct value_context *context,
			enum mf_stack_mode mode, bool user, uint32_t pid, const uint64_t *frames,
			uint32_t count);

/* The same for frames with build ids: id and offset in the file, or the address where the file has
 * none. */
void stacks_build_ids_text(struct strbuf *to, const struct value_context *context, uint32_t pid,
			   const struct bpf_stack_build_id *frames, uint32_t count);

#endif
