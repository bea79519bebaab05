#include "twin.h"

static __attribute__((noinline, used)) void bpfload_twin(void)
{
	__asm__ volatile("nop");
}

const void *other_twin(void)
{
	return (const void *)bpfload_twin;
}
