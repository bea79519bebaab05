/* Exit statuses of bpfload; exit(n) of a script passes through. */
#ifndef BPFLOAD_EXIT_STATUS_H
#define BPFLOAD_EXIT_STATUS_H

enum exit_status {
	STATUS_OK = 0,
	/* The script could not be attached or run. */
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	/* The running kernel lacks a feature. */
	STATUS_KERNEL = 3,
	/* A capability is missing. */
	STATUS_PERMISSION = 4,
	/* The object is damaged, forged or made for another loader. */
	STATUS_OBJECT = 5,
};

#endif
