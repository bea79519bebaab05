/*
 * For forms of output that only hold maps: what a script prints besides is text on standard error.
 * Functions of struct renderer.
 */
#ifndef BPFLOAD_ASIDE_H
#define BPFLOAD_ASIDE_H

#include "output/renderer.h"

struct strbuf *aside_text_begin(struct output *output, enum text_source source);
void aside_text_end(struct output *output, enum text_source source);
void aside_value(struct output *output, const struct mf_type *type, const uint8_t *data);
/* Of a map that the form cannot hold. */
int aside_map(struct output *output, const struct map_view *view);
void aside_warning(struct output *output, const struct mf_event *event, int64_t code);
void aside_message(struct output *output, const struct mf_event *event, const uint8_t *record);
void aside_attached(struct output *output, uint32_t probes);
void aside_repeated(struct output *output, const struct mf_event *event, int64_t code,
		    uint64_t count);
void aside_lost(struct output *output, const struct loss *losses, uint32_t count);
void aside_lost_total(struct output *output, const struct loss *losses, uint32_t count);
void aside_missed(struct output *output, const struct miss *misses, uint32_t count);
void aside_end_of_run(struct output *output);

#endif
