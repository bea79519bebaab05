/* --report: how a start went, for whoever starts many (docs/start-report.schema.json). */
#ifndef BPFLOAD_START_REPORT_H
#define BPFLOAD_START_REPORT_H

#include <stdint.h>

#include "attach/attach.h"
#include "object/object_file.h"
#include "session/options.h"

/* What a start does one after the other. */
enum start_stage { START_READ, START_LOAD, START_ATTACH, START_STAGES };

struct start_report {
	/* How far it came: the stage that is done now. */
	enum start_stage stage;
	/* When each began, and when the last one ended: monotonic clock, ns. */
	uint64_t times[START_STAGES + 1];
	/* What comes is not of the start any more, or no report could be written. */
	bool is_settled;
};

void start_report_begin(struct start_report *report);
/* The next stage begins; after the last one: everything is attached. */
void start_report_next(struct start_report *report);

/* Whether options' file could be written: an exit status, with the failure. Nothing where none is
 * named. */
int start_report_try(const struct options *options, struct failure *failure);

/*
 * Writes the report of a start that ended with `status`, as a whole, in place of an earlier one;
 * `why` tells of it where it failed. Nothing where no file is named. The result is an exit status,
 * with the failure.
 */
int start_report_write(struct start_report *report, const struct options *options,
		       const struct object_file *object, const struct attachments *attachments,
		       int status, const struct failure *why, struct failure *failure);

#endif
