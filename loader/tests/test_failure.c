/* How a failure is set and told, and what becomes of a process without memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/failure.h"
#include "base/memory.h"
#include "base/say.h"
#include "check.h"

/* The checked build gives NULL for too much as others do. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* What a function says on stderr in a process of its own; the result is that one's exit status. */
static int said(void (*say)(void), char *text, size_t room)
{
	int ends[2], status;
	size_t length = 0;
	ssize_t got;
	pid_t pid;

	CHECK(pipe(ends) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		say();
		_exit(0);
	}
	close(ends[1]);
	while (length < room - 1 && (got = read(ends[0], text + length, room - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = '\0';
	close(ends[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_first_failure_stays(void)
{
	struct failure failure = {0};

	CHECK(fail(&failure, STATUS_KERNEL, "no %s", "trampolines") == STATUS_KERNEL);
	CHECK(fail(&failure, STATUS_FAILED, "second") == STATUS_KERNEL);
	CHECK(fail_at(&failure, "script.bt", 7) == STATUS_KERNEL);
	CHECK(fail_at(&failure, "caller.bt", 1) == STATUS_KERNEL);
	CHECK(fail_at_columns(&failure, "third.bt", 2, 1, 3, "text") == STATUS_KERNEL);
	CHECK(!failure.details && !failure.column);
	CHECK(fail_hint(&failure, "Do %s.", "this") == STATUS_KERNEL);
	CHECK(strcmp(failure.hint, "Do this.") == 0);
	CHECK(strcmp(failure.text, "no trampolines") == 0);
	CHECK(strcmp(failure.file, "script.bt") == 0 && failure.line == 7);
	failure_clear(&failure);
	CHECK(failure.status == STATUS_OK && !failure.file[0] && !failure.text[0]);
}

static void a_place_with_columns_marks_its_text_once(void)
{
	struct failure failure = {0};

	fail(&failure, STATUS_FAILED, "no");
	CHECK(fail_at_columns(&failure, "a.bt", 3, 2, 4, "abcd") == STATUS_FAILED);
	CHECK(failure.line == 3 && failure.column == 2);
	CHECK(strcmp(failure.details, "abcd\n ~~\n") == 0);
	CHECK(fail_at_columns(&failure, "b.bt", 4, 1, 2, "other") == STATUS_FAILED);
	CHECK(strcmp(failure.file, "a.bt") == 0 && failure.line == 3 && failure.column == 2);
	CHECK(strcmp(failure.details, "abcd\n ~~\n") == 0);
	failure_clear(&failure);
	/* Of code in C the text is not always known. */
	fail(&failure, STATUS_FAILED, "no");
	CHECK(fail_at_columns(&failure, "a.c", 3, 2, 2, "") == STATUS_FAILED);
	CHECK(failure.column == 2 && !failure.details);
	failure_clear(&failure);
}

static void more_of_one_kind_are_lines_of_one_text(void)
{
	struct failure failure = {0};

	CHECK(fail_also(&failure, STATUS_KERNEL, "no %s", "loops") == STATUS_KERNEL);
	CHECK(fail_also(&failure, STATUS_FAILED, "no %s", "rings") == STATUS_KERNEL);
	CHECK(strcmp(failure.text, "no loops\nno rings") == 0);
	for (int i = 0; i < 1000; i++)
		fail_also(&failure, STATUS_KERNEL, "and another");
	CHECK(strlen(failure.text) == sizeof(failure.text) - 1);
}

static void tell_a_place(void)
{
	struct failure failure = {0};

	fail(&failure, STATUS_FAILED, "No matches for \x1b[1mkprobe:x.");
	fail_hint(&failure, "Look for %s.", "y");
	fail_at(&failure, "script.bt", 7);
	failure_tell(&failure);
	failure_warn(&failure);
}

static void tell_a_file(void)
{
	struct failure failure = {0};

	fail(&failure, STATUS_OBJECT, "not an object file: no ELF magic");
	fail_at(&failure, "a.o", 0);
	failure_tell(&failure);
}

static void tell_details(void)
{
	struct failure failure = {0};

	fail(&failure, STATUS_FAILED, "The kernel refused the script's programs.");
	fail_detail(&failure, "  %d: exit", 7);
	fail_detail(&failure, "  invalid access");
	failure_tell(&failure);
	failure_clear(&failure);
	failure_tell(&failure);
}

/* The text of so many x, as a warning. */
static void warn_of(int length)
{
	char *text = malloc((size_t)length + 1);

	memset(text, 'x', (size_t)length);
	text[length] = 0;
	say_warning("%s\xc3\xa9%d", text, 7);
	free(text);
}

static void warn_of_a_line(void)
{
	warn_of(4);
}

static void warn_of_all_that_a_line_has_room_for(void)
{
	warn_of(4095 - 9 - 3 - 1);
}

static void warn_of_more_than_a_line_has_room_for(void)
{
	warn_of(4095 - 9 - 3);
}

static void a_warning_is_one_line_of_at_most_4095_bytes(void)
{
	static char text[8192];

	CHECK(said(warn_of_a_line, text, sizeof(text)) == 0);
	CHECK(strcmp(text, "WARNING: xxxx\xc3\xa9\x37\n") == 0);
	CHECK(said(warn_of_all_that_a_line_has_room_for, text, sizeof(text)) == 0);
	CHECK(strlen(text) == 4095 && strcmp(text + 4095 - 5, "x\xc3\xa9\x37\n") == 0);
	CHECK(said(warn_of_more_than_a_line_has_room_for, text, sizeof(text)) == 0);
	CHECK(strlen(text) == 4095 && strcmp(text + 4095 - 4, "x\xc3\xa9\n") == 0);
}

static void tell_nothing(void)
{
	struct failure failure = {0};

	failure_tell(&failure);
	failure_warn(&failure);
}

static void a_failure_is_told_with_its_place_and_hint(void)
{
	char text[512];

	CHECK(said(tell_a_place, text, sizeof(text)) == 0);
	CHECK(strcmp(text,
		     "script.bt:7: ERROR: No matches for ?[1mkprobe:x.\nHINT: Look for y.\n"
		     "script.bt:7: WARNING: No matches for ?[1mkprobe:x.\nHINT: Look for y.\n") ==
	      0);
	CHECK(said(tell_a_file, text, sizeof(text)) == 0);
	CHECK(strcmp(text, "ERROR: a.o: not an object file: no ELF magic\n") == 0);
	CHECK(said(tell_details, text, sizeof(text)) == 0);
	CHECK(strcmp(text, "ERROR: The kernel refused the script's programs.\n"
			   "  7: exit\n  invalid access\n") == 0);
	CHECK(said(tell_nothing, text, sizeof(text)) == 0);
	CHECK(strcmp(text, "") == 0);
}

static void ask_for_everything(void)
{
	struct arena arena = {0};

	arena_array(&arena, SIZE_MAX / 2, 4);
}

static void grow_beyond_the_count(void)
{
	uint8_t *items = NULL, count = 128, room = 128;

	memory_grow(items, count, room);
}

static void take_into_memory(void *context, const char *text, size_t length)
{
	(void)context, (void)text, (void)length;
	ask_for_everything();
}

static void ask_where_lines_are_taken(void)
{
	say_divert(take_into_memory, NULL);
	ask_for_everything();
}

static void the_process_ends_without_memory(void)
{
	char text[512];

	CHECK(said(ask_for_everything, text, sizeof(text)) == 1);
	CHECK(strcmp(text, "ERROR: out of memory\n") == 0);
	CHECK(said(ask_where_lines_are_taken, text, sizeof(text)) == STATUS_FAILED);
	CHECK(strcmp(text, "ERROR: out of memory\n") == 0);
	CHECK(said(grow_beyond_the_count, text, sizeof(text)) == 1);
	CHECK(strcmp(text, "ERROR: out of memory\n") == 0);
}

static void an_array_grows_by_one_item_or_more(void)
{
	uint32_t *items = NULL;
	uint16_t count = 0, room = 0;

	for (; count < 1000; count++) {
		memory_grow(items, count, room);
		CHECK(room > count);
		items[count] = count;
	}
	for (uint16_t i = 0; i < count; i++)
		CHECK(items[i] == i);
	free(items);
}

static void a_size_out_of_a_file_is_only_tried(void)
{
	struct arena arena = {0};
	uint8_t count = 0, room = 0;
	uint64_t *items = NULL;

	CHECK(memory_try_array(SIZE_MAX / 2, 4) == NULL);
	CHECK(memory_try_resize(NULL, SIZE_MAX / 2, 4) == NULL);
	CHECK(arena_try_array(&arena, SIZE_MAX / 2, 4) == NULL);
	CHECK(arena_try_array(&arena, SIZE_MAX / 2 - 8, 1) == NULL);
	while (memory_try_grow(items, count, room))
		items[count++] = 7;
	CHECK(count == 128 && room == 128 && items[127] == 7);
	free(items);
}

int main(void)
{
	the_first_failure_stays();
	a_place_with_columns_marks_its_text_once();
	more_of_one_kind_are_lines_of_one_text();
	a_warning_is_one_line_of_at_most_4095_bytes();
	a_failure_is_told_with_its_place_and_hint();
	the_process_ends_without_memory();
	an_array_grows_by_one_item_or_more();
	a_size_out_of_a_file_is_only_tried();
	return check_result("failure");
}
