/* The table of system calls is searched by halves: it has to be sorted. */
#include "host/syscalls.h"

#include <string.h>

#include "check.h"

int main(void)
{
	for (uint32_t i = 1; i < syscall_name_count; i++)
		CHECK(strcmp(syscall_names[i - 1].name, syscall_names[i].name) < 0);
	for (uint32_t i = 0; i < syscall_name_count; i++)
		CHECK(syscall_number(syscall_names[i].name) == syscall_names[i].number);
	CHECK(syscall_number("nothing") == -1);
	return check_result("syscalls");
}
