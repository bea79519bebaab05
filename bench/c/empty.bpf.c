#include "bench.h"

SEC("tracepoint/syscalls/sys_enter_write")
int probe(struct sys_enter *ctx)
{
	return 1;
}
