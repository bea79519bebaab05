/* What both JSON forms write in the same way: messages, each an object on a line of its own. */
#ifndef BPFLOAD_JSON_LINES_H
#define BPFLOAD_JSON_LINES_H

#include "output/renderer.h"

/* Types of texts. */
static const char *const json_text_types[] = {
	[TEXT_PRINTF] = "printf", [TEXT_TIME] = "time",	     [TEXT_CAT] = "cat",
	[TEXT_JOIN] = "join",	  [TEXT_SYSTEM] = "syscall",
};

/* {"type": TYPE, and what the form has in every line. */
void json_line_begin(struct output *output, const char *type);
void json_line_end(struct output *output);

/* File, line and column; nothing where there is no place. */
void json_member_place(struct output *output, const struct mf_place *place);

/* As in struct renderer. */
void json_put_warning(struct output *output, const struct mf_event *event, int64_t code);
void json_put_message(struct output *output, const struct mf_event *event, const uint8_t *record);
void json_put_attached(struct output *output, uint32_t probes);
void json_put_repeated(struct output *output, const struct mf_event *event, int64_t code,
		       uint64_t count);
void json_put_lost(struct output *output, const struct loss *losses, uint32_t count);
void json_put_lost_total(struct output *output, const struct loss *losses, uint32_t count);
void json_put_missed(struct output *output, const struct miss *misses, uint32_t count);
void json_put_cost(struct output *output, const struct cost_table *table);
void json_put_end_of_run(struct output *output);

#endif
