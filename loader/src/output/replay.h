/* Shows what a recording holds, by the same means as what happens now. */
#ifndef BPFLOAD_REPLAY_H
#define BPFLOAD_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "object/object_file.h"
#include "output/map_rows.h"
#include "recording/answers.h"
#include "recording/reader.h"

struct failure;
struct output;

struct replay {
	struct reader reader;
	struct answers answers;
	/* For what is read at the beginning. */
	struct arena arena;
	struct object_file object;
	/* Kernel and architecture that were traced. */
	const char *release, *machine;
	/* Bytes of the frames of one stack. */
	uint32_t stack_room;
	/* As many as the manifest has. */
	struct mf_enum *enums;
	const char **parameters;
	uint32_t enum_count, parameter_count, parameter_room;
	/* For the event that follows: rows of a map, and a text. */
	struct map_rows rows;
	struct strbuf text;
	bool has_rows, has_text;
	/* The part that comes next, where the beginning has read it already. */
	enum part_kind kind;
	struct decoder payload;
	/* So many events were shown. */
	uint64_t events;
};

/* Reads what a recording says of its session from a descriptor, which it takes over. The result is
 * an exit status; free in either case. */
int replay_open(struct replay *replay, int fd, struct failure *failure);
void replay_free(struct replay *replay);

/* Shows all that follows. The result is an exit status: STATUS_FAILED for a recording without its
 * end, of which all is shown that is there. */
int replay_run(struct output *output, struct failure *failure);

/* For output_open_replay: facts are those of the recording. */
void replay_begin(struct output *output);

/* Takes the rows of a map that stand before the event. 0, or a negative error number where the host
 * could not read them. */
int replay_rows(struct map_rows *rows, struct output *output, const struct mf_map *map);

/* Takes the text that stands before the event; NULL: there is none. */
const struct strbuf *replay_text(struct output *output);

#endif
