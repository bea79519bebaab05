#include <stdio.h>

#include "exit_status.h"
#include "options.h"
#include "run.h"

int main(int argc, char **argv)
{
	struct options options;
	int status = options_parse(&options, argc, argv);

	if (status == STATUS_OK) {
		switch (options.command) {
		case COMMAND_RUN:
			status = run_object(&options);
			break;
		case COMMAND_CHECK:
			status = check_objects(&options);
			break;
		case COMMAND_HELP:
			fputs(options_help, stdout);
			break;
		case COMMAND_VERSION:
			puts("bpfload " BPFLOAD_VERSION);
			break;
		}
	}
	options_free(&options);
	return status;
}
