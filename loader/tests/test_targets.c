/* What probes attach to, with the parameters of the command line in it. */
#include <string.h>

#include "attach/expand.h"
#include "check.h"
#include "object/targets.h"

static struct session session_with(const struct options *options)
{
	return (struct session){.options = options};
}

static void parameters_are_put_into_each_text_of_a_target(void)
{
	const char *values[] = {"vfs_read", "ext4"};
	const struct options options = {.parameters = values, .parameter_count = 2};
	const struct mf_kprobe_target target = {.function = "$1", .module = "$2", .offset = 4};
	const struct mf_probe probe = {.provider = MF_KPROBE,
				       .name = "kprobe:$2:$1+4",
				       .target = &target,
				       .parameters = true};
	struct session session = session_with(&options);
	const struct mf_probe *expanded = attach_expand(&session, &probe);
	const struct mf_kprobe_target *found = expanded->target;

	CHECK(strcmp(expanded->name, "kprobe:ext4:vfs_read+4") == 0);
	CHECK(strcmp(found->function, "vfs_read") == 0);
	CHECK(strcmp(found->module, "ext4") == 0);
	CHECK(!found->address && found->offset == 4);
	arena_free(&session.arena);
}

static void what_parameters_may_not_change_stays(void)
{
	const char *values[] = {"w"};
	const struct options options = {.parameters = values, .parameter_count = 1};
	const struct mf_watchpoint_target target = {.address = "$1", .length = "8", .mode = "$1"};
	const struct mf_probe probe = {
		.provider = MF_WATCHPOINT, .name = "w", .target = &target, .parameters = true};
	struct session session = session_with(&options);
	const struct mf_watchpoint_target *found = attach_expand(&session, &probe)->target;

	CHECK(strcmp(found->address, "w") == 0 && strcmp(found->mode, "$1") == 0);
	arena_free(&session.arena);
}

static void a_probe_without_parameters_is_itself(void)
{
	const struct mf_probe probe = {.provider = MF_BEGIN, .name = "begin"};
	struct session session = {0};

	CHECK(attach_expand(&session, &probe) == &probe);
}

static void patterns_stand_in_some_texts_only(void)
{
	const struct mf_uprobe_target function = {.path = "/bin/x", .function = "read_*"};
	const struct mf_uprobe_target line = {.path = "/bin/x", .function = "", .source = "*.c:7"};
	const struct mf_fentry_target program = {.program = "*", .function = "trace"};

	CHECK(attach_has_pattern(&(struct mf_probe){.provider = MF_UPROBE, .target = &function}));
	CHECK(!attach_has_pattern(&(struct mf_probe){.provider = MF_URETPROBE, .target = &line}));
	CHECK(!attach_has_pattern(&(struct mf_probe){.provider = MF_FENTRY, .target = &program}));
}

static void members_say_where_they_are(void)
{
	const struct mf_member *member = mf_first_member(MF_TRACEPOINT);

	CHECK(member->at == offsetof(struct mf_tracepoint_target, category));
	CHECK(member->size == sizeof(struct mf_tracepoint_target));
	member = mf_next_member(mf_next_member(member));
	CHECK(strcmp(member->name, "syscalls") == 0 && member->of_probe);
	CHECK(!mf_first_member(MF_END));
}

int main(void)
{
	parameters_are_put_into_each_text_of_a_target();
	what_parameters_may_not_change_stays();
	a_probe_without_parameters_is_itself();
	patterns_stand_in_some_texts_only();
	members_say_where_they_are();
	return check_result("targets");
}
