/* A library with a USDT point that is reached while its semaphore is up, and gives the semaphore.
 */
#include <stdint.h>

#include "note.h"

uint16_t ready_semaphore __attribute__((section(".probes"), visibility("hidden")));

int ready(void)
{
	uint16_t raised = *(volatile uint16_t *)&ready_semaphore;

	if (raised)
		__asm__ volatile(NOTE("app", "ready", "ready_semaphore", "2@%%ax") : : "a"(raised));
	return raised;
}
